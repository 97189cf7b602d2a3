/*
 * test_wmievent.c - events that a driver writes itself: to their consumers, or to the log only.
 */
#include "stack.h"

#include <dirql/check.h>
#include <dirql/fail.h>
#include <dirql/trace.h>

#include <wmilib.h>

enum { TAG = 0x74736554 };

static const GUID alarm_event = { 0x22222222, 2, 3, { 4 } };

/* A block of the pool, as WMI takes it. */
static PWNODE_HEADER make_event(ULONG flags)
{
    PWNODE_HEADER header = ExAllocatePoolZero(NonPagedPoolNx, sizeof(WNODE_EVENT_ITEM), TAG);

    header->BufferSize = sizeof(WNODE_EVENT_ITEM);
    header->ProviderId = 7;
    header->Guid = alarm_event;
    header->Flags = WNODE_FLAG_EVENT_ITEM | flags;
    return header;
}

#define assert_traced(header, text)                                \
    do {                                                           \
        char *trace;                                               \
                                                                   \
        dirql_trace_start();                                       \
        assert_int_equal(IoWMIWriteEvent(header), STATUS_SUCCESS); \
        trace = dirql_trace_text();                                \
        assert_non_null(strstr(trace, text));                      \
        dirql_trace_free(trace);                                   \
    } while (0)

/* ---- To consumers ---------------------------------------------------------------------------- */

static void the_memory_of_an_event_that_is_written_is_wmis(void **state)
{
    (void)state;
    assert_traced(make_event(0),
                  "WMI event {22222222-0002-0003-0400-000000000000} of provider 7, 48 bytes");
}

static void the_memory_of_one_that_is_not_stays_the_drivers(void **state)
{
    PWNODE_HEADER header = make_event(0);

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(IoWMIWriteEvent(header), STATUS_INSUFFICIENT_RESOURCES);
    ExFreePoolWithTag(header, TAG);
}

static void an_event_can_be_written_at_apc_level(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    assert_int_equal(IoWMIWriteEvent(make_event(0)), STATUS_SUCCESS);
    KeLowerIrql(old);
}

static void an_event_for_consumers_at_dispatch_level_is_reported(void **state)
{
    PWNODE_HEADER header = make_event(0);
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, DISPATCH_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    (void)IoWMIWriteEvent(header);
    fail_msg("its page says APC_LEVEL");
}

/* The registry's limit: 1 KB. */
static PWNODE_HEADER make_large(ULONG bytes)
{
    PWNODE_HEADER header = ExAllocatePoolZero(NonPagedPoolNx, bytes, TAG);

    *header = (WNODE_HEADER){ .BufferSize = bytes, .Flags = WNODE_FLAG_EVENT_ITEM };
    return header;
}

static void an_event_has_1_kb_at_most(void **state)
{
    PWNODE_HEADER header = make_large(1025);

    (void)state;
    assert_int_equal(IoWMIWriteEvent(make_large(1024)), STATUS_SUCCESS);
    assert_int_equal(IoWMIWriteEvent(header), STATUS_BUFFER_OVERFLOW);
    ExFreePoolWithTag(header, TAG);
}

static void an_event_from_paged_pool_is_reported(void **state)
{
    PWNODE_HEADER header = ExAllocatePoolZero(PagedPool, sizeof(*header), TAG);

    (void)state;
    header->BufferSize = sizeof(*header);
    dirql_expect_finding("WmiEvent");
    (void)IoWMIWriteEvent(header);
    fail_msg("WMI wants nonpaged pool");
}

static void an_event_that_is_larger_than_its_memory_is_reported(void **state)
{
    PWNODE_HEADER header = make_event(0);

    (void)state;
    header->BufferSize++;
    dirql_expect_finding("WmiEvent");
    (void)IoWMIWriteEvent(header);
    fail_msg("so much is not there");
}

static void an_event_that_is_not_pool_is_reported(void **state)
{
    WNODE_HEADER header = { .BufferSize = sizeof(header) };

    (void)state;
    dirql_expect_finding("WmiEvent");
    (void)IoWMIWriteEvent(&header);
    fail_msg("that cannot be freed");
}

/* ---- To the log ------------------------------------------------------------------------------ */

static void an_event_that_is_only_logged_may_lie_on_the_stack_at_any_irql(void **state)
{
    WNODE_HEADER header = { .BufferSize = sizeof(header),
                            .Guid = alarm_event,
                            .Flags = WNODE_FLAG_TRACED_GUID };
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    assert_traced(&header, "WMI trace event {22222222-0002-0003-0400-000000000000}");
    KeLowerIrql(old);
}

static void being_logged_outweighs_the_consumers(void **state)
{
    PWNODE_HEADER header = make_event(WNODE_FLAG_TRACED_GUID | WNODE_FLAG_LOG_WNODE);

    (void)state;
    assert_traced(header, "WMI trace event");
    ExFreePoolWithTag(header, TAG);
}

static void the_guid_of_a_logged_event_may_be_elsewhere(void **state)
{
    WNODE_HEADER header = { .BufferSize = sizeof(header),
                            .Flags = WNODE_FLAG_TRACED_GUID | WNODE_FLAG_USE_GUID_PTR };
    const GUID *guid = &alarm_event;

    (void)state;
    memcpy(&header.Guid, &guid, sizeof(guid));
    assert_traced(&header, "WMI trace event {22222222-0002-0003-0400-000000000000}");
}

/* The upper half of what is the size elsewhere is a type here. */
static void the_size_of_a_logged_event_has_16_bits(void **state)
{
    WNODE_HEADER header = { .BufferSize = sizeof(header) | 0x10000u,
                            .Guid = alarm_event,
                            .Flags = WNODE_FLAG_TRACED_GUID };

    (void)state;
    assert_traced(&header, ", 48 bytes");
}

static void a_log_may_be_full(void **state)
{
    WNODE_HEADER header = { .BufferSize = sizeof(header),
                            .Guid = alarm_event,
                            .Flags = WNODE_FLAG_TRACED_GUID };

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(IoWMIWriteEvent(&header), STATUS_INSUFFICIENT_RESOURCES);
}

/* ---- By the library -------------------------------------------------------------------------- */

static void the_library_writes_events_at_dispatch_level(void **state)
{
    PULONG data = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*data), TAG);
    KIRQL old;

    (void)state;
    stack_make();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(WmiFireEvent(stack.upper, (LPCGUID)&alarm_event, 0, sizeof(*data), data),
                     STATUS_SUCCESS);
    KeLowerIrql(old);
    stack_delete();
}

static void the_library_tells_of_too_much_data(void **state)
{
    (void)state;
    stack_make();
    assert_int_equal(WmiFireEvent(stack.upper, (LPCGUID)&alarm_event, 0, 1024,
                                  ExAllocatePoolZero(NonPagedPoolNx, 1024, TAG)),
                     STATUS_BUFFER_OVERFLOW);
    stack_delete();
}

static void an_event_needs_no_data(void **state)
{
    (void)state;
    stack_make();
    assert_int_equal(WmiFireEvent(stack.upper, (LPCGUID)&alarm_event, 0, 0, NULL), STATUS_SUCCESS);
    stack_delete();
}

static void the_library_may_find_no_memory(void **state)
{
    (void)state;
    stack_make();
    dirql_fail_set("pool:1");
    assert_int_equal(WmiFireEvent(stack.upper, (LPCGUID)&alarm_event, 0, 0, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    dirql_fail_set("other:1"); /* The event is made, but not taken. */
    assert_int_equal(WmiFireEvent(stack.upper, (LPCGUID)&alarm_event, 0, 0, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    stack_delete();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_memory_of_an_event_that_is_written_is_wmis),
        dirql_unit_test(the_memory_of_one_that_is_not_stays_the_drivers),
        dirql_unit_test(an_event_can_be_written_at_apc_level),
        dirql_unit_test(an_event_for_consumers_at_dispatch_level_is_reported),
        dirql_unit_test(an_event_that_is_only_logged_may_lie_on_the_stack_at_any_irql),
        dirql_unit_test(being_logged_outweighs_the_consumers),
        dirql_unit_test(the_guid_of_a_logged_event_may_be_elsewhere),
        dirql_unit_test(the_size_of_a_logged_event_has_16_bits),
        dirql_unit_test(a_log_may_be_full),
        dirql_unit_test(the_library_writes_events_at_dispatch_level),
        dirql_unit_test(an_event_needs_no_data),
        dirql_unit_test(the_library_may_find_no_memory),
        dirql_unit_test(an_event_has_1_kb_at_most),
        dirql_unit_test(an_event_from_paged_pool_is_reported),
        dirql_unit_test(an_event_that_is_larger_than_its_memory_is_reported),
        dirql_unit_test(an_event_that_is_not_pool_is_reported),
        dirql_unit_test(the_library_tells_of_too_much_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
