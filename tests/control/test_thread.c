/* Tests of lib/control/thread.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

typedef struct record {
    int runs;
    ULONG processor;
    KIRQL irql;
} record;

static void note(void *context)
{
    record *r = context;

    r->runs++;
    r->processor = KeGetCurrentProcessorNumber();
    r->irql = KeGetCurrentIrql();
}

static void a_thread_runs_at_passive_level_with_its_context(void **state)
{
    record r = { 0 };

    (void)state;
    dirql_thread_join(dirql_thread_start("worker", DIRQL_ANY_PROCESSOR, note, &r));
    assert_int_equal(r.runs, 1);
    assert_int_equal(r.irql, PASSIVE_LEVEL);
}

static void a_thread_runs_on_the_processor_it_is_started_on(void **state)
{
    record r = { 0 };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        dirql_thread_join(dirql_thread_start("worker", i, note, &r));
        assert_int_equal(r.processor, i);
    }
}

static void join_waits_at_apc_level_too(void **state)
{
    record r = { 0 };
    dirql_thread *thread = dirql_thread_start("worker", DIRQL_ANY_PROCESSOR, note, &r);
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    dirql_thread_join(thread);
    KeLowerIrql(old);
    assert_int_equal(r.runs, 1);
}

static void move_changes_the_processor_before_it_returns(void **state)
{
    (void)state;
    dirql_thread_move(1);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    dirql_thread_move(DIRQL_ANY_PROCESSOR);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    dirql_thread_move(0);
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
}

static void a_processor_that_the_machine_lacks_fails_the_run(void **state)
{
    record r = { 0 };

    (void)state;
    dirql_expect_finding("no such processor");
    (void)dirql_thread_start("worker", KeQueryActiveProcessorCount(NULL), note, &r);
}

static void a_thread_without_a_routine_fails_the_run(void **state)
{
    (void)state;
    dirql_expect_finding("no routine");
    (void)dirql_thread_start("worker", DIRQL_ANY_PROCESSOR, NULL, NULL);
}

static void joining_twice_fails_the_run(void **state)
{
    record r = { 0 };
    dirql_thread *thread = dirql_thread_start("worker", DIRQL_ANY_PROCESSOR, note, &r);

    (void)state;
    dirql_thread_join(thread);
    dirql_expect_finding("join");
    dirql_thread_join(thread);
}

static void starting_at_dispatch_level_fails_the_run(void **state)
{
    record r = { 0 };
    KIRQL old;

    (void)state;
    dirql_expect_finding("IRQL");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)dirql_thread_start("worker", DIRQL_ANY_PROCESSOR, note, &r);
}

static void wait_for_ever(void *context)
{
    (void)KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
}

static void join_one_that_waits_for_ever(void *context)
{
    static KEVENT event;

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    dirql_thread_join(dirql_thread_start("sleeper", DIRQL_ANY_PROCESSOR, wait_for_ever, &event));
}

static void reports_name_the_thread(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, join_one_that_waits_for_ever, NULL, &result), DIRQL_FAILED);
    assert_non_null(
        strstr(result.report, "thread sleeper: KeWaitForSingleObject on a notification event"));
    assert_non_null(strstr(result.report, "thread test: dirql_thread_join on the end of thread sleeper"));
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_thread_runs_at_passive_level_with_its_context),
        dirql_unit_test(a_thread_runs_on_the_processor_it_is_started_on, .processors = 3),
        dirql_unit_test(join_waits_at_apc_level_too),
        dirql_unit_test(move_changes_the_processor_before_it_returns, .processors = 2),
        dirql_unit_test(a_processor_that_the_machine_lacks_fails_the_run),
        dirql_unit_test(a_thread_without_a_routine_fails_the_run),
        dirql_unit_test(joining_twice_fails_the_run),
        dirql_unit_test(starting_at_dispatch_level_fails_the_run),
        cmocka_unit_test(reports_name_the_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
