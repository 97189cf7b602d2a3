/*
 * test_portclsrules.c - each rule about PortCls' objects is found when it is broken, and not when
 * it is kept.
 */
#include "rule.h"

#include "../pc/rig.h"

static rig *r;
static PVOID held; /* What rig_start() keeps for a test's state. */
static NTSTATUS answer;
static PSERVICEGROUP group;

static void start(INTERRUPTSYNCMODE mode)
{
    (void)rig_start(&held);
    r = held;
    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, mode), STATUS_SUCCESS);
}

static void stop(void)
{
    (void)rig_stop(&held);
}

static void register_routine(void)
{
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[0], FALSE);
}

static void use_a_sync_object(void *context)
{
    (void)context;
    start(InterruptSyncModeRepeat);
    register_routine();
    assert_int_equal(IInterruptSync_Connect(r->sync), STATUS_SUCCESS);
    r->isrs[0].successes = 1;
    rig_interrupt(r);
    IInterruptSync_Disconnect(r->sync);
    stop();
}

/* ---- What a routine answers ------------------------------------------------------------------ */

static NTSTATUS answer_as_told(IInterruptSync *sync, PVOID context)
{
    (void)sync;
    (void)context;
    return answer;
}

static void answer_pending(void *context)
{
    (void)context;
    start(InterruptSyncModeNormal);
    answer = STATUS_PENDING;
    IInterruptSync_RegisterServiceRoutine(r->sync, answer_as_told, NULL, FALSE);
    IInterruptSync_Connect(r->sync);
    rig_interrupt(r);
    stop();
}

static void a_success_that_is_not_success_is_warned_of(void **state)
{
    (void)state;
    assert_warned(answer_pending, 1, 1, "InterruptSyncStatus");
    assert_silent(use_a_sync_object, 1, "InterruptSyncStatus");
}

static void claim_again_when_the_line_is_silent(void *context)
{
    (void)context;
    (void)rig_start(&held);
    r = held;
    IResourceList_Release(r->resources);
    r->line = dirql_line_create(&(dirql_line_options){ .name = "level", .irql = 7 });
    r->resources = rig_resources(r->line);
    rig_connect(r, InterruptSyncModeRepeat, 1);
    r->isrs[0].successes = 2;
    dirql_line_assert(r->line);
    settle();
    stop();
}

static void a_repeated_claim_of_a_silent_line_is_warned_of(void **state)
{
    (void)state;
    assert_warned(claim_again_when_the_line_is_silent, 1, 1, "InterruptSyncRepeat");
    assert_silent(use_a_sync_object, 1, "InterruptSyncRepeat");
}

/* ---- Registering and connecting -------------------------------------------------------------- */

static void register_while_connected(void *context)
{
    (void)context;
    start(InterruptSyncModeAll);
    register_routine();
    IInterruptSync_Connect(r->sync);
    IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[1], FALSE);
    stop();
}

static void register_twice(void *context)
{
    (void)context;
    start(InterruptSyncModeAll);
    register_routine();
    register_routine();
    stop();
}

static void late_and_double_registrations_are_warned_of(void **state)
{
    (void)state;
    assert_warned(register_while_connected, 1, 1, "RegisterWhileConnected");
    assert_silent(use_a_sync_object, 1, "RegisterWhileConnected");
    assert_warned(register_twice, 1, 1, "RegisterTwice");
    assert_silent(use_a_sync_object, 1, "RegisterTwice");
}

static void connect_without_a_routine(void *context)
{
    (void)context;
    start(InterruptSyncModeAll);
    assert_int_equal(IInterruptSync_Connect(r->sync), STATUS_UNSUCCESSFUL);
    stop();
}

static void disconnect_what_is_not_connected(void *context)
{
    (void)context;
    start(InterruptSyncModeAll);
    IInterruptSync_Disconnect(r->sync);
    stop();
}

static void connections_without_effect_are_warned_of(void **state)
{
    (void)state;
    assert_warned(connect_without_a_routine, 1, 1, "ConnectWithoutRoutine");
    assert_silent(use_a_sync_object, 1, "ConnectWithoutRoutine");
    assert_warned(disconnect_what_is_not_connected, 1, 1, "DisconnectUnconnected");
    assert_silent(use_a_sync_object, 1, "DisconnectUnconnected");
}

static void connect_twice(void *context)
{
    (void)context;
    start(InterruptSyncModeAll);
    register_routine();
    IInterruptSync_Connect(r->sync);
    IInterruptSync_Connect(r->sync);
}

static void release_while_connected(void *context)
{
    (void)context;
    start(InterruptSyncModeAll);
    register_routine();
    IInterruptSync_Connect(r->sync);
    IInterruptSync_Release(r->sync);
}

static void double_connections_and_early_releases_are_found(void **state)
{
    (void)state;
    assert_error(connect_twice, 1, "ConnectTwice");
    assert_silent(use_a_sync_object, 1, "ConnectTwice");
    assert_error(release_while_connected, 1, "ReleaseWhileConnected");
    assert_silent(use_a_sync_object, 1, "ReleaseWhileConnected");
}

static void connect_at_dispatch(void *context)
{
    KIRQL old;

    (void)context;
    start(InterruptSyncModeAll);
    register_routine();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IInterruptSync_Connect(r->sync);
}

static void a_method_at_the_wrong_irql_is_found(void **state)
{
    (void)state;
    assert_verifier(connect_at_dispatch, 0x00071003, DISPATCH_LEVEL, 0, 0, "PcIrqlIport");
    assert_silent(use_a_sync_object, 1, "PcIrqlIport");
    assert_silent(use_a_sync_object, 1, "PcIrqlDDIs");
}

/* ---- Resource lists and service groups ------------------------------------------------------- */

static void pass_lists_that_do_not_match(void *context)
{
    dirql_resources *resources = dirql_resources_create();
    PRESOURCELIST list;

    (void)context;
    dirql_resources_add_line(resources, dirql_line_create(NULL));
    PcNewResourceList(&list, NULL, PagedPool, dirql_resources_translated(resources), NULL);
}

static void resource_lists_that_do_not_match_are_found(void **state)
{
    (void)state;
    assert_error(pass_lists_that_do_not_match, 1, "ResourceLists");
    assert_silent(use_a_sync_object, 1, "ResourceLists");
}

/* A member as a driver in C would write it. */
typedef struct member {
    IServiceSink base;
    LONG references;
} member;

static NTSTATUS STDMETHODCALLTYPE query(IServiceSink *self, REFIID iid, PVOID *object)
{
    (void)self;
    (void)iid;
    *object = NULL;
    return STATUS_INVALID_PARAMETER;
}

static ULONG STDMETHODCALLTYPE add_reference(IServiceSink *self)
{
    return (ULONG)++((member *)self)->references;
}

static ULONG STDMETHODCALLTYPE release(IServiceSink *self)
{
    return (ULONG)--((member *)self)->references;
}

static void STDMETHODCALLTYPE serve(IServiceSink *self)
{
    (void)self;
}

static member new_member(void)
{
    static const IServiceSinkVtbl table = { query, add_reference, release, serve };

    return (member){ .base = { &table }, .references = 1 };
}

static void use_a_group(void *context)
{
    member sink = new_member();

    (void)context;
    assert_int_equal(PcNewServiceGroup(&group, NULL), STATUS_SUCCESS);
    IServiceGroup_AddMember(group, &sink.base);
    IServiceGroup_SupportDelayedService(group);
    IServiceGroup_RequestDelayedService(group, (ULONGLONG) - (LONGLONG)10);
    settle();
    IServiceGroup_RemoveMember(group, &sink.base);
    IServiceGroup_Release(group);
}

static void remove_a_stranger(void *context)
{
    member sink = new_member();

    (void)context;
    assert_int_equal(PcNewServiceGroup(&group, NULL), STATUS_SUCCESS);
    IServiceGroup_RemoveMember(group, &sink.base);
    IServiceGroup_Release(group);
}

static void delay_without_support(void *context)
{
    (void)context;
    assert_int_equal(PcNewServiceGroup(&group, NULL), STATUS_SUCCESS);
    IServiceGroup_RequestDelayedService(group, 0);
}

static void a_misused_service_group_is_found(void **state)
{
    (void)state;
    assert_warned(remove_a_stranger, 1, 1, "RemoveStranger");
    assert_silent(use_a_group, 1, "RemoveStranger");
    assert_error(delay_without_support, 1, "DelayedService");
    assert_silent(use_a_group, 1, "DelayedService");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_that_is_not_success_is_warned_of),
        cmocka_unit_test(a_repeated_claim_of_a_silent_line_is_warned_of),
        cmocka_unit_test(late_and_double_registrations_are_warned_of),
        cmocka_unit_test(connections_without_effect_are_warned_of),
        cmocka_unit_test(double_connections_and_early_releases_are_found),
        cmocka_unit_test(a_method_at_the_wrong_irql_is_found),
        cmocka_unit_test(resource_lists_that_do_not_match_are_found),
        cmocka_unit_test(a_misused_service_group_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
