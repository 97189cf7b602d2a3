/* Tests of lib/ke/threadeddpc.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

#include "ke/ki.h"

static char order[32];
static volatile LONG runs;
static KIRQL irql;
static ULONG processor;

/* A thread that is interrupted by a threaded DPC goes on elsewhere if it may: the test stays. */
static int forget(void **state)
{
    (void)state;
    dirql_thread_move(0);
    memset(order, 0, sizeof(order));
    runs = 0;
    return 0;
}

static VOID note(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    order[runs] = *(const char *)context;
    irql = KeGetCurrentIrql();
    processor = KeGetCurrentProcessorNumber();
    InterlockedIncrement(&runs);
}

static void begin(PKDPC dpc, const char *letter)
{
    KeInitializeThreadedDpc(dpc, note, (PVOID)(uintptr_t)letter);
}

static void it_runs_at_passive_level_before_the_thread_that_queued_it(void **state)
{
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    assert_int_equal(runs, 1);
    assert_int_equal(irql, PASSIVE_LEVEL);
}

static void turned_off_it_runs_as_an_ordinary_dpc(void **state)
{
    KDPC dpc;

    (void)state;
    dq_kernel_of(dq_self)->dpcs.threaded_off = true;
    begin(&dpc, "a");
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(runs, 1);
    assert_int_equal(irql, DISPATCH_LEVEL);
}

static void it_can_be_used_again_and_again(void **state)
{
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    for (LONG i = 1; i <= 5; i++) {
        KeInsertQueueDpc(&dpc, NULL, NULL);
        assert_int_equal(runs, i);
    }
}

static void high_importance_goes_to_the_head(void **state)
{
    KDPC a, b;
    KIRQL old;

    (void)state;
    begin(&a, "a");
    begin(&b, "b");
    KeSetImportanceDpc(&b, HighImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&a, NULL, NULL);
    KeInsertQueueDpc(&b, NULL, NULL);
    KeLowerIrql(old);
    assert_string_equal(order, "ba");
}

static VOID insert_ordinary(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument2;
    KeInsertQueueDpc(argument1, NULL, NULL);
    order[runs] = *(const char *)context;
    InterlockedIncrement(&runs);
}

static void an_ordinary_dpc_interrupts_it(void **state)
{
    KDPC threaded, ordinary;

    (void)state;
    KeInitializeThreadedDpc(&threaded, insert_ordinary, (PVOID)(uintptr_t) "t");
    KeInitializeDpc(&ordinary, note, (PVOID)(uintptr_t) "o");
    KeInsertQueueDpc(&threaded, &ordinary, NULL);
    assert_string_equal(order, "ot");
}

static void it_runs_on_the_processor_it_is_sent_to(void **state)
{
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    KeSetTargetProcessorDpc(&dpc, 1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(runs, 1);
    assert_int_equal(processor, 1);
}

static void a_queued_one_can_be_removed(void **state)
{
    KDPC dpc;
    KIRQL old;

    (void)state;
    begin(&dpc, "a");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_true(KeRemoveQueueDpc(&dpc));
    KeLowerIrql(old);
    assert_int_equal(runs, 0);
}

static VOID take_lock(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KIRQL old = KeAcquireSpinLockForDpc(context);

    (void)dpc;
    (void)argument1;
    (void)argument2;
    irql = KeGetCurrentIrql();
    KeReleaseSpinLockForDpc(context, old);
    InterlockedIncrement(&runs);
}

static void it_takes_spin_locks_by_the_forms_for_dpcs(void **state)
{
    KSPIN_LOCK lock;
    KDPC dpc;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeInitializeThreadedDpc(&dpc, take_lock, &lock);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(runs, 1);
    assert_int_equal(irql, DISPATCH_LEVEL);
}

static VOID wait_for_event(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    dirql_expect_bugcheck_with(ATTEMPTED_SWITCH_FROM_DPC, (ULONG_PTR)KeGetCurrentThread(), 0,
                               (ULONG_PTR)IoGetInitialStack(), 0);
    (void)KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
}

static void a_wait_in_it_is_bug_check_b8(void **state)
{
    KEVENT event;
    KDPC dpc;

    (void)state;
    dirql_suppress("ThreadedDpc", "wait_for_event", "the test asks where the stack begins");
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeThreadedDpc(&dpc, wait_for_event, &event);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static VOID stay_raised(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KIRQL old;

    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void returning_raised_is_bug_check_c8(void **state)
{
    KDPC dpc;

    (void)state;
    KeInitializeThreadedDpc(&dpc, stay_raised, NULL);
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, DISPATCH_LEVEL << 16, (ULONG_PTR)stay_raised,
                               0, 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

#define WITH(test, ...) dirql_unit_test_setup(test, forget, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(it_runs_at_passive_level_before_the_thread_that_queued_it, .processors = 1),
        WITH(turned_off_it_runs_as_an_ordinary_dpc, .processors = 1),
        WITH(it_can_be_used_again_and_again, .processors = 1),
        WITH(high_importance_goes_to_the_head, .processors = 1),
        WITH(an_ordinary_dpc_interrupts_it, .processors = 1),
        WITH(it_runs_on_the_processor_it_is_sent_to, .processors = 2),
        WITH(a_queued_one_can_be_removed, .processors = 1),
        WITH(it_takes_spin_locks_by_the_forms_for_dpcs, .processors = 1),
        WITH(a_wait_in_it_is_bug_check_b8, .processors = 1),
        WITH(returning_raised_is_bug_check_c8, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
