/*
 * test_servicegroup.c - IServiceGroup: one DPC for many sinks.
 */
#include "rig.h"

typedef struct sink {
    IServiceSink base;
    LONG references;
    int calls;
    KIRQL irql;
    PSERVICEGROUP leaves; /* Removes itself from this group when it is called. */
} sink;

static NTSTATUS STDMETHODCALLTYPE sink_query(IServiceSink *This, REFIID id, PVOID *result)
{
    UNREFERENCED_PARAMETER(id);
    *result = This;
    return STATUS_SUCCESS;
}

static ULONG STDMETHODCALLTYPE sink_add(IServiceSink *This)
{
    return (ULONG)++((sink *)This)->references;
}

static ULONG STDMETHODCALLTYPE sink_release(IServiceSink *This)
{
    return (ULONG)--((sink *)This)->references;
}

static void STDMETHODCALLTYPE sink_request(IServiceSink *This)
{
    sink *s = (sink *)This;

    s->calls++;
    s->irql = KeGetCurrentIrql();
}

static const IServiceSinkVtbl sink_methods = { sink_query, sink_add, sink_release, sink_request };

static sink new_sink(void)
{
    return (sink){ .base = { &sink_methods }, .references = 1 };
}

static int start(void **state)
{
    PSERVICEGROUP group = NULL;

    assert_int_equal(PcNewServiceGroup(&group, NULL), STATUS_SUCCESS);
    *state = group;
    return 0;
}

static int stop(void **state)
{
    IServiceGroup_Release((PSERVICEGROUP)*state);
    return 0;
}

static void a_request_reaches_every_member_at_dispatch_level(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = new_sink(), b = new_sink();

    IServiceGroup_AddMember(group, &a.base);
    IServiceGroup_AddMember(group, &b.base);
    IServiceGroup_RequestService(group);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 1);
    assert_int_equal(a.irql, DISPATCH_LEVEL);
    IServiceGroup_RemoveMember(group, &a.base);
    IServiceGroup_RemoveMember(group, &b.base);
}

static void requests_before_the_dpc_runs_are_one_delivery(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = new_sink();
    KIRQL old;

    IServiceGroup_AddMember(group, &a.base);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IServiceGroup_RequestService(group);
    IServiceGroup_RequestService(group);
    assert_int_equal(a.calls, 0);
    KeLowerIrql(old);
    assert_int_equal(a.calls, 1);
    IServiceGroup_RemoveMember(group, &a.base);
}

static void a_request_may_come_from_dirql(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = new_sink();
    KIRQL old;

    IServiceGroup_AddMember(group, &a.base);
    KeRaiseIrql(8, &old);
    IServiceGroup_RequestService(group);
    KeLowerIrql(old);
    assert_int_equal(a.calls, 1);
    IServiceGroup_RemoveMember(group, &a.base);
}

static void membership_holds_a_reference(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = new_sink();

    IServiceGroup_AddMember(group, &a.base);
    assert_int_equal(a.references, 2);
    IServiceGroup_RemoveMember(group, &a.base);
    assert_int_equal(a.references, 1);
}

static void a_removed_member_hears_nothing(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = new_sink(), b = new_sink();

    IServiceGroup_AddMember(group, &a.base);
    IServiceGroup_AddMember(group, &b.base);
    IServiceGroup_RemoveMember(group, &a.base);
    IServiceGroup_RequestService(group);
    assert_int_equal(a.calls, 0);
    assert_int_equal(b.calls, 1);
    IServiceGroup_RemoveMember(group, &b.base);
}

static void a_group_is_a_sink_of_another_group(void **state)
{
    PSERVICEGROUP outer = *state, inner = NULL;
    sink a = new_sink();

    PcNewServiceGroup(&inner, NULL);
    IServiceGroup_AddMember(inner, &a.base);
    IServiceGroup_AddMember(outer, (PSERVICESINK)inner);
    IServiceGroup_RequestService(outer);
    assert_int_equal(a.calls, 1);
    IServiceGroup_RemoveMember(outer, (PSERVICESINK)inner);
    IServiceGroup_RemoveMember(inner, &a.base);
    IServiceGroup_Release(inner);
}

static void removing_a_stranger_is_warned_of(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = new_sink();

    dirql_expect_finding("RemoveStranger");
    IServiceGroup_RemoveMember(group, &a.base);
    assert_int_equal(a.references, 1);
}

static void delayed_service_comes_when_the_time_has_passed(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = new_sink();

    IServiceGroup_AddMember(group, &a.base);
    IServiceGroup_SupportDelayedService(group);
    IServiceGroup_RequestDelayedService(group, (ULONGLONG) - (LONGLONG)20000); /* 2 ms. */
    dirql_time_advance_us(1900);
    assert_int_equal(a.calls, 0);
    dirql_time_advance_us(200);
    assert_int_equal(a.calls, 1);
    IServiceGroup_RemoveMember(group, &a.base);
}

static void cancelled_delayed_service_does_not_come(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = new_sink();

    IServiceGroup_AddMember(group, &a.base);
    IServiceGroup_SupportDelayedService(group);
    IServiceGroup_RequestDelayedService(group, (ULONGLONG) - (LONGLONG)20000);
    IServiceGroup_CancelDelayedService(group);
    dirql_time_advance_ms(5);
    assert_int_equal(a.calls, 0);
    IServiceGroup_RemoveMember(group, &a.base);
}

static void delayed_service_without_support_is_reported(void **state)
{
    dirql_expect_finding("DelayedService");
    IServiceGroup_RequestDelayedService((PSERVICEGROUP)*state, 0);
    fail_msg("the request was taken");
}

static void STDMETHODCALLTYPE leave_group(IServiceSink *This)
{
    sink *s = (sink *)This;

    s->calls++;
    IServiceGroup_RemoveMember(s->leaves, &s->base);
}

static const IServiceSinkVtbl leaving_methods = { sink_query, sink_add, sink_release, leave_group };

static void a_sink_that_changes_the_group_from_its_dpc_is_reported_for_its_irql(void **state)
{
    PSERVICEGROUP group = *state;
    sink a = { .base = { &leaving_methods }, .references = 1, .leaves = group };

    dirql_expect_finding("PcIrqlIport");
    IServiceGroup_AddMember(group, &a.base);
    IServiceGroup_RequestService(group);
    fail_msg("RemoveMember at DISPATCH_LEVEL returned");
}

static void release_gives_up_the_members(void **state)
{
    PSERVICEGROUP group = NULL;
    sink a = new_sink();

    (void)state;
    PcNewServiceGroup(&group, NULL);
    IServiceGroup_AddMember(group, &a.base);
    assert_int_equal(IServiceGroup_Release(group), 0);
    assert_int_equal(a.references, 1);
}

#define GROUP(f) dirql_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUP(a_request_reaches_every_member_at_dispatch_level),
        GROUP(requests_before_the_dpc_runs_are_one_delivery),
        GROUP(a_request_may_come_from_dirql),
        GROUP(membership_holds_a_reference),
        GROUP(a_removed_member_hears_nothing),
        GROUP(a_group_is_a_sink_of_another_group),
        GROUP(removing_a_stranger_is_warned_of),
        GROUP(delayed_service_comes_when_the_time_has_passed),
        GROUP(cancelled_delayed_service_does_not_come),
        GROUP(delayed_service_without_support_is_reported),
        GROUP(a_sink_that_changes_the_group_from_its_dpc_is_reported_for_its_irql),
        GROUP(release_gives_up_the_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
