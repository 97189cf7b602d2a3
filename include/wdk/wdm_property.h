/*
 * wdm_property.h: what the PnP manager knows about a device, and the keys where it is kept.
 *
 * A routine that takes a physical device object takes no other.
 */
#ifndef WDM_PROPERTY_H
#define WDM_PROPERTY_H

#include <devpropdef.h>
#include <wdm_device.h>

EXTERN_C_START

/* -- Properties by number --------------------------------------------------------------------- */

typedef enum {
    DevicePropertyDeviceDescription = 0x0,
    DevicePropertyHardwareID = 0x1,
    DevicePropertyCompatibleIDs = 0x2,
    DevicePropertyBootConfiguration = 0x3,
    DevicePropertyBootConfigurationTranslated = 0x4,
    DevicePropertyClassName = 0x5,
    DevicePropertyClassGuid = 0x6,
    DevicePropertyDriverKeyName = 0x7,
    DevicePropertyManufacturer = 0x8,
    DevicePropertyFriendlyName = 0x9,
    DevicePropertyLocationInformation = 0xa,
    DevicePropertyPhysicalDeviceObjectName = 0xb,
    DevicePropertyBusTypeGuid = 0xc,
    DevicePropertyLegacyBusType = 0xd,
    DevicePropertyBusNumber = 0xe,
    DevicePropertyEnumeratorName = 0xf,
    DevicePropertyAddress = 0x10,
    DevicePropertyUINumber = 0x11,
    DevicePropertyInstallState = 0x12,
    DevicePropertyRemovalPolicy = 0x13,
    DevicePropertyResourceRequirements = 0x14, /* Reserved: STATUS_INVALID_PARAMETER_2. */
    DevicePropertyAllocatedResources = 0x15,   /* The same. */
    DevicePropertyContainerID = 0x16
} DEVICE_REGISTRY_PROPERTY;

typedef enum _DEVICE_INSTALL_STATE {
    InstallStateInstalled,
    InstallStateNeedsReinstall,
    InstallStateFailedInstall,
    InstallStateFinishInstall
} DEVICE_INSTALL_STATE, *PDEVICE_INSTALL_STATE;

typedef enum _DEVICE_REMOVAL_POLICY {
    RemovalPolicyExpectNoRemoval = 1,
    RemovalPolicyExpectOrderlyRemoval = 2,
    RemovalPolicyExpectSurpriseRemoval = 3
} DEVICE_REMOVAL_POLICY, *PDEVICE_REMOVAL_POLICY;

/* IRQL = PASSIVE_LEVEL. STATUS_BUFFER_TOO_SMALL (and the length), STATUS_INVALID_PARAMETER_2,
 * STATUS_INVALID_DEVICE_REQUEST, STATUS_OBJECT_NAME_NOT_FOUND (the device has no such property).
 * "wdm: IoGetDeviceProperty". */
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceProperty(_In_ PDEVICE_OBJECT DeviceObject,
                                               _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                               _In_ ULONG BufferLength,
                                               _Out_opt_ PVOID PropertyBuffer,
                                               _Out_ PULONG ResultLength);

/* The node of a device: 0, since there is one. STATUS_INVALID_PARAMETER: no device object.
 * PASSIVE_LEVEL. "wdm: IoGetDeviceNumaNode". */
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceNumaNode(_In_ PDEVICE_OBJECT Pdo, _Out_ PUSHORT NodeNumber);

/* -- Properties by key ------------------------------------------------------------------------ */

typedef ULONG LCID, *PLCID;
#define LOCALE_NEUTRAL 0x0000
#define LOCALE_USER_DEFAULT 0x0400
#define LOCALE_SYSTEM_DEFAULT 0x0800

#define PLUGPLAY_PROPERTY_PERSISTENT 0x00000001

/* IRQL <= APC_LEVEL. STATUS_BUFFER_TOO_SMALL, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_UNSUCCESSFUL
 * (the locale), STATUS_INVALID_PARAMETER. "wdm: IoGetDevicePropertyData", "wdm:
 * IoSetDevicePropertyData". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoGetDevicePropertyData(
    _In_ PDEVICE_OBJECT Pdo, _In_ CONST DEVPROPKEY *PropertyKey, _In_ LCID Lcid, ULONG Flags,
    _In_ ULONG Size, _Out_ PVOID Data, _Out_ PULONG RequiredSize, _Out_ PDEVPROPTYPE Type);
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoSetDevicePropertyData(
    _In_ PDEVICE_OBJECT Pdo, _In_ CONST DEVPROPKEY *PropertyKey, _In_ LCID Lcid,
    _In_ ULONG Flags, _In_ DEVPROPTYPE Type, _In_ ULONG Size, _In_opt_ PVOID Data);

/* -- Keys of the registry. IRQL = PASSIVE_LEVEL; ZwClose closes them -------------------------- */

#define PLUGPLAY_REGKEY_DEVICE 1
#define PLUGPLAY_REGKEY_DRIVER 2
#define PLUGPLAY_REGKEY_CURRENT_HWPROFILE 4

/* STATUS_INVALID_PARAMETER. "wdm: IoOpenDeviceRegistryKey". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoOpenDeviceRegistryKey(
    _In_ PDEVICE_OBJECT DeviceObject, _In_ ULONG DevInstKeyType, _In_ ACCESS_MASK DesiredAccess,
    _Out_ PHANDLE DeviceRegKey);

typedef enum _DRIVER_REGKEY_TYPE {
    DriverRegKeyParameters,
    DriverRegKeyPersistentState,
    DriverRegKeySharedPersistentState
} DRIVER_REGKEY_TYPE;

/* "wdm: IoOpenDriverRegistryKey". */
NTKERNELAPI NTSTATUS NTAPI IoOpenDriverRegistryKey(_In_ PDRIVER_OBJECT DriverObject,
                                                   _In_ DRIVER_REGKEY_TYPE RegKeyType,
                                                   _In_ ACCESS_MASK DesiredAccess,
                                                   _In_ ULONG Flags, _Out_ PHANDLE DriverRegKey);

EXTERN_C_END

#endif
