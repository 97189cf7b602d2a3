/*
 * test_waitrules.c - Wait TRUE at too high an IRQL is found; Wait FALSE there, and TRUE below, is
 * not. So is a wait in UserMode for what lies on the stack, or for a mutex, and for what lies in
 * paged pool, also among others; and where its wait blocks lie. And what a semaphore begins with.
 */
#include "rule.h"

static KEVENT event;
static KSEMAPHORE semaphore;
static KMUTEX mutex;
static KIRQL old;
static PRKEVENT event_address;

static void start(KIRQL irql)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeSemaphore(&semaphore, 0, 9);
    KeInitializeMutex(&mutex, 0);
    KeRaiseIrql(irql, &old);
}

static void set_event(void *context)
{
    (void)context;
    start(DISPATCH_LEVEL);
    KeSetEvent(&event, IO_NO_INCREMENT, TRUE);
}

static void release_semaphore(void *context)
{
    (void)context;
    start(APC_LEVEL);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, TRUE);
}

/* Their pages allow DISPATCH_LEVEL: then the wait's timeout is zero. */
static void pulse_and_poll(void *context)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    (void)context;
    start(DISPATCH_LEVEL);
    KePulseEvent(&event, IO_NO_INCREMENT, TRUE);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &zero);
    KeReleaseMutex(&mutex, TRUE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero);
    KeLowerIrql(old);
}

static void pulse_and_wait(void *context)
{
    (void)context;
    start(DISPATCH_LEVEL);
    KePulseEvent(&event, IO_NO_INCREMENT, TRUE);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
}

static LARGE_INTEGER a_second = { .QuadPart = -10000000 };

static void release_mutex_and_wait(void *context)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    (void)context;
    start(DISPATCH_LEVEL);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &zero);
    KeReleaseMutex(&mutex, TRUE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &a_second);
}

static void do_it_right(void *context)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    (void)context;
    start(DISPATCH_LEVEL);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &zero);
    KeReleaseMutex(&mutex, FALSE);
    KeLowerIrql(old);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, TRUE);
    KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL);
    KeRaiseIrql(APC_LEVEL, &old);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&mutex, TRUE);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&mutex, FALSE);
    KeSetEvent(&event, IO_NO_INCREMENT, TRUE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeLowerIrql(old);
}

static void wait_true_needs_the_irql_of_a_wait(void **state)
{
    (void)state;
    assert_verifier(set_event, 0x20016, DISPATCH_LEVEL, (ULONG_PTR)&event, 0, "IrqlKeSetEvent");
    assert_verifier(release_semaphore, 0xE5, APC_LEVEL, (ULONG_PTR)&semaphore, 0, "IrqlKePassive");
}

static void at_dispatch_level_what_follows_a_release_is_a_poll(void **state)
{
    (void)state;
    assert_kept(pulse_and_poll, 1);
    assert_verifier(pulse_and_wait, 0x121, DIRQL_ANY, (ULONG_PTR)&mutex, 0, "IrqlKeWait");
    assert_verifier(release_mutex_and_wait, 0x122, DIRQL_ANY, (ULONG_PTR)&event,
                    (ULONG_PTR)&a_second, "IrqlKeWait");
}

static void what_is_right_is_not_reported(void **state)
{
    (void)state;
    assert_kept(do_it_right, 1);
}

static void initialize_semaphore_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInitializeSemaphore(&semaphore, 0, 9);
    KeLowerIrql(old);
}

static void semaphore_initialized_above_passive_is_only_warned_of(void **state)
{
    (void)state;
    rule_run(1, initialize_semaphore_at_dispatch);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(rule_result.warnings, 1);
    assert_report_has("IrqlKePassive");
}

static void wait_on_stack_in_user_mode(void *context)
{
    KEVENT on_stack;

    event_address = &on_stack;
    KeInitializeEvent(&on_stack, NotificationEvent, TRUE);
    KeWaitForSingleObject(&on_stack, UserRequest, *(KPROCESSOR_MODE *)context, FALSE, NULL);
}

static void wait_off_stack_in_user_mode(void *context)
{
    PVOID objects[] = { &event };

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForSingleObject(&event, UserRequest, UserMode, FALSE, NULL);
    KeWaitForMultipleObjects(1, objects, WaitAny, UserRequest, UserMode, FALSE, NULL, NULL);
}

static void user_mode_wait_on_the_stack_is_found(void **state)
{
    static KPROCESSOR_MODE mode;
    const dirql_options options = { .name = "rule" };

    (void)state;
    mode = UserMode;
    dirql_result_free(&rule_result);
    dirql_run(&options, wait_on_stack_in_user_mode, &mode, &rule_result);
    assert_finding_is(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x123, (ULONG_PTR)event_address, 0, 0,
                      "WaitOnStack");
    mode = KernelMode;
    dirql_result_free(&rule_result);
    assert_int_equal(dirql_run(&options, wait_on_stack_in_user_mode, &mode, &rule_result),
                     DIRQL_PASSED);
    assert_kept(wait_off_stack_in_user_mode, 1);
}

static void set_and_forget_to_wait(void *context)
{
    (void)context;
    start(PASSIVE_LEVEL);
    KeSetEvent(&event, IO_NO_INCREMENT, TRUE);
    KeStallExecutionProcessor(1);
}

static void release_semaphore_and_set_event(void *context)
{
    (void)context;
    start(PASSIVE_LEVEL);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, TRUE);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
}

static KSPIN_LOCK lock;

/* At one place: the checkers know it well by then. */
static void use_lock(void)
{
    KIRQL own;

    KeAcquireSpinLock(&lock, &own);
    KeReleaseSpinLock(&lock, own);
}

static void set_event_and_use_a_lock(void *context)
{
    (void)context;
    start(PASSIVE_LEVEL);
    KeInitializeSpinLock(&lock);
    for (volatile int i = 0; i < 3; i++) {
        use_lock();
    }
    KeSetEvent(&event, IO_NO_INCREMENT, TRUE);
    use_lock();
}

static KDPC dpc;

static VOID look_at_the_clock(PKDPC of, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)of;
    (void)context;
    (void)argument1;
    (void)argument2;
    (void)KeQueryPerformanceCounter(NULL);
}

/* Between the two, others may do as they like; afterwards the thread may, too. */
static void set_and_wait(void *context)
{
    (void)context;
    start(PASSIVE_LEVEL);
    KeInitializeDpc(&dpc, look_at_the_clock, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeSetEvent(&event, IO_NO_INCREMENT, TRUE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeStallExecutionProcessor(1);
    KeFlushQueuedDpcs();
}

/* What raises has released nothing. */
static void release_too_much_and_go_on(void *context)
{
    (void)context;
    start(PASSIVE_LEVEL);
    __try {
        KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 10, TRUE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        KeStallExecutionProcessor(1);
    }
}

static void a_release_with_wait_that_no_wait_follows_is_found(void **state)
{
    (void)state;
    assert_error(set_and_forget_to_wait, 1, "WaitFollows");
    assert_report_has("KeStallExecutionProcessor was called after KeSetEvent with Wait TRUE");
    assert_error(release_semaphore_and_set_event, 1, "WaitFollows");
    assert_error(set_event_and_use_a_lock, 1, "WaitFollows");
    assert_silent(set_and_wait, 2, "WaitFollows");
    assert_silent(release_too_much_and_go_on, 1, "WaitFollows");
    assert_silent(do_it_right, 1, "WaitFollows");
}

static void wait_on_stack_among_others(void *context)
{
    KEVENT on_stack;
    PVOID objects[] = { &event, &on_stack };

    (void)context;
    event_address = &on_stack;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeEvent(&on_stack, NotificationEvent, TRUE);
    KeWaitForMultipleObjects(2, objects, WaitAny, UserRequest, UserMode, FALSE, NULL, NULL);
}

static void one_of_several_on_the_stack_is_found_too(void **state)
{
    (void)state;
    assert_verifier(wait_on_stack_among_others, 0x123, (ULONG_PTR)event_address, 0, 0,
                    "WaitOnStack");
}

static void wait_for_a_mutex_in_user_mode(void *context)
{
    (void)context;
    KeInitializeMutex(&mutex, 0);
    KeWaitForMutexObject(&mutex, UserRequest, UserMode, FALSE, NULL);
}

static void wait_for_a_mutex_among_others_in_user_mode(void *context)
{
    PVOID objects[] = { &event, &mutex };

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeMutex(&mutex, 0);
    KeWaitForMultipleObjects(2, objects, WaitAny, UserRequest, UserMode, FALSE, NULL, NULL);
}

static void wait_for_a_mutex_in_kernel_mode(void *context)
{
    PVOID objects[] = { &event, &mutex };

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeMutex(&mutex, 0);
    KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    KeReleaseMutex(&mutex, FALSE);
}

static void user_mode_wait_for_a_mutex_is_found(void **state)
{
    (void)state;
    assert_error(wait_for_a_mutex_in_user_mode, 1, "MutexWaitMode");
    assert_error(wait_for_a_mutex_among_others_in_user_mode, 1, "MutexWaitMode");
    assert_silent(wait_for_a_mutex_in_kernel_mode, 1, "MutexWaitMode");
    assert_silent(wait_off_stack_in_user_mode, 1, "MutexWaitMode");
}

__attribute__((noinline)) static void wait_for_both(PVOID *objects)
{
    KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
}

static void wait_for_paged_memory_among_others(void *context)
{
    PRKEVENT paged = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(KEVENT), 'tseT');
    PVOID objects[] = { &event, paged };

    (void)context;
    dirql_suppress("PageableObject", "wait_for_paged_memory_among_others", "the initialisation");
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeEvent(paged, NotificationEvent, TRUE);
    event_address = paged;
    wait_for_both(objects);
    ExFreePool(paged);
}

static void one_of_several_in_paged_pool_is_found(void **state)
{
    (void)state;
    assert_verifier(wait_for_paged_memory_among_others, 0xE1, (ULONG_PTR)event_address, 0, 0,
                    "PageableObject");
}

/* ---- Wait blocks ----------------------------------------------------------------------------- */

static KPROCESSOR_MODE mode_of_blocks;

static void wait_with(PKWAIT_BLOCK blocks)
{
    PVOID objects[] = { &event, &event, &event, &event };

    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForMultipleObjects(4, objects, WaitAny, UserRequest, mode_of_blocks, FALSE, NULL, blocks);
}

static void wait_with_blocks_on_the_stack(void *context)
{
    KWAIT_BLOCK blocks[4];

    (void)context;
    wait_with(blocks);
}

static void wait_with_blocks_in_pool(void *context)
{
    PKWAIT_BLOCK blocks = ExAllocatePool2(POOL_FLAG_NON_PAGED, 4 * sizeof(KWAIT_BLOCK), 'tseT');

    (void)context;
    wait_with(blocks);
    ExFreePool(blocks);
}

static void wait_with_blocks_in_paged_pool(void *context)
{
    PKWAIT_BLOCK blocks = ExAllocatePool2(POOL_FLAG_PAGED, 4 * sizeof(KWAIT_BLOCK), 'tseT');

    (void)context;
    event_address = (PRKEVENT)(PVOID)blocks;
    wait_with(blocks);
    ExFreePool(blocks);
}

static void wait_blocks_are_nonpaged_and_in_user_mode_not_on_the_stack(void **state)
{
    (void)state;
    mode_of_blocks = UserMode;
    assert_error(wait_with_blocks_on_the_stack, 1, "WaitBlocksOnStack");
    assert_report_has("KeWaitForMultipleObjects, at wait_with");
    assert_silent(wait_with_blocks_in_pool, 1, "WaitBlocksOnStack");
    mode_of_blocks = KernelMode;
    assert_silent(wait_with_blocks_on_the_stack, 1, "WaitBlocksOnStack");
    assert_verifier(wait_with_blocks_in_paged_pool, 0xE1, (ULONG_PTR)event_address, 0, 0,
                    "PageableObject");
    assert_silent(wait_with_blocks_in_pool, 1, "PageableObject");
}

/* ---- What a semaphore begins with ------------------------------------------------------------ */

static LONG first_count, limit;

static void initialize_semaphore(void *context)
{
    (void)context;
    KeInitializeSemaphore(&semaphore, first_count, limit);
}

static void initialize_with(LONG count, LONG most)
{
    first_count = count;
    limit = most;
}

static void a_semaphore_begins_between_0_and_its_limit(void **state)
{
    (void)state;
    initialize_with(-1, 9);
    assert_error(initialize_semaphore, 1, "SemaphoreCount");
    assert_report_has("KeInitializeSemaphore, at initialize_semaphore");
    initialize_with(0, 0);
    assert_error(initialize_semaphore, 1, "SemaphoreCount");
    initialize_with(0, -1);
    assert_error(initialize_semaphore, 1, "SemaphoreCount");
    initialize_with(10, 9);
    assert_error(initialize_semaphore, 1, "SemaphoreCount");
    initialize_with(0, 1);
    assert_silent(initialize_semaphore, 1, "SemaphoreCount");
    initialize_with(9, 9);
    assert_silent(initialize_semaphore, 1, "SemaphoreCount");
    initialize_with(MAXLONG, MAXLONG);
    assert_silent(initialize_semaphore, 1, "SemaphoreCount");
}

static int type;

static void initialize_event(void *context)
{
    KEVENT own;

    (void)context;
    KeInitializeEvent(&own, (EVENT_TYPE)type, FALSE);
}

static void initialize_timer(void *context)
{
    KTIMER own;

    (void)context;
    KeInitializeTimerEx(&own, (TIMER_TYPE)type);
}

static void an_event_and_a_timer_have_one_of_two_types(void **state)
{
    (void)state;
    for (type = 0; type < 2; type++) {
        assert_silent(initialize_event, 1, "ObjectType");
        assert_silent(initialize_timer, 1, "ObjectType");
    }
    assert_error(initialize_event, 1, "ObjectType");
    assert_report_has("KeInitializeEvent was given 2 for a type.");
    assert_error(initialize_timer, 1, "ObjectType");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_true_needs_the_irql_of_a_wait),
        cmocka_unit_test(what_is_right_is_not_reported),
        cmocka_unit_test(semaphore_initialized_above_passive_is_only_warned_of),
        cmocka_unit_test(at_dispatch_level_what_follows_a_release_is_a_poll),
        cmocka_unit_test(a_release_with_wait_that_no_wait_follows_is_found),
        cmocka_unit_test(user_mode_wait_on_the_stack_is_found),
        cmocka_unit_test(one_of_several_on_the_stack_is_found_too),
        cmocka_unit_test(user_mode_wait_for_a_mutex_is_found),
        cmocka_unit_test(one_of_several_in_paged_pool_is_found),
        cmocka_unit_test(wait_blocks_are_nonpaged_and_in_user_mode_not_on_the_stack),
        cmocka_unit_test(a_semaphore_begins_between_0_and_its_limit),
        cmocka_unit_test(an_event_and_a_timer_have_one_of_two_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
