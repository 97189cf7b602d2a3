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

typedef ULONG_PTR KIPI_BROADCAST_WORKER(_In_ ULONG_PTR Argument);
typedef KIPI_BROADCAST_WORKER *PKIPI_BROADCAST_WORKER;

/* IRQL < IPI_LEVEL; the function runs at IPI_LEVEL everywhere. "wdm: KeIpiGenericCall". */
NTKERNELAPI ULONG_PTR NTAPI KeIpiGenericCall(_In_ PKIPI_BROADCAST_WORKER BroadcastFunction,
                                             _In_ ULONG_PTR Context);

EXTERN_C_END

#endif
