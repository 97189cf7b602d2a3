/*
 * test_exinterlocked.c - lists and sums that are changed under a spin lock at HIGH_LEVEL.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include "../settle.h"

static KSPIN_LOCK lock;
static LIST_ENTRY head;
static LIST_ENTRY entries[3];

static int reset(void **state)
{
    (void)state;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    return 0;
}

/* ---- Results --------------------------------------------------------------------------------- */

static void insertion_returns_what_was_first_or_last(void **state)
{
    (void)state;
    assert_null(ExInterlockedInsertHeadList(&head, &entries[0], &lock));
    assert_ptr_equal(ExInterlockedInsertHeadList(&head, &entries[1], &lock), &entries[0]);
    assert_ptr_equal(ExInterlockedInsertTailList(&head, &entries[2], &lock), &entries[0]);
    assert_ptr_equal(head.Flink, &entries[1]);
    assert_ptr_equal(head.Blink, &entries[2]);
}

static void removal_returns_the_first_or_nothing(void **state)
{
    (void)state;
    assert_null(ExInterlockedRemoveHeadList(&head, &lock));
    assert_null(ExInterlockedInsertTailList(&head, &entries[0], &lock));
    ExInterlockedInsertTailList(&head, &entries[1], &lock);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &entries[0]);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &entries[1]);
    assert_null(ExInterlockedRemoveHeadList(&head, &lock));
}

static void single_list_is_a_stack(void **state)
{
    SINGLE_LIST_ENTRY stack = { NULL }, items[2];

    (void)state;
    assert_null(ExInterlockedPopEntryList(&stack, &lock));
    assert_null(ExInterlockedPushEntryList(&stack, &items[0], &lock));
    assert_ptr_equal(ExInterlockedPushEntryList(&stack, &items[1], &lock), &items[0]);
    assert_ptr_equal(ExInterlockedPopEntryList(&stack, &lock), &items[1]);
    assert_ptr_equal(ExInterlockedPopEntryList(&stack, &lock), &items[0]);
}

static void sums_return_the_value_before(void **state)
{
    ULONG sum = 0xFFFFFFFF;
    LARGE_INTEGER large, step, before;

    (void)state;
    assert_int_equal(ExInterlockedAddUlong(&sum, 3, &lock), 0xFFFFFFFF);
    assert_int_equal(sum, 2);
    large.QuadPart = 1ll << 40;
    step.QuadPart = -1;
    before = ExInterlockedAddLargeInteger(&large, step, &lock);
    assert_int_equal(before.QuadPart, 1ll << 40);
    assert_int_equal(large.QuadPart, (1ll << 40) - 1);
    ExInterlockedAddLargeStatistic(&large, 1);
    assert_int_equal(large.QuadPart, 1ll << 40);
}

static void compare_exchange_returns_the_value_before(void **state)
{
    LONGLONG value = 1, wanted = 7, comparand = 2;

    (void)state;
    assert_int_equal(ExInterlockedCompareExchange64(&value, &wanted, &comparand, &lock), 1);
    assert_int_equal(value, 1);
    comparand = 1;
    assert_int_equal(ExInterlockedCompareExchange64(&value, &wanted, &comparand, &lock), 1);
    assert_int_equal(value, 7);
}

static void irql_is_restored_from_any_level(void **state)
{
    KIRQL old;

    (void)state;
    ExInterlockedInsertHeadList(&head, &entries[0], &lock);
    dirql_assert_irql(PASSIVE_LEVEL);
    KeRaiseIrql(9, &old);
    ExInterlockedInsertHeadList(&head, &entries[1], &lock);
    dirql_assert_irql(9);
    KeLowerIrql(old);
}

/* ---- Among ISRs and processors --------------------------------------------------------------- */

static dirql_line *line;

static BOOLEAN isr_that_inserts(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    ExInterlockedInsertTailList(&head, &entries[1], &lock);
    dirql_line_deassert(line);
    return TRUE;
}

/* To the processor of the test's body. */
static PKINTERRUPT interrupt;

static void connect(void)
{
    dirql_thread_move(0);
    line = dirql_line_create(&(dirql_line_options){ .processors = 1 });
    assert_int_equal(IoConnectInterrupt(&interrupt, isr_that_inserts, NULL, NULL,
                                        dirql_line_vector(line), dirql_line_irql(line),
                                        dirql_line_irql(line), LevelSensitive, FALSE,
                                        dirql_line_processors(line), FALSE),
                     STATUS_SUCCESS);
}

static void isr_and_thread_share_a_list(void **state)
{
    (void)state;
    connect();
    ExInterlockedInsertTailList(&head, &entries[0], &lock);
    dirql_line_assert(line);
    settle();
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &entries[0]);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &entries[1]);
    IoDisconnectInterrupt(interrupt);
}

static void lock_that_interrupted_code_holds_is_bug_check_f(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&lock, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    connect();
    KeAcquireSpinLock(&lock, &old);
    dirql_line_assert(line);
    await_the_end();
}

static ULONG total;

static void add_many(void *context)
{
    (void)context;
    for (int i = 0; i < 100; i++) {
        ExInterlockedAddUlong(&total, 1, &lock);
    }
}

static void processors_add_without_loss(void **state)
{
    dirql_thread *thread;

    (void)state;
    total = 0;
    thread = dirql_thread_start("second", 1, add_many, NULL);
    add_many(NULL);
    dirql_thread_join(thread);
    assert_int_equal(total, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(insertion_returns_what_was_first_or_last, reset),
        dirql_unit_test_setup(removal_returns_the_first_or_nothing, reset),
        dirql_unit_test_setup(single_list_is_a_stack, reset),
        dirql_unit_test_setup(sums_return_the_value_before, reset),
        dirql_unit_test_setup(compare_exchange_returns_the_value_before, reset),
        dirql_unit_test_setup(irql_is_restored_from_any_level, reset),
        dirql_unit_test_setup(isr_and_thread_share_a_list, reset),
        dirql_unit_test_setup(lock_that_interrupted_code_holds_is_bug_check_f, reset),
        dirql_unit_test_setup(processors_add_without_loss, reset, .processors = 2),
        dirql_unit_test_setup(processors_add_without_loss, reset, .processors = 2,
                              .mode = DIRQL_MODE_RANDOM, .seed = 3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
