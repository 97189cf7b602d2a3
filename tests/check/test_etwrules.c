/*
 * test_etwrules.c - event tracing used wrongly, and providers that are left.
 */
#include "left.h"

#include <dirql/etw.h>

#include <TraceLoggingProvider.h>
#include <evntrace.h>

static const GUID uart = { 0x11223344, 0x5566, 0x7788, { 1, 2, 3, 4, 5, 6, 7, 8 } };
static const EVENT_DESCRIPTOR opened = { .Id = 7, .Level = TRACE_LEVEL_WARNING };

static REGHANDLE register_it(void)
{
    REGHANDLE handle;

    assert_int_equal(EtwRegister(&uart, NULL, NULL, &handle), STATUS_SUCCESS);
    return handle;
}

/* ---- Handles --------------------------------------------------------------------------------- */

static void write_after_the_end(void *context)
{
    REGHANDLE handle = register_it();

    (void)context;
    EtwUnregister(handle);
    EtwWrite(handle, &opened, NULL, 0, NULL);
}

static void unregister_twice(void *context)
{
    REGHANDLE handle = register_it();

    (void)context;
    EtwUnregister(handle);
    EtwUnregister(handle);
}

static void write_in_between(void *context)
{
    REGHANDLE handle = register_it();

    (void)context;
    EtwWrite(handle, &opened, NULL, 0, NULL);
    EtwUnregister(handle);
    EtwWrite(0, &opened, NULL, 0, NULL);
}

static void events_are_written_by_providers_that_are_registered(void **state)
{
    (void)state;
    assert_error(write_after_the_end, 1, "EtwHandle");
    assert_report_has("EtwWrite was given a handle that is unregistered already");
    assert_error(unregister_twice, 1, "EtwHandle");
    assert_silent(write_in_between, 1, "EtwHandle");
}

static void leave_a_provider(void *context)
{
    REGHANDLE handle;

    (void)context;
    assert_int_equal(EtwRegister(&uart, NULL, NULL, &handle), STATUS_SUCCESS);
    if (tidy) {
        EtwUnregister(handle);
    }
}

static void a_provider_that_is_left_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_provider, "EtwProviderLeft",
                "a provider of events is still registered. EtwRegister was called at "
                "leave_a_provider");
}

/* ---- Registering twice ----------------------------------------------------------------------- */

TRACELOGGING_DEFINE_PROVIDER(events, "Sample.Uart",
                             (0x11223344, 0x5566, 0x7788, 1, 2, 3, 4, 5, 6, 7, 9));

/* The last call is none that a compiler may make a jump of: a report names who called. */
static volatile unsigned registrations;

static void register_events_twice(void *context)
{
    (void)context;
    TraceLoggingRegister(events);
    TraceLoggingRegister(events);
    registrations = 2;
}

static void register_events_twice_with_a_callback(void *context)
{
    (void)context;
    TraceLoggingRegister(events);
    TraceLoggingRegisterEx(events, NULL, NULL);
    registrations = 2;
}

/* In the variable is what the run before has left there. */
static void register_events_again(void *context)
{
    (void)context;
    TraceLoggingRegister(events);
    TraceLoggingUnregister(events);
    TraceLoggingRegister(events);
    TraceLoggingUnregister(events);
}

static void a_provider_of_tracelogging_is_registered_once(void **state)
{
    (void)state;
    assert_error(register_events_twice, 1, "TraceLoggingTwice");
    assert_report_has("provider \"Sample.Uart\", which is registered already, by "
                      "register_events_twice");
    assert_report_has("EtwRegister, at register_events_twice");
    assert_error(register_events_twice_with_a_callback, 1, "TraceLoggingTwice");
    assert_silent(register_events_again, 1, "TraceLoggingTwice");
}

static void register_two_handles(void *context)
{
    REGHANDLE first, second;

    (void)context;
    first = register_it();
    second = register_it();
    assert_int_not_equal(first, second);
    EtwUnregister(first);
    EtwWrite(second, &opened, NULL, 0, NULL);
    EtwUnregister(second);
}

static void a_provider_without_macros_may_be_registered_again(void **state)
{
    (void)state;
    assert_silent(register_two_handles, 1, "EtwHandle");
}

/* ---- IRQL ------------------------------------------------------------------------------------ */

static void register_at_dispatch_level(void *context)
{
    REGHANDLE handle;
    KIRQL irql;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    EtwRegister(&uart, NULL, NULL, &handle);
    KeLowerIrql(irql);
}

static void ask_for_the_activity_of_no_thread(void *context)
{
    GUID id;
    KIRQL irql;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, &id);
    KeLowerIrql(irql);
}

static void ask_for_a_new_activity(void *context)
{
    GUID id;
    KIRQL irql;

    (void)context;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &id);
    KeLowerIrql(irql);
    EtwActivityIdControl(EVENT_ACTIVITY_CTRL_SET_ID, &id);
}

static void the_activity_of_a_thread_is_its_own_business(void **state)
{
    (void)state;
    assert_verifier(register_at_dispatch_level, 0xE5, DIRQL_ANY, DIRQL_ANY, DIRQL_ANY,
                    "IrqlIoRtlZwPassive");
    assert_error(ask_for_the_activity_of_no_thread, 1, "EtwActivity");
    assert_silent(ask_for_a_new_activity, 1, "EtwActivity");
}

/* ---- Data ------------------------------------------------------------------------------------ */

static void write_from_paged_pool(KIRQL level)
{
    PULONG data = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*data), 'wtE ');
    EVENT_DATA_DESCRIPTOR descriptor;
    REGHANDLE handle = register_it();
    KIRQL irql;

    dirql_etw_enable(&uart, TRACE_LEVEL_VERBOSE, 0, 0);
    EventDataDescCreate(&descriptor, data, sizeof(*data));
    KeRaiseIrql(level, &irql);
    EtwWrite(handle, &opened, NULL, 1, &descriptor);
    KeLowerIrql(irql);
    EtwUnregister(handle);
    ExFreePool(data);
}

static void write_at_dispatch_level(void *context)
{
    (void)context;
    write_from_paged_pool(DISPATCH_LEVEL);
}

static void write_at_apc_level(void *context)
{
    (void)context;
    write_from_paged_pool(APC_LEVEL);
}

static void data_is_not_pageable_above_apc_level(void **state)
{
    (void)state;
    assert_broken(write_at_dispatch_level, 1, 0xD1, DIRQL_ANY, DISPATCH_LEVEL, 0, DIRQL_ANY,
                  "PagedAccess");
    assert_silent(write_at_apc_level, 1, "PagedAccess");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_written_by_providers_that_are_registered),
        cmocka_unit_test(a_provider_that_is_left_is_reported),
        cmocka_unit_test(a_provider_of_tracelogging_is_registered_once),
        cmocka_unit_test(a_provider_without_macros_may_be_registered_again),
        cmocka_unit_test(the_activity_of_a_thread_is_its_own_business),
        cmocka_unit_test(data_is_not_pageable_above_apc_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
