/* Tests of lib/ke/wait.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static LARGE_INTEGER ms(int value)
{
    return (LARGE_INTEGER){ .QuadPart = -10000ll * value };
}

static NTSTATUS wait_one(PVOID object, LARGE_INTEGER *timeout)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, timeout);
}

static NTSTATUS wait_many(ULONG count, PVOID *objects, WAIT_TYPE type, LARGE_INTEGER *timeout,
                          PKWAIT_BLOCK blocks)
{
    return KeWaitForMultipleObjects(count, objects, type, Executive, KernelMode, FALSE, timeout,
                                    blocks);
}

/* Two events, and a thread that sets them after one and two milliseconds. */
typedef struct scene {
    KEVENT a, b;
    unsigned gap_ms;
} scene;

static void begin(scene *s, EVENT_TYPE type)
{
    KeInitializeEvent(&s->a, type, FALSE);
    KeInitializeEvent(&s->b, type, FALSE);
    s->gap_ms = 1;
}

static void set_a_then_b(void *context)
{
    scene *s = context;
    LARGE_INTEGER gap = ms((int)s->gap_ms);

    KeDelayExecutionThread(KernelMode, FALSE, &gap);
    KeSetEvent(&s->a, IO_NO_INCREMENT, FALSE);
    KeDelayExecutionThread(KernelMode, FALSE, &gap);
    KeSetEvent(&s->b, IO_NO_INCREMENT, FALSE);
}

static void a_wait_blocks_until_the_event_is_set(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationEvent);
    (void)dirql_thread_start("setter", DIRQL_ANY_PROCESSOR, set_a_then_b, &s);
    assert_int_equal(wait_one(&s.a, NULL), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 1000000);
}

static void a_zero_timeout_does_not_wait(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    scene s;

    (void)state;
    begin(&s, SynchronizationEvent);
    assert_int_equal(wait_one(&s.a, &zero), STATUS_TIMEOUT);
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    assert_int_equal(wait_one(&s.a, &zero), STATUS_SUCCESS);
    assert_int_equal(wait_one(&s.a, &zero), STATUS_TIMEOUT);
    assert_true(dirql_time_ns() == 0);
}

static void a_relative_timeout_ends_the_wait(void **state)
{
    LARGE_INTEGER timeout = ms(3);
    scene s;

    (void)state;
    begin(&s, NotificationEvent);
    assert_int_equal(wait_one(&s.a, &timeout), STATUS_TIMEOUT);
    assert_true(dirql_time_ns() == 3000000);
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    assert_int_equal(wait_one(&s.a, &timeout), STATUS_SUCCESS);
}

static void an_absolute_timeout_ends_the_wait(void **state)
{
    LARGE_INTEGER timeout;
    scene s;

    (void)state;
    begin(&s, NotificationEvent);
    KeQuerySystemTime(&timeout);
    timeout.QuadPart += 20000;
    assert_int_equal(wait_one(&s.a, &timeout), STATUS_TIMEOUT);
    assert_true(dirql_time_ns() == 2001000);
}

static void an_absolute_timeout_in_the_past_does_not_wait(void **state)
{
    LARGE_INTEGER timeout = { .QuadPart = 1 };
    scene s;

    (void)state;
    begin(&s, NotificationEvent);
    assert_int_equal(wait_one(&s.a, &timeout), STATUS_TIMEOUT);
    assert_true(dirql_time_ns() == 0);
}

static void a_timeout_that_was_not_needed_does_not_end_a_later_wait(void **state)
{
    LARGE_INTEGER timeout = ms(5);
    scene s;

    (void)state;
    begin(&s, NotificationEvent);
    s.gap_ms = 4;
    (void)dirql_thread_start("setter", DIRQL_ANY_PROCESSOR, set_a_then_b, &s);
    assert_int_equal(wait_one(&s.a, &timeout), STATUS_SUCCESS);
    assert_int_equal(wait_one(&s.b, NULL), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 8000000);
}

static void any_returns_the_first_index_that_is_signalled(void **state)
{
    scene s;
    PVOID objects[2] = { &s.a, &s.b };

    (void)state;
    begin(&s, SynchronizationEvent);
    KeSetEvent(&s.b, IO_NO_INCREMENT, FALSE);
    assert_int_equal(wait_many(2, objects, WaitAny, NULL, NULL), STATUS_WAIT_0 + 1);
    KeSetEvent(&s.b, IO_NO_INCREMENT, FALSE);
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    assert_int_equal(wait_many(2, objects, WaitAny, NULL, NULL), STATUS_WAIT_0);
    assert_int_not_equal(KeReadStateEvent(&s.b), 0);
}

static void any_that_blocks_returns_the_index_that_was_set(void **state)
{
    scene s;
    PVOID objects[2] = { &s.b, &s.a };

    (void)state;
    begin(&s, SynchronizationEvent);
    (void)dirql_thread_start("setter", DIRQL_ANY_PROCESSOR, set_a_then_b, &s);
    assert_int_equal(wait_many(2, objects, WaitAny, NULL, NULL), STATUS_WAIT_0 + 1);
    assert_int_equal(wait_many(2, objects, WaitAny, NULL, NULL), STATUS_WAIT_0);
}

static void all_waits_for_the_last(void **state)
{
    scene s;
    PVOID objects[2] = { &s.a, &s.b };

    (void)state;
    begin(&s, SynchronizationEvent);
    (void)dirql_thread_start("setter", DIRQL_ANY_PROCESSOR, set_a_then_b, &s);
    assert_int_equal(wait_many(2, objects, WaitAll, NULL, NULL), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 2000000);
    assert_int_equal(KeReadStateEvent(&s.a), 0);
    assert_int_equal(KeReadStateEvent(&s.b), 0);
}

static void all_takes_nothing_until_it_can_take_all(void **state)
{
    LARGE_INTEGER timeout = ms(5);
    scene s;
    PVOID objects[2] = { &s.a, &s.b };

    (void)state;
    begin(&s, SynchronizationEvent);
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    assert_int_equal(wait_many(2, objects, WaitAll, &timeout, NULL), STATUS_TIMEOUT);
    assert_int_not_equal(KeReadStateEvent(&s.a), 0);
}

static void sixty_four_objects_need_an_array_of_blocks(void **state)
{
    static KEVENT events[MAXIMUM_WAIT_OBJECTS];
    static KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    PVOID objects[MAXIMUM_WAIT_OBJECTS];

    (void)state;
    for (int i = 0; i < MAXIMUM_WAIT_OBJECTS; i++) {
        KeInitializeEvent(&events[i], SynchronizationEvent, i == 63);
        objects[i] = &events[i];
    }
    assert_int_equal(wait_many(MAXIMUM_WAIT_OBJECTS, objects, WaitAny, NULL, blocks),
                     STATUS_WAIT_63);
}

static void a_fourth_object_without_blocks_is_bug_check_c(void **state)
{
    KEVENT events[4];
    PVOID objects[4] = { &events[0], &events[1], &events[2], &events[3] };

    (void)state;
    for (int i = 0; i < 4; i++) {
        KeInitializeEvent(&events[i], NotificationEvent, TRUE);
    }
    assert_int_equal(wait_many(3, objects, WaitAll, NULL, NULL), STATUS_SUCCESS);
    dirql_expect_bugcheck_with(MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0, 0, 0, 0);
    (void)wait_many(4, objects, WaitAll, NULL, NULL);
}

/* ---- IRQL ------------------------------------------------------------------------------------ */

static void the_irql_is_what_it_was_after_a_wait_at_apc_level(void **state)
{
    LARGE_INTEGER timeout = ms(1);
    scene s;
    KIRQL old;

    (void)state;
    begin(&s, NotificationEvent);
    KeRaiseIrql(APC_LEVEL, &old);
    assert_int_equal(wait_one(&s.a, &timeout), STATUS_TIMEOUT);
    dirql_assert_irql(APC_LEVEL);
    KeLowerIrql(old);
}

static void a_poll_at_dispatch_level_is_legal(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    scene s;
    KIRQL old;

    (void)state;
    begin(&s, NotificationEvent);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(wait_one(&s.a, &zero), STATUS_TIMEOUT);
    KeLowerIrql(old);
}

/* Where the IRQL is, on the kernel's stack, nobody can know. */
static void expect_subcode_at(ULONG_PTR subcode, KIRQL irql, LARGE_INTEGER *timeout)
{
    scene s;
    KIRQL old;

    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, subcode, DIRQL_ANY,
                               (ULONG_PTR)&s.a, (ULONG_PTR)timeout);
    begin(&s, NotificationEvent);
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE); /* It would not even block. */
    KeRaiseIrql(irql, &old);
    (void)wait_one(&s.a, timeout);
}

static void a_wait_without_end_at_dispatch_level_is_c4_121(void **state)
{
    (void)state;
    expect_subcode_at(0x121, DISPATCH_LEVEL, NULL);
}

static void a_wait_with_a_timeout_at_dispatch_level_is_c4_122(void **state)
{
    LARGE_INTEGER timeout = ms(1);

    (void)state;
    expect_subcode_at(0x122, DISPATCH_LEVEL, &timeout);
}

static void any_wait_above_dispatch_level_is_c4_120(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    (void)state;
    expect_subcode_at(0x120, 5, &zero);
}

/* ---- Delays ---------------------------------------------------------------------------------- */

static void a_delay_takes_its_time_and_never_less(void **state)
{
    LARGE_INTEGER interval = ms(7);

    (void)state;
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 7000000);
}

static void an_absolute_delay_ends_at_its_time(void **state)
{
    LARGE_INTEGER until;

    (void)state;
    KeQuerySystemTime(&until);
    until.QuadPart += 10;
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &until), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 2000);
}

/* ---- Deadlock -------------------------------------------------------------------------------- */

static void wait_for_context(void *context)
{
    (void)wait_one(context, NULL);
}

static void wait_for_nothing(void *context)
{
    static KEVENT event;

    (void)context;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    (void)dirql_thread_start("second", DIRQL_ANY_PROCESSOR, wait_for_context, &event);
    (void)wait_one(&event, NULL);
}

static void a_deadlock_names_every_waiting_thread_and_its_object(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, wait_for_nothing, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "deadlock"));
    assert_non_null(strstr(result.report,
                           "thread test: KeWaitForSingleObject on a synchronization event, in "));
    assert_non_null(
        strstr(result.report, "thread second: KeWaitForSingleObject on a synchronization event"));
    dirql_result_free(&result);
}

/* ---- Other schedules ------------------------------------------------------------------------- */

static int first_woken;

typedef struct racer {
    KEVENT *event;
    int number;
} racer;

static void race(void *context)
{
    racer *r = context;

    (void)wait_one(r->event, NULL);
    if (first_woken == 0) {
        first_woken = r->number;
    }
}

static void wake_one_of_two(void *context)
{
    static KEVENT event;
    static racer racers[2];

    (void)context;
    first_woken = 0;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    for (int i = 0; i < 2; i++) {
        racers[i] = (racer){ &event, i + 1 };
        (void)dirql_thread_start("racer", DIRQL_ANY_PROCESSOR, race, &racers[i]);
    }
    dirql_time_advance_ms(1);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    dirql_time_advance_ms(1);
}

static void undisturbed_waiters_go_in_order_of_arrival(void **state)
{
    const dirql_options options = { .fixed = 1 };

    (void)state;
    assert_int_equal(dirql_run(&options, wake_one_of_two, NULL, NULL), DIRQL_PASSED);
    assert_int_equal(first_woken, 1);
}

static void random_runs_wake_waiters_in_any_order(void **state)
{
    unsigned seen[3] = { 0 };

    (void)state;
    for (unsigned seed = 1; seed <= 32; seed++) {
        const dirql_options options = { .mode = DIRQL_MODE_RANDOM, .seed = seed, .fixed = 1 };

        assert_int_equal(dirql_run(&options, wake_one_of_two, NULL, NULL), DIRQL_PASSED);
        seen[first_woken]++;
    }
    assert_int_equal(seen[0], 0);
    assert_int_not_equal(seen[1], 0);
    assert_int_not_equal(seen[2], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_wait_blocks_until_the_event_is_set),
        dirql_unit_test(a_zero_timeout_does_not_wait),
        dirql_unit_test(a_relative_timeout_ends_the_wait),
        dirql_unit_test(an_absolute_timeout_ends_the_wait),
        dirql_unit_test(an_absolute_timeout_in_the_past_does_not_wait),
        dirql_unit_test(a_timeout_that_was_not_needed_does_not_end_a_later_wait),
        dirql_unit_test(any_returns_the_first_index_that_is_signalled),
        dirql_unit_test(any_that_blocks_returns_the_index_that_was_set, .processors = 2),
        dirql_unit_test(all_waits_for_the_last),
        dirql_unit_test(all_takes_nothing_until_it_can_take_all),
        dirql_unit_test(sixty_four_objects_need_an_array_of_blocks),
        dirql_unit_test(a_fourth_object_without_blocks_is_bug_check_c),
        dirql_unit_test(the_irql_is_what_it_was_after_a_wait_at_apc_level),
        dirql_unit_test(a_poll_at_dispatch_level_is_legal),
        dirql_unit_test(a_wait_without_end_at_dispatch_level_is_c4_121),
        dirql_unit_test(a_wait_with_a_timeout_at_dispatch_level_is_c4_122),
        dirql_unit_test(any_wait_above_dispatch_level_is_c4_120),
        dirql_unit_test(a_wait_without_end_at_dispatch_level_is_c4_121,
                        .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test(a_wait_with_a_timeout_at_dispatch_level_is_c4_122,
                        .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test(any_wait_above_dispatch_level_is_c4_120, .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test(a_delay_takes_its_time_and_never_less),
        dirql_unit_test(an_absolute_delay_ends_at_its_time),
        cmocka_unit_test(a_deadlock_names_every_waiting_thread_and_its_object),
        cmocka_unit_test(undisturbed_waiters_go_in_order_of_arrival),
        cmocka_unit_test(random_runs_wake_waiters_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
