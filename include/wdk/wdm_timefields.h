/*
 * wdm_timefields.h: system time as a date, and the machine's time zone, which is UTC. Any IRQL.
 */
#ifndef WDM_TIMEFIELDS_H
#define WDM_TIMEFIELDS_H

#include <wdm_base.h>

EXTERN_C_START

typedef struct _TIME_FIELDS {
    CSHORT Year;  /* From 1601 on. */
    CSHORT Month; /* From 1 on, as Day. */
    CSHORT Day;
    CSHORT Hour;
    CSHORT Minute;
    CSHORT Second;
    CSHORT Milliseconds;
    CSHORT Weekday; /* 0 is Sunday. */
} TIME_FIELDS, *PTIME_FIELDS;

/* "wdm: RtlTimeToTimeFields", "wdm: RtlTimeFieldsToTime", which is FALSE for what is no date. */
NTSYSAPI VOID NTAPI RtlTimeToTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields);
NTSYSAPI BOOLEAN NTAPI RtlTimeFieldsToTime(_In_ PTIME_FIELDS TimeFields, _Out_ PLARGE_INTEGER Time);

/* IRQL <= APC_LEVEL. Seconds fit from 1970 to 2106, from 1980 to 2116.
 * "ntifs: RtlTimeToSecondsSince1970" etc. */
NTSYSAPI BOOLEAN NTAPI RtlTimeToSecondsSince1970(_In_ PLARGE_INTEGER Time,
                                                 _Out_ PULONG ElapsedSeconds);
NTSYSAPI BOOLEAN NTAPI RtlTimeToSecondsSince1980(_In_ PLARGE_INTEGER Time,
                                                 _Out_ PULONG ElapsedSeconds);
NTSYSAPI VOID NTAPI RtlSecondsSince1970ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);
NTSYSAPI VOID NTAPI RtlSecondsSince1980ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);

/* "wdm: ExSystemTimeToLocalTime", "wdm: ExLocalTimeToSystemTime". */
NTKERNELAPI VOID NTAPI ExSystemTimeToLocalTime(_In_ PLARGE_INTEGER SystemTime,
                                               _Out_ PLARGE_INTEGER LocalTime);
NTKERNELAPI VOID NTAPI ExLocalTimeToSystemTime(_In_ PLARGE_INTEGER LocalTime,
                                               _Out_ PLARGE_INTEGER SystemTime);

EXTERN_C_END

#endif
