/*
 * driverspecs.h: the annotations that concern IRQL, spin locks and other driver matters.
 *
 * Empty for a compiler, as those of sal.h are.
 */
#ifndef DRIVERSPECS_H
#define DRIVERSPECS_H

#include <specstrings.h>

/* IRQL. */
#define _IRQL_saves_
#define _IRQL_restores_
#define _IRQL_requires_same_
#define _IRQL_is_cancel_
#define _Kernel_float_saved_
#define _Kernel_float_restored_
#define _Kernel_float_used_
#define _IRQL_requires_(x)
#define _IRQL_requires_max_(x)
#define _IRQL_requires_min_(x)
#define _IRQL_raises_(x)
#define _IRQL_always_function_max_(x)
#define _IRQL_always_function_min_(x)
#define _Kernel_clear_do_init_(x)
#define _Dispatch_type_(x)
#define _Kernel_requires_resource_held_(x)
#define _Kernel_requires_resource_not_held_(x)
#define _Kernel_acquires_resource_(x)
#define _Kernel_releases_resource_(x)
#define _IRQL_saves_global_(k, p)
#define _IRQL_restores_global_(k, p)
#define _IRQL_uses_cancel_

/* The first-edition spellings. */
#define __drv_aliasesMem
#define __drv_inTry
#define __drv_notInTry
#define __drv_interlocked
#define __drv_sameIRQL
#define __drv_restoresIRQL
#define __drv_savesIRQL
#define __drv_useCancelIRQL
#define __drv_isCancelIRQL
#define __drv_nonConst
#define __drv_constant
#define __drv_acquiresCancelSpinLock
#define __drv_releasesCancelSpinLock
#define __drv_mustHoldCancelSpinLock
#define __drv_neverHoldCancelSpinLock
#define __drv_acquiresCriticalRegion
#define __drv_releasesCriticalRegion
#define __drv_mustHoldCriticalRegion
#define __drv_neverHoldCriticalRegion
#define __drv_acquiresPriorityRegion
#define __drv_releasesPriorityRegion
#define __drv_floatUsed
#define __drv_floatSaved
#define __drv_floatRestored
#define __drv_notPointer
#define __drv_isObjectPointer
#define __drv_dispatchType_other
#define __drv_unit_user_code
#define __drv_unit_kernel_code
#define __drv_unit_user_driver
#define __drv_unit_kernel_driver
#define __drv_unit_internal_kernel_driver
#define __drv_allocatesMem(x)
#define __drv_freesMem(x)
#define __drv_maxIRQL(x)
#define __drv_minIRQL(x)
#define __drv_requiresIRQL(x)
#define __drv_raisesIRQL(x)
#define __drv_setsIRQL(x)
#define __drv_maxFunctionIRQL(x)
#define __drv_minFunctionIRQL(x)
#define __drv_in(x)
#define __drv_out(x)
#define __drv_inout(x)
#define __drv_in_deref(x)
#define __drv_out_deref(x)
#define __drv_ret(x)
#define __drv_fun(x)
#define __drv_functionClass(x)
#define __drv_reportError(x)
#define __drv_clearDoInit(x)
#define __drv_dispatchType(x)
#define __drv_formatString(x)
#define __drv_valueIs(x)
#define __drv_innerMustHold(x)
#define __drv_acquiresExclusiveResource(x)
#define __drv_releasesExclusiveResource(x)
#define __drv_acquiresResource(x)
#define __drv_releasesResource(x)
#define __drv_mustHold(x)
#define __drv_neverHold(x)
#define __drv_holdsAcquired(x)
#define __drv_functionClassEx(x)
#define __drv_innerAcquires(x)
#define __drv_innerReleases(x)
#define __drv_innerNeverHold(x)
#define __drv_nop(x)
#define __drv_arg(p, a)
#define __drv_when(c, a)
#define __drv_at(e, a)
#define __drv_strictType(t, m)
#define __drv_strictTypeMatch(m)
#define __drv_savesIRQLGlobal(k, p)
#define __drv_restoresIRQLGlobal(k, p)
#define __drv_acquiresExclusiveResourceGlobal(k, p)
#define __drv_releasesExclusiveResourceGlobal(k, p)
#define __drv_acquiresResourceGlobal(k, p)
#define __drv_releasesResourceGlobal(k, p)
#define __drv_mustHoldGlobal(k, p)
#define __drv_neverHoldGlobal(k, p)
#define __drv_preferredFunction(f, w)

#endif
