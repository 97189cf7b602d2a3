/*
 * test_places.c - what is found while PortCls calls the kernel is found where the driver called
 * PortCls.
 */
#include "rig.h"

static void assert_found(void (*body)(void *context), const char *what, const char *where)
{
    const dirql_options options = { .fixed = 1, .leaks = DIRQL_LEAKS_ERRORS };
    dirql_result result;

    assert_int_equal(dirql_run(&options, body, NULL, &result), DIRQL_FAILED);
    if (strstr(result.report, what) == NULL || strstr(result.report, where) == NULL) {
        fail_msg("the report does not say \"%s\" and \"%s\":\n%s", what, where, result.report);
    }
    dirql_result_free(&result);
}

static PINTERRUPTSYNC new_sync(rig *r)
{
    void *state;

    (void)rig_start(&state);
    *r = *(rig *)state;
    if (PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeNormal) !=
            STATUS_SUCCESS ||
        IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[0], FALSE) !=
            STATUS_SUCCESS) {
        dirql_fail(__FILE__, __LINE__, "no IInterruptSync");
    }
    return r->sync;
}

static __attribute__((noinline)) void connect_and_forget(PINTERRUPTSYNC sync)
{
    (void)IInterruptSync_Connect(sync);
    KeMemoryBarrier(); /* No tail call: it would not be where that came from. */
}

static void leave_a_connection(void *context)
{
    rig r;

    (void)context;
    connect_and_forget(new_sync(&r));
}

static NTSTATUS wait_at_dirql(IInterruptSync *sync, PVOID context)
{
    LARGE_INTEGER moment = { .QuadPart = -10 };

    (void)sync;
    (void)context;
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    return STATUS_SUCCESS;
}

static void wait_in_a_synchronized_routine(void *context)
{
    rig r;

    (void)context;
    (void)IInterruptSync_CallSynchronizedRoutine(new_sync(&r), wait_at_dirql, NULL);
}

static void wait_behind_a_call(void *context)
{
    LARGE_INTEGER moment = { .QuadPart = -10 };
    rig r;
    KIRQL old;

    (void)new_sync(&r);
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
}

static void what_a_call_leaves_is_of_its_caller(void **state)
{
    (void)state;
    assert_found(leave_a_connection, "interrupt", "connect_and_forget");
}

static void leave_an_object(void *context)
{
    rig r;

    (void)context;
    (void)new_sync(&r);
}

static void an_object_that_is_left_is_of_the_call_that_made_it(void **state)
{
    (void)state;
    assert_found(leave_an_object,
                 "an IInterruptSync still has 1 reference. PcNewInterruptSync was called at "
                 "new_sync test_places.c",
                 "at new_sync");
}

static void a_routine_that_a_call_runs_is_a_place_of_its_own(void **state)
{
    (void)state;
    assert_found(wait_in_a_synchronized_routine, "KeDelayExecutionThread", "at wait_at_dirql");
}

static void after_a_call_places_are_the_drivers_again(void **state)
{
    (void)state;
    assert_found(wait_behind_a_call, "KeDelayExecutionThread", "at wait_behind_a_call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_call_leaves_is_of_its_caller),
        cmocka_unit_test(an_object_that_is_left_is_of_the_call_that_made_it),
        cmocka_unit_test(a_routine_that_a_call_runs_is_a_place_of_its_own),
        cmocka_unit_test(after_a_call_places_are_the_drivers_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
