/*
 * wdm_processor.h: the processors of the machine, and calls on all of them at once.
 */
#ifndef WDM_PROCESSOR_H
#define WDM_PROCESSOR_H

#include <wdm_base.h>

EXTERN_C_START

/* Any IRQL; the answer lasts only at >= DISPATCH_LEVEL. "ntddk: KeGetCurrentProcessorNumber". */
NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumber(VOID);
NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumberEx(_Out_opt_ PPROCESSOR_NUMBER ProcNumber);

#define KeGetCurrentProcessorIndex() KeGetCurrentProcessorNumberEx(NULL)

/* Any IRQL. "wdm: KeQueryActiveProcessorCount", "wdm: KeQueryActiveProcessorCountEx". */
NTKERNELAPI ULONG NTAPI KeQueryActiveProcessorCount(_Out_opt_ PKAFFINITY ActiveProcessors);
NTKERNELAPI ULONG NTAPI KeQueryActiveProcessorCountEx(_In_ USHORT GroupNumber);

/* Any IRQL. "ntddk: KeQueryActiveProcessors". */
NTKERNELAPI KAFFINITY NTAPI KeQueryActiveProcessors(VOID);

/* -- Groups and nodes: one of each. Any IRQL ------------------------------------------------- */

#define INVALID_PROCESSOR_INDEX 0xffffffffU

/* "ntddk: KeQueryActiveGroupCount", "ntddk: KeQueryMaximumGroupCount",
 * "ntddk: KeQueryGroupAffinity". */
NTKERNELAPI USHORT NTAPI KeQueryActiveGroupCount(VOID);
NTKERNELAPI USHORT NTAPI KeQueryMaximumGroupCount(VOID);
NTKERNELAPI KAFFINITY NTAPI KeQueryGroupAffinity(_In_ USHORT GroupNumber);

/* "ntddk: KeQueryMaximumProcessorCount", "ntddk: KeQueryMaximumProcessorCountEx". */
NTKERNELAPI ULONG NTAPI KeQueryMaximumProcessorCount(VOID);
NTKERNELAPI ULONG NTAPI KeQueryMaximumProcessorCountEx(_In_ USHORT GroupNumber);

/* INVALID_PROCESSOR_INDEX, STATUS_INVALID_PARAMETER: there is none.
 * "wdm: KeGetProcessorIndexFromNumber", "wdm: KeGetProcessorNumberFromIndex". */
NTKERNELAPI ULONG NTAPI KeGetProcessorIndexFromNumber(_In_ PPROCESSOR_NUMBER ProcNumber);
NTKERNELAPI NTSTATUS NTAPI KeGetProcessorNumberFromIndex(_In_ ULONG ProcIndex,
                                                         _Out_ PPROCESSOR_NUMBER ProcNumber);

/* "ntddk: KeGetCurrentNodeNumber", "ntddk: KeQueryHighestNodeNumber" and those of one node. */
NTKERNELAPI USHORT NTAPI KeGetCurrentNodeNumber(VOID);
NTKERNELAPI USHORT NTAPI KeQueryHighestNodeNumber(VOID);
NTKERNELAPI USHORT NTAPI KeQueryNodeMaximumProcessorCount(_In_ USHORT NodeNumber);
NTKERNELAPI ULONG NTAPI KeQueryNodeActiveProcessorCount(_In_ USHORT NodeNumber);
NTKERNELAPI VOID NTAPI KeQueryNodeActiveAffinity(_In_ USHORT NodeNumber,
                                                 _Out_opt_ PGROUP_AFFINITY Affinity,
                                                 _Out_opt_ PUSHORT Count);
NTKERNELAPI NTSTATUS NTAPI KeQueryNodeActiveAffinity2(_In_ USHORT NodeNumber,
                                                      _Out_ PGROUP_AFFINITY GroupAffinities,
                                                      _In_ USHORT GroupAffinitiesCount,
                                                      _Out_ PUSHORT GroupAffinitiesRequired);

/* -- When processors are added: never here, where all are there from the beginning
 * -------------- */

typedef enum {
    KeProcessorAddStartNotify = 0,
    KeProcessorAddCompleteNotify,
    KeProcessorAddFailureNotify
} KE_PROCESSOR_CHANGE_NOTIFY_STATE;

typedef struct _KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT {
    KE_PROCESSOR_CHANGE_NOTIFY_STATE State;
    ULONG NtNumber;
    NTSTATUS Status;
    PROCESSOR_NUMBER ProcNumber;
} KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, *PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT;

/* PASSIVE_LEVEL. On failure in KeProcessorAddStartNotify it sets the status. */
typedef VOID PROCESSOR_CALLBACK_FUNCTION(_In_ PVOID CallbackContext,
                                         _In_ PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT ChangeContext,
                                         _Inout_ PNTSTATUS OperationStatus);
typedef PROCESSOR_CALLBACK_FUNCTION *PPROCESSOR_CALLBACK_FUNCTION;

#define KE_PROCESSOR_CHANGE_ADD_EXISTING 1

/* With the flag the routine is called at once, twice for each processor; NULL if it fails.
 * PASSIVE_LEVEL. "wdm: KeRegisterProcessorChangeCallback",
 * "wdm: KeDeregisterProcessorChangeCallback". */
NTKERNELAPI PVOID NTAPI KeRegisterProcessorChangeCallback(
    _In_ PPROCESSOR_CALLBACK_FUNCTION CallbackFunction, _In_opt_ PVOID CallbackContext,
    _In_ ULONG Flags);
NTKERNELAPI VOID NTAPI KeDeregisterProcessorChangeCallback(_In_ PVOID CallbackHandle);

/* -- At a raised IRQL ------------------------------------------------------------------------- */

/* Time figures without a unit; all zero: there is no limit. */
typedef struct _KDPC_WATCHDOG_INFORMATION {
    ULONG DpcTimeLimit;
    ULONG DpcTimeCount;
    ULONG DpcWatchdogLimit;
    ULONG DpcWatchdogCount;
    ULONG Reserved;
} KDPC_WATCHDOG_INFORMATION, *PKDPC_WATCHDOG_INFORMATION;

/* STATUS_UNSUCCESSFUL: below DISPATCH_LEVEL. "wdm: KeQueryDpcWatchdogInformation". */
NTKERNELAPI NTSTATUS NTAPI KeQueryDpcWatchdogInformation(
    _Out_ PKDPC_WATCHDOG_INFORMATION WatchdogInformation);

/* IRQL >= DISPATCH_LEVEL. "wdm: KeShouldYieldProcessor". Any: "wdm: KeIsExecutingDpc". */
NTKERNELAPI LOGICAL NTAPI KeShouldYieldProcessor(VOID);
NTKERNELAPI LOGICAL NTAPI KeIsExecutingDpc(VOID);

/* -- Caches ----------------------------------------------------------------------------------- */

/* IRQL <= DISPATCH_LEVEL. "ntddk: KeInvalidateAllCaches", "ntddk: KeInvalidateRangeAllCaches". */
NTKERNELAPI BOOLEAN NTAPI KeInvalidateAllCaches(VOID);
NTKERNELAPI VOID NTAPI KeInvalidateRangeAllCaches(_In_ PVOID BaseAddress, _In_ ULONG Length);

/* Any IRQL; in bytes. "wdm: KeGetRecommendedSharedDataAlignment". */
NTKERNELAPI ULONG NTAPI KeGetRecommendedSharedDataAlignment(VOID);

typedef ULONG_PTR KIPI_BROADCAST_WORKER(_In_ ULONG_PTR Argument);
typedef KIPI_BROADCAST_WORKER *PKIPI_BROADCAST_WORKER;

/* IRQL < IPI_LEVEL; the function runs at IPI_LEVEL everywhere. "wdm: KeIpiGenericCall". */
NTKERNELAPI ULONG_PTR NTAPI KeIpiGenericCall(_In_ PKIPI_BROADCAST_WORKER BroadcastFunction,
                                             _In_ ULONG_PTR Context);

EXTERN_C_END

#endif
