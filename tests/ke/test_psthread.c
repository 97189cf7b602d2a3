/* Tests of lib/ke/psthread.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

typedef struct scene {
    HANDLE handle;
    PVOID thread;
    PKTHREAD self;
    HANDLE id;
    KIRQL irql;
    BOOLEAN apcs_disabled;
    int steps;
} scene;

static VOID look_around(PVOID context)
{
    scene *s = context;

    s->steps = 1;
    s->self = KeGetCurrentThread();
    s->id = PsGetCurrentThreadId();
    s->irql = KeGetCurrentIrql();
    s->apcs_disabled = KeAreApcsDisabled();
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
    s->steps = 2;
}

static void begin(scene *s, PKSTART_ROUTINE routine)
{
    *s = (scene){ .steps = 0 };
    assert_int_equal(
        PsCreateSystemThread(&s->handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, s),
        STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(s->handle, THREAD_ALL_ACCESS, *PsThreadType,
                                               KernelMode, &s->thread, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwClose(s->handle), STATUS_SUCCESS);
}

static void end(scene *s)
{
    assert_int_equal(KeWaitForSingleObject(s->thread, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
    ObDereferenceObject(s->thread);
}

static void a_thread_starts_at_passive_level_in_a_critical_region(void **state)
{
    scene s;

    (void)state;
    begin(&s, look_around);
    end(&s);
    assert_int_equal(s.irql, PASSIVE_LEVEL);
    assert_true(s.apcs_disabled);
}

static void terminate_does_not_return(void **state)
{
    scene s;

    (void)state;
    begin(&s, look_around);
    end(&s);
    assert_int_equal(s.steps, 1);
}

static void the_object_is_the_thread_itself(void **state)
{
    scene s;

    (void)state;
    begin(&s, look_around);
    end(&s);
    assert_ptr_equal(s.self, s.thread);
    assert_ptr_not_equal(s.self, KeGetCurrentThread());
    assert_ptr_equal(PsGetCurrentThread(), KeGetCurrentThread());
}

static void the_client_id_names_the_thread(void **state)
{
    static scene s;
    CLIENT_ID id;

    (void)state;
    assert_int_equal(
        PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, NULL, NULL, &id, look_around, &s),
        STATUS_SUCCESS);
    dirql_time_advance_us(1);
    assert_ptr_equal(s.id, id.UniqueThread);
    assert_int_equal(ZwClose(s.handle), STATUS_SUCCESS);
}

static VOID just_return(PVOID context)
{
    ((scene *)context)->steps++;
}

static void a_routine_that_returns_ends_the_thread(void **state)
{
    scene s;

    (void)state;
    begin(&s, just_return);
    end(&s);
    assert_int_equal(s.steps, 1);
}

static void the_tests_own_thread_cannot_be_terminated(void **state)
{
    (void)state;
    assert_int_equal(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
}

static void creating_one_above_passive_level_is_reported(void **state)
{
    static scene s;
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlPsPassive");
    KeRaiseIrql(APC_LEVEL, &old);
    (void)PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, look_around, &s);
}

static void set_priority_returns_the_one_before(void **state)
{
    (void)state;
    assert_int_equal(KeQueryPriorityThread(KeGetCurrentThread()), 8);
    assert_int_equal(KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY), 8);
    assert_int_equal(KeQueryPriorityThread(KeGetCurrentThread()), LOW_REALTIME_PRIORITY);
}

static void a_thread_that_lowers_itself_lets_others_go_first(void **state)
{
    scene s = { .steps = 0 };
    dirql_thread *other;

    (void)state;
    dirql_thread_move(0);
    KeSetPriorityThread(KeGetCurrentThread(), 12);
    other = dirql_thread_start("other", 0, just_return, &s);
    assert_int_equal(s.steps, 0);
    KeSetPriorityThread(KeGetCurrentThread(), 4);
    assert_int_equal(s.steps, 1);
    dirql_thread_join(other);
}

static void a_priority_out_of_range_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("priority");
    KeSetPriorityThread(KeGetCurrentThread(), HIGH_PRIORITY + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_thread_starts_at_passive_level_in_a_critical_region),
        dirql_unit_test(terminate_does_not_return),
        dirql_unit_test(the_object_is_the_thread_itself),
        dirql_unit_test(the_client_id_names_the_thread),
        dirql_unit_test(a_routine_that_returns_ends_the_thread),
        dirql_unit_test(a_routine_that_returns_ends_the_thread, .processors = 2),
        dirql_unit_test(the_tests_own_thread_cannot_be_terminated),
        dirql_unit_test(creating_one_above_passive_level_is_reported),
        dirql_unit_test(set_priority_returns_the_one_before),
        dirql_unit_test(a_thread_that_lowers_itself_lets_others_go_first),
        dirql_unit_test(a_priority_out_of_range_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
