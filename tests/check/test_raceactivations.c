/*
 * test_raceactivations.c - what orders DPCs, work items, IPI functions and notifications with
 * other code, and what does not.
 */
#include "race.h"

#include <dirql/clock.h>
#include <dirql/etw.h>
#include <dirql/line.h>

static LONG y;
static KDPC dpc;
static KTIMER timer;
static WORK_QUEUE_ITEM item;
static KEVENT done;

static VOID read_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    READS(&x);
    WRITES(&y);
}

/* ---- DPCs ------------------------------------------------------------------------------------ */

static void write_then_queue(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, read_in_dpc, NULL);
    WRITES(&x);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static void queue_then_write(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, read_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    WRITES(&x);
    KeFlushQueuedDpcs();
}

/* At DISPATCH_LEVEL it stays queued; it may run on any processor, so that nothing excludes it. */
static void queue_write_and_queue(bool again)
{
    KIRQL old;

    KeInitializeDpc(&dpc, read_in_dpc, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    WRITES(&x);
    if (again) {
        assert_false(KeInsertQueueDpc(&dpc, NULL, NULL));
    }
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
}

static void queue_twice(void *context)
{
    (void)context;
    queue_write_and_queue(true);
}

static void queue_once(void *context)
{
    (void)context;
    queue_write_and_queue(false);
}

static void who_queues_a_dpc_is_ordered_before_its_run(void **state)
{
    (void)state;
    assert_kept(write_then_queue, 2);
    assert_kept(queue_twice, 2);
    assert_race(queue_then_write, 2);
    assert_race(queue_once, 2);
}

static void set_timer_and_wait(bool write_first)
{
    LARGE_INTEGER due = { .QuadPart = -10000 };

    KeInitializeDpc(&dpc, read_in_dpc, NULL);
    KeInitializeTimer(&timer);
    if (write_first) {
        WRITES(&x);
    }
    KeSetTimer(&timer, due, &dpc);
    if (!write_first) {
        WRITES(&x);
    }
    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
}

static void write_then_set_timer(void *context)
{
    (void)context;
    set_timer_and_wait(true);
}

static void set_timer_then_write(void *context)
{
    (void)context;
    set_timer_and_wait(false);
}

static void who_sets_a_timer_is_ordered_before_its_dpc(void **state)
{
    (void)state;
    assert_kept(write_then_set_timer, 2);
    assert_race(set_timer_then_write, 2);
}

static void flush_and_read(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, read_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    READS(&y);
}

static void wait_and_read(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, read_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    settle();
    READS(&y);
}

static void dpcs_are_ordered_before_a_flush(void **state)
{
    (void)state;
    assert_kept(flush_and_read, 2);
    assert_race(wait_and_read, 2);
}

/* ---- Work items ------------------------------------------------------------------------------ */

static VOID read_in_work_item(PVOID context)
{
    (void)context;
    READS(&x);
    KeSetEvent(&done, 0, FALSE);
}

static void queue_work(bool write_first)
{
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, read_in_work_item, NULL);
    if (write_first) {
        WRITES(&x);
    }
    ExQueueWorkItem(&item, DelayedWorkQueue);
    if (!write_first) {
        WRITES(&x);
    }
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    WRITES(&x);
}

static void write_then_queue_work(void *context)
{
    (void)context;
    queue_work(true);
}

static void queue_work_then_write(void *context)
{
    (void)context;
    queue_work(false);
}

static void who_queues_a_work_item_is_ordered_before_its_run(void **state)
{
    (void)state;
    assert_kept(write_then_queue_work, 2);
    assert_race(queue_work_then_write, 2);
}

/* ---- Calls on all processors ----------------------------------------------------------------- */

static ULONG_PTR NTAPI read_everywhere(ULONG_PTR context)
{
    if (context != 0) {
        WRITES(&x);
    } else {
        READS(&x);
    }
    return 0;
}

static void write_call_write(void *context)
{
    (void)context;
    WRITES(&x);
    KeIpiGenericCall(read_everywhere, 0);
    WRITES(&x);
}

static void all_write(void *context)
{
    (void)context;
    KeIpiGenericCall(read_everywhere, 1);
}

static void an_ipi_call_is_ordered_with_its_caller_only(void **state)
{
    (void)state;
    assert_kept(write_call_write, 2);
    assert_race(all_write, 2);
}

/* ---- Notifications of Plug and Play ---------------------------------------------------------- */

static NTSTATUS read_when_told(PVOID structure, PVOID context)
{
    (void)structure;
    (void)context;
    READS(&x);
    return STATUS_SUCCESS;
}

static void be_told_and_write(NTSTATUS(NTAPI *unregister)(PVOID entry))
{
    static GUID class_id = { 1, 2, 3, { 4 } };
    static DRIVER_OBJECT driver;
    UNICODE_STRING name;
    PVOID entry;

    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                                    &class_id, &driver, read_when_told, NULL,
                                                    &entry),
                     STATUS_SUCCESS);
    assert_int_equal(
        IoRegisterDeviceInterface(dirql_pdo_create("card", NULL, 0), &class_id, NULL, &name),
        STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfaceState(&name, TRUE), STATUS_SUCCESS);
    dirql_time_advance_ms(10);
    unregister(entry);
    WRITES(&x);
    assert_int_equal(IoSetDeviceInterfaceState(&name, FALSE), STATUS_SUCCESS);
    RtlFreeUnicodeString(&name);
}

static void write_after_the_end(void *context)
{
    (void)context;
    be_told_and_write(IoUnregisterPlugPlayNotificationEx);
}

static void write_after_the_obsolete_end(void *context)
{
    (void)context;
    be_told_and_write(IoUnregisterPlugPlayNotification);
}

static void calls_of_a_routine_are_ordered_before_its_end(void **state)
{
    (void)state;
    assert_kept(write_after_the_end, 2);
    assert_race(write_after_the_obsolete_end, 2);
}

/* ---- Deleting an EX_TIMER -------------------------------------------------------------------- */

static VOID write_in_callback(PEX_TIMER object, PVOID context)
{
    (void)object;
    (void)context;
    WRITES(&x);
}

static VOID write_at_the_end(PVOID context)
{
    (void)context;
    WRITES(&x);
    KeSetEvent(&done, 0, FALSE);
}

static PEX_TIMER let_expire(PEXT_CALLBACK callback)
{
    PEX_TIMER made = ExAllocateTimer(callback, NULL, 0);

    assert_true(ExSetTimer(made, -10000, 0, NULL) == FALSE);
    dirql_time_advance_ms(10);
    return made;
}

static void delete_and_write(void *context)
{
    PEX_TIMER made = let_expire(write_in_callback);

    (void)context;
    assert_false(ExDeleteTimer(made, TRUE, TRUE, NULL));
    WRITES(&x);
}

static void write_and_delete(void *context)
{
    PEX_TIMER made = let_expire(write_in_callback);

    (void)context;
    WRITES(&x);
    assert_false(ExDeleteTimer(made, TRUE, TRUE, NULL));
}

static void delete_without_waiting_and_write(void *context)
{
    PEX_TIMER made = let_expire(write_in_callback);

    (void)context;
    assert_false(ExDeleteTimer(made, TRUE, FALSE, NULL));
    WRITES(&x);
}

static void delete_and_wait_for_the_delete_callback(void *context)
{
    EXT_DELETE_PARAMETERS parameters;
    PEX_TIMER made = let_expire(write_in_callback);

    (void)context;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = write_at_the_end;
    assert_false(ExDeleteTimer(made, TRUE, FALSE, &parameters));
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    WRITES(&x);
}

static void callbacks_of_a_timer_are_ordered_before_its_deletion(void **state)
{
    (void)state;
    assert_kept(delete_and_write, 2);
    assert_kept(delete_and_wait_for_the_delete_callback, 2);
    assert_race(write_and_delete, 2);
    assert_race(delete_without_waiting_and_write, 2);
}

/* ---- Providers of events --------------------------------------------------------------------- */

static const GUID provider = { 7, 1, 1, { 1 } };
static REGHANDLE registered;

static VOID NTAPI write_when_enabled(LPCGUID source, ULONG control, UCHAR level, ULONGLONG any,
                                     ULONGLONG all, PEVENT_FILTER_DESCRIPTOR filter, PVOID context)
{
    (void)source;
    (void)control;
    (void)level;
    (void)any;
    (void)all;
    (void)filter;
    (void)context;
    WRITES(&x);
}

static void write_and_register(void)
{
    WRITES(&x);
    assert_int_equal(EtwRegister(&provider, write_when_enabled, NULL, &registered),
                     STATUS_SUCCESS);
}

static void register_and_write(void)
{
    assert_int_equal(EtwRegister(&provider, write_when_enabled, NULL, &registered),
                     STATUS_SUCCESS);
    WRITES(&x);
}

static void unregister_and_write(void)
{
    assert_int_equal(EtwUnregister(registered), STATUS_SUCCESS);
    WRITES(&x);
}

static void write_and_unregister(void)
{
    WRITES(&x);
    assert_int_equal(EtwUnregister(registered), STATUS_SUCCESS);
}

static void wait_and_end(void *context)
{
    LARGE_INTEGER due = { .QuadPart = -200000 };

    (void)context;
    KeDelayExecutionThread(KernelMode, FALSE, &due);
    race_parts[1]();
}

/* Each in a thread of its own. Only time keeps them apart. */
static void enable_between(race_part *begin, race_part *end)
{
    race_parts[0] = begin;
    race_parts[1] = end;
    dirql_thread_start("end", 1, wait_and_end, NULL);
    dirql_thread_start("begin", 1, race_thread, &race_parts[0]);
    dirql_time_advance_ms(10);
    dirql_etw_enable(&provider, 4, 0, 0);
    dirql_time_advance_ms(20);
}

static void register_enable_unregister(void *context)
{
    (void)context;
    enable_between(write_and_register, unregister_and_write);
}

static void register_too_early(void *context)
{
    (void)context;
    enable_between(register_and_write, unregister_and_write);
}

static void unregister_too_late(void *context)
{
    (void)context;
    enable_between(write_and_register, write_and_unregister);
}

static void an_enable_callback_is_ordered_by_its_registration(void **state)
{
    (void)state;
    assert_kept(register_enable_unregister, 2);
    assert_race(register_too_early, 2);
    assert_race(unregister_too_late, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_queues_a_dpc_is_ordered_before_its_run),
        cmocka_unit_test(who_sets_a_timer_is_ordered_before_its_dpc),
        cmocka_unit_test(dpcs_are_ordered_before_a_flush),
        cmocka_unit_test(who_queues_a_work_item_is_ordered_before_its_run),
        cmocka_unit_test(an_ipi_call_is_ordered_with_its_caller_only),
        cmocka_unit_test(calls_of_a_routine_are_ordered_before_its_end),
        cmocka_unit_test(callbacks_of_a_timer_are_ordered_before_its_deletion),
        cmocka_unit_test(an_enable_callback_is_ordered_by_its_registration),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
