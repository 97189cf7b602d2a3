/*
 * stack.h - two drivers with a device each, one on top of the other: what tests of I/O requests
 * begin with. A test says what each does with a request.
 */
#ifndef TEST_STACK_H
#define TEST_STACK_H

#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <ntddk.h>

#include "../settle.h"

static struct {
    DRIVER_OBJECT lower_driver, upper_driver;
    PDEVICE_OBJECT lower, upper;
    PDRIVER_DISPATCH lower_does, upper_does;
    volatile PIRP kept; /* That the lower driver has not completed. */
    LONG lower_calls, upper_calls;
    LONG completions; /* Of stack_completion. */
    NTSTATUS completion_status;
} stack;

static inline NTSTATUS stack_lower_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    InterlockedIncrement(&stack.lower_calls);
    return stack.lower_does(device, irp);
}

static inline NTSTATUS stack_upper_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    InterlockedIncrement(&stack.upper_calls);
    return stack.upper_does(device, irp);
}

/* ---- What a driver may do -------------------------------------------------------------------- */

/* Also a request that is freed, on purpose: that is left to dirql by the sanitizers. */
__attribute__((no_sanitize("address", "undefined"))) static inline NTSTATUS
stack_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static inline NTSTATUS stack_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return stack_complete(irp, STATUS_SUCCESS, 0);
}

static inline NTSTATUS stack_fail(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return stack_complete(irp, STATUS_DEVICE_NOT_READY, 0);
}

/* The request is completed by stack_finish(). */
static inline NTSTATUS stack_keep(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    InterlockedExchangePointer((PVOID volatile *)&stack.kept, irp);
    return STATUS_PENDING;
}

static inline void stack_finish(NTSTATUS status, ULONG_PTR information)
{
    PIRP irp = stack.kept;

    stack.kept = NULL;
    (void)stack_complete(irp, status, information);
}

static inline NTSTATUS stack_skip(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(stack.lower, irp);
}

static inline NTSTATUS stack_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    InterlockedIncrement(&stack.completions);
    stack.completion_status = irp->IoStatus.Status;
    if (irp->PendingReturned) {
        IoMarkIrpPending(irp);
    }
    return (NTSTATUS)(LONG_PTR)context;
}

/* With stack_completion, for all outcomes. */
static inline NTSTATUS stack_copy(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, stack_completion, (PVOID)(LONG_PTR)STATUS_SUCCESS, TRUE, TRUE,
                           TRUE);
    return IoCallDriver(stack.lower, irp);
}

/* ---- Making ---------------------------------------------------------------------------------- */

static inline void stack_make(void)
{
    memset(&stack, 0, sizeof(stack));
    stack.lower_does = stack_succeed;
    stack.upper_does = stack_skip;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        stack.lower_driver.MajorFunction[i] = stack_lower_dispatch;
        stack.upper_driver.MajorFunction[i] = stack_upper_dispatch;
    }
    assert_int_equal(IoCreateDevice(&stack.lower_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE,
                                    &stack.lower),
                     STATUS_SUCCESS);
    assert_int_equal(IoCreateDevice(&stack.upper_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE,
                                    &stack.upper),
                     STATUS_SUCCESS);
    assert_ptr_equal(IoAttachDeviceToDeviceStack(stack.upper, stack.lower), stack.lower);
    stack.lower->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    stack.upper->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

static inline void stack_delete(void)
{
    IoDetachDevice(stack.lower);
    IoDeleteDevice(stack.upper);
    IoDeleteDevice(stack.lower);
}

/* ---- Requests -------------------------------------------------------------------------------- */

enum { STACK_CONTROL = CTL_CODE(FILE_DEVICE_SOUND, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS) };

/* A request of a driver's own, for the upper device, and what its maker learns of it. */
struct own_request {
    PIRP irp;
    KEVENT done;
    volatile LONG completions;
    NTSTATUS status;
    BOOLEAN was_cancelled;
};

static inline NTSTATUS own_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct own_request *own = context;

    assert_null(device);
    own->status = irp->IoStatus.Status;
    own->was_cancelled = irp->Cancel;
    InterlockedIncrement(&own->completions);
    KeSetEvent(&own->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static inline void own_set_up(struct own_request *own, UCHAR major)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(own->irp);

    next->MajorFunction = major;
    IoSetCompletionRoutine(own->irp, own_done, own, TRUE, TRUE, TRUE);
}

static inline void own_make(struct own_request *own, UCHAR major)
{
    memset(own, 0, sizeof(*own));
    KeInitializeEvent(&own->done, NotificationEvent, FALSE);
    own->irp = IoAllocateIrp(stack.upper->StackSize, FALSE);
    assert_non_null(own->irp);
    own_set_up(own, major);
}

static inline NTSTATUS own_send(struct own_request *own)
{
    return IoCallDriver(stack.upper, own->irp);
}

#endif
