/*
 * timefields.c - system time as a date of the Gregorian calendar, and as seconds.
 *
 * Days are counted from 1 January 1601, the first of a period of 400 years: in such a period no
 * case has to be told apart but the last day of its last century and of its last year.
 */
#include "rtl/rtl.h"

enum {
    DAYS_400 = 146097,
    DAYS_100 = 36524,
    DAYS_4 = 1461,
    DAYS_1 = 365,
    FIRST_YEAR = 1601,
    LAST_YEAR = 30827, /* The last one that wholly fits into 63 bits of 100 ns. */
    MS_A_DAY = 86400000
};

#define HUNDRED_NS_A_MS     10000LL
#define HUNDRED_NS_A_SECOND 10000000LL
#define SECONDS_TO_1970     11644473600LL
#define SECONDS_TO_1980     11960006400LL

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days before a month, which counts from 0. 12: of the whole year. */
static int days_before(int month, int year)
{
    static const short days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };

    return days[month] + (month > 1 && is_leap(year));
}

static int at_most(int value, int limit)
{
    return value < limit ? value : limit;
}

static void set_date(PTIME_FIELDS fields, int day)
{
    int year = day / DAYS_400 * 400;
    int part;

    day %= DAYS_400;
    part = at_most(day / DAYS_100, 3);
    year += part * 100;
    day -= part * DAYS_100;
    year += day / DAYS_4 * 4;
    day %= DAYS_4;
    part = at_most(day / DAYS_1, 3);
    year += part + FIRST_YEAR;
    day -= part * DAYS_1;
    for (part = 0; day >= days_before(part + 1, year); part++) {
    }
    fields->Year = (CSHORT)year;
    fields->Month = (CSHORT)(part + 1);
    fields->Day = (CSHORT)(day - days_before(part, year) + 1);
}

VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    DQ_COMPUTES();
    const LONGLONG ms = Time->QuadPart / HUNDRED_NS_A_MS;
    const int day = (int)(ms / MS_A_DAY);
    const int rest = (int)(ms % MS_A_DAY);

    set_date(TimeFields, day);
    TimeFields->Hour = (CSHORT)(rest / 3600000);
    TimeFields->Minute = (CSHORT)(rest / 60000 % 60);
    TimeFields->Second = (CSHORT)(rest / 1000 % 60);
    TimeFields->Milliseconds = (CSHORT)(rest % 1000);
    TimeFields->Weekday = (CSHORT)((day + 1) % 7); /* It began with a Monday. */
}

static bool is_in(int value, int lowest, int highest)
{
    return value >= lowest && value <= highest;
}

static bool is_date(const TIME_FIELDS *f)
{
    return is_in(f->Year, FIRST_YEAR, LAST_YEAR) && is_in(f->Month, 1, 12) &&
           is_in(f->Day, 1, days_before(f->Month, f->Year) - days_before(f->Month - 1, f->Year)) &&
           is_in(f->Hour, 0, 23) && is_in(f->Minute, 0, 59) && is_in(f->Second, 0, 59) &&
           is_in(f->Milliseconds, 0, 999);
}

BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    DQ_COMPUTES();
    const TIME_FIELDS *f = TimeFields;
    const int years = f->Year - FIRST_YEAR;
    LONGLONG day, ms;

    if (!is_date(f)) {
        return FALSE;
    }
    day = (LONGLONG)years * DAYS_1 + years / 4 - years / 100 + years / 400 +
          days_before(f->Month - 1, f->Year) + f->Day - 1;
    ms = day * MS_A_DAY + ((f->Hour * 60 + f->Minute) * 60 + f->Second) * 1000LL + f->Milliseconds;
    Time->QuadPart = ms * HUNDRED_NS_A_MS;
    return TRUE;
}

/* ---- Seconds --------------------------------------------------------------------------------- */

static BOOLEAN to_seconds(const LARGE_INTEGER *time, LONGLONG begin, PULONG seconds)
{
    const LONGLONG elapsed = time->QuadPart / HUNDRED_NS_A_SECOND - begin;

    if (elapsed < 0 || elapsed > MAXULONG) {
        return FALSE;
    }
    *seconds = (ULONG)elapsed;
    return TRUE;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    DQ_RTL_ENTER(RtlTimeToSecondsSince1970, Time);
    return to_seconds(Time, SECONDS_TO_1970, ElapsedSeconds);
}

BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    DQ_RTL_ENTER(RtlTimeToSecondsSince1980, Time);
    return to_seconds(Time, SECONDS_TO_1980, ElapsedSeconds);
}

VOID NTAPI RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    DQ_RTL_ENTER(RtlSecondsSince1970ToTime, Time);
    Time->QuadPart = (ElapsedSeconds + SECONDS_TO_1970) * HUNDRED_NS_A_SECOND;
}

VOID NTAPI RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    DQ_RTL_ENTER(RtlSecondsSince1980ToTime, Time);
    Time->QuadPart = (ElapsedSeconds + SECONDS_TO_1980) * HUNDRED_NS_A_SECOND;
}

/* ---- The time zone --------------------------------------------------------------------------- */

VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    DQ_COMPUTES();
    *LocalTime = *SystemTime;
}

VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    DQ_COMPUTES();
    *SystemTime = *LocalTime;
}
