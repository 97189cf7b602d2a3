/*
 * test_exinterlocked.c - lists and sums that are changed under a spin lock at HIGH_LEVEL.
 */
#include "../check/rule.h"

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

/* ---- Corrupt lists --------------------------------------------------------------------------- */

static void start_corrupt(void *context)
{
    (void)context;
    (void)reset(NULL);
    ExInterlockedInsertTailList(&head, &entries[0], &lock);
    ExInterlockedInsertTailList(&head, &entries[1], &lock);
}

static void insert_before_a_corrupt_first(void *context)
{
    start_corrupt(context);
    entries[0].Blink = &entries[1];
    ExInterlockedInsertHeadList(&head, &entries[2], &lock);
}

static void insert_behind_a_corrupt_last(void *context)
{
    start_corrupt(context);
    entries[1].Flink = &entries[0];
    ExInterlockedInsertTailList(&head, &entries[2], &lock);
}

static void remove_a_corrupt_first(void *context)
{
    start_corrupt(context);
    entries[0].Blink = &entries[1];
    ExInterlockedRemoveHeadList(&head, &lock);
}

/* As without a lock. */
#define assert_corrupt(body)                                                               \
    do {                                                                                   \
        rule_run(1, body);                                                                 \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);                               \
        assert_int_equal(rule_result.code, KERNEL_SECURITY_CHECK_FAILURE);                 \
        assert_int_equal(rule_result.parameters[0], FAST_FAIL_CORRUPT_LIST_ENTRY);         \
        for (int i = 1; i < 4; i++) {                                                      \
            assert_int_equal(rule_result.parameters[i], 0);                                \
        }                                                                                  \
        assert_report_has("List, at " #body);                                              \
    } while (0)

static void a_corrupt_list_is_bug_check_139_at_the_call(void **state)
{
    (void)state;
    assert_corrupt(insert_before_a_corrupt_first);
    assert_corrupt(insert_behind_a_corrupt_last);
    assert_corrupt(remove_a_corrupt_first);
    assert_kept(start_corrupt, 1);
}

/* ---- The lock -------------------------------------------------------------------------------- */

/* One place, however it is optimised. */
__attribute__((noinline)) static void insert(void *context)
{
    (void)context;
    InitializeListHead(&head);
    ExInterlockedInsertTailList(&head, &entries[0], &lock);
}

static void insert_with_no_lock(void *context)
{
    lock = 77;
    insert(context);
}

__attribute__((noinline)) static void hold_and_release(void)
{
    KIRQL old;

    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
}

static void hold_the_lock_of_a_list(void *context)
{
    KeInitializeSpinLock(&lock);
    insert(context);
    hold_and_release();
    hold_and_release();
}

static void insert_under_the_lock_of_others(void *context)
{
    KeInitializeSpinLock(&lock);
    hold_and_release();
    insert(context);
}

static void push_under_the_queued_lock_of_others(void *context)
{
    SINGLE_LIST_ENTRY stack = { NULL }, item;
    KLOCK_QUEUE_HANDLE handle;

    (void)context;
    KeInitializeSpinLock(&lock);
    ExInterlockedPushEntryList(&stack, &item, &lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
}

/* Two lists may have one lock; a sum's lock may be any that no ISR uses so. */
static void use_one_lock_for_lists(void *context)
{
    SINGLE_LIST_ENTRY stack = { NULL }, item;
    ULONG sum = 0;

    (void)context;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    ExInterlockedInsertTailList(&head, &entries[0], &lock);
    ExInterlockedRemoveHeadList(&head, &lock);
    ExInterlockedPushEntryList(&stack, &item, &lock);
    ExInterlockedPopEntryList(&stack, &lock);
    KeInitializeSpinLock(&lock);
    hold_and_release();
    ExInterlockedAddUlong(&sum, 1, &lock);
}

static void the_lock_of_a_list_is_for_lists_only(void **state)
{
    (void)state;
    assert_warned(hold_the_lock_of_a_list, 1, 1, "ExInterlockedListLock");
    assert_report_has("at hold_and_release");
    assert_warned(insert_under_the_lock_of_others, 1, 1, "ExInterlockedListLock");
    assert_report_has("ExInterlockedInsertTailList, at insert ");
    assert_warned(push_under_the_queued_lock_of_others, 1, 1, "ExInterlockedListLock");
    assert_silent(use_one_lock_for_lists, 1, "ExInterlockedListLock");
}

static void the_lock_is_initialised_first(void **state)
{
    (void)state;
    assert_verifier(insert_with_no_lock, 0x1002, (ULONG_PTR)&lock, 0, 0, "SpinLockInit");
    assert_silent(use_one_lock_for_lists, 1, "SpinLockInit");
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static PULONG paged;

static void add_in_paged_pool(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    paged = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*paged), 'tseT');
    ExInterlockedAddUlong(paged, 1, &lock);
}

static void what_is_changed_is_resident(void **state)
{
    (void)state;
    assert_verifier(add_in_paged_pool, 0xE1, (ULONG_PTR)paged, 0, 0, "PageableObject");
    assert_silent(use_one_lock_for_lists, 1, "PageableObject");
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
        cmocka_unit_test(a_corrupt_list_is_bug_check_139_at_the_call),
        cmocka_unit_test(the_lock_of_a_list_is_for_lists_only),
        cmocka_unit_test(the_lock_is_initialised_first),
        cmocka_unit_test(what_is_changed_is_resident),
        dirql_unit_test_setup(isr_and_thread_share_a_list, reset),
        dirql_unit_test_setup(lock_that_interrupted_code_holds_is_bug_check_f, reset),
        dirql_unit_test_setup(processors_add_without_loss, reset, .processors = 2),
        dirql_unit_test_setup(processors_add_without_loss, reset, .processors = 2,
                              .mode = DIRQL_MODE_RANDOM, .seed = 3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
