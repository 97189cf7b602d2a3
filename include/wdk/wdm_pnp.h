/*
 * wdm_pnp.h: what a driver tells the Plug and Play manager.
 */
#ifndef WDM_PNP_H
#define WDM_PNP_H

#include <wdm_devicestack.h>

EXTERN_C_START

/* The answer to IRP_MN_QUERY_PNP_DEVICE_STATE. */
typedef ULONG PNP_DEVICE_STATE, *PPNP_DEVICE_STATE;

#define PNP_DEVICE_DISABLED 0x00000001
#define PNP_DEVICE_DONT_DISPLAY_IN_UI 0x00000002
#define PNP_DEVICE_FAILED 0x00000004
#define PNP_DEVICE_REMOVED 0x00000008
#define PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED 0x00000010
#define PNP_DEVICE_NOT_DISABLEABLE 0x00000020
#define PNP_DEVICE_DISCONNECTED 0x00000040
#define PNP_DEVICE_RESOURCE_UPDATED 0x00000080

/* Soon after, on a system thread, the stack is asked: IRP_MN_QUERY_PNP_DEVICE_STATE. What it
 * answers is kept by nobody here: the test decides what becomes of the device. Of a physical device
 * object. IRQL <= DISPATCH_LEVEL. "wdm: IoInvalidateDeviceState". */
NTKERNELAPI VOID NTAPI IoInvalidateDeviceState(_In_ PDEVICE_OBJECT PhysicalDeviceObject);

/* For bus drivers. Soon after, on a system thread, the device is removed, if nobody objects
 * (IRP_MN_QUERY_REMOVE_DEVICE), and sent IRP_MN_EJECT, if its capabilities say EjectSupported.
 * IRQL <= DISPATCH_LEVEL. "wdm: IoRequestDeviceEject". */
NTKERNELAPI VOID NTAPI IoRequestDeviceEject(_In_ PDEVICE_OBJECT PhysicalDeviceObject);

/* The same with IRP_MN_QUERY_DEVICE_RELATIONS, for BusRelations and PowerRelations; the others are
 * asked for only when they are needed. The list is freed. Children are not started: they are the
 * driver's own device objects. "wdm: IoInvalidateDeviceRelations". */
NTKERNELAPI VOID NTAPI IoInvalidateDeviceRelations(_In_ PDEVICE_OBJECT DeviceObject,
                                                   _In_ DEVICE_RELATION_TYPE Type);

/* -- Being told of events --------------------------------------------------------------------- */

typedef enum _IO_NOTIFICATION_EVENT_CATEGORY {
    EventCategoryReserved,
    EventCategoryHardwareProfileChange,
    EventCategoryDeviceInterfaceChange,
    EventCategoryTargetDeviceChange,
    EventCategoryKernelSoftRestart
} IO_NOTIFICATION_EVENT_CATEGORY;

#define PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES 0x00000001

/* What all notifications begin with. */
typedef struct _PLUGPLAY_NOTIFICATION_HEADER {
    USHORT Version;
    USHORT Size;
    GUID Event;
} PLUGPLAY_NOTIFICATION_HEADER, *PPLUGPLAY_NOTIFICATION_HEADER;

typedef struct _HWPROFILE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
} HWPROFILE_CHANGE_NOTIFICATION, *PHWPROFILE_CHANGE_NOTIFICATION;

/* "wdm: DEVICE_INTERFACE_CHANGE_NOTIFICATION". */
typedef struct _DEVICE_INTERFACE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    GUID InterfaceClassGuid;
    PUNICODE_STRING SymbolicLinkName;
} DEVICE_INTERFACE_CHANGE_NOTIFICATION, *PDEVICE_INTERFACE_CHANGE_NOTIFICATION;

/* "wdm: TARGET_DEVICE_REMOVAL_NOTIFICATION". */
typedef struct _TARGET_DEVICE_REMOVAL_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    PFILE_OBJECT FileObject;
} TARGET_DEVICE_REMOVAL_NOTIFICATION, *PTARGET_DEVICE_REMOVAL_NOTIFICATION;

/* An event of a driver's own; `Size` counts the data, too. `NameBufferOffset` is where a text in it
 * begins, -1: there is none. "wdm: TARGET_DEVICE_CUSTOM_NOTIFICATION". */
typedef struct _TARGET_DEVICE_CUSTOM_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    struct _FILE_OBJECT *FileObject;
    LONG NameBufferOffset;
    UCHAR CustomDataBuffer[1];
} TARGET_DEVICE_CUSTOM_NOTIFICATION, *PTARGET_DEVICE_CUSTOM_NOTIFICATION;

/* PASSIVE_LEVEL. "wdm: IoReportTargetDeviceChangeAsynchronous". */
typedef VOID(NTAPI DEVICE_CHANGE_COMPLETE_CALLBACK)(_Inout_opt_ PVOID Context);
typedef DEVICE_CHANGE_COMPLETE_CALLBACK *PDEVICE_CHANGE_COMPLETE_CALLBACK;

/* PASSIVE_LEVEL. "wdm: DRIVER_NOTIFICATION_CALLBACK_ROUTINE". */
typedef NTSTATUS DRIVER_NOTIFICATION_CALLBACK_ROUTINE(_In_ PVOID NotificationStructure,
                                                      _Inout_opt_ PVOID Context);
typedef DRIVER_NOTIFICATION_CALLBACK_ROUTINE *PDRIVER_NOTIFICATION_CALLBACK_ROUTINE;

/* `EventCategoryData`: the class of interfaces (a GUID); a file object of the target. Interfaces
 * are told of soon after IoSetDeviceInterfaceState, on a system thread; the removal of a target
 * when the test sends it, and IRP_MN_QUERY_REMOVE_DEVICE is sent only if nobody objects. There
 * is one hardware profile, which never changes. STATUS_INVALID_PARAMETER: no category, or not what
 * it needs; STATUS_INSUFFICIENT_RESOURCES. PASSIVE_LEVEL. "wdm:
 * IoRegisterPlugPlayNotification". */
NTKERNELAPI NTSTATUS NTAPI IoRegisterPlugPlayNotification(
    _In_ IO_NOTIFICATION_EVENT_CATEGORY EventCategory, _In_ ULONG EventCategoryFlags,
    _In_opt_ PVOID EventCategoryData, _In_ PDRIVER_OBJECT DriverObject,
    _In_ PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine, _Inout_opt_ PVOID Context,
    _Outptr_ PVOID *NotificationEntry);
/* The second returns when the routine has; a routine does not call it for itself before the
 * registration has returned. Whoever is registered keeps its driver loaded. PASSIVE_LEVEL.
 * "wdm: IoUnregisterPlugPlayNotification", "wdm: IoUnregisterPlugPlayNotificationEx". */
NTKERNELAPI NTSTATUS NTAPI IoUnregisterPlugPlayNotification(_In_ PVOID NotificationEntry);
NTKERNELAPI NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(_In_ PVOID NotificationEntry);

/* A custom event of a target: told to whoever is registered for it; the second on a system thread,
 * soon after, and `Callback` (may be NULL) is called when they know. FileObject is NULL. An event
 * of the system's own: STATUS_INVALID_DEVICE_REQUEST. The first: PASSIVE_LEVEL; the second: IRQL <=
 * DISPATCH_LEVEL, where the structure is nonpaged. "wdm: IoReportTargetDeviceChange", "wdm:
 * IoReportTargetDeviceChangeAsynchronous". */
NTKERNELAPI NTSTATUS NTAPI IoReportTargetDeviceChange(_In_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                      _In_ PVOID NotificationStructure);
NTKERNELAPI NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(
    _In_ PDEVICE_OBJECT PhysicalDeviceObject, _In_ PVOID NotificationStructure,
    _In_opt_ PDEVICE_CHANGE_COMPLETE_CALLBACK Callback, _In_opt_ PVOID Context);

EXTERN_C_END

#endif
