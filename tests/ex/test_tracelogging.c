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

static void signed_numbers_keep_their_sign(void **state)
{
    (void)state;
    TraceLoggingWrite(uart_events, "Signed", TraceLoggingInt8(-1, "a"), TraceLoggingInt16(-2, "b"),
                      TraceLoggingInt32(-3, "c"), TraceLoggingInt64(-4, "d"),
                      TraceLoggingIntPtr(-5, "e"), TraceLoggingLong(-6, "f"));
    assert_string_equal(latest(), "Signed level 5: a=-1 b=-2 c=-3 d=-4 e=-5 f=-6");
}

static void unsigned_numbers_are_as_wide_as_their_type(void **state)
{
    const ULONGLONG all = 0x8182838485868788u;

    (void)state;
    TraceLoggingWrite(uart_events, "Unsigned", TraceLoggingUInt8(all, "a"),
                      TraceLoggingUInt16(all, "b"), TraceLoggingUInt32(all, "c"),
                      TraceLoggingUInt64(all, "d"), TraceLoggingUIntPtr(all, "e"),
                      TraceLoggingULong(all, "f"));
    assert_string_equal(latest(), "Unsigned level 5: a=136 b=34696 c=2240186248 "
                                  "d=9332165983064197000 e=9332165983064197000 f=2240186248");
}

static void hexadecimal_numbers_are_as_wide_as_their_type(void **state)
{
    const ULONGLONG all = 0x8182838485868788u;

    (void)state;
    TraceLoggingWrite(uart_events, "Hex", TraceLoggingHexInt8(all, "a"),
                      TraceLoggingHexUInt8(all, "b"), TraceLoggingHexInt16(all, "c"),
                      TraceLoggingHexUInt16(all, "d"), TraceLoggingHexInt32(all, "e"),
                      TraceLoggingHexUInt32(all, "f"));
    assert_string_equal(latest(), "Hex level 5: a=0x88 b=0x88 c=0x8788 d=0x8788 e=0x85868788 "
                                  "f=0x85868788");
    TraceLoggingWrite(uart_events, "Hex", TraceLoggingHexInt64(all, "a"),
                      TraceLoggingHexUInt64(all, "b"), TraceLoggingHexIntPtr(all, "c"),
                      TraceLoggingHexUIntPtr(all, "d"), TraceLoggingHexLong(all, "e"),
                      TraceLoggingHexULong(all, "f"));
    assert_string_equal(latest(),
                        "Hex level 5: a=0x8182838485868788 b=0x8182838485868788 "
                        "c=0x8182838485868788 d=0x8182838485868788 e=0x85868788 f=0x85868788");
}

static void other_scalars_have_fields_of_their_own(void **state)
{
    LARGE_INTEGER time = { .QuadPart = 77 };
    PVOID address = (PVOID)(ULONG_PTR)0x1234;

    (void)state;
    TraceLoggingWrite(uart_events, "Scalars", TraceLoggingBool(5, "a"), TraceLoggingBool(0, "b"),
                      TraceLoggingWChar(L'w', "c"), TraceLoggingFloat32(0.5f, "d"),
                      TraceLoggingPointer(address, "e"), TraceLoggingCodePointer(address, "f"));
    assert_string_equal(latest(),
                        "Scalars level 5: a=true b=false c=\"w\" d=0.5 e=0x1234 f=0x1234");
    TraceLoggingWrite(uart_events, "Others", TraceLoggingPid(7, "a"), TraceLoggingTid(8, "b"),
                      TraceLoggingPort(80, "c"), TraceLoggingWinError(5, "d"),
                      TraceLoggingHResult(-1, "e"), TraceLoggingFileTime(time, "f"));
    assert_string_equal(latest(), "Others level 5: a=7 b=8 c=80 d=5 e=0xffffffff f=77");
}

static void arrays_keep_each_item(void **state)
{
    const INT8 s8[] = { -1, 2 };
    const UINT8 u8[] = { 255, 2 };
    const INT16 s16[] = { -1, 2 };
    const UINT16 u16[] = { 65535, 2 };
    const INT32 s32[] = { -1, 2 };
    const UINT32 u32[] = { 0xFFFFFFFF, 2 };
    const INT64 s64[] = { -1, 2 };
    const UINT64 u64[] = { ~0ull, 2 };
    const float f32[] = { 0.5f, 2 };
    const double f64[] = { 0.25, 2 };

    (void)state;
    TraceLoggingWrite(uart_events, "Signed", TraceLoggingInt8Array(s8, 2, "a"),
                      TraceLoggingInt16Array(s16, 2, "b"), TraceLoggingInt32Array(s32, 2, "c"),
                      TraceLoggingInt64Array(s64, 2, "d"));
    assert_string_equal(latest(), "Signed level 5: a=-1,2 b=-1,2 c=-1,2 d=-1,2");
    TraceLoggingWrite(uart_events, "Unsigned", TraceLoggingUInt8Array(u8, 2, "a"),
                      TraceLoggingUInt16Array(u16, 2, "b"), TraceLoggingUInt32Array(u32, 2, "c"),
                      TraceLoggingUInt64Array(u64, 2, "d"));
    assert_string_equal(latest(), "Unsigned level 5: a=255,2 b=65535,2 c=4294967295,2 "
                                  "d=18446744073709551615,2");
    TraceLoggingWrite(uart_events, "Hex", TraceLoggingHexUInt8Array(u8, 2, "a"),
                      TraceLoggingHexUInt16Array(u16, 2, "b"),
                      TraceLoggingHexUInt32Array(u32, 2, "c"),
                      TraceLoggingHexUInt64Array(u64, 2, "d"));
    assert_string_equal(latest(), "Hex level 5: a=0xff,0x2 b=0xffff,0x2 c=0xffffffff,0x2 "
                                  "d=0xffffffffffffffff,0x2");
    TraceLoggingWrite(uart_events, "Float", TraceLoggingFloat32Array(f32, 2, "a"),
                      TraceLoggingFloat64Array(f64, 2, "b"));
    assert_string_equal(latest(), "Float level 5: a=0.5,2 b=0.25,2");
    TraceLoggingWrite(uart_events, "Fixed", TraceLoggingInt8FixedArray(s8, 2, "a"),
                      TraceLoggingInt16FixedArray(s16, 2, "b"),
                      TraceLoggingInt32FixedArray(s32, 2, "c"),
                      TraceLoggingInt64FixedArray(s64, 2, "d"));
    assert_string_equal(latest(), "Fixed level 5: a=-1,2 b=-1,2 c=-1,2 d=-1,2");
    TraceLoggingWrite(uart_events, "Fixed", TraceLoggingUInt8FixedArray(u8, 2, "a"),
                      TraceLoggingUInt16FixedArray(u16, 2, "b"),
                      TraceLoggingUInt32FixedArray(u32, 2, "c"),
                      TraceLoggingUInt64FixedArray(u64, 2, "d"));
    assert_string_equal(latest(), "Fixed level 5: a=255,2 b=65535,2 c=4294967295,2 "
                                  "d=18446744073709551615,2");
}

static void what_describes_an_event_is_no_field(void **state)
{
    (void)state;
    TraceLoggingWrite(uart_events, "Plain", TraceLoggingChannel(11), TraceLoggingEventTag(0x70),
                      TraceLoggingDescription("why"), TraceLoggingCustomAttribute("owner", "uart"),
                      TraceLoggingCountedUtf8String("counted", 3, "a"),
                      TraceLoggingCountedWideString(L"counted", 4, "b"),
                      TraceLoggingUtf8String("utf", "c"));
    assert_string_equal(latest(), "Plain level 5: a=\"cou\" b=\"coun\" c=\"utf\"");
    assert_int_equal(dirql_etw_find(NULL, "Plain")->descriptor.Channel, 11);
    assert_int_equal(dirql_etw_find(NULL, "Plain")->field_count, 3);
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
        dirql_unit_test_setup_teardown(signed_numbers_keep_their_sign, start, stop),
        dirql_unit_test_setup_teardown(unsigned_numbers_are_as_wide_as_their_type, start, stop),
        dirql_unit_test_setup_teardown(hexadecimal_numbers_are_as_wide_as_their_type, start, stop),
        dirql_unit_test_setup_teardown(other_scalars_have_fields_of_their_own, start, stop),
        dirql_unit_test_setup_teardown(arrays_keep_each_item, start, stop),
        dirql_unit_test_setup_teardown(what_describes_an_event_is_no_field, start, stop),
        dirql_unit_test_setup_teardown(texts_and_others_are_kept, start, stop),
        dirql_unit_test_setup_teardown(arguments_are_evaluated_for_somebody_only, start, stop),
        dirql_unit_test_setup_teardown(an_activity_can_be_named, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
