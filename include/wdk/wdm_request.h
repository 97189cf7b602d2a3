/*
 * wdm_request.h: making, sending, completing and cancelling I/O requests.
 */
#ifndef WDM_REQUEST_H
#define WDM_REQUEST_H

#include <wdm_device.h>

EXTERN_C_START

/* -- Making and freeing ----------------------------------------------------------------------- */

/* Any IRQL. "wdm: IoSizeOfIrp". */
#define IoSizeOfIrp(StackSize) \
    ((USHORT)(sizeof(IRP) + (USHORT)(StackSize) * sizeof(IO_STACK_LOCATION)))

/* From nonpaged pool; NULL on failure. Whoever allocates it frees it, in a completion routine that
 * returns STATUS_MORE_PROCESSING_REQUIRED. IRQL <= DISPATCH_LEVEL. "wdm: IoAllocateIrp". */
_Must_inspect_result_ NTKERNELAPI PIRP NTAPI IoAllocateIrp(_In_ CCHAR StackSize,
                                                           _In_ BOOLEAN ChargeQuota);
/* "wdm: IoAllocateIrpEx". */
_Must_inspect_result_ NTKERNELAPI PIRP NTAPI IoAllocateIrpEx(_In_ PDEVICE_OBJECT DeviceObject,
                                                             _In_ CCHAR StackSize,
                                                             _In_ BOOLEAN ChargeQuota);
/* Of IoAllocateIrp, IoBuildAsynchronousFsdRequest or IoMakeAssociatedIrp. IRQL <= DISPATCH_LEVEL.
 * "wdm: IoFreeIrp". */
NTKERNELAPI VOID NTAPI IoFreeIrp(_In_ PIRP Irp);

/* Of memory that the driver allocated, IoSizeOfIrp() bytes. IRQL <= DISPATCH_LEVEL.
 * "wdm: IoInitializeIrp". */
NTKERNELAPI VOID NTAPI IoInitializeIrp(_Inout_ PIRP Irp, _In_ USHORT PacketSize,
                                       _In_ CCHAR StackSize);
/* Of one that came back. IRQL <= DISPATCH_LEVEL. "wdm: IoReuseIrp". */
NTKERNELAPI VOID NTAPI IoReuseIrp(_Inout_ PIRP Irp, _In_ NTSTATUS Iostatus);

/* When all that belong to the master are completed, so is the master. IRQL <= DISPATCH_LEVEL.
 * "ntddk: IoMakeAssociatedIrp". */
_Must_inspect_result_ NTKERNELAPI PIRP NTAPI IoMakeAssociatedIrp(_In_ PIRP Irp,
                                                                 _In_ CCHAR StackSize);

/* These three: IRQL <= APC_LEVEL; NULL on failure. The first two belong to the calling thread,
 * which frees them when they are completed, and cancels them when it ends.
 * "wdm: IoBuildDeviceIoControlRequest". */
_Must_inspect_result_ NTKERNELAPI PIRP NTAPI IoBuildDeviceIoControlRequest(
    _In_ ULONG IoControlCode, _In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID InputBuffer,
    _In_ ULONG InputBufferLength, _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength,
    _In_ BOOLEAN InternalDeviceIoControl, _In_opt_ PKEVENT Event,
    _Out_ PIO_STATUS_BLOCK IoStatusBlock);
/* "wdm: IoBuildSynchronousFsdRequest". */
_Must_inspect_result_ NTKERNELAPI PIRP NTAPI IoBuildSynchronousFsdRequest(
    _In_ ULONG MajorFunction, _In_ PDEVICE_OBJECT DeviceObject, _Inout_opt_ PVOID Buffer,
    _In_opt_ ULONG Length, _In_opt_ PLARGE_INTEGER StartingOffset, _In_ PKEVENT Event,
    _Out_ PIO_STATUS_BLOCK IoStatusBlock);
/* "wdm: IoBuildAsynchronousFsdRequest". */
_Must_inspect_result_ NTKERNELAPI PIRP NTAPI IoBuildAsynchronousFsdRequest(
    _In_ ULONG MajorFunction, _In_ PDEVICE_OBJECT DeviceObject, _Inout_opt_ PVOID Buffer,
    _In_opt_ ULONG Length, _In_opt_ PLARGE_INTEGER StartingOffset,
    _In_opt_ PIO_STATUS_BLOCK IoStatusBlock);

/* -- Sending ---------------------------------------------------------------------------------- */

/* What the dispatch routine returns. IRQL <= DISPATCH_LEVEL. "wdm: IoCallDriver". */
NTKERNELAPI NTSTATUS FASTCALL IofCallDriver(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp);
#define IoCallDriver(a, b) IofCallDriver(a, b)

/* The same, since Windows Vista. "wdm: PoCallDriver", "wdm: PoStartNextPowerIrp". */
NTKERNELAPI NTSTATUS NTAPI PoCallDriver(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp);
NTKERNELAPI VOID NTAPI PoStartNextPowerIrp(_Inout_ PIRP Irp);

/* FALSE when there is no stack location for the lower driver; else it has completed the request.
 * IRQL <= APC_LEVEL. "wdm: IoForwardIrpSynchronously". */
NTKERNELAPI BOOLEAN NTAPI IoForwardIrpSynchronously(_In_ PDEVICE_OBJECT DeviceObject,
                                                    _In_ PIRP Irp);
#define IoForwardAndCatchIrp IoForwardIrpSynchronously

/* -- Completing ------------------------------------------------------------------------------- */

/* The boost has no effect here. IRQL <= DISPATCH_LEVEL, without a spin lock.
 * "wdm: IoCompleteRequest". */
NTKERNELAPI VOID FASTCALL IofCompleteRequest(_In_ PIRP Irp, _In_ CCHAR PriorityBoost);
#define IoCompleteRequest(a, b) IofCompleteRequest(a, b)

/* Insufficient resources are a status. IRQL <= DISPATCH_LEVEL. "wdm: IoSetCompletionRoutineEx". */
NTKERNELAPI NTSTATUS NTAPI IoSetCompletionRoutineEx(
    _In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ PIO_COMPLETION_ROUTINE CompletionRoutine,
    _In_opt_ PVOID Context, _In_ BOOLEAN InvokeOnSuccess, _In_ BOOLEAN InvokeOnError,
    _In_ BOOLEAN InvokeOnCancel);

/* -- Cancelling ------------------------------------------------------------------------------- */

/* Returns the routine that was set. IRQL <= DISPATCH_LEVEL; with the cancel spin lock where the
 * device object's own queue is used. "wdm: IoSetCancelRoutine". */
NTKERNELAPI PDRIVER_CANCEL NTAPI IoSetCancelRoutine(_Inout_ PIRP Irp,
                                                    _In_opt_ PDRIVER_CANCEL CancelRoutine);
/* TRUE if there was a cancel routine, and it was called. IRQL <= DISPATCH_LEVEL.
 * "wdm: IoCancelIrp". */
NTKERNELAPI BOOLEAN NTAPI IoCancelIrp(_In_ PIRP Irp);

EXTERN_C_END

#endif
