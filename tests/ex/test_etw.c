/* Tests of lib/ex/etw.c, etwevent.c and lib/control/etw.c: events of providers. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/etw.h>
#include <dirql/thread.h>

#include <evntrace.h>

#include "../settle.h"

static const GUID uart = { 0x11223344, 0x5566, 0x7788, { 1, 2, 3, 4, 5, 6, 7, 8 } };
static const GUID other = { 0x99223344, 0x5566, 0x7788, { 1, 2, 3, 4, 5, 6, 7, 8 } };

static const EVENT_DESCRIPTOR opened = { .Id = 7, .Level = TRACE_LEVEL_WARNING, .Keyword = 0x6 };

static REGHANDLE handle;

/* What the callback was told. */
static struct {
    ULONG calls, code;
    UCHAR level;
    ULONGLONG any, all;
    PVOID context;
} told;

static VOID NTAPI listen(LPCGUID source, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all,
                         PEVENT_FILTER_DESCRIPTOR filter, PVOID context)
{
    assert_non_null(source);
    assert_null(filter);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    told.calls++;
    told.code = code;
    told.level = level;
    told.any = any;
    told.all = all;
    told.context = context;
}

static int start(void **state)
{
    (void)state;
    memset(&told, 0, sizeof(told));
    assert_int_equal(EtwRegister(&uart, listen, &told, &handle), STATUS_SUCCESS);
    assert_true(handle != 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert_int_equal(EtwUnregister(handle), STATUS_SUCCESS);
    return 0;
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static void a_descriptor_gives_back_what_it_was_made_of(void **state)
{
    EVENT_DESCRIPTOR descriptor;

    (void)state;
    EventDescCreate(&descriptor, 0x1234, 1, 2, 3, 0x5678, 4, 0x1122334455667788u);
    assert_int_equal(EventDescGetId(&descriptor), 0x1234);
    assert_int_equal(EventDescGetVersion(&descriptor), 1);
    assert_int_equal(EventDescGetChannel(&descriptor), 2);
    assert_int_equal(EventDescGetLevel(&descriptor), 3);
    assert_int_equal(EventDescGetTask(&descriptor), 0x5678);
    assert_int_equal(EventDescGetOpcode(&descriptor), 4);
    assert_true(EventDescGetKeyword(&descriptor) == 0x1122334455667788u);
    EventDescZero(&descriptor);
    assert_int_equal(descriptor.Id | descriptor.Version | descriptor.Channel | descriptor.Level |
                         descriptor.Task | descriptor.Opcode,
                     0);
    assert_true(descriptor.Keyword == 0);
}

/* ---- Enabling -------------------------------------------------------------------------------- */

static void a_callback_is_told_what_is_wanted(void **state)
{
    (void)state;
    assert_int_equal(told.calls, 0);
    dirql_etw_enable(&other, TRACE_LEVEL_ERROR, 0, 0);
    assert_int_equal(told.calls, 0);
    dirql_etw_enable(&uart, TRACE_LEVEL_ERROR, 0x10, 0x20);
    assert_int_equal(told.calls, 1);
    assert_int_equal(told.code, EVENT_CONTROL_CODE_ENABLE_PROVIDER);
    assert_int_equal(told.level, TRACE_LEVEL_ERROR);
    assert_int_equal(told.any, 0x10);
    assert_int_equal(told.all, 0x20);
    assert_ptr_equal(told.context, &told);
    dirql_etw_capture_state(&uart);
    assert_int_equal(told.code, EVENT_CONTROL_CODE_CAPTURE_STATE);
    dirql_etw_disable(&uart);
    assert_int_equal(told.code, EVENT_CONTROL_CODE_DISABLE_PROVIDER);
    dirql_etw_capture_state(&uart); /* Not of one that is not enabled. */
    assert_int_equal(told.calls, 3);
}

static void who_registers_later_is_told_then(void **state)
{
    REGHANDLE second;

    (void)state;
    dirql_etw_enable(&uart, TRACE_LEVEL_INFORMATION, 0, 0);
    memset(&told, 0, sizeof(told));
    assert_int_equal(EtwRegister(&uart, listen, NULL, &second), STATUS_SUCCESS);
    assert_int_equal(told.calls, 1);
    assert_int_equal(told.level, TRACE_LEVEL_INFORMATION);
    dirql_etw_disable(&uart); /* Both are told. */
    assert_int_equal(told.calls, 3);
    assert_int_equal(EtwUnregister(second), STATUS_SUCCESS);
}

static void level_and_keywords_choose(void **state)
{
    static const struct {
        UCHAR session_level;
        ULONGLONG any, all;
        UCHAR level;
        ULONGLONG keyword;
        BOOLEAN wanted;
    } rows[] = { { 3, 0, 0, 3, 1, TRUE },  { 3, 0, 0, 4, 1, FALSE }, { 3, 0, 0, 0, 1, TRUE },
                 { 3, 2, 0, 3, 1, FALSE }, { 3, 2, 0, 3, 3, TRUE },  { 3, 2, 0, 3, 0, TRUE },
                 { 3, 6, 6, 3, 2, FALSE }, { 3, 6, 6, 3, 7, TRUE },  { 255, 0, 0, 200, 1, TRUE },
                 { 0, 0, 0, 1, 1, FALSE } };

    (void)state;
    assert_false(EtwProviderEnabled(handle, 0, 0));
    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        const EVENT_DESCRIPTOR event = { .Level = rows[i].level, .Keyword = rows[i].keyword };

        dirql_etw_enable(&uart, rows[i].session_level, rows[i].any, rows[i].all);
        assert_true(EtwProviderEnabled(handle, 0, 0));
        assert_int_equal(EtwProviderEnabled(handle, rows[i].level, rows[i].keyword),
                         rows[i].wanted);
        assert_int_equal(EtwEventEnabled(handle, &event), rows[i].wanted);
        dirql_etw_forget();
        assert_int_equal(EtwWrite(handle, &event, NULL, 0, NULL), STATUS_SUCCESS);
        assert_int_equal(dirql_etw_count(&uart), rows[i].wanted);
    }
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void an_event_is_kept_with_its_data(void **state)
{
    EVENT_DATA_DESCRIPTOR data[2];
    const dirql_etw_event *event;
    USHORT length = 4;
    char name[] = "uart";
    char text[80];

    (void)state;
    dirql_etw_enable(&uart, TRACE_LEVEL_VERBOSE, 0, 0);
    EventDataDescCreate(&data[0], &length, sizeof(length));
    EventDataDescCreate(&data[1], name, length);
    assert_int_equal(EtwWrite(handle, &opened, NULL, 2, data), STATUS_SUCCESS);
    memset(name, 'x', sizeof(name)); /* What is kept is a copy. */
    assert_int_equal(dirql_etw_count(NULL), 1);
    assert_int_equal(dirql_etw_count(&other), 0);
    assert_null(dirql_etw_get(&uart, 1));
    event = dirql_etw_get(&uart, 0);
    assert_int_equal(event->descriptor.Id, 7);
    assert_memory_equal(&event->provider, &uart, sizeof(uart));
    assert_int_equal(event->field_count, 2);
    assert_int_equal(event->fields[1].bytes, 4);
    assert_memory_equal(event->fields[1].data, "uart", 4);
    assert_int_equal(event->irql, PASSIVE_LEVEL);
    assert_null(event->name);
    assert_string_equal(dirql_etw_text(event, text, sizeof(text)),
                        "event 7 level 3 keyword 0x6: 04 00 75 61 72 74");
    assert_ptr_equal(dirql_etw_get(&uart, 0), event);
}

static void events_are_written_at_any_irql(void **state)
{
    static ULONG value = 5;
    EVENT_DATA_DESCRIPTOR data;
    KIRQL irql;

    (void)state;
    dirql_etw_enable(&uart, TRACE_LEVEL_VERBOSE, 0, 0);
    EventDataDescCreate(&data, &value, sizeof(value));
    KeRaiseIrql(HIGH_LEVEL, &irql);
    assert_true(EtwEventEnabled(handle, &opened));
    assert_int_equal(EtwWrite(handle, &opened, NULL, 1, &data), STATUS_SUCCESS);
    KeLowerIrql(irql);
    assert_int_equal(dirql_etw_get(&uart, 0)->irql, HIGH_LEVEL);
}

static void a_text_is_an_event_too(void **state)
{
    const dirql_etw_event *event;
    char text[80];

    (void)state;
    dirql_etw_enable(&uart, TRACE_LEVEL_VERBOSE, 0, 0);
    assert_int_equal(EtwWriteString(handle, TRACE_LEVEL_ERROR, 1, NULL, L"it broke"),
                     STATUS_SUCCESS);
    event = dirql_etw_get(NULL, 0);
    assert_int_equal(event->fields[0].bytes, 8 * sizeof(WCHAR));
    assert_string_equal(dirql_etw_text(event, text, sizeof(text)),
                        "event 0 level 2 keyword 0x1: \"it broke\"");
    assert_string_equal(dirql_etw_text(event, text, 8), "event 0");
}

static void what_does_not_fit_is_refused(void **state)
{
    static char much[65 * 1024];
    static EVENT_DATA_DESCRIPTOR data[MAX_EVENT_DATA_DESCRIPTORS + 1];

    (void)state;
    dirql_etw_enable(&uart, TRACE_LEVEL_VERBOSE, 0, 0);
    assert_int_equal(EtwWrite(handle, &opened, NULL, MAX_EVENT_DATA_DESCRIPTORS + 1, data),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwWrite(handle, &opened, NULL, 1, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwWrite(handle, NULL, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    EventDataDescCreate(&data[0], much, sizeof(much));
    assert_int_equal(EtwWrite(handle, &opened, NULL, 1, data), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(EtwWriteEx(handle, &opened, 0, 8, NULL, NULL, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwWriteEx(handle, &opened, 1, 0, NULL, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(dirql_etw_count(NULL), 0); /* The filter left the session out. */
    assert_int_equal(EtwWriteEx(handle, &opened, 0, 0, NULL, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(dirql_etw_count(NULL), 1);
}

static void what_nobody_wants_succeeds(void **state)
{
    static char much[65 * 1024];
    EVENT_DATA_DESCRIPTOR data;

    (void)state;
    EventDataDescCreate(&data, much, sizeof(much));
    assert_int_equal(EtwWrite(handle, &opened, NULL, 1, &data), STATUS_SUCCESS);
    assert_int_equal(EtwWriteTransfer(handle, &opened, NULL, NULL, 1, &data), STATUS_SUCCESS);
    assert_int_equal(EtwWriteString(handle, TRACE_LEVEL_ERROR, 1, NULL, L"it broke"),
                     STATUS_SUCCESS);
    assert_int_equal(dirql_etw_count(NULL), 0);
}

static void a_handle_of_zero_is_harmless(void **state)
{
    (void)state;
    assert_int_equal(EtwWrite(0, &opened, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwWriteEx(0, &opened, 0, 0, NULL, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwWriteTransfer(0, &opened, NULL, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwWriteString(0, 1, 0, NULL, L""), STATUS_INVALID_HANDLE);
    assert_false(EtwProviderEnabled(0, 0, 0));
    assert_false(EtwEventEnabled(0, &opened));
    assert_int_equal(EtwUnregister(0), STATUS_INVALID_HANDLE);
}

static void information_is_taken(void **state)
{
    USHORT traits[] = { 4, 0 };

    (void)state;
    assert_int_equal(EtwSetInformation(handle, EventProviderSetTraits, traits, sizeof(traits)),
                     STATUS_SUCCESS);
    assert_int_equal(EtwSetInformation(handle, EventProviderSetTraits, NULL, 4),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwSetInformation(handle, EventProviderSetTraits, traits, 1),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwSetInformation(handle, EventProviderUseDescriptorType, &(BOOLEAN){ TRUE },
                                       sizeof(BOOLEAN)),
                     STATUS_SUCCESS);
    assert_int_equal(EtwSetInformation(handle, EventProviderUseDescriptorType, traits,
                                       sizeof(traits)),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwSetInformation(handle, MaxEventInfo, traits, sizeof(traits)),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(EtwSetInformation(0, EventProviderSetTraits, traits, sizeof(traits)),
                     STATUS_INVALID_HANDLE);
    assert_int_equal(EtwRegister(NULL, NULL, NULL, &(REGHANDLE){ 0 }), STATUS_INVALID_PARAMETER);
}

/* ---- Activities ------------------------------------------------------------------------------ */

static void events_belong_to_the_threads_activity(void **state)
{
    GUID first, second, before = { 0 };
    const dirql_etw_event *event;

    (void)state;
    dirql_etw_enable(&uart, TRACE_LEVEL_VERBOSE, 0, 0);
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &first), STATUS_SUCCESS);
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &second), STATUS_SUCCESS);
    assert_memory_not_equal(&first, &second, sizeof(first));
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_SET_ID, &first), STATUS_SUCCESS);
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, &before), STATUS_SUCCESS);
    assert_memory_equal(&before, &first, sizeof(first));
    assert_int_equal(EtwWriteTransfer(handle, &opened, NULL, &second, 0, NULL), STATUS_SUCCESS);
    event = dirql_etw_get(&uart, 0);
    assert_memory_equal(&event->activity, &first, sizeof(first));
    assert_memory_equal(&event->related, &second, sizeof(second));
    before = second;
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_SET_ID, &before), STATUS_SUCCESS);
    assert_memory_equal(&before, &first, sizeof(first));
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_SET_ID, &before),
                     STATUS_SUCCESS);
    assert_memory_equal(&before, &second, sizeof(second));
    assert_int_equal(EtwActivityIdControl(99, &before), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwWrite(handle, &opened, &second, 0, NULL), STATUS_SUCCESS);
    assert_memory_equal(&dirql_etw_get(&uart, 1)->activity, &second, sizeof(second));
}

/* ---- Unregistering --------------------------------------------------------------------------- */

static LONG entered, left;

static VOID NTAPI dawdle(LPCGUID source, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all,
                         PEVENT_FILTER_DESCRIPTOR filter, PVOID context)
{
    LARGE_INTEGER interval = { .QuadPart = -10000 };

    (void)source;
    (void)code;
    (void)level;
    (void)any;
    (void)all;
    (void)filter;
    (void)context;
    InterlockedIncrement(&entered);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    InterlockedIncrement(&left);
}

static void enable_it(void *context)
{
    (void)context;
    dirql_etw_enable(&other, TRACE_LEVEL_ERROR, 0, 0);
}

static void a_callback_has_returned_when_its_provider_is_gone(void **state)
{
    dirql_thread *thread;
    REGHANDLE slow;

    (void)state;
    entered = 0;
    left = 0;
    assert_int_equal(EtwRegister(&other, dawdle, NULL, &slow), STATUS_SUCCESS);
    thread = dirql_thread_start("session", 1, enable_it, NULL);
    while (InterlockedCompareExchange(&entered, 0, 0) == 0) {
        KeStallExecutionProcessor(10);
    }
    assert_int_equal(EtwUnregister(slow), STATUS_SUCCESS);
    assert_int_equal(InterlockedCompareExchange(&left, 0, 0), 1);
    dirql_thread_join(thread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_descriptor_gives_back_what_it_was_made_of),
        dirql_unit_test_setup_teardown(a_callback_is_told_what_is_wanted, start, stop),
        dirql_unit_test_setup_teardown(who_registers_later_is_told_then, start, stop),
        dirql_unit_test_setup_teardown(level_and_keywords_choose, start, stop),
        dirql_unit_test_setup_teardown(an_event_is_kept_with_its_data, start, stop),
        dirql_unit_test_setup_teardown(events_are_written_at_any_irql, start, stop),
        dirql_unit_test_setup_teardown(a_text_is_an_event_too, start, stop),
        dirql_unit_test_setup_teardown(what_does_not_fit_is_refused, start, stop),
        dirql_unit_test_setup_teardown(what_nobody_wants_succeeds, start, stop),
        dirql_unit_test_setup_teardown(a_handle_of_zero_is_harmless, start, stop),
        dirql_unit_test_setup_teardown(information_is_taken, start, stop),
        dirql_unit_test_setup_teardown(events_belong_to_the_threads_activity, start, stop),
        dirql_unit_test(a_callback_has_returned_when_its_provider_is_gone, .processors = 2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
