/* Tests of lib/ke/processor.c. */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static void all_processors_are_active_in_one_group(void **state)
{
    KAFFINITY set = 0;

    (void)state;
    assert_int_equal(KeQueryActiveProcessorCount(&set), 3);
    assert_int_equal(set, 7);
    assert_int_equal(KeQueryActiveProcessorCount(NULL), 3);
    assert_int_equal(KeQueryActiveProcessors(), 7);
    assert_int_equal(KeQueryActiveProcessorCountEx(0), 3);
    assert_int_equal(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), 3);
    assert_int_equal(KeQueryActiveProcessorCountEx(1), 0);
}

static void sixty_four_processors_fill_the_set(void **state)
{
    (void)state;
    assert_true(KeQueryActiveProcessors() == ~(KAFFINITY)0);
}

static void the_body_begins_on_processor_0(void **state)
{
    PROCESSOR_NUMBER number = { .Group = 9, .Number = 9, .Reserved = 9 };

    (void)state;
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
    assert_int_equal(KeGetCurrentProcessorNumberEx(&number), 0);
    assert_int_equal(number.Group, 0);
    assert_int_equal(number.Number, 0);
    assert_int_equal(number.Reserved, 0);
}

static void a_thread_sees_the_processor_it_was_moved_to(void **state)
{
    PROCESSOR_NUMBER number = { .Group = 9, .Number = 9, .Reserved = 9 };

    (void)state;
    for (ULONG i = 0; i < 3; i++) {
        dirql_thread_move(i);
        assert_int_equal(KeGetCurrentProcessorNumber(), i);
        assert_int_equal(KeGetCurrentProcessorIndex(), i);
        assert_int_equal(KeGetCurrentProcessorNumberEx(NULL), i);
        assert_int_equal(KeGetCurrentProcessorNumberEx(&number), i);
        assert_int_equal(number.Group, 0);
        assert_int_equal(number.Number, i);
        assert_int_equal(number.Reserved, 0);
    }
}

static volatile LONG seen_by_dpc;

static VOID look(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    InterlockedExchange(&seen_by_dpc, (LONG)KeGetCurrentProcessorIndex());
}

static void a_dpc_sees_the_processor_it_was_sent_to(void **state)
{
    KDPC dpc;

    (void)state;
    KeInitializeDpc(&dpc, look, NULL);
    for (LONG i = 2; i >= 0; i--) {
        KeSetTargetProcessorDpc(&dpc, (CCHAR)i);
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeFlushQueuedDpcs();
        assert_int_equal(seen_by_dpc, i);
    }
}

static void set_flag(void *context)
{
    InterlockedExchange(context, 1);
}

static void await_flag(volatile LONG *flag)
{
    while (!ReadAcquire(flag)) {
        YieldProcessor();
    }
}

static void a_loop_that_yields_lets_a_thread_on_the_same_processor_run(void **state)
{
    LONG flag = 0;

    (void)state;
    dirql_thread_move(0);
    (void)dirql_thread_start("setter", 0, set_flag, &flag);
    await_flag(&flag);
}

static void a_loop_that_yields_lets_another_processor_go_on(void **state)
{
    LONG flag = 0;
    KIRQL old;

    (void)state;
    dirql_thread_move(0);
    (void)dirql_thread_start("setter", 1, set_flag, &flag);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    await_flag(&flag);
    KeLowerIrql(old);
}

static void a_yield_gives_way_soon(void **state)
{
    a_loop_that_yields_lets_another_processor_go_on(state);
    assert_in_range(dirql_time_ns(), 0, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(all_processors_are_active_in_one_group, .processors = 3, .fixed = 1),
        dirql_unit_test(sixty_four_processors_fill_the_set, .processors = 64),
        dirql_unit_test(the_body_begins_on_processor_0, .processors = 2),
        dirql_unit_test(a_thread_sees_the_processor_it_was_moved_to, .processors = 3),
        dirql_unit_test(a_dpc_sees_the_processor_it_was_sent_to, .processors = 3),
        dirql_unit_test(a_loop_that_yields_lets_a_thread_on_the_same_processor_run),
        dirql_unit_test(a_loop_that_yields_lets_another_processor_go_on, .processors = 2),
        dirql_unit_test(a_yield_gives_way_soon, .processors = 2, .fixed = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
