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
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    KeReleaseMutex(&mutex, FALSE);
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
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    KeReleaseMutex(&mutex, FALSE);
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
        dirql_unit_test(acquired_at_dispatch_level_it_is_released_there),
        dirql_unit_test(acquired_at_dispatch_level_and_released_below_raises),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
