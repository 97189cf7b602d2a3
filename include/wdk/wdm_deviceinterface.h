/*
 * wdm_deviceinterface.h: device interfaces, by which others find a device.
 *
 * IRQL = PASSIVE_LEVEL, where nothing else is said.
 */
#ifndef WDM_DEVICEINTERFACE_H
#define WDM_DEVICEINTERFACE_H

#include <wdm_property.h>

EXTERN_C_START

/* RtlFreeUnicodeString frees the name. STATUS_OBJECT_NAME_EXISTS (a success: it was there before),
 * STATUS_INVALID_DEVICE_REQUEST. "wdm: IoRegisterDeviceInterface". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoRegisterDeviceInterface(
    _In_ PDEVICE_OBJECT PhysicalDeviceObject, _In_ CONST GUID *InterfaceClassGuid,
    _In_opt_ PUNICODE_STRING ReferenceString, _Out_ PUNICODE_STRING SymbolicLinkName);

/* STATUS_OBJECT_NAME_EXISTS (a success: it was enabled), STATUS_OBJECT_NAME_NOT_FOUND.
 * "wdm: IoSetDeviceInterfaceState". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoSetDeviceInterfaceState(
    _In_ PUNICODE_STRING SymbolicLinkName, _In_ BOOLEAN Enable);

#define DEVICE_INTERFACE_INCLUDE_NONACTIVE 0x00000001

/* Names with a null behind each and one more at the end; ExFreePool frees them.
 * STATUS_INVALID_DEVICE_REQUEST. "wdm: IoGetDeviceInterfaces". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfaces(
    _In_ CONST GUID *InterfaceClassGuid, _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
    _In_ ULONG Flags, _Out_ PZZWSTR *SymbolicLinkList);

/* RtlFreeUnicodeString frees the name. STATUS_OBJECT_NAME_NOT_FOUND, STATUS_INVALID_HANDLE.
 * "wdm: IoGetDeviceInterfaceAlias". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfaceAlias(
    _In_ PUNICODE_STRING SymbolicLinkName, _In_ CONST GUID *AliasInterfaceClassGuid,
    _Out_ PUNICODE_STRING AliasSymbolicLinkName);

/* STATUS_OBJECT_NAME_NOT_FOUND, STATUS_INVALID_PARAMETER. "wdm:
 * IoOpenDeviceInterfaceRegistryKey". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(
    _In_ PUNICODE_STRING SymbolicLinkName, _In_ ACCESS_MASK DesiredAccess,
    _Out_ PHANDLE DeviceInterfaceRegKey);

/* Statuses as of IoGetDevicePropertyData. The second: IRQL <= APC_LEVEL.
 * "wdm: IoGetDeviceInterfacePropertyData", "wdm: IoSetDeviceInterfacePropertyData". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfacePropertyData(
    _In_ PUNICODE_STRING SymbolicLinkName, _In_ CONST DEVPROPKEY *PropertyKey, _In_ LCID Lcid,
    ULONG Flags, _In_ ULONG Size, _Out_ PVOID Data, _Out_ PULONG RequiredSize,
    _Out_ PDEVPROPTYPE Type);
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoSetDeviceInterfacePropertyData(
    _In_ PUNICODE_STRING SymbolicLinkName, _In_ CONST DEVPROPKEY *PropertyKey, _In_ LCID Lcid,
    _In_ ULONG Flags, _In_ DEVPROPTYPE Type, _In_ ULONG Size, _In_opt_ PVOID Data);

EXTERN_C_END

#endif
