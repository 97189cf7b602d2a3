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

static void a_nested_set_is_restored_by_what_the_call_returned(void **state)
{
    KAFFINITY outer, inner;

    (void)state;
    outer = KeSetSystemAffinityThreadEx(4);
    inner = KeSetSystemAffinityThreadEx(2);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserAffinityThreadEx(inner);
    assert_int_equal(KeGetCurrentProcessorNumber(), 2);
    KeRevertToUserAffinityThreadEx(outer);
    assert_int_equal(KeSetSystemAffinityThreadEx(1), 0); /* The system has set nothing. */
    KeRevertToUserAffinityThread();
}

static KAFFINITY nobody(void)
{
    return (KAFFINITY)1 << KeQueryActiveProcessorCount(NULL);
}

static void a_set_with_a_bit_that_no_processor_has_has_no_effect(void **state)
{
    (void)state;
    dirql_thread_move(0);
    assert_int_equal(KeSetSystemAffinityThreadEx(nobody() | 4), 0);
    KeSetSystemAffinityThread(nobody() | 4);
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
    assert_int_equal(KeSetSystemAffinityThreadEx(2), 0); /* The system had set nothing. */
    KeRevertToUserAffinityThreadEx(nobody() | 4);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    assert_int_equal(KeSetSystemAffinityThreadEx(2), 2);
    KeRevertToUserAffinityThreadEx(0);
}

static void reverting_what_was_not_set_has_no_effect(void **state)
{
    (void)state;
    dirql_thread_move(0);
    KeRevertToUserAffinityThreadEx(4);
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserAffinityThread();
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
    assert_int_equal(KeSetSystemAffinityThreadEx(1), 0);
    KeRevertToUserAffinityThreadEx(0);
}

static void reverting_at_dispatch_level_waits_for_the_lowering(void **state)
{
    KIRQL old;

    (void)state;
    dirql_thread_move(0);
    KeSetSystemAffinityThreadEx(2);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRevertToUserAffinityThreadEx(0);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    KeLowerIrql(old);
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
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
    KeSetSystemAffinityThreadEx(nobody());
}

static void and_has_no_effect(void **state)
{
    (void)state;
    dirql_suppress("affinity", NULL, "what happens then is what the test is about");
    KeSetSystemAffinityThreadEx(2);
    assert_int_equal(KeSetSystemAffinityThreadEx(nobody()), 2);
    KeSetSystemAffinityThread(nobody());
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserAffinityThreadEx(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_thread_has_moved_when_the_call_returns, .processors = 3),
        dirql_unit_test(a_set_that_holds_the_processor_does_not_move_the_thread, .processors = 3),
        dirql_unit_test(reverting_brings_the_threads_own_set_back, .processors = 2),
        dirql_unit_test(at_dispatch_level_the_move_waits_for_the_lowering, .processors = 2),
        dirql_unit_test(a_nested_set_is_restored_by_what_the_call_returned, .processors = 3),
        dirql_unit_test(a_set_with_a_bit_that_no_processor_has_has_no_effect, .processors = 3),
        dirql_unit_test(reverting_what_was_not_set_has_no_effect, .processors = 3),
        dirql_unit_test(reverting_at_dispatch_level_waits_for_the_lowering, .processors = 2),
        dirql_unit_test(whoever_is_left_on_the_processor_goes_on, .processors = 2),
        dirql_unit_test(a_set_without_active_processors_is_reported, .processors = 3),
        dirql_unit_test(and_has_no_effect, .processors = 3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
