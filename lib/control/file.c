/*
 * file.c - include/dirql/driver.h: a user of a device opens it, reads, writes, controls, closes.
 */
#include <dirql/driver.h>

#include "control/enter.h"
#include "io/io.h"
#include "ke/ki.h"

/* ---- Opening and closing --------------------------------------------------------------------- */

static PFILE_OBJECT refuse_open(NTSTATUS *status)
{
    if (status != NULL) {
        *status = STATUS_UNSUCCESSFUL;
    }
    return NULL;
}

PFILE_OBJECT dirql_file_open(PDEVICE_OBJECT device, NTSTATUS *status)
{
    DIRQL_ENTER(dirql_file_open, refuse_open(status));
    NTSTATUS result = STATUS_UNSUCCESSFUL;
    PFILE_OBJECT file = NULL;

    if (dq_device_is_alive(cpu->machine, device)) {
        result = dq_file_open(cpu, device, &file, place);
    } else {
        dirql_control_refuse_call(cpu, "%s is no device object, or one that is deleted",
                                  device != NULL ? "the pointer" : "NULL");
    }
    if (status != NULL) {
        *status = result;
    }
    return file;
}

PFILE_OBJECT dirql_file_open_name(PCWSTR name, NTSTATUS *status)
{
    DIRQL_ENTER(dirql_file_open_name, refuse_open(status));
    NTSTATUS result;
    PFILE_OBJECT file = NULL;
    UNICODE_STRING text;

    if (name == NULL) {
        (void)dirql_control_refuse_call(cpu, "`name` is NULL");
        return refuse_open(status);
    }
    RtlInitUnicodeString(&text, name);
    result = dq_file_open_name(cpu, &text, false, &file, place);
    if (status != NULL) {
        *status = result;
    }
    return file;
}

void dirql_file_close(PFILE_OBJECT file)
{
    DIRQL_ENTER(dirql_file_close, DQ_VOID);

    dq_file_close(cpu, file, place);
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* Sends what the I/O manager has built, and waits. */
static NTSTATUS run(PFILE_OBJECT file, PIRP irp, PKEVENT event, const IO_STATUS_BLOCK *block,
                    ULONG_PTR *done)
{
    NTSTATUS status;

    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->Tail.Overlay.OriginalFileObject = file;
    IoGetNextIrpStackLocation(irp)->FileObject = file;
    status = IoCallDriver(dq_device_top(file->DeviceObject), irp);
    if (status == STATUS_PENDING) {
        (void)KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
        status = block->Status;
    }
    if (done != NULL) {
        *done = block->Information;
    }
    return status;
}

static bool begin(dq_service service, PFILE_OBJECT file, const void *place)
{
    dq_processor *cpu = dirql_control_enter(service, place);
    DQ_LEAVES(cpu);

    return cpu != NULL && dq_file_check(cpu, file, place);
}

static NTSTATUS transfer(ULONG major, PFILE_OBJECT file, void *buffer, ULONG bytes,
                         ULONG_PTR *done)
{
    IO_STATUS_BLOCK block = { .Status = STATUS_UNSUCCESSFUL };
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(major, dq_device_top(file->DeviceObject), buffer, bytes,
                                       &file->CurrentByteOffset, &event, &block);
    return run(file, irp, &event, &block, done);
}

NTSTATUS dirql_file_read(PFILE_OBJECT file, void *buffer, ULONG bytes, ULONG_PTR *done)
{
    const void *place = __builtin_return_address(0);
    DIRQL_CALLED_FROM(place);

    return begin(DQ_SERVICE_dirql_file_read, file, place)
               ? transfer(IRP_MJ_READ, file, buffer, bytes, done)
               : STATUS_UNSUCCESSFUL;
}

NTSTATUS dirql_file_write(PFILE_OBJECT file, const void *buffer, ULONG bytes, ULONG_PTR *done)
{
    const void *place = __builtin_return_address(0);
    DIRQL_CALLED_FROM(place);

    return begin(DQ_SERVICE_dirql_file_write, file, place)
               ? transfer(IRP_MJ_WRITE, file, (void *)(uintptr_t)buffer, bytes, done)
               : STATUS_UNSUCCESSFUL;
}

NTSTATUS dirql_file_control(PFILE_OBJECT file, ULONG code, const void *input, ULONG input_bytes,
                            void *output, ULONG output_bytes, ULONG_PTR *done)
{
    const void *place = __builtin_return_address(0);
    DIRQL_CALLED_FROM(place);
    IO_STATUS_BLOCK block = { .Status = STATUS_UNSUCCESSFUL };
    KEVENT event;
    PIRP irp;

    if (!begin(DQ_SERVICE_dirql_file_control, file, place)) {
        return STATUS_UNSUCCESSFUL;
    }
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(code, dq_device_top(file->DeviceObject),
                                        (void *)(uintptr_t)input, input_bytes, output,
                                        output_bytes, FALSE, &event, &block);
    return run(file, irp, &event, &block, done);
}
