/* Tests of include/wdk/TraceLoggingProvider.h in C, and lib/ex/tracelogging.c. */
#include <string.h>

#include <dirql/cmocka.h>
#include <dirql/etw.h>

#include <TraceLoggingProvider.h>
#include <winmeta.h>

TRACELOGGING_DECLARE_PROVIDER(uart_events);
TRACELOGGING_DEFINE_PROVIDER(uart_events, "Sample.Uart",
                             (0xb3864c38, 0x4273, 0x58c5, 0x54, 0x5b, 0x8b, 0x36, 0x08, 0x34, 0x34,
                              0x71));
TRACELOGGING_DEFINE_PROVIDER(grouped, "Sample.Grouped",
                             (0xb3864c39, 0x4273, 0x58c5, 0x54, 0x5b, 0x8b, 0x36, 0x08, 0x34, 0x34,
                              0x71),
                             TraceLoggingOptionGroup(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));

static char text[200];

static int start(void **state)
{
    const GUID id = TraceLoggingProviderId(uart_events);

    (void)state;
    assert_int_equal(TraceLoggingRegister(uart_events), STATUS_SUCCESS);
    dirql_etw_enable(&id, WINEVENT_LEVEL_VERBOSE, 0, 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    TraceLoggingUnregister(uart_events);
    TraceLoggingUnregister(uart_events); /* The second time without effect. */
    return 0;
}

static const char *latest(void)
{
    return dirql_etw_text(dirql_etw_get(NULL, dirql_etw_count(NULL) - 1), text, sizeof(text));
}

static void an_event_tells_its_names(void **state)
{
    const dirql_etw_event *event;
    ULONG rate = 31250;

    (void)state;
    TraceLoggingWrite(uart_events, "Opened", TraceLoggingLevel(WINEVENT_LEVEL_INFO),
                      TraceLoggingKeyword(0x10), TraceLoggingUInt32(rate, "Rate"),
                      TraceLoggingNTStatus(STATUS_PENDING, "Status", "what it answered"));
    event = dirql_etw_find(NULL, "Opened");
    assert_non_null(event);
    assert_string_equal(event->provider_name, "Sample.Uart");
    assert_int_equal(event->descriptor.Level, WINEVENT_LEVEL_INFO);
    assert_int_equal(event->descriptor.Keyword, 0x10);
    assert_int_equal(event->descriptor.Channel, 11);
    assert_int_equal(dirql_etw_number(event, "Rate"), 31250);
    assert_string_equal(latest(), "Opened level 4 keyword 0x10: Rate=31250 Status=0x103");
    assert_null(dirql_etw_find_field(event, "None"));
    assert_null(dirql_etw_find(NULL, "Closed"));
}

static void an_event_needs_no_data(void **state)
{
    (void)state;
    TraceLoggingWrite(uart_events, "Tick");
    assert_string_equal(latest(), "Tick level 5");
}

static void numbers_are_read_as_their_type_says(void **state)
{
    INT8 small = -5;
    INT64 large = -70000000000;

    (void)state;
    TraceLoggingWrite(uart_events, "Numbers", TraceLoggingInt8(small), TraceLoggingInt64(large),
                      TraceLoggingUInt8(small, "U"), TraceLoggingHexInt16(-2, "H"),
                      TraceLoggingBoolean(TRUE, "B"), TraceLoggingFloat64(1.5, "F"),
                      TraceLoggingChar('c', "C"));
    assert_string_equal(latest(), "Numbers level 5: small=-5 large=-70000000000 U=251 H=0xfffe "
                                  "B=true F=1.5 C=\"c\"");
    assert_int_equal(dirql_etw_number(dirql_etw_find(NULL, "Numbers"), "small"), -5);
}

static void texts_and_others_are_kept(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"COM1");
    ANSI_STRING ansi = RTL_CONSTANT_STRING("ansi");
    const GUID id = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
    const ULONG words[] = { 1, 22, 333 };

    (void)state;
    TraceLoggingWrite(uart_events, "Texts", TraceLoggingString("abc", "A"),
                      TraceLoggingWideString(L"wide", "W"), TraceLoggingUnicodeString(&name, "U"),
                      TraceLoggingAnsiString(&ansi, "S"),
                      TraceLoggingCountedString("counted", 5, "N"), TraceLoggingString(NULL, "Z"),
                      TraceLoggingBinary("\1\2", 2, "X"),
                      TraceLoggingUInt32Array(words, 3, "Words"), TraceLoggingGuid(id, "G"),
                      TraceLoggingStruct(2, "Pair"), TraceLoggingInt32(1), TraceLoggingInt32(2));
    assert_string_equal(latest(),
                        "Texts level 5: A=\"abc\" W=\"wide\" U=\"COM1\" S=\"ansi\" N=\"count\" "
                        "Z=\"\" X=01 02 Words=1,22,333 G={00000001-0002-0003-0405-060708090a0b} "
                        "Pair={2} 1=1 2=2");
}

static ULONG evaluated;

static ULONG count_up(void)
{
    return ++evaluated;
}

static void arguments_are_evaluated_for_somebody_only(void **state)
{
    const GUID id = TraceLoggingProviderId(uart_events);

    (void)state;
    evaluated = 0;
    TraceLoggingWrite(uart_events, "Counted", TraceLoggingUInt32(count_up(), "N"));
    assert_int_equal(evaluated, 1);
    dirql_etw_disable(&id);
    assert_false(TraceLoggingProviderEnabled(uart_events, 0, 0));
    TraceLoggingWrite(uart_events, "Counted", TraceLoggingUInt32(count_up(), "N"));
    TraceLoggingWrite(grouped, "Counted",
                      TraceLoggingUInt32(count_up(), "N")); /* Never registered. */
    assert_int_equal(evaluated, 1);
    assert_int_equal(dirql_etw_count(NULL), 1);
}

static void an_activity_can_be_named(void **state)
{
    GUID one, two;

    (void)state;
    EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &one);
    EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &two);
    TraceLoggingWriteActivity(uart_events, "Began", &one, &two,
                              TraceLoggingOpcode(WINEVENT_OPCODE_START), TraceLoggingInt32(5, "N"));
    TraceLoggingWriteActivity(uart_events, "Ended", &one, NULL);
    assert_memory_equal(&dirql_etw_get(NULL, 0)->activity, &one, sizeof(one));
    assert_memory_equal(&dirql_etw_get(NULL, 0)->related, &two, sizeof(two));
    assert_int_equal(dirql_etw_get(NULL, 0)->descriptor.Opcode, WINEVENT_OPCODE_START);
    assert_int_equal(dirql_etw_number(dirql_etw_get(NULL, 0), "N"), 5);
    assert_int_equal(dirql_etw_get(NULL, 1)->field_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(an_event_tells_its_names, start, stop),
        dirql_unit_test_setup_teardown(an_event_needs_no_data, start, stop),
        dirql_unit_test_setup_teardown(numbers_are_read_as_their_type_says, start, stop),
        dirql_unit_test_setup_teardown(texts_and_others_are_kept, start, stop),
        dirql_unit_test_setup_teardown(arguments_are_evaluated_for_somebody_only, start, stop),
        dirql_unit_test_setup_teardown(an_activity_can_be_named, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
