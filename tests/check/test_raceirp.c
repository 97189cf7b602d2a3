/*
 * test_raceirp.c - what orders those who have a request one after the other: its end, StartIo and
 * device queues, cancelling, the notification of a shutdown.
 */
#include "race.h"

#include <dirql/driver.h>

#include "../io/stack.h"

/* True in the runs whose first party touches x only when it has handed over. */
static bool late;
static LONG flag; /* Orders nothing: the checker does not see it. */
static struct own_request owns[2];

#define assert_orders(body)   \
    do {                      \
        late = false;         \
        assert_kept(body, 2); \
        late = true;          \
        assert_race(body, 2); \
    } while (0)

static void touch_before(void)
{
    if (!late) {
        WRITES(&x);
    }
}

static void touch_after(void)
{
    if (late) {
        WRITES(&x);
    }
}

static void set_flag(void)
{
    __atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
}

static void wait_for_flag(void)
{
    while (__atomic_load_n(&flag, __ATOMIC_RELAXED) == 0) {
        YieldProcessor();
    }
}

static void run_parts(race_part *first, race_part *second)
{
    race_parts[0] = first;
    race_parts[1] = second;
    race_processors[0] = 0;
    race_processors[1] = 1;
    flag = 0;
    race_two(NULL);
}

/* ---- Completion ------------------------------------------------------------------------------ */

static KDPC dpc;

static VOID complete_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    UCHAR *bytes = stack.kept->AssociatedIrp.SystemBuffer;

    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    if (bytes != NULL) {
        WRITES(bytes);
    }
    touch_before();
    stack_finish(STATUS_SUCCESS, bytes != NULL);
    touch_after();
}

static NTSTATUS keep_and_queue(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_keep(device, irp);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return STATUS_PENDING;
}

static void begin_completion(void)
{
    stack_make();
    stack.lower_does = keep_and_queue;
    KeInitializeDpc(&dpc, complete_in_dpc, NULL);
}

static void control_and_read(void *context)
{
    IO_STATUS_BLOCK block;
    KEVENT done;
    UCHAR byte;
    PIRP irp;

    (void)context;
    begin_completion();
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, &byte, 1, FALSE, &done,
                                        &block);
    if (IoCallDriver(stack.upper, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    }
    READS(&x);
    KeFlushQueuedDpcs();
    stack_delete();
}

static void send_own_and_read(void *context)
{
    (void)context;
    begin_completion();
    own_make(&owns[0], IRP_MJ_READ);
    (void)own_send(&owns[0]);
    KeWaitForSingleObject(&owns[0].done, Executive, KernelMode, FALSE, NULL);
    READS(&x);
    KeFlushQueuedDpcs();
    IoFreeIrp(owns[0].irp);
    stack_delete();
}

static void who_completes_is_ordered_before_who_sent(void **state)
{
    (void)state;
    assert_orders(control_and_read);
    assert_orders(send_own_and_read);
}

/* ---- Associated requests --------------------------------------------------------------------- */

static PIRP parts[2];

static void complete_first(void)
{
    touch_before();
    (void)stack_complete(parts[0], STATUS_SUCCESS, 0);
    touch_after();
    set_flag();
}

/* The last completes the master. */
static void complete_last_and_read(void)
{
    wait_for_flag();
    (void)stack_complete(parts[1], STATUS_SUCCESS, 0);
    READS(&x);
}

static NTSTATUS divide(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    irp->AssociatedIrp.IrpCount = 2;
    for (unsigned i = 0; i < 2; i++) {
        PIRP part = IoMakeAssociatedIrp(irp, 1);

        IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_WRITE;
        (void)IoCallDriver(stack.lower, part);
        parts[i] = part;
    }
    return STATUS_PENDING;
}

static void send_in_parts(void *context)
{
    (void)context;
    stack_make();
    stack.upper_does = divide;
    stack.lower_does = stack_keep;
    own_make(&owns[0], IRP_MJ_WRITE);
    (void)own_send(&owns[0]);
    run_parts(complete_first, complete_last_and_read);
    IoFreeIrp(owns[0].irp);
    stack_delete();
}

static void who_completes_a_part_is_ordered_before_the_last(void **state)
{
    (void)state;
    assert_orders(send_in_parts);
}

/* ---- StartIo --------------------------------------------------------------------------------- */

static bool deferred;

static NTSTATUS start_packet(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    if (irp == owns[1].irp) {
        READS(&x);
    } else if (deferred) {
        wait_for_flag();
    }
}

static void start_next(void)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoStartNextPacket(stack.lower, FALSE);
    KeLowerIrql(old);
}

static bool is_busy(void)
{
    DQ_INSIDE(dq_self->live);
    return stack.lower->DeviceQueue.Busy != FALSE;
}

static void wait_until_busy(void)
{
    while (!is_busy()) {
        YieldProcessor();
    }
}

static void send_first_and_start_next(void)
{
    (void)own_send(&owns[0]);
    wait_for_flag();
    if (!deferred) {
        start_next();
    }
}

static void send_second(void)
{
    wait_until_busy();
    if (!deferred) {
        touch_before();
    }
    (void)own_send(&owns[1]);
    if (deferred) {
        touch_before();
        start_next();
    }
    touch_after();
    set_flag();
}

static void send_to_start_io(void *context)
{
    (void)context;
    stack_make();
    stack.lower_driver.DriverStartIo = start_io;
    stack.lower_does = start_packet;
    IoSetStartIoAttributes(stack.lower, (BOOLEAN)deferred, FALSE);
    own_make(&owns[0], IRP_MJ_READ);
    own_make(&owns[1], IRP_MJ_READ);
    run_parts(send_first_and_start_next, send_second);
    start_next();
    for (unsigned i = 0; i < 2; i++) {
        (void)stack_complete(owns[i].irp, STATUS_SUCCESS, 0);
        IoFreeIrp(owns[i].irp);
    }
    stack_delete();
}

static void who_starts_a_packet_is_ordered_before_its_start_io(void **state)
{
    (void)state;
    deferred = false;
    assert_orders(send_to_start_io);
}

static void who_asks_for_the_next_is_ordered_before_a_deferred_start(void **state)
{
    (void)state;
    deferred = true;
    assert_orders(send_to_start_io);
}

/* ---- Device queues --------------------------------------------------------------------------- */

static KDEVICE_QUEUE queue;
static KDEVICE_QUEUE_ENTRY entry;

static void insert(void)
{
    KIRQL old;

    touch_before();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertDeviceQueue(&queue, &entry);
    KeLowerIrql(old);
    touch_after();
    set_flag();
}

static void remove_and_read(void)
{
    KIRQL old;

    wait_for_flag();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRemoveDeviceQueue(&queue);
    KeLowerIrql(old);
    READS(&x);
}

static void hand_on_in_queue(void *context)
{
    KDEVICE_QUEUE_ENTRY first = { 0 };
    KIRQL old;

    (void)context;
    memset(&entry, 0, sizeof(entry));
    KeInitializeDeviceQueue(&queue);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertDeviceQueue(&queue, &first); /* Makes it busy. */
    KeLowerIrql(old);
    run_parts(insert, remove_and_read);
}

static void who_inserts_is_ordered_before_who_removes(void **state)
{
    (void)state;
    assert_orders(hand_on_in_queue);
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

static VOID read_when_cancelled(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    READS(&x);
}

static void set_cancel_routine(void)
{
    touch_before();
    (void)IoSetCancelRoutine(stack.kept, read_when_cancelled);
    touch_after();
    set_flag();
}

static void cancel_request(void)
{
    wait_for_flag();
    (void)IoCancelIrp(stack.kept);
}

static void send_and_cancel(void *context)
{
    (void)context;
    stack_make();
    stack.lower_does = stack_keep;
    own_make(&owns[0], IRP_MJ_READ);
    (void)own_send(&owns[0]);
    run_parts(set_cancel_routine, cancel_request);
    stack_finish(STATUS_CANCELLED, 0);
    IoFreeIrp(owns[0].irp);
    stack_delete();
}

static void who_sets_a_cancel_routine_is_ordered_before_its_call(void **state)
{
    (void)state;
    assert_orders(send_and_cancel);
}

/* ---- Shutdown -------------------------------------------------------------------------------- */

static NTSTATUS read_and_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    READS(&x);
    return stack_succeed(device, irp);
}

static void register_for_shutdown(void)
{
    touch_before();
    (void)IoRegisterShutdownNotification(stack.lower);
    touch_after();
    set_flag();
}

static void shut_down(void)
{
    wait_for_flag();
    dirql_shutdown();
}

static void register_and_shut_down(void *context)
{
    (void)context;
    stack_make();
    stack.lower_does = read_and_succeed;
    run_parts(register_for_shutdown, shut_down);
    stack_delete();
}

static void who_registers_for_shutdown_is_ordered_before_it(void **state)
{
    (void)state;
    assert_orders(register_and_shut_down);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_completes_is_ordered_before_who_sent),
        cmocka_unit_test(who_completes_a_part_is_ordered_before_the_last),
        cmocka_unit_test(who_starts_a_packet_is_ordered_before_its_start_io),
        cmocka_unit_test(who_asks_for_the_next_is_ordered_before_a_deferred_start),
        cmocka_unit_test(who_inserts_is_ordered_before_who_removes),
        cmocka_unit_test(who_sets_a_cancel_routine_is_ordered_before_its_call),
        cmocka_unit_test(who_registers_for_shutdown_is_ordered_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
