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

/* The same with IRP_MN_QUERY_DEVICE_RELATIONS, for BusRelations and PowerRelations; the others are
 * asked for only when they are needed. The list is freed. Children are not started: they are the
 * driver's own device objects. "wdm: IoInvalidateDeviceRelations". */
NTKERNELAPI VOID NTAPI IoInvalidateDeviceRelations(_In_ PDEVICE_OBJECT DeviceObject,
                                                   _In_ DEVICE_RELATION_TYPE Type);

EXTERN_C_END

#endif
