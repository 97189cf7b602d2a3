/*
 * test_interruptsync.c - IInterruptSync: traversal modes, synchronized routines, life.
 */
#define INITGUID
#include "rig.h"

/* ---- Modes ----------------------------------------------------------------------------------- */

static void normal_mode_stops_at_the_first_success(void **state)
{
    rig *r = *state;

    rig_connect(r, InterruptSyncModeNormal, 3);
    r->isrs[1].successes = 1;
    rig_interrupt(r);
    assert_string_equal(r->order, "ab");
}

static void normal_mode_calls_every_routine_once_when_nobody_succeeds(void **state)
{
    rig *r = *state;

    rig_connect(r, InterruptSyncModeNormal, 3);
    rig_interrupt(r);
    assert_string_equal(r->order, "abc");
}

static void all_mode_calls_every_routine_whatever_it_returns(void **state)
{
    rig *r = *state;

    rig_connect(r, InterruptSyncModeAll, 3);
    r->isrs[0].successes = 1;
    rig_interrupt(r);
    assert_string_equal(r->order, "abc");
}

static void repeat_mode_ends_with_a_pass_without_success(void **state)
{
    rig *r = *state;

    rig_connect(r, InterruptSyncModeRepeat, 2);
    r->isrs[0].successes = 2;
    r->isrs[1].successes = 1;
    rig_interrupt(r);
    assert_string_equal(r->order, "ababab");
}

static void repeat_mode_is_one_pass_when_nobody_succeeds(void **state)
{
    rig *r = *state;

    rig_connect(r, InterruptSyncModeRepeat, 2);
    rig_interrupt(r);
    assert_string_equal(r->order, "ab");
}

static void repeated_claim_of_a_silent_line_is_warned_of(void **state)
{
    rig *r = *state;

    dirql_expect_finding("InterruptSyncRepeat");
    IResourceList_Release(r->resources);
    r->line = dirql_line_create(&(dirql_line_options){ .name = "level", .irql = 7 });
    r->resources = rig_resources(r->line);
    rig_connect(r, InterruptSyncModeRepeat, 1);
    r->isrs[0].successes = 2;
    dirql_line_assert(r->line);
    settle();
    assert_string_equal(r->order, "aaa");
}

static void repeat_mode_that_never_ends_is_reported(void **state)
{
    rig *r = *state;

    dirql_expect_finding("livelock");
    rig_connect(r, InterruptSyncModeRepeat, 1);
    r->isrs[0].successes = 1000000;
    rig_interrupt(r);
    fail_msg("the endless interrupt ended");
}

static void claims_reach_the_kernel_in_every_mode(void **state)
{
    rig *r = *state;

    /* A level line that nobody claims would storm; a claimed and silenced one fires once. */
    r->line = dirql_line_create(&(dirql_line_options){ .name = "level", .irql = 6 });
    IResourceList_Release(r->resources);
    r->resources = rig_resources(r->line);
    rig_connect(r, InterruptSyncModeAll, 2);
    r->isrs[0].successes = 1;
    dirql_line_assert(r->line);
    settle();
    assert_int_equal(dirql_line_count(r->line), 1);
    assert_string_equal(r->order, "ab");
}

static NTSTATUS answer_pending(IInterruptSync *sync, PVOID context)
{
    UNREFERENCED_PARAMETER(sync);
    (*(int *)context)++;
    return STATUS_PENDING;
}

static void a_success_code_other_than_success_claims_nothing_and_is_warned_of(void **state)
{
    rig *r = *state;
    int calls = 0;

    dirql_expect_finding("InterruptSyncStatus");
    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeNormal),
                     0);
    IInterruptSync_RegisterServiceRoutine(r->sync, answer_pending, &calls, FALSE);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[1], FALSE);
    IInterruptSync_Connect(r->sync);
    rig_interrupt(r);
    assert_int_equal(calls, 1);
    assert_int_equal(r->isrs[1].calls, 1);
}

/* ---- Registration ---------------------------------------------------------------------------- */

static void a_routine_registered_first_goes_to_the_head(void **state)
{
    rig *r = *state;

    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeAll), 0);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[0], FALSE);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[1], TRUE);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[2], FALSE);
    IInterruptSync_Connect(r->sync);
    rig_interrupt(r);
    assert_string_equal(r->order, "bac");
}

static void registration_while_connected_works_and_is_warned_of(void **state)
{
    rig *r = *state;

    dirql_expect_finding("RegisterWhileConnected");
    rig_connect(r, InterruptSyncModeAll, 1);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[1], FALSE);
    rig_interrupt(r);
    assert_string_equal(r->order, "ab");
}

static void the_same_routine_twice_is_called_twice_and_warned_of(void **state)
{
    rig *r = *state;

    dirql_expect_finding("RegisterTwice");
    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeAll), 0);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[0], FALSE);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[0], FALSE);
    IInterruptSync_Connect(r->sync);
    rig_interrupt(r);
    assert_string_equal(r->order, "aa");
}

static void a_missing_routine_is_refused(void **state)
{
    rig *r = *state;

    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeAll), 0);
    assert_int_equal(IInterruptSync_RegisterServiceRoutine(r->sync, NULL, NULL, FALSE),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IInterruptSync_CallSynchronizedRoutine(r->sync, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
}

/* ---- Synchronized routines ------------------------------------------------------------------- */

typedef struct call {
    NTSTATUS status;
    KIRQL irql;
    PINTERRUPTSYNC sync;
} call;

static NTSTATUS note(IInterruptSync *sync, PVOID context)
{
    call *c = context;

    c->irql = KeGetCurrentIrql();
    c->sync = sync;
    return c->status;
}

static void a_synchronized_routine_runs_at_dirql_and_its_status_comes_back(void **state)
{
    rig *r = *state;
    call c = { .status = STATUS_DEVICE_BUSY };

    rig_connect(r, InterruptSyncModeNormal, 1);
    assert_int_equal(IInterruptSync_CallSynchronizedRoutine(r->sync, note, &c), STATUS_DEVICE_BUSY);
    assert_int_equal(c.irql, 7);
    assert_ptr_equal(c.sync, r->sync);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void an_unconnected_object_runs_it_at_dirql_too(void **state)
{
    rig *r = *state;
    call c = { .status = STATUS_PENDING };

    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeNormal),
                     0);
    assert_int_equal(IInterruptSync_CallSynchronizedRoutine(r->sync, note, &c), STATUS_PENDING);
    assert_int_equal(c.irql, 7);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static NTSTATUS raise_and_return(IInterruptSync *sync, PVOID context)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(sync);
    UNREFERENCED_PARAMETER(context);
    KeRaiseIrql(10, &old);
    return STATUS_SUCCESS;
}

static void an_unconnected_routine_that_returns_at_another_irql_is_bug_check_c8(void **state)
{
    rig *r = *state;

    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeNormal),
                     0);
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, 10 << 16 | 7 << 8 | 3, DIRQL_ANY,
                               (ULONG_PTR)IInterruptSync_GetKInterrupt(r->sync), 0);
    IInterruptSync_CallSynchronizedRoutine(r->sync, raise_and_return, NULL);
    fail_msg("the call returned");
}

static NTSTATUS assert_line_inside(IInterruptSync *sync, PVOID context)
{
    rig *r = context;

    UNREFERENCED_PARAMETER(sync);
    dirql_line_pulse(r->line);
    assert_int_equal(r->isrs[0].calls, 0);
    return STATUS_SUCCESS;
}

static void the_isr_waits_until_the_synchronized_routine_has_ended(void **state)
{
    rig *r = *state;

    rig_connect(r, InterruptSyncModeNormal, 1);
    IInterruptSync_CallSynchronizedRoutine(r->sync, assert_line_inside, r);
    settle();
    assert_int_equal(r->isrs[0].calls, 1);
    assert_int_equal(r->isrs[0].irql, 7);
}

static void a_caller_above_dirql_is_reported(void **state)
{
    rig *r = *state;
    KIRQL old;
    call c = { 0 };

    dirql_expect_finding("PcIrqlIport");
    rig_connect(r, InterruptSyncModeNormal, 1);
    KeRaiseIrql(9, &old);
    IInterruptSync_CallSynchronizedRoutine(r->sync, note, &c);
    fail_msg("the call above DIRQL returned");
}

static NTSTATUS call_again(IInterruptSync *sync, PVOID context)
{
    return IInterruptSync_CallSynchronizedRoutine(sync, note, context);
}

static void a_synchronized_routine_that_synchronizes_again_is_a_deadlock(void **state)
{
    rig *r = *state;
    call c = { 0 };

    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, DIRQL_ANY, 0, 0, 0);
    rig_connect(r, InterruptSyncModeNormal, 1);
    IInterruptSync_CallSynchronizedRoutine(r->sync, call_again, &c);
    fail_msg("the recursion returned");
}

static BOOLEAN note_irql(PVOID context)
{
    *(KIRQL *)context = KeGetCurrentIrql();
    return TRUE;
}

static void the_kinterrupt_serves_ke_synchronize_execution(void **state)
{
    rig *r = *state;
    KIRQL irql = 0;

    rig_connect(r, InterruptSyncModeNormal, 1);
    assert_true(KeSynchronizeExecution(IInterruptSync_GetKInterrupt(r->sync), note_irql, &irql));
    assert_int_equal(irql, 7);
}

/* Two callers with different routines: with a shared place for the arguments, one would run the
 * other's. */
typedef struct racer {
    rig *rig;
    int mine, foreign;
} racer;

static NTSTATUS count_mine(IInterruptSync *sync, PVOID context)
{
    UNREFERENCED_PARAMETER(sync);
    ((racer *)context)->mine++;
    return STATUS_SUCCESS;
}

static void race(void *context)
{
    racer *me = context;

    for (int i = 0; i < 20; i++) {
        if (IInterruptSync_CallSynchronizedRoutine(me->rig->sync, count_mine, me) !=
            STATUS_SUCCESS) {
            me->foreign++;
        }
    }
}

static void two_callers_never_swap_their_arguments(void **state)
{
    rig *r = *state;
    racer racers[2] = { { r, 0, 0 }, { r, 0, 0 } };
    dirql_thread *other;

    rig_connect(r, InterruptSyncModeNormal, 1);
    other = dirql_thread_start("other", 1, race, &racers[1]);
    race(&racers[0]);
    dirql_thread_join(other);
    assert_int_equal(racers[0].mine, 20);
    assert_int_equal(racers[1].mine, 20);
    assert_int_equal(racers[0].foreign + racers[1].foreign, 0);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void no_isr_runs_before_connect_and_after_disconnect(void **state)
{
    rig *r = *state;

    rig_connect(r, InterruptSyncModeNormal, 1);
    r->isrs[0].successes = 1;
    rig_interrupt(r);
    IInterruptSync_Disconnect(r->sync);
    assert_null(IInterruptSync_GetKInterrupt(r->sync));
    assert_int_equal(r->isrs[0].calls, 1);
}

static void connect_without_a_routine_is_unsuccessful_and_warned_of(void **state)
{
    rig *r = *state;

    dirql_expect_finding("ConnectWithoutRoutine");
    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeNormal),
                     0);
    assert_int_equal(IInterruptSync_Connect(r->sync), STATUS_UNSUCCESSFUL);
    assert_null(IInterruptSync_GetKInterrupt(r->sync));
}

static void connect_twice_is_reported(void **state)
{
    rig *r = *state;

    dirql_expect_finding("ConnectTwice");
    rig_connect(r, InterruptSyncModeNormal, 1);
    IInterruptSync_Connect(r->sync);
    fail_msg("the second Connect returned");
}

static void disconnect_without_connection_has_no_effect_and_is_warned_of(void **state)
{
    rig *r = *state;

    dirql_expect_finding("DisconnectUnconnected");
    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeNormal),
                     0);
    IInterruptSync_Disconnect(r->sync);
}

static void it_can_be_connected_again_after_disconnect(void **state)
{
    rig *r = *state;

    rig_connect(r, InterruptSyncModeNormal, 1);
    IInterruptSync_Disconnect(r->sync);
    assert_int_equal(IInterruptSync_Connect(r->sync), STATUS_SUCCESS);
    rig_interrupt(r);
    assert_int_equal(r->isrs[0].calls, 1);
}

static void release_while_connected_is_reported(void **state)
{
    rig *r = *state;

    dirql_expect_finding("ReleaseWhileConnected");
    rig_connect(r, InterruptSyncModeNormal, 1);
    IInterruptSync_Release(r->sync);
    fail_msg("the release returned");
}

static void connect_above_passive_level_is_reported(void **state)
{
    rig *r = *state;
    KIRQL old;

    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x00071003, DISPATCH_LEVEL,
                               DIRQL_ANY, DIRQL_ANY);
    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeNormal),
                     0);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[0], FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IInterruptSync_Connect(r->sync);
    fail_msg("Connect at DISPATCH_LEVEL returned");
}

/* ---- Creation -------------------------------------------------------------------------------- */

static void bad_arguments_are_refused(void **state)
{
    rig *r = *state;
    PINTERRUPTSYNC sync = (PINTERRUPTSYNC)r;

    assert_int_equal(PcNewInterruptSync(NULL, NULL, r->resources, 0, InterruptSyncModeAll),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(PcNewInterruptSync(&sync, NULL, NULL, 0, InterruptSyncModeAll),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(PcNewInterruptSync(&sync, NULL, r->resources, 1, InterruptSyncModeAll),
                     STATUS_INVALID_PARAMETER);
    assert_null(sync);
    assert_int_equal(PcNewInterruptSync(&sync, NULL, r->resources, 0, (INTERRUPTSYNCMODE)0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(PcNewInterruptSync(&sync, NULL, r->resources, 0, (INTERRUPTSYNCMODE)4),
                     STATUS_INVALID_PARAMETER);
}

static void query_interface_knows_itself_and_unknown(void **state)
{
    rig *r = *state;
    PVOID other = NULL;

    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeAll), 0);
    assert_int_equal(IInterruptSync_QueryInterface(r->sync, &IID_IInterruptSync, &other),
                     STATUS_SUCCESS);
    assert_ptr_equal(other, r->sync);
    assert_int_equal(IInterruptSync_Release(r->sync), 1);
    assert_int_equal(IInterruptSync_QueryInterface(r->sync, &IID_IUnknown, &other), STATUS_SUCCESS);
    assert_int_equal(IInterruptSync_Release(r->sync), 1);
    assert_int_equal(IInterruptSync_QueryInterface(r->sync, &IID_IServiceGroup, &other),
                     STATUS_INVALID_PARAMETER);
    assert_null(other);
}

static void the_resource_list_is_kept_until_the_object_goes(void **state)
{
    rig *r = *state;

    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeAll), 0);
    assert_int_equal(IResourceList_AddRef(r->resources), 3);
    IResourceList_Release(r->resources);
    IInterruptSync_Release(r->sync);
    r->sync = NULL;
    assert_int_equal(IResourceList_AddRef(r->resources), 2);
    IResourceList_Release(r->resources);
}

#define RIG(f) dirql_unit_test_setup_teardown(f, rig_start, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(normal_mode_stops_at_the_first_success),
        RIG(normal_mode_calls_every_routine_once_when_nobody_succeeds),
        RIG(all_mode_calls_every_routine_whatever_it_returns),
        RIG(repeat_mode_ends_with_a_pass_without_success),
        RIG(repeat_mode_is_one_pass_when_nobody_succeeds),
        RIG(repeated_claim_of_a_silent_line_is_warned_of),
        RIG(repeat_mode_that_never_ends_is_reported),
        RIG(claims_reach_the_kernel_in_every_mode),
        RIG(a_success_code_other_than_success_claims_nothing_and_is_warned_of),
        RIG(a_routine_registered_first_goes_to_the_head),
        RIG(registration_while_connected_works_and_is_warned_of),
        RIG(the_same_routine_twice_is_called_twice_and_warned_of),
        RIG(a_missing_routine_is_refused),
        RIG(a_synchronized_routine_runs_at_dirql_and_its_status_comes_back),
        RIG(an_unconnected_object_runs_it_at_dirql_too),
        RIG(an_unconnected_routine_that_returns_at_another_irql_is_bug_check_c8),
        RIG(the_isr_waits_until_the_synchronized_routine_has_ended),
        RIG(a_caller_above_dirql_is_reported),
        RIG(a_synchronized_routine_that_synchronizes_again_is_a_deadlock),
        RIG(the_kinterrupt_serves_ke_synchronize_execution),
        dirql_unit_test_setup_teardown(two_callers_never_swap_their_arguments, rig_start, rig_stop,
                                       .processors = 2, .mode = DIRQL_MODE_RANDOM, .seed = 3),
        RIG(no_isr_runs_before_connect_and_after_disconnect),
        RIG(connect_without_a_routine_is_unsuccessful_and_warned_of),
        RIG(connect_twice_is_reported),
        RIG(disconnect_without_connection_has_no_effect_and_is_warned_of),
        RIG(it_can_be_connected_again_after_disconnect),
        RIG(release_while_connected_is_reported),
        RIG(connect_above_passive_level_is_reported),
        RIG(bad_arguments_are_refused),
        RIG(query_interface_knows_itself_and_unknown),
        RIG(the_resource_list_is_kept_until_the_object_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
