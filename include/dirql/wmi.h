/*
 * wmi.h - a consumer of the data that drivers provide by WMI.
 *
 * A provider is the device object that the driver gave to IoWMIRegistrationControl. Each function
 * sends the request that Windows would to the top of its stack, and waits. Events that drivers fire
 * stand in the trace.
 *
 * All: IRQL PASSIVE_LEVEL, on a thread of the run. Sizes and offsets in bytes. They return what the
 * driver completes the request with; STATUS_BUFFER_TOO_SMALL: `bytes` are fewer than the data.
 * STATUS_INSUFFICIENT_RESOURCES: no request could be made. A device that is no provider ends the
 * run with a finding. Pages: kernel, wmi-minor-irps; wdm, IoWMIRegistrationControl.
 */
#ifndef DIRQL_WMI_H
#define DIRQL_WMI_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One instance of a block: IRP_MN_QUERY_SINGLE_INSTANCE. `done` (or NULL): its bytes, also when
 * there is not room for them (STATUS_BUFFER_TOO_SMALL). */
DIRQL_API NTSTATUS dirql_wmi_query(PDEVICE_OBJECT provider, const GUID *block, ULONG instance,
                                   void *data, ULONG bytes, ULONG *done);
/* The data of all instances, each at a multiple of 8 bytes: IRP_MN_QUERY_ALL_DATA. */
DIRQL_API NTSTATUS dirql_wmi_query_all(PDEVICE_OBJECT provider, const GUID *block, void *data,
                                       ULONG bytes, ULONG *done);
/* IRP_MN_CHANGE_SINGLE_INSTANCE, IRP_MN_CHANGE_SINGLE_ITEM. */
DIRQL_API NTSTATUS dirql_wmi_set(PDEVICE_OBJECT provider, const GUID *block, ULONG instance,
                                 const void *data, ULONG bytes);
DIRQL_API NTSTATUS dirql_wmi_set_item(PDEVICE_OBJECT provider, const GUID *block, ULONG instance,
                                      ULONG item, const void *data, ULONG bytes);
/* IRP_MN_EXECUTE_METHOD: `data` is input and output. */
DIRQL_API NTSTATUS dirql_wmi_execute(PDEVICE_OBJECT provider, const GUID *block, ULONG instance,
                                     ULONG method, void *data, ULONG input_bytes,
                                     ULONG output_bytes, ULONG *done);
/* IRP_MN_ENABLE_EVENTS, IRP_MN_DISABLE_EVENTS. */
DIRQL_API NTSTATUS dirql_wmi_enable_events(PDEVICE_OBJECT provider, const GUID *block,
                                           BOOLEAN enable);

#ifdef __cplusplus
}
#endif

#endif
