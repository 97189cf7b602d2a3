/*
 * file.c - include/dirql/driver.h: a user of a device opens it, reads, writes, controls, closes.
 */
#include <dirql/driver.h>

#include "control/control.h"
#include "io/io.h"
#include "ke/ki.h"

static dq_processor *enter(dq_service service, const void *place)
{
    dq_processor *cpu = dq_enter(service, place, NULL, 0, 0, 0);

    if (cpu != NULL && cpu->irql != DQ_LEVEL_PASSIVE) {
        dirql_control_fail(cpu->machine, "IRQL", "%s at IRQL %u: it needs PASSIVE_LEVEL",
                           dq_service_name(service), cpu->irql);
    }
    return cpu;
}

/* ---- Opening and closing --------------------------------------------------------------------- */

PFILE_OBJECT dirql_file_open(PDEVICE_OBJECT device, NTSTATUS *status)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_file_open, place);
    DQ_LEAVES(cpu);
    NTSTATUS result = STATUS_UNSUCCESSFUL;
    PFILE_OBJECT file = NULL;

    if (cpu != NULL) {
        result = dq_file_open(cpu, device, &file, place);
    }
    if (status != NULL) {
        *status = result;
    }
    return file;
}

PFILE_OBJECT dirql_file_open_name(PCWSTR name, NTSTATUS *status)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_file_open_name, place);
    DQ_LEAVES(cpu);
    NTSTATUS result = STATUS_UNSUCCESSFUL;
    PFILE_OBJECT file = NULL;
    UNICODE_STRING text;

    if (cpu != NULL) {
        RtlInitUnicodeString(&text, name);
        result = dq_file_open_name(cpu, &text, &file, place);
    }
    if (status != NULL) {
        *status = result;
    }
    return file;
}

void dirql_file_close(PFILE_OBJECT file)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_file_close, place);
    DQ_LEAVES(cpu);

    if (cpu != NULL) {
        dq_file_close(cpu, file, place);
    }
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
    dq_processor *cpu = enter(service, place);
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
    return begin(DQ_SERVICE_dirql_file_read, file, __builtin_return_address(0))
               ? transfer(IRP_MJ_READ, file, buffer, bytes, done)
               : STATUS_UNSUCCESSFUL;
}

NTSTATUS dirql_file_write(PFILE_OBJECT file, const void *buffer, ULONG bytes, ULONG_PTR *done)
{
    return begin(DQ_SERVICE_dirql_file_write, file, __builtin_return_address(0))
               ? transfer(IRP_MJ_WRITE, file, (void *)(uintptr_t)buffer, bytes, done)
               : STATUS_UNSUCCESSFUL;
}

NTSTATUS dirql_file_control(PFILE_OBJECT file, ULONG code, const void *input, ULONG input_bytes,
                            void *output, ULONG output_bytes, ULONG_PTR *done)
{
    IO_STATUS_BLOCK block = { .Status = STATUS_UNSUCCESSFUL };
    KEVENT event;
    PIRP irp;

    if (!begin(DQ_SERVICE_dirql_file_control, file, __builtin_return_address(0))) {
        return STATUS_UNSUCCESSFUL;
    }
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(code, dq_device_top(file->DeviceObject),
                                        (void *)(uintptr_t)input, input_bytes, output,
                                        output_bytes, FALSE, &event, &block);
    return run(file, irp, &event, &block, done);
}
