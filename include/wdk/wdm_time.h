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

/* Any IRQL. There is no auxiliary counter: STATUS_NOT_SUPPORTED.
 * "wdm: KeQueryAuxiliaryCounterFrequency" and those that convert. */
NTKERNELAPI NTSTATUS NTAPI KeQueryAuxiliaryCounterFrequency(
    _Out_opt_ PULONG64 AuxiliaryCounterFrequency);
NTKERNELAPI NTSTATUS NTAPI KeConvertAuxiliaryCounterToPerformanceCounter(
    _In_ ULONG64 AuxiliaryCounterValue, _Out_ PULONG64 PerformanceCounterValue,
    _Out_opt_ PULONG64 ConversionError);
NTKERNELAPI NTSTATUS NTAPI KeConvertPerformanceCounterToAuxiliaryCounter(
    _In_ ULONG64 PerformanceCounterValue, _Out_ PULONG64 AuxiliaryCounterValue,
    _Out_opt_ PULONG64 ConversionError);

/* Any IRQL, and IRQL <= APC_LEVEL; in units of 100 ns. "wdm: ExQueryTimerResolution",
 * "wdm: ExSetTimerResolution". */
NTKERNELAPI VOID NTAPI ExQueryTimerResolution(_Out_ PULONG MaximumTime, _Out_ PULONG MinimumTime,
                                              _Out_ PULONG CurrentTime);
NTKERNELAPI ULONG NTAPI ExSetTimerResolution(_In_ ULONG DesiredTime, _In_ BOOLEAN SetResolution);

EXTERN_C_END

#endif
