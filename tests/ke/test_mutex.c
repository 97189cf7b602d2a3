/* Tests of lib/ke/mutex.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static NTSTATUS take(PVOID mutex)
{
    return KeWaitForSingleObject(mutex, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS poll(PVOID mutex)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    return KeWaitForSingleObject(mutex, Executive, KernelMode, FALSE, &zero);
}

/* What a release raises; 0 if nothing. */
static NTSTATUS status_of_release(PRKMUTEX mutex)
{
    NTSTATUS status = 0;

    __try {
        KeReleaseMutex(mutex, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    return status;
}

static void a_mutex_begins_free(void **state)
{
    KMUTEX mutex;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    assert_int_equal(KeReadStateMutex(&mutex), 1);
}

static void an_owner_acquires_it_again_and_releases_as_often(void **state)
{
    KMUTEX mutex;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    assert_int_equal(take(&mutex), STATUS_SUCCESS);
    assert_int_equal(take(&mutex), STATUS_SUCCESS);
    assert_int_not_equal(KeReleaseMutex(&mutex, FALSE), 0);
    assert_int_not_equal(KeReadStateMutex(&mutex), 1);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), 0);
    assert_int_equal(KeReadStateMutex(&mutex), 1);
}

static void apcs_are_disabled_while_it_is_owned(void **state)
{
    KMUTEX mutex;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    assert_false(KeAreApcsDisabled());
    (void)take(&mutex);
    assert_true(KeAreApcsDisabled());
    KeReleaseMutex(&mutex, FALSE);
    assert_false(KeAreApcsDisabled());
}

static void it_is_waited_for_by_a_name_of_its_own(void **state)
{
    KMUTEX mutex;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    assert_int_equal(KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(KeReadStateMutex(&mutex), 0);
    KeReleaseMutex(&mutex, FALSE);
}

/* ---- Two threads ----------------------------------------------------------------------------- */

typedef struct scene {
    KMUTEX mutex;
    NTSTATUS status;
    uint64_t got_ns;
    bool keeps;
} scene;

static void take_in_thread(void *context)
{
    scene *s = context;

    s->status = take(&s->mutex);
    s->got_ns = dirql_time_ns();
    if (!s->keeps) {
        KeReleaseMutex(&s->mutex, FALSE);
    }
}

static void another_thread_waits_for_the_release(void **state)
{
    scene s = { .status = -1 };
    dirql_thread *thread;

    (void)state;
    KeInitializeMutex(&s.mutex, 0);
    (void)take(&s.mutex);
    thread = dirql_thread_start("other", DIRQL_ANY_PROCESSOR, take_in_thread, &s);
    dirql_time_advance_ms(2);
    KeReleaseMutex(&s.mutex, FALSE);
    dirql_thread_join(thread);
    assert_int_equal(s.status, STATUS_SUCCESS);
    assert_true(s.got_ns == 2000000);
    assert_int_equal(KeReadStateMutex(&s.mutex), 1);
}

static void the_next_owner_is_told_that_it_was_abandoned(void **state)
{
    scene s = { .keeps = true };

    (void)state;
    dirql_expect_finding("abandoned mutex");
    KeInitializeMutex(&s.mutex, 0);
    dirql_thread_join(dirql_thread_start("owner", DIRQL_ANY_PROCESSOR, take_in_thread, &s));
    assert_int_equal(take(&s.mutex), STATUS_ABANDONED);
    KeReleaseMutex(&s.mutex, FALSE);
    assert_int_equal(take(&s.mutex), STATUS_SUCCESS);
    KeReleaseMutex(&s.mutex, FALSE);
}

static void a_waiter_of_many_is_told_which_was_abandoned(void **state)
{
    scene s = { .keeps = true };
    KEVENT event;
    PVOID objects[2] = { &event, &s.mutex };

    (void)state;
    dirql_expect_finding("abandoned mutex");
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeMutex(&s.mutex, 0);
    dirql_thread_join(dirql_thread_start("owner", DIRQL_ANY_PROCESSOR, take_in_thread, &s));
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_ABANDONED_WAIT_0 + 1);
    KeReleaseMutex(&s.mutex, FALSE);
}

static void a_stranger_that_releases_raises(void **state)
{
    KMUTEX mutex;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_MUTANT_NOT_OWNED,
                               DIRQL_ANY, 0, 0);
    KeReleaseMutex(&mutex, FALSE);
}

static void release_in_thread(void *context)
{
    scene *s = context;

    s->status = status_of_release(&s->mutex);
}

static void the_owner_keeps_what_a_stranger_released(void **state)
{
    scene s = { .status = 0 };

    (void)state;
    KeInitializeMutex(&s.mutex, 0);
    (void)take(&s.mutex);
    dirql_thread_join(dirql_thread_start("other", DIRQL_ANY_PROCESSOR, release_in_thread, &s));
    assert_int_equal(s.status, STATUS_MUTANT_NOT_OWNED);
    assert_int_equal(KeReadStateMutex(&s.mutex), 0);
    assert_int_equal(KeReleaseMutex(&s.mutex, FALSE), 0);
}

static void releasing_one_that_was_abandoned_raises(void **state)
{
    scene s = { .keeps = true };

    (void)state;
    dirql_expect_finding("abandoned mutex");
    KeInitializeMutex(&s.mutex, 0);
    dirql_thread_join(dirql_thread_start("owner", DIRQL_ANY_PROCESSOR, take_in_thread, &s));
    assert_int_equal(KeReadStateMutex(&s.mutex), 1);
    assert_int_equal(status_of_release(&s.mutex), STATUS_ABANDONED);
}

static void who_waits_for_all_is_told_which_was_abandoned(void **state)
{
    scene s = { .keeps = true };
    KMUTEX other;
    KEVENT event;
    PVOID objects[3] = { &event, &other, &s.mutex };

    (void)state;
    dirql_expect_finding("abandoned mutex");
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeMutex(&other, 0);
    KeInitializeMutex(&s.mutex, 0);
    dirql_thread_join(dirql_thread_start("owner", DIRQL_ANY_PROCESSOR, take_in_thread, &s));
    assert_int_equal(
        KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_ABANDONED_WAIT_0 + 2);
    KeReleaseMutex(&s.mutex, FALSE);
    KeReleaseMutex(&other, FALSE);
    assert_int_equal(
        KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_SUCCESS);
    KeReleaseMutex(&s.mutex, FALSE);
    KeReleaseMutex(&other, FALSE);
}

static void take_and_end_later(void *context)
{
    LARGE_INTEGER ms = { .QuadPart = -10000 };
    scene *s = context;

    (void)take(&s->mutex);
    KeDelayExecutionThread(KernelMode, FALSE, &ms);
}

static void who_waits_for_all_meanwhile_is_told_too(void **state)
{
    scene s = { .keeps = true };
    KEVENT event;
    PVOID objects[2] = { &event, &s.mutex };

    (void)state;
    dirql_expect_finding("abandoned mutex");
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeMutex(&s.mutex, 0);
    (void)dirql_thread_start("owner", DIRQL_ANY_PROCESSOR, take_and_end_later, &s);
    dirql_time_advance_us(1);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_ABANDONED_WAIT_0 + 1);
    KeReleaseMutex(&s.mutex, FALSE);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

/* As if it had been acquired so often. */
static void own_as_often_as_can_be(PRKMUTEX mutex)
{
    KeInitializeMutex(mutex, 0);
    (void)take(mutex);
    mutex->Header.SignalState = MINLONG + 1;
    assert_int_equal(take(mutex), STATUS_SUCCESS);
}

static void acquiring_it_more_than_minlong_times_raises(void **state)
{
    NTSTATUS status = 0;
    KMUTEX mutex;

    (void)state;
    own_as_often_as_can_be(&mutex);
    __try {
        (void)take(&mutex);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(status, STATUS_MUTANT_LIMIT_EXCEEDED);
    assert_int_equal(KeReadStateMutex(&mutex), MINLONG);
    mutex.Header.SignalState = 0;
    KeReleaseMutex(&mutex, FALSE);
}

static void without_a_handler_that_is_bug_check_1e(void **state)
{
    KMUTEX mutex;

    (void)state;
    own_as_often_as_can_be(&mutex);
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_MUTANT_LIMIT_EXCEEDED,
                               DIRQL_ANY, 0, 0);
    (void)take(&mutex);
}

/* ---- IRQL ------------------------------------------------------------------------------------ */

static void acquired_at_dispatch_level_it_is_released_there(void **state)
{
    KMUTEX mutex;
    KIRQL old;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(poll(&mutex), STATUS_SUCCESS);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), 0);
    KeLowerIrql(old);
}

static void acquired_at_dispatch_level_and_released_below_raises(void **state)
{
    KMUTEX mutex;
    KIRQL old;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)poll(&mutex);
    KeLowerIrql(old);
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_MUTANT_NOT_OWNED,
                               DIRQL_ANY, 0, 0);
    KeReleaseMutex(&mutex, FALSE);
}

static void acquired_below_and_released_at_dispatch_level_raises(void **state)
{
    KMUTEX mutex;
    KIRQL old;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    (void)take(&mutex);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(status_of_release(&mutex), STATUS_MUTANT_NOT_OWNED);
    KeLowerIrql(old);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), 0);
}

static void release_with_wait_keeps_the_irql_raised_until_the_wait(void **state)
{
    KMUTEX mutex;
    KEVENT event;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    (void)take(&mutex);
    assert_int_equal(KeReleaseMutex(&mutex, TRUE), 0);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_int_equal(take(&event), STATUS_SUCCESS);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void it_is_initialised_at_any_irql(void **state)
{
    KMUTEX mutex;
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeInitializeMutex(&mutex, 0);
    KeLowerIrql(old);
    assert_int_equal(KeReadStateMutex(&mutex), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_mutex_begins_free),
        dirql_unit_test(an_owner_acquires_it_again_and_releases_as_often),
        dirql_unit_test(apcs_are_disabled_while_it_is_owned),
        dirql_unit_test(it_is_waited_for_by_a_name_of_its_own),
        dirql_unit_test(another_thread_waits_for_the_release),
        dirql_unit_test(another_thread_waits_for_the_release, .processors = 2),
        dirql_unit_test(the_next_owner_is_told_that_it_was_abandoned),
        dirql_unit_test(a_waiter_of_many_is_told_which_was_abandoned),
        dirql_unit_test(a_stranger_that_releases_raises),
        dirql_unit_test(the_owner_keeps_what_a_stranger_released),
        dirql_unit_test(releasing_one_that_was_abandoned_raises),
        dirql_unit_test(who_waits_for_all_is_told_which_was_abandoned),
        dirql_unit_test(who_waits_for_all_meanwhile_is_told_too),
        dirql_unit_test(acquiring_it_more_than_minlong_times_raises),
        dirql_unit_test(without_a_handler_that_is_bug_check_1e),
        dirql_unit_test(acquired_at_dispatch_level_it_is_released_there),
        dirql_unit_test(acquired_at_dispatch_level_and_released_below_raises),
        dirql_unit_test(acquired_below_and_released_at_dispatch_level_raises),
        dirql_unit_test(release_with_wait_keeps_the_irql_raised_until_the_wait),
        dirql_unit_test(it_is_initialised_at_any_irql),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
