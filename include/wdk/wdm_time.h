/*
 * wdm_time.h: clocks and busy waiting. Times are in 100 ns unless the name says otherwise.
 */
#ifndef WDM_TIME_H
#define WDM_TIME_H

#include <wdm_base.h>

EXTERN_C_START

/* Any IRQL; not above 50 microseconds. "wdm: KeStallExecutionProcessor". */
NTHALAPI VOID NTAPI KeStallExecutionProcessor(_In_ ULONG MicroSeconds);

/* Any IRQL; counts at PerformanceFrequency per second. "wdm: KeQueryPerformanceCounter". */
NTHALAPI LARGE_INTEGER NTAPI KeQueryPerformanceCounter(
    _Out_opt_ PLARGE_INTEGER PerformanceFrequency);

/* Any IRQL; since 1601. "wdm: KeQuerySystemTime", "wdm: KeQuerySystemTimePrecise". */
NTKERNELAPI VOID NTAPI KeQuerySystemTime(_Out_ PLARGE_INTEGER CurrentTime);
NTKERNELAPI VOID NTAPI KeQuerySystemTimePrecise(_Out_ PLARGE_INTEGER CurrentTime);

/* Any IRQL; since the start. "wdm: KeQueryInterruptTime", "wdm: KeQueryInterruptTimePrecise". */
NTKERNELAPI ULONGLONG NTAPI KeQueryInterruptTime(VOID);
NTKERNELAPI ULONG64 NTAPI KeQueryInterruptTimePrecise(_Out_ PULONG64 QpcTimeStamp);
NTKERNELAPI ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID);

/* Any IRQL; clock ticks, and how long one is. "wdm: KeQueryTickCount(1)". */
NTKERNELAPI VOID NTAPI KeQueryTickCount(_Out_ PLARGE_INTEGER CurrentCount);
NTKERNELAPI ULONG NTAPI KeQueryTimeIncrement(VOID);

EXTERN_C_END

#endif
