/*
 * wdmsec.h: device objects with a security descriptor.
 *
 * Descriptors have no effect here: the machine has no users. They are looked at, though.
 */
#ifndef WDMSEC_H
#define WDMSEC_H

#include <wdm.h>

EXTERN_C_START

/* PASSIVE_LEVEL. As IoCreateDevice; STATUS_INVALID_PARAMETER for a descriptor that is none
 * ("D:P..."). "wdmsec: WdmlibIoCreateDeviceSecure". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI WdmlibIoCreateDeviceSecure(
    _In_ PDRIVER_OBJECT DriverObject, _In_ ULONG DeviceExtensionSize,
    _In_opt_ PUNICODE_STRING DeviceName, _In_ DEVICE_TYPE DeviceType,
    _In_ ULONG DeviceCharacteristics, _In_ BOOLEAN Exclusive,
    _In_ PCUNICODE_STRING DefaultSDDLString, _In_opt_ LPCGUID DeviceClassGuid,
    _Out_ PDEVICE_OBJECT *DeviceObject);

#define IoCreateDeviceSecure WdmlibIoCreateDeviceSecure

/* Descriptors for common cases. */
extern NTKERNELAPI const UNICODE_STRING SDDL_DEVOBJ_KERNEL_ONLY;
extern NTKERNELAPI const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL;
extern NTKERNELAPI const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_ALL;
extern NTKERNELAPI const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RX;
extern NTKERNELAPI const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R;
extern NTKERNELAPI const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R;
extern NTKERNELAPI const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R;
extern NTKERNELAPI const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX;

EXTERN_C_END

#endif
