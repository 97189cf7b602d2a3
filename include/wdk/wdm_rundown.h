/*
 * wdm_rundown.h: rundown protection: an object is not deleted while others use it. "Run-Down
 * Protection".
 *
 * The members are the system's.
 */
#ifndef WDM_RUNDOWN_H
#define WDM_RUNDOWN_H

#include <wdm_pool.h>

EXTERN_C_START

typedef struct _EX_RUNDOWN_REF {
    __extension__ union {
        volatile ULONG_PTR Count;
        volatile PVOID Ptr;
    };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;

/* IRQL <= APC_LEVEL. "wdm: ExInitializeRundownProtection", "wdm: ExReInitializeRundownProtection",
 * "wdm: ExRundownCompleted". */
NTKERNELAPI VOID NTAPI ExInitializeRundownProtection(_Out_ PEX_RUNDOWN_REF RunRef);
NTKERNELAPI VOID NTAPI ExReInitializeRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
NTKERNELAPI VOID NTAPI ExRundownCompleted(_Out_ PEX_RUNDOWN_REF RunRef);

/* IRQL <= DISPATCH_LEVEL; FALSE: the object is going away. "wdm: ExAcquireRundownProtection",
 * "wdm: ExAcquireRundownProtectionEx". */
_Must_inspect_result_ NTKERNELAPI BOOLEAN NTAPI
ExAcquireRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
_Must_inspect_result_ NTKERNELAPI BOOLEAN NTAPI
ExAcquireRundownProtectionEx(_Inout_ PEX_RUNDOWN_REF RunRef, _In_ ULONG Count);

/* IRQL <= DISPATCH_LEVEL. "wdm: ExReleaseRundownProtection", "wdm: ExReleaseRundownProtectionEx".
 */
NTKERNELAPI VOID NTAPI ExReleaseRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
NTKERNELAPI VOID NTAPI ExReleaseRundownProtectionEx(_Inout_ PEX_RUNDOWN_REF RunRef,
                                                    _In_ ULONG Count);

/* IRQL <= APC_LEVEL. "wdm: ExWaitForRundownProtectionRelease". */
NTKERNELAPI VOID NTAPI ExWaitForRundownProtectionRelease(_Inout_ PEX_RUNDOWN_REF RunRef);

/* -- The same with a count for each processor ------------------------------------------------- */

typedef struct _EX_RUNDOWN_REF_CACHE_AWARE EX_RUNDOWN_REF_CACHE_AWARE,
    *PEX_RUNDOWN_REF_CACHE_AWARE;

/* IRQL <= APC_LEVEL. "wdm: ExAllocateCacheAwareRundownProtection",
 * "wdm: ExFreeCacheAwareRundownProtection", "wdm: ExSizeOfRundownProtectionCacheAware",
 * "wdm: ExInitializeRundownProtectionCacheAware", and Ex. */
_Must_inspect_result_ NTKERNELAPI PEX_RUNDOWN_REF_CACHE_AWARE NTAPI
ExAllocateCacheAwareRundownProtection(_In_ POOL_TYPE PoolType, _In_ ULONG PoolTag);
NTKERNELAPI VOID NTAPI
ExFreeCacheAwareRundownProtection(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
NTKERNELAPI SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(VOID);
NTKERNELAPI VOID NTAPI ExInitializeRundownProtectionCacheAware(
    _Out_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ SIZE_T RunRefSize);
NTKERNELAPI VOID NTAPI ExInitializeRundownProtectionCacheAwareEx(
    _Out_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ ULONG Flags);

/* As the routines above. "wdm: ExAcquireRundownProtectionCacheAware" and its neighbours. */
NTKERNELAPI VOID NTAPI
ExReInitializeRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
NTKERNELAPI VOID NTAPI
ExRundownCompletedCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
_Must_inspect_result_ NTKERNELAPI BOOLEAN NTAPI
ExAcquireRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
_Must_inspect_result_ NTKERNELAPI BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ ULONG Count);
NTKERNELAPI VOID NTAPI
ExReleaseRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
NTKERNELAPI VOID NTAPI ExReleaseRundownProtectionCacheAwareEx(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRef, _In_ ULONG Count);
NTKERNELAPI VOID NTAPI
ExWaitForRundownProtectionReleaseCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRef);

EXTERN_C_END

#endif
