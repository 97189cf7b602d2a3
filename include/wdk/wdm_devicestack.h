/*
 * wdm_devicestack.h: device objects on top of each other, their names, and what is opened by name.
 */
#ifndef WDM_DEVICESTACK_H
#define WDM_DEVICESTACK_H

#include <wdm_request.h>

EXTERN_C_START

/* -- Attaching -------------------------------------------------------------------------------- */

/* To the highest device of the target's stack, which is returned; NULL if that cannot be.
 * IRQL <= DISPATCH_LEVEL. "wdm: IoAttachDeviceToDeviceStack". */
NTKERNELAPI PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(_In_ PDEVICE_OBJECT SourceDevice,
                                                             _In_ PDEVICE_OBJECT TargetDevice);
/* "ntddk: IoAttachDeviceToDeviceStackSafe". */
NTKERNELAPI NTSTATUS NTAPI IoAttachDeviceToDeviceStackSafe(
    _In_ PDEVICE_OBJECT SourceDevice, _In_ PDEVICE_OBJECT TargetDevice,
    _Outptr_ PDEVICE_OBJECT *AttachedToDeviceObject);
/* By name: opens the target, attaches, closes. PASSIVE_LEVEL. "wdm: IoAttachDevice". */
NTKERNELAPI NTSTATUS NTAPI IoAttachDevice(_In_ PDEVICE_OBJECT SourceDevice,
                                          _In_ PUNICODE_STRING TargetDevice,
                                          _Out_ PDEVICE_OBJECT *AttachedDevice);
/* What is attached to the target is so no longer. PASSIVE_LEVEL. "wdm: IoDetachDevice". */
NTKERNELAPI VOID NTAPI IoDetachDevice(_Inout_ PDEVICE_OBJECT TargetDevice);

/* The top of the stack. IRQL <= DISPATCH_LEVEL. "ntifs: IoGetAttachedDevice",
 * "wdm: IoGetAttachedDeviceReference"; the second adds a reference. */
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetAttachedDevice(_In_ PDEVICE_OBJECT DeviceObject);
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(_In_ PDEVICE_OBJECT DeviceObject);
/* IRQL <= DISPATCH_LEVEL. "wdm: IoGetRelatedDeviceObject". */
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(_In_ PFILE_OBJECT FileObject);

/* -- Names ------------------------------------------------------------------------------------ */

/* Opens the device; whoever dereferences the file object closes it. PASSIVE_LEVEL.
 * "wdm: IoGetDeviceObjectPointer". */
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceObjectPointer(_In_ PUNICODE_STRING ObjectName,
                                                    _In_ ACCESS_MASK DesiredAccess,
                                                    _Out_ PFILE_OBJECT *FileObject,
                                                    _Out_ PDEVICE_OBJECT *DeviceObject);

/* PASSIVE_LEVEL. "wdm: IoCreateSymbolicLink", "wdm: IoCreateUnprotectedSymbolicLink",
 * "wdm: IoDeleteSymbolicLink". */
NTKERNELAPI NTSTATUS NTAPI IoCreateSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                                                _In_ PUNICODE_STRING DeviceName);
NTKERNELAPI NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                                                           _In_ PUNICODE_STRING DeviceName);
NTKERNELAPI NTSTATUS NTAPI IoDeleteSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName);
/* "ntddk: IoAssignArcName". */
#define IoAssignArcName(ArcName, DeviceName) IoCreateSymbolicLink((ArcName), (DeviceName))
#define IoDeassignArcName(ArcName) IoDeleteSymbolicLink((ArcName))

/* Made if there is none of the name, and signalled then. NULL on failure. ZwClose with the handle.
 * PASSIVE_LEVEL. "wdm: IoCreateNotificationEvent", "wdm: IoCreateSynchronizationEvent". */
NTKERNELAPI PKEVENT NTAPI IoCreateNotificationEvent(_In_ PUNICODE_STRING EventName,
                                                    _Out_ PHANDLE EventHandle);
NTKERNELAPI PKEVENT NTAPI IoCreateSynchronizationEvent(_In_ PUNICODE_STRING EventName,
                                                       _Out_ PHANDLE EventHandle);

/* -- Shutdown --------------------------------------------------------------------------------- */

/* IRP_MJ_SHUTDOWN for this device. PASSIVE_LEVEL. "wdm: IoRegisterShutdownNotification",
 * "wdm: IoRegisterLastChanceShutdownNotification", "wdm: IoUnregisterShutdownNotification". */
NTKERNELAPI NTSTATUS NTAPI IoRegisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);
NTKERNELAPI NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(
    _In_ PDEVICE_OBJECT DeviceObject);
NTKERNELAPI VOID NTAPI IoUnregisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);

/* -- What belongs to a driver object ---------------------------------------------------------- */

/* Zeroed; freed with the driver object. IRQL <= DISPATCH_LEVEL.
 * "wdm: IoAllocateDriverObjectExtension", "wdm: IoGetDriverObjectExtension". */
NTKERNELAPI NTSTATUS NTAPI IoAllocateDriverObjectExtension(_In_ PDRIVER_OBJECT DriverObject,
                                                           _In_ PVOID ClientIdentificationAddress,
                                                           _In_ ULONG DriverObjectExtensionSize,
                                                           _Out_ PVOID *DriverObjectExtension);
NTKERNELAPI PVOID NTAPI IoGetDriverObjectExtension(_In_ PDRIVER_OBJECT DriverObject,
                                                   _In_ PVOID ClientIdentificationAddress);

EXTERN_C_END

#endif
