/* Tests of lib/ke/semaphore.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static NTSTATUS poll(PVOID object)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &zero);
}

static void each_wait_takes_one(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 2, 5);
    assert_int_equal(poll(&semaphore), STATUS_SUCCESS);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 1);
    assert_int_equal(poll(&semaphore), STATUS_SUCCESS);
    assert_int_equal(poll(&semaphore), STATUS_TIMEOUT);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 0);
}

static void release_returns_the_count_before(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 0, 5);
    assert_int_equal(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE), 0);
    assert_int_equal(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 3, FALSE), 2);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 5);
}

typedef struct scene {
    KSEMAPHORE semaphore;
    volatile LONG woken;
} scene;

static void take_one(void *context)
{
    scene *s = context;

    (void)KeWaitForSingleObject(&s->semaphore, Executive, KernelMode, FALSE, NULL);
    InterlockedIncrement(&s->woken);
}

static void release_lets_as_many_waiters_go_as_it_adds(void **state)
{
    scene s = { .woken = 0 };

    (void)state;
    KeInitializeSemaphore(&s.semaphore, 0, 5);
    for (int i = 0; i < 3; i++) {
        (void)dirql_thread_start("taker", DIRQL_ANY_PROCESSOR, take_one, &s);
    }
    dirql_time_advance_ms(1);
    KeReleaseSemaphore(&s.semaphore, IO_NO_INCREMENT, 2, FALSE);
    dirql_time_advance_ms(1);
    assert_int_equal(s.woken, 2);
    assert_int_equal(KeReadStateSemaphore(&s.semaphore), 0);
}

static void release_over_the_limit_raises(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 1, 2);
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_SEMAPHORE_LIMIT_EXCEEDED,
                               DIRQL_ANY, 0, 0);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE);
}

/* What a release raises; 0 if nothing. */
static NTSTATUS status_of_release(PRKSEMAPHORE semaphore, LONG adjustment)
{
    NTSTATUS status = 0;

    __try {
        KeReleaseSemaphore(semaphore, IO_NO_INCREMENT, adjustment, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    return status;
}

static void the_count_stays_as_it_was_then(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 1, 2);
    assert_int_equal(status_of_release(&semaphore, 2), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    assert_int_equal(status_of_release(&semaphore, MAXLONG), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 1);
    dirql_assert_irql(PASSIVE_LEVEL);
}

/* The page says that an adjustment is positive, and leaves open what happens to another. */
static void release_by_nothing_or_less_raises(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 1, 2);
    assert_int_equal(status_of_release(&semaphore, 0), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    assert_int_equal(status_of_release(&semaphore, -1), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 1);
}

static void release_with_wait_keeps_the_irql_raised_until_the_wait(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 0, 1);
    assert_int_equal(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, TRUE), 0);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_int_equal(KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void the_count_is_read_at_any_irql(void **state)
{
    KSEMAPHORE semaphore;
    KIRQL old;

    (void)state;
    KeInitializeSemaphore(&semaphore, 3, 5);
    KeRaiseIrql(HIGH_LEVEL, &old);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 3);
    KeLowerIrql(old);
}

static void at_dispatch_level_it_is_released_and_polled(void **state)
{
    KSEMAPHORE semaphore;
    KIRQL old;

    (void)state;
    KeInitializeSemaphore(&semaphore, 0, 5);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(poll(&semaphore), STATUS_TIMEOUT);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
    assert_int_equal(poll(&semaphore), STATUS_SUCCESS);
    KeLowerIrql(old);
}

static void what_was_not_initialised_is_reported(void **state)
{
    static KSEMAPHORE semaphore;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE1, (ULONG_PTR)&semaphore, 0,
                               0);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
}

static void release_up_to_the_limit_does_not_raise(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 1, 2);
    assert_int_equal(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(each_wait_takes_one),
        dirql_unit_test(release_returns_the_count_before),
        dirql_unit_test(release_lets_as_many_waiters_go_as_it_adds),
        dirql_unit_test(release_lets_as_many_waiters_go_as_it_adds, .processors = 4),
        dirql_unit_test(release_over_the_limit_raises),
        dirql_unit_test(the_count_stays_as_it_was_then),
        dirql_unit_test(release_by_nothing_or_less_raises),
        dirql_unit_test(release_up_to_the_limit_does_not_raise),
        dirql_unit_test(release_with_wait_keeps_the_irql_raised_until_the_wait),
        dirql_unit_test(the_count_is_read_at_any_irql),
        dirql_unit_test(at_dispatch_level_it_is_released_and_polled),
        dirql_unit_test(what_was_not_initialised_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
