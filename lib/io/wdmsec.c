/*
 * wdmsec.c - device objects with a security descriptor, which has no effect.
 */
#include <wdmsec.h>

#include "io/io.h"
#include "ke/ki.h"

#define DESCRIPTOR(name, text) NTKERNELAPI const UNICODE_STRING name = RTL_CONSTANT_STRING(text)

DESCRIPTOR(SDDL_DEVOBJ_KERNEL_ONLY, L"D:P");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL, L"D:P(A;;GA;;;SY)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RX, L"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R,
           L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R,
           L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX,
           L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");

/* "D:P", then entries in parentheses. */
static bool is_descriptor(const UNICODE_STRING *text)
{
    const size_t count = text != NULL ? text->Length / sizeof(WCHAR) : 0;
    unsigned open = 0;

    if (count < 3 || text->Buffer[0] != 'D' || text->Buffer[1] != ':' || text->Buffer[2] != 'P') {
        return false;
    }
    for (size_t i = 3; i < count; i++) {
        if (text->Buffer[i] == '(') {
            open++;
        } else if (text->Buffer[i] == ')') {
            open--;
        }
        if (open > 1 || (open == 0 && text->Buffer[i] != ')')) {
            return false;
        }
    }
    return open == 0;
}

NTSTATUS NTAPI WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                          PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                          ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                          PCUNICODE_STRING DefaultSDDLString,
                                          LPCGUID DeviceClassGuid, PDEVICE_OBJECT *DeviceObject)
{
    DQ_ENTER(WdmlibIoCreateDeviceSecure, DriverObject, DeviceExtensionSize, DeviceType, 0,
             STATUS_UNSUCCESSFUL);
    DQ_CALLED_FROM(DQ_CALL_PLACE);

    (void)cpu;
    (void)DeviceClassGuid;
    if (!is_descriptor(DefaultSDDLString)) {
        return STATUS_INVALID_PARAMETER;
    }
    return IoCreateDevice(DriverObject, DeviceExtensionSize, DeviceName, DeviceType,
                          DeviceCharacteristics, Exclusive, DeviceObject);
}
