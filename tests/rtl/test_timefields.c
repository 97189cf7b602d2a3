/*
 * test_timefields.c - system time as a date, and as seconds.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

static TIME_FIELDS fields_of(LONGLONG time)
{
    LARGE_INTEGER large;
    TIME_FIELDS fields;

    large.QuadPart = time;
    RtlTimeToTimeFields(&large, &fields);
    return fields;
}

#define assert_date(fields, year, month, day, weekday) \
    do {                                               \
        assert_int_equal((fields).Year, year);         \
        assert_int_equal((fields).Month, month);       \
        assert_int_equal((fields).Day, day);           \
        assert_int_equal((fields).Weekday, weekday);   \
    } while (0)

static void time_begins_on_a_monday_in_1601(void **state)
{
    const TIME_FIELDS fields = fields_of(0);

    (void)state;
    assert_date(fields, 1601, 1, 1, 1);
    assert_int_equal(fields.Hour, 0);
    assert_int_equal(fields.Milliseconds, 0);
}

static void a_time_is_split_down_to_milliseconds(void **state)
{
    const TIME_FIELDS fields = fields_of(133536780123456789);

    (void)state;
    assert_date(fields, 2024, 2, 29, 4);
    assert_int_equal(fields.Hour, 11);
    assert_int_equal(fields.Minute, 0);
    assert_int_equal(fields.Second, 12);
    assert_int_equal(fields.Milliseconds, 345);
}

/* A leap day in 2000, none in 1900 and 2100; the last day of each. */
static void every_day_of_800_years_comes_back(void **state)
{
    const LONGLONG day_100ns = 864000000000;
    LARGE_INTEGER time;
    TIME_FIELDS fields = { 1600, 12, 31, 0, 0, 0, 0, 0 };
    int leap_days = 0;

    (void)state;
    for (LONGLONG day = 0; day < 292194; day++) {
        const TIME_FIELDS before = fields;

        fields = fields_of(day * day_100ns);
        assert_true(fields.Day == before.Day + 1 || fields.Day == 1);
        assert_int_equal(fields.Weekday, (before.Weekday + 1) % 7);
        leap_days += fields.Month == 2 && fields.Day == 29;
        assert_true(RtlTimeFieldsToTime(&fields, &time));
        assert_true(time.QuadPart == day * day_100ns);
    }
    assert_int_equal(leap_days, 194);
    assert_date(fields, 2400, 12, 31, 0);
}

static void what_is_no_date_is_refused(void **state)
{
    static const TIME_FIELDS wrong[] = {
        { 1600, 12, 31, 0, 0, 0, 0, 0 },  { 2024, 0, 1, 0, 0, 0, 0, 0 },
        { 2024, 13, 1, 0, 0, 0, 0, 0 },   { 2023, 2, 29, 0, 0, 0, 0, 0 },
        { 1900, 2, 29, 0, 0, 0, 0, 0 },   { 2024, 4, 31, 0, 0, 0, 0, 0 },
        { 2024, 1, 0, 0, 0, 0, 0, 0 },    { 2024, 1, 1, 24, 0, 0, 0, 0 },
        { 2024, 1, 1, 0, 60, 0, 0, 0 },   { 2024, 1, 1, 0, 0, 60, 0, 0 },
        { 2024, 1, 1, 0, 0, 0, 1000, 0 }, { 30828, 9, 14, 2, 48, 5, 478, 0 },
        { 2024, 1, 1, 0, 0, -1, 0, 0 },   { 30828, 1, 1, 0, 0, 0, 0, 0 },
    };
    LARGE_INTEGER time;

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(wrong); i++) {
        TIME_FIELDS fields = wrong[i];

        assert_false(RtlTimeFieldsToTime(&fields, &time));
    }
}

static void the_weekday_is_not_asked(void **state)
{
    TIME_FIELDS fields = { 2000, 2, 29, 1, 2, 3, 4, 99 };
    LARGE_INTEGER time;

    (void)state;
    assert_true(RtlTimeFieldsToTime(&fields, &time));
    assert_int_equal(fields_of(time.QuadPart).Weekday, 2);
    assert_int_equal(fields_of(time.QuadPart).Milliseconds, 4);
}

static void seconds_are_counted_from_two_years(void **state)
{
    LARGE_INTEGER time;
    ULONG seconds;

    (void)state;
    RtlSecondsSince1970ToTime(0, &time);
    assert_date(fields_of(time.QuadPart), 1970, 1, 1, 4);
    RtlSecondsSince1970ToTime(MAXULONG, &time);
    assert_true(RtlTimeToSecondsSince1970(&time, &seconds));
    assert_int_equal(seconds, MAXULONG);
    time.QuadPart += 10000000;
    assert_false(RtlTimeToSecondsSince1970(&time, &seconds));
    RtlSecondsSince1980ToTime(86399, &time);
    assert_date(fields_of(time.QuadPart), 1980, 1, 1, 2);
    assert_true(RtlTimeToSecondsSince1980(&time, &seconds));
    assert_int_equal(seconds, 86399);
    time.QuadPart = 0;
    assert_false(RtlTimeToSecondsSince1980(&time, &seconds));
}

/* From the first second that there is to the last, and the parts of a second are dropped. */
static void seconds_end_where_their_page_says(void **state)
{
    static const LONGLONG second = 10000000;
    LARGE_INTEGER first, last, time;
    ULONG seconds = 7;

    (void)state;
    RtlSecondsSince1970ToTime(0, &first);
    RtlSecondsSince1970ToTime(MAXULONG, &last);
    assert_date(fields_of(last.QuadPart), 2106, 2, 7, 0);
    time.QuadPart = first.QuadPart - 1;
    assert_false(RtlTimeToSecondsSince1970(&time, &seconds));
    time.QuadPart = first.QuadPart + second - 1;
    assert_true(RtlTimeToSecondsSince1970(&time, &seconds));
    assert_int_equal(seconds, 0);
    time.QuadPart = last.QuadPart + second - 1;
    assert_true(RtlTimeToSecondsSince1970(&time, &seconds));
    assert_int_equal(seconds, MAXULONG);

    RtlSecondsSince1980ToTime(0, &first);
    RtlSecondsSince1980ToTime(MAXULONG, &last);
    assert_date(fields_of(last.QuadPart), 2116, 2, 7, 5);
    time.QuadPart = first.QuadPart - 1;
    assert_false(RtlTimeToSecondsSince1980(&time, &seconds));
    time.QuadPart = last.QuadPart + second;
    assert_false(RtlTimeToSecondsSince1980(&time, &seconds));
}

static void seconds_are_for_apc_level(void **state)
{
    LARGE_INTEGER time;
    ULONG seconds;
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    RtlSecondsSince1980ToTime(1, &time);
    assert_true(RtlTimeToSecondsSince1980(&time, &seconds));
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, DISPATCH_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    (void)RtlTimeToSecondsSince1970(&time, &seconds);
    fail_msg("its page says IRQL < DISPATCH_LEVEL");
}

static void a_date_is_for_any_level(void **state)
{
    LARGE_INTEGER time = { .QuadPart = 0 };
    TIME_FIELDS fields;
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    RtlTimeToTimeFields(&time, &fields);
    assert_true(RtlTimeFieldsToTime(&fields, &time));
    KeLowerIrql(old);
    assert_true(time.QuadPart == 0);
}

static void the_machine_begins_in_2024_and_lives_in_utc(void **state)
{
    LARGE_INTEGER system, local, back;

    (void)state;
    KeQuerySystemTime(&system);
    assert_date(fields_of(system.QuadPart), 2024, 1, 1, 1);
    ExSystemTimeToLocalTime(&system, &local);
    ExLocalTimeToSystemTime(&local, &back);
    assert_true(local.QuadPart == system.QuadPart);
    assert_true(back.QuadPart == system.QuadPart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(time_begins_on_a_monday_in_1601),
        dirql_unit_test(a_time_is_split_down_to_milliseconds),
        cmocka_unit_test(every_day_of_800_years_comes_back),
        dirql_unit_test(what_is_no_date_is_refused),
        dirql_unit_test(the_weekday_is_not_asked),
        dirql_unit_test(seconds_are_counted_from_two_years),
        dirql_unit_test(seconds_end_where_their_page_says),
        dirql_unit_test(seconds_are_for_apc_level),
        dirql_unit_test(a_date_is_for_any_level),
        dirql_unit_test(the_machine_begins_in_2024_and_lives_in_utc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
