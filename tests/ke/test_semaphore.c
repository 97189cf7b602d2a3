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
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE);
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
        dirql_unit_test(release_up_to_the_limit_does_not_raise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
