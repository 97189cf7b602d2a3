/* Tests of include/wdk/TraceLoggingProvider.h in C++: types that it finds out itself. */
#include <dirql/cmocka.h>
#include <dirql/etw.h>

#include <TraceLoggingProvider.h>

TRACELOGGING_DEFINE_PROVIDER(events, "Sample.Cxx",
                             (0xb3864c40, 0x4273, 0x58c5, 0x54, 0x5b, 0x8b, 0x36, 0x08, 0x34, 0x34,
                              0x71));

static void values_of_any_type_are_logged(void **)
{
    const GUID id = TraceLoggingProviderId(events);
    const USHORT port = 0x330;
    const char *name = "mpu";
    char text[200];

    assert_int_equal(TraceLoggingRegister(events), STATUS_SUCCESS);
    dirql_etw_enable(&id, 5, 0, 0);
    TraceLoggingWrite(events, "Values", TraceLoggingLevel(2), TraceLoggingValue(port, "Port"),
                      TraceLoggingValue(name, "Name"), TraceLoggingValue(L"wide", "Wide"),
                      TraceLoggingValue(true, "On"), TraceLoggingValue(-1LL, "Minus"),
                      TraceLoggingValue(2.5, "Half"), TraceLoggingValue(id, "Id"),
                      TraceLoggingHexUInt16(port));
    assert_string_equal(
        dirql_etw_text(dirql_etw_find(&id, "Values"), text, sizeof(text)),
        "Values level 2: Port=816 Name=\"mpu\" Wide=\"wide\" On=true Minus=-1 Half=2.5 "
        "Id={b3864c40-4273-58c5-545b-8b3608343471} port=0x330");
    TraceLoggingWrite(events, "Nothing");
    assert_int_equal(dirql_etw_count(&id), 2);
    TraceLoggingUnregister(events);
}

int main()
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(values_of_any_type_are_logged),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
