/*
 * buildirp.c - IoBuildDeviceIoControlRequest and its like: an IRP with its parameters and buffers
 * set up for the driver of a device, as that device wants them.
 *
 * Who calls IoBuildAsynchronousFsdRequest ends the request itself. The page is silent on a device
 * with DO_BUFFERED_IO: what was read is then in AssociatedIrp.SystemBuffer, which IoFreeIrp frees.
 */
#include <string.h>

#include "ex/pool.h"
#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"

enum { MDL_TAG = 0x206C644D }; /* "Mdl " */

/* One call. */
typedef struct call {
    PDEVICE_OBJECT device;
    dq_irp_origin origin;
    PKEVENT event;
    PIO_STATUS_BLOCK status_block;
    dq_service service;
    const void *place;
} call;

static void accuse(dq_processor *cpu, const call *c, unsigned code, uint64_t p3, uint64_t p4,
                   const char *what)
{
    dq_irp_accuse(cpu,
                  &(dq_irp_error){ .rule = "IrpBuild",
                                   .severity = DQ_ERROR,
                                   .code = code,
                                   .p2 = (uintptr_t)c->device,
                                   .p3 = p3,
                                   .p4 = p4,
                                   .page = dq_service_name(c->service),
                                   .place = c->place },
                  "%s was given %s", dq_service_name(c->service), what);
}

/* NULL after a finding, or when there is none. */
static dq_irp *make(dq_processor *cpu, const call *c)
{
    dq_irp *record;

    if (!dq_device_is_alive(cpu->machine, c->device)) {
        accuse(cpu, c, 0x04, 0, 0, "a pointer that is no device object, or no longer one");
        return NULL;
    }
    record = dq_irp_allocate(cpu, c->device->StackSize, c->origin, c->service, c->place);
    if (record != NULL) {
        record->irp->UserEvent = c->event;
        record->irp->UserIosb = c->status_block;
        record->irp->Tail.Overlay.Thread = (PETHREAD)dq_thread_current(cpu);
        record->thread = c->origin == DQ_IRP_THREADED ? dq_thread_current(cpu) : NULL;
    }
    return record;
}

/* ---- Buffers --------------------------------------------------------------------------------- */

/* The driver's view of a buffer of the caller's. False: no memory. */
static bool copy_in(dq_processor *cpu, dq_irp *record, const void *input, ULONG input_bytes,
                    ULONG bytes, const void *place)
{
    const PIRP irp = record->irp;

    if (bytes == 0) {
        return true;
    }
    record->buffer =
        dq_pool_part(cpu, bytes, DQ_IRP_BUFFER_TAG, "", place);
    if (record->buffer == NULL) {
        return false;
    }
    if (input_bytes > 0) {
        memcpy(record->buffer, input, input_bytes);
    }
    irp->AssociatedIrp.SystemBuffer = record->buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return true;
}

static void expect_output(dq_irp *record, void *output, ULONG bytes)
{
    record->irp->UserBuffer = output;
    record->irp->Flags |= output != NULL ? IRP_INPUT_OPERATION : 0;
    record->output_bytes = bytes;
    record->output_limited = record->buffer != NULL;
}

static bool lock_pages(dq_processor *cpu, dq_irp *record, void *buffer, ULONG bytes,
                       LOCK_OPERATION operation, const call *c)
{
    PMDL mdl;

    if (bytes == 0) {
        return true;
    }
    mdl = dq_pool_part(cpu, MmSizeOfMdl(buffer, bytes), MDL_TAG,
                       c->origin == DQ_IRP_THREADED ? "" : NULL, c->place);
    if (mdl == NULL) {
        return false;
    }
    memset(mdl, 0, sizeof(*mdl));
    MmInitializeMdl(mdl, buffer, bytes);
    MmProbeAndLockPages(mdl, KernelMode, operation);
    record->irp->MdlAddress = mdl;
    record->mdl = c->origin == DQ_IRP_THREADED ? mdl : NULL;
    return true;
}

static PIRP finish(dq_processor *cpu, dq_irp *record, bool made, const call *c)
{
    if (!made) {
        dq_irp_free(cpu, record, c->service, c->place);
        return NULL;
    }
    return record->irp;
}

/* ---- Device controls ------------------------------------------------------------------------- */

typedef struct buffers {
    void *input;
    ULONG input_bytes;
    void *output;
    ULONG output_bytes;
} buffers;

static bool set_control_buffers(dq_processor *cpu, dq_irp *record, const buffers *b, ULONG method,
                                const call *c)
{
    const ULONG larger = b->input_bytes > b->output_bytes ? b->input_bytes : b->output_bytes;
    const PIRP irp = record->irp;

    switch (method) {
    case METHOD_BUFFERED:
        if (!copy_in(cpu, record, b->input, b->input_bytes, larger, c->place)) {
            return false;
        }
        expect_output(record, b->output, b->output_bytes);
        return true;
    case METHOD_NEITHER:
        IoGetNextIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer = b->input;
        irp->UserBuffer = b->output;
        return true;
    default:
        return copy_in(cpu, record, b->input, b->input_bytes, b->input_bytes, c->place) &&
               lock_pages(cpu, record, b->output, b->output_bytes,
                          method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess, c);
    }
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                         PVOID InputBuffer, ULONG InputBufferLength,
                                         PVOID OutputBuffer, ULONG OutputBufferLength,
                                         BOOLEAN InternalDeviceIoControl, PKEVENT Event,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    const buffers b = { InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength };
    const call c = { .device = DeviceObject,
                     .origin = DQ_IRP_THREADED,
                     .event = Event,
                     .status_block = IoStatusBlock,
                     .service = DQ_SERVICE_IoBuildDeviceIoControlRequest,
                     .place = DQ_CALL_PLACE };
    PIO_STACK_LOCATION stack;
    dq_irp *record;

    DQ_ENTER(IoBuildDeviceIoControlRequest, DeviceObject, IoControlCode, InputBufferLength,
             OutputBufferLength, NULL);
    if ((InputBuffer == NULL && InputBufferLength != 0) ||
        (OutputBuffer == NULL && OutputBufferLength != 0)) {
        accuse(cpu, &c, 0x09, IoControlCode, (uint32_t)STATUS_ACCESS_VIOLATION,
               "the length of a buffer, but no buffer");
        return NULL;
    }
    record = make(cpu, &c);
    if (record == NULL) {
        return NULL;
    }
    stack = IoGetNextIrpStackLocation(record->irp);
    stack->MajorFunction =
        InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    stack->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    stack->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    stack->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    return finish(cpu, record,
                  set_control_buffers(cpu, record, &b, METHOD_FROM_CTL_CODE(IoControlCode), &c),
                  &c);
}

/* ---- Reads, writes and others ---------------------------------------------------------------- */

static bool is_transfer(ULONG major)
{
    return major == IRP_MJ_READ || major == IRP_MJ_WRITE;
}

static bool check_transfer(dq_processor *cpu, const call *c, ULONG major, const void *buffer,
                           ULONG length)
{
    if (!is_transfer(major) && major != IRP_MJ_FLUSH_BUFFERS && major != IRP_MJ_SHUTDOWN &&
        major != IRP_MJ_PNP && major != IRP_MJ_POWER) {
        accuse(cpu, c, 0, 0, 0,
               "a major function that is none of IRP_MJ_READ, _WRITE, _FLUSH_BUFFERS, _SHUTDOWN "
               "and _PNP");
        return false;
    }
    if (is_transfer(major) ? buffer == NULL && length != 0 : buffer != NULL || length != 0) {
        accuse(cpu, c, c->origin == DQ_IRP_ASYNCHRONOUS ? 0x08 : 0, major,
               (uint32_t)STATUS_ACCESS_VIOLATION,
               is_transfer(major) ? "the length of a buffer, but no buffer"
                                  : "a buffer for a request that has none");
        return false;
    }
    return true;
}

static bool set_transfer_buffer(dq_processor *cpu, dq_irp *record, bool reads, void *buffer,
                                ULONG length, const call *c)
{
    const ULONG flags = c->device->Flags;

    if ((flags & DO_BUFFERED_IO) != 0) {
        if (!copy_in(cpu, record, buffer, reads ? 0 : length, length, c->place)) {
            return false;
        }
        expect_output(record, reads ? buffer : NULL, reads ? length : 0);
        record->output_limited = reads;
        return true;
    }
    if ((flags & DO_DIRECT_IO) != 0) {
        return lock_pages(cpu, record, buffer, length, reads ? IoWriteAccess : IoReadAccess, c);
    }
    record->irp->UserBuffer = buffer;
    return true;
}

static void set_transfer(PIRP irp, ULONG major, ULONG length, const LARGE_INTEGER *offset)
{
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);

    stack->MajorFunction = (UCHAR)major;
    if (major == IRP_MJ_READ) {
        irp->Flags |= IRP_READ_OPERATION;
        stack->Parameters.Read.Length = length;
        stack->Parameters.Read.ByteOffset.QuadPart = offset != NULL ? offset->QuadPart : 0;
    } else if (major == IRP_MJ_WRITE) {
        irp->Flags |= IRP_WRITE_OPERATION;
        stack->Parameters.Write.Length = length;
        stack->Parameters.Write.ByteOffset.QuadPart = offset != NULL ? offset->QuadPart : 0;
    } else if (major == IRP_MJ_PNP || major == IRP_MJ_POWER) {
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    }
}

static PIRP build(dq_processor *cpu, const call *c, ULONG major, void *buffer, ULONG length,
                  const LARGE_INTEGER *offset)
{
    dq_irp *record;

    if (!check_transfer(cpu, c, major, buffer, length)) {
        return NULL;
    }
    record = make(cpu, c);
    if (record == NULL) {
        return NULL;
    }
    set_transfer(record->irp, major, length, offset);
    return finish(cpu, record,
                  !is_transfer(major) || set_transfer_buffer(cpu, record, major == IRP_MJ_READ,
                                                             buffer, length, c),
                  c);
}

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                        PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                        PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    const call c = { .device = DeviceObject,
                     .origin = DQ_IRP_THREADED,
                     .event = Event,
                     .status_block = IoStatusBlock,
                     .service = DQ_SERVICE_IoBuildSynchronousFsdRequest,
                     .place = DQ_CALL_PLACE };

    DQ_ENTER(IoBuildSynchronousFsdRequest, DeviceObject, MajorFunction, Length, 0, NULL);
    return build(cpu, &c, MajorFunction, Buffer, Length, StartingOffset);
}

PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                         PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    const call c = { .device = DeviceObject,
                     .origin = DQ_IRP_ASYNCHRONOUS,
                     .status_block = IoStatusBlock,
                     .service = DQ_SERVICE_IoBuildAsynchronousFsdRequest,
                     .place = DQ_CALL_PLACE };

    DQ_ENTER(IoBuildAsynchronousFsdRequest, DeviceObject, MajorFunction, Length, 0, NULL);
    return build(cpu, &c, MajorFunction, Buffer, Length, StartingOffset);
}

/* ---- Buffers of the I/O manager's own requests ----------------------------------------------- */

bool dq_irp_set_buffer(dq_processor *cpu, dq_irp *record, const dq_irp_buffer *buffer)
{
    const call c = { .device = buffer->device,
                     .origin = DQ_IRP_THREADED,
                     .service = record->service,
                     .place = buffer->place };

    return set_transfer_buffer(cpu, record, buffer->output, buffer->address, buffer->bytes, &c);
}

bool dq_irp_set_copy(dq_processor *cpu, dq_irp *record, const dq_irp_buffer *buffer)
{
    if (!copy_in(cpu, record, buffer->address, buffer->input ? buffer->bytes : 0, buffer->bytes,
                 buffer->place)) {
        return false;
    }
    if (buffer->output) {
        expect_output(record, buffer->address, buffer->bytes);
    }
    return true;
}
