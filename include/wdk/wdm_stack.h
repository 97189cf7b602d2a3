/*
 * wdm_stack.h: the stack that code runs on.
 */
#ifndef WDM_STACK_H
#define WDM_STACK_H

#include <wdm_base.h>

EXTERN_C_START

/* Any IRQL. "wdm: IoGetStackLimits", "wdm: IoGetRemainingStackSize". */
NTKERNELAPI VOID NTAPI IoGetStackLimits(_Out_ PULONG_PTR LowLimit, _Out_ PULONG_PTR HighLimit);
NTKERNELAPI ULONG_PTR NTAPI IoGetRemainingStackSize(VOID);

/* IRQL <= APC_LEVEL. "wdm: IoGetInitialStack", "wdm: IoWithinStackLimits". */
NTKERNELAPI PVOID NTAPI IoGetInitialStack(VOID);
NTKERNELAPI LOGICAL NTAPI IoWithinStackLimits(_In_ ULONG_PTR RegionStart, _In_ SIZE_T RegionSize);

typedef VOID NTAPI EXPAND_STACK_CALLOUT(_In_opt_ PVOID Parameter);
typedef EXPAND_STACK_CALLOUT *PEXPAND_STACK_CALLOUT;

#define KERNEL_LARGE_STACK_SIZE 0x12000
#define MAXIMUM_EXPANSION_SIZE (KERNEL_LARGE_STACK_SIZE - (PAGE_SIZE / 2))

/* IRQL <= APC_LEVEL. "ntddk: KeExpandKernelStackAndCallout". */
NTKERNELAPI NTSTATUS NTAPI KeExpandKernelStackAndCallout(_In_ PEXPAND_STACK_CALLOUT Callout,
                                                         _In_opt_ PVOID Parameter,
                                                         _In_ SIZE_T Size);

/* IRQL <= DISPATCH_LEVEL, with Wait <= APC_LEVEL. "ntddk: KeExpandKernelStackAndCalloutEx". */
NTKERNELAPI NTSTATUS NTAPI KeExpandKernelStackAndCalloutEx(_In_ PEXPAND_STACK_CALLOUT Callout,
                                                           _In_opt_ PVOID Parameter,
                                                           _In_ SIZE_T Size, _In_ BOOLEAN Wait,
                                                           _In_opt_ PVOID Context);

EXTERN_C_END

#endif
