/* Tests of lib/ke/affinity.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static void the_thread_has_moved_when_the_call_returns(void **state)
{
    (void)state;
    assert_int_equal(KeSetSystemAffinityThreadEx(4), 0);
    assert_int_equal(KeGetCurrentProcessorNumber(), 2);
    assert_int_equal(KeSetSystemAffinityThreadEx(2), 4);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserAffinityThreadEx(0);
}

static void a_set_that_holds_the_processor_does_not_move_the_thread(void **state)
{
    (void)state;
    dirql_thread_move(1);
    dirql_thread_move(DIRQL_ANY_PROCESSOR);
    KeSetSystemAffinityThread(6);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
}

static void reverting_brings_the_threads_own_set_back(void **state)
{
    (void)state;
    dirql_thread_move(0);
    KeSetSystemAffinityThread(2);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserAffinityThread();
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
}

static void at_dispatch_level_the_move_waits_for_the_lowering(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetSystemAffinityThreadEx(2);
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
    KeLowerIrql(old);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void note(void *context)
{
    ++*(int *)context;
}

static void whoever_is_left_on_the_processor_goes_on(void **state)
{
    int runs = 0;
    dirql_thread *low = dirql_thread_start("low", 0, note, &runs);

    (void)state;
    KeSetPriorityThread((PKTHREAD)(void *)low, 4);
    dirql_thread_move(1);
    dirql_thread_join(low);
    assert_int_equal(runs, 1);
}

static void a_set_without_active_processors_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("affinity");
    KeSetSystemAffinityThreadEx((KAFFINITY)1 << KeQueryActiveProcessorCount(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_thread_has_moved_when_the_call_returns, .processors = 3),
        dirql_unit_test(a_set_that_holds_the_processor_does_not_move_the_thread, .processors = 3),
        dirql_unit_test(reverting_brings_the_threads_own_set_back, .processors = 2),
        dirql_unit_test(at_dispatch_level_the_move_waits_for_the_lowering, .processors = 2),
        dirql_unit_test(whoever_is_left_on_the_processor_goes_on, .processors = 2),
        dirql_unit_test(a_set_without_active_processors_is_reported, .processors = 3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
