/*
 * wdm_runonce.h: initialisation that happens once, whoever comes first.
 *
 * IRQL <= APC_LEVEL.
 */
#ifndef WDM_RUNONCE_H
#define WDM_RUNONCE_H

#include <wdm_base.h>

EXTERN_C_START

typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE;

#define RTL_RUN_ONCE_INIT { 0 }

#define RTL_RUN_ONCE_CHECK_ONLY 0x00000001UL
#define RTL_RUN_ONCE_ASYNC 0x00000002UL
#define RTL_RUN_ONCE_INIT_FAILED 0x00000004UL

/* So many low bits of a context are the system's. */
#define RTL_RUN_ONCE_CTX_RESERVED_BITS 2

/* Zero: it failed. */
typedef ULONG NTAPI RTL_RUN_ONCE_INIT_FN(_Inout_ PRTL_RUN_ONCE RunOnce, _Inout_opt_ PVOID Parameter,
                                         _Inout_opt_ PVOID *Context);
typedef RTL_RUN_ONCE_INIT_FN *PRTL_RUN_ONCE_INIT_FN;

/* "ntddk: RtlRunOnceInitialize". */
NTSYSAPI VOID NTAPI RtlRunOnceInitialize(_Out_ PRTL_RUN_ONCE RunOnce);

/* STATUS_UNSUCCESSFUL if the routine fails: the next caller tries again.
 * "ntddk: RtlRunOnceExecuteOnce". */
NTSYSAPI NTSTATUS NTAPI RtlRunOnceExecuteOnce(_Inout_ PRTL_RUN_ONCE RunOnce,
                                              _In_ PRTL_RUN_ONCE_INIT_FN InitFn,
                                              _Inout_opt_ PVOID Parameter,
                                              _Out_opt_ PVOID *Context);

/* STATUS_PENDING: the caller initialises, and completes. Waits while another does, unless ASYNC.
 * "ntddk: RtlRunOnceBeginInitialize". */
_Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlRunOnceBeginInitialize(
    _Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags, _Out_opt_ PVOID *Context);

/* STATUS_UNSUCCESSFUL: another one did it first. "ntddk: RtlRunOnceComplete". */
NTSYSAPI NTSTATUS NTAPI RtlRunOnceComplete(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags,
                                           _In_opt_ PVOID Context);

EXTERN_C_END

#endif
