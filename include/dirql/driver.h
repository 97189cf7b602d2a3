/*
 * driver.h - a driver as the I/O, Plug and Play and power managers treat it: loaded, given devices,
 * started, sent requests, removed, unloaded.
 *
 * A driver is its DriverEntry. Its devices are stacked on a physical device object of
 * dirql_pdo_create() (line.h), below which a bus driver completes what reaches it. Each function
 * here does what Windows does in that place, sends to the top of the device's stack, and waits.
 * What Windows does not do fails the run: to load a name that is loaded, to unload a driver twice,
 * to start a device that is started, to send anything to one that was removed and not added again.
 * All: PASSIVE_LEVEL, on a thread of the run.
 */
#ifndef DIRQL_DRIVER_H
#define DIRQL_DRIVER_H

#include <dirql/line.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Loads a driver: a driver object with `name` ("uart": \Driver\uart, and the service key of that
 * name), which is given to entry(). NULL when that fails; `status` (or NULL) is what it
 * returned. */
DIRQL_API PDRIVER_OBJECT dirql_driver_load(const char *name, PDRIVER_INITIALIZE entry,
                                           NTSTATUS *status);
/* Calls DriverUnload. The run fails if the driver has none, or has left a device or a notification
 * of Plug and Play. */
DIRQL_API void dirql_driver_unload(PDRIVER_OBJECT driver);

/* Calls AddDevice for a physical device object. What it attaches must be ready for requests. */
DIRQL_API NTSTATUS dirql_driver_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo);

/* -- Plug and Play, power --------------------------------------------------------------------- */

/* IRP_MN_START_DEVICE with these resources (NULL: none). */
DIRQL_API NTSTATUS dirql_device_start(PDEVICE_OBJECT pdo, dirql_resources *resources);
/* Another minor function of IRP_MJ_PNP that has no parameters: IRP_MN_QUERY_STOP_DEVICE,
 * IRP_MN_STOP_DEVICE, IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_SURPRISE_REMOVAL ... */
DIRQL_API NTSTATUS dirql_device_pnp(PDEVICE_OBJECT pdo, UCHAR minor);
/* IRP_MN_REMOVE_DEVICE. The run fails unless every driver detaches and deletes its device. */
DIRQL_API NTSTATUS dirql_device_remove(PDEVICE_OBJECT pdo);
/* IRP_MN_SET_POWER for the device, or for the system. */
DIRQL_API NTSTATUS dirql_device_set_power(PDEVICE_OBJECT pdo, DEVICE_POWER_STATE state);
DIRQL_API NTSTATUS dirql_device_set_system_power(PDEVICE_OBJECT pdo, SYSTEM_POWER_STATE state);

/* The system shuts down: IRP_MJ_SHUTDOWN to each device that is registered for it. */
DIRQL_API void dirql_shutdown(void);

/* -- Requests of a user of the device --------------------------------------------------------- */

/* Opens a device (IRP_MJ_CREATE); by its name, a symbolic link's, or that of a device interface.
 * `status` may be NULL. NULL: it was refused; STATUS_NO_SUCH_DEVICE between
 * dirql_driver_add_device() and the end of dirql_device_start(). */
DIRQL_API PFILE_OBJECT dirql_file_open(PDEVICE_OBJECT device, NTSTATUS *status);
DIRQL_API PFILE_OBJECT dirql_file_open_name(PCWSTR name, NTSTATUS *status);
/* IRP_MJ_CLEANUP and IRP_MJ_CLOSE. */
DIRQL_API void dirql_file_close(PFILE_OBJECT file);

/* `done` (or NULL): IoStatus.Information. Buffers are passed as the device's flags, and the
 * control code's method, say. */
DIRQL_API NTSTATUS dirql_file_read(PFILE_OBJECT file, void *buffer, ULONG bytes, ULONG_PTR *done);
DIRQL_API NTSTATUS dirql_file_write(PFILE_OBJECT file, const void *buffer, ULONG bytes,
                                    ULONG_PTR *done);
DIRQL_API NTSTATUS dirql_file_control(PFILE_OBJECT file, ULONG code, const void *input,
                                      ULONG input_bytes, void *output, ULONG output_bytes,
                                      ULONG_PTR *done);

#ifdef __cplusplus
}
#endif

#endif
