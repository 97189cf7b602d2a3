/*
 * wdm_wait.h: waiting for objects and for time to pass.
 *
 * IRQL <= APC_LEVEL; <= DISPATCH_LEVEL when the timeout is zero, which does not wait.
 */
#ifndef WDM_WAIT_H
#define WDM_WAIT_H

#include <wdm_dispatcher.h>

EXTERN_C_START

/* KernelMode for a mutex. "wdm: KeWaitForSingleObject". */
NTKERNELAPI NTSTATUS NTAPI KeWaitForSingleObject(_In_ PVOID Object, _In_ KWAIT_REASON WaitReason,
                                                 _In_ KPROCESSOR_MODE WaitMode,
                                                 _In_ BOOLEAN Alertable,
                                                 _In_opt_ PLARGE_INTEGER Timeout);

/* KernelMode for a mutex, or wait blocks on the stack. "wdm: KeWaitForMultipleObjects". */
NTKERNELAPI NTSTATUS NTAPI KeWaitForMultipleObjects(
    _In_ ULONG Count, _In_ PVOID Object[], _In_ WAIT_TYPE WaitType,
    _In_ KWAIT_REASON WaitReason, _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
    _In_opt_ PLARGE_INTEGER Timeout, _Out_opt_ PKWAIT_BLOCK WaitBlockArray);

/* "wdm: KeWaitForMutexObject". */
#define KeWaitForMutexObject KeWaitForSingleObject

/* IRQL <= APC_LEVEL; Interval is in 100 ns, negative from now on. "wdm: KeDelayExecutionThread". */
NTKERNELAPI NTSTATUS NTAPI KeDelayExecutionThread(_In_ KPROCESSOR_MODE WaitMode,
                                                  _In_ BOOLEAN Alertable,
                                                  _In_ PLARGE_INTEGER Interval);

EXTERN_C_END

#endif
