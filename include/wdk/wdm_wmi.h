/*
 * wdm_wmi.h: providers of data for WMI.
 *
 * Consumers are the test's (dirql/wmi.h); no MOF is read.
 */
#ifndef WDM_WMI_H
#define WDM_WMI_H

#include <wdm_devicestack.h>

EXTERN_C_START

/* Minor functions of IRP_MJ_SYSTEM_CONTROL. */
#define IRP_MN_QUERY_ALL_DATA 0x00
#define IRP_MN_QUERY_SINGLE_INSTANCE 0x01
#define IRP_MN_CHANGE_SINGLE_INSTANCE 0x02
#define IRP_MN_CHANGE_SINGLE_ITEM 0x03
#define IRP_MN_ENABLE_EVENTS 0x04
#define IRP_MN_DISABLE_EVENTS 0x05
#define IRP_MN_ENABLE_COLLECTION 0x06
#define IRP_MN_DISABLE_COLLECTION 0x07
#define IRP_MN_REGINFO 0x08
#define IRP_MN_EXECUTE_METHOD 0x09
#define IRP_MN_REGINFO_EX 0x0b

#define WMIREG_ACTION_REGISTER 1
#define WMIREG_ACTION_DEREGISTER 2
#define WMIREG_ACTION_REREGISTER 3
#define WMIREG_ACTION_UPDATE_GUIDS 4

/* Of a device object. A provider that registers, or changes what it has, is asked for it soon
 * after, on a system thread: IRP_MN_REGINFO_EX. PASSIVE_LEVEL. "wdm: IoWMIRegistrationControl". */
NTKERNELAPI NTSTATUS NTAPI IoWMIRegistrationControl(_In_ PDEVICE_OBJECT DeviceObject,
                                                    _In_ ULONG Action);

/* A WNODE_... from nonpaged pool, which belongs to WMI when this succeeds. The event stands in the
 * run's trace. More than 1 KB, header and all: STATUS_BUFFER_OVERFLOW. IRQL <= APC_LEVEL. One with
 * WNODE_FLAG_TRACED_GUID is only logged: from any memory, which stays the caller's, and at any IRQL.
 * "wdm: IoWMIWriteEvent", "kernel: wmi-event-tracing". */
NTKERNELAPI NTSTATUS NTAPI IoWMIWriteEvent(_Inout_ PVOID WnodeEventItem);

/* WNODE_HEADER.ProviderId. PASSIVE_LEVEL. "wdm: IoWMIDeviceObjectToProviderId". */
NTKERNELAPI ULONG NTAPI IoWMIDeviceObjectToProviderId(_In_ PDEVICE_OBJECT DeviceObject);

EXTERN_C_END

#endif
