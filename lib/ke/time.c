/*
 * time.c - what time it is, and busy waiting.
 *
 * One virtual clock stands behind all: interrupt time is virtual time since the run began; system
 * time is the same since 1 January 2024, 00:00; the performance counter has 10 MHz; a tick is
 * 15.625 ms. All but the tick count are exact, not rounded to ticks. Each query costs the time of a
 * register access, so that a loop that waits for time to pass ends.
 */
#include "ke/ki.h"

enum { TICK_100NS = 156250, COUNTER_HZ = 10000000 };

static uint64_t now_100ns(dq_processor *cpu)
{
    return dq_clock_charge(cpu)->machine->clock.now_ns / 100u;
}

VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds)
{
    DQ_ENTER(KeStallExecutionProcessor, NULL, MicroSeconds, 0, 0, DQ_VOID);
    cpu = dq_yield(cpu);
    (void)dq_clock_pass(cpu, cpu->machine->clock.now_ns + MicroSeconds * 1000ull);
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER counter = { .QuadPart = 0 };

    DQ_ENTER(KeQueryPerformanceCounter, NULL, 0, 0, 0, counter);
    if (PerformanceFrequency != NULL) {
        PerformanceFrequency->QuadPart = COUNTER_HZ;
    }
    counter.QuadPart = (LONGLONG)now_100ns(cpu);
    return counter;
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    DQ_ENTER(KeQuerySystemTime, NULL, 0, 0, 0, DQ_VOID);
    CurrentTime->QuadPart = (LONGLONG)(DQ_TIMER_EPOCH_100NS + now_100ns(cpu));
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    DQ_ENTER(KeQuerySystemTimePrecise, NULL, 0, 0, 0, DQ_VOID);
    CurrentTime->QuadPart = (LONGLONG)(DQ_TIMER_EPOCH_100NS + now_100ns(cpu));
}

ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    DQ_ENTER(KeQueryInterruptTime, NULL, 0, 0, 0, 0);
    return now_100ns(cpu);
}

ULONG64 NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    uint64_t now;

    DQ_ENTER(KeQueryInterruptTimePrecise, NULL, 0, 0, 0, 0);
    now = now_100ns(cpu);
    *QpcTimeStamp = now;
    return now;
}

/* The machine never sleeps, so that there is no bias to take off. */
ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID)
{
    DQ_ENTER(KeQueryUnbiasedInterruptTime, NULL, 0, 0, 0, 0);
    return now_100ns(cpu);
}

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount)
{
    DQ_ENTER(KeQueryTickCount, NULL, 0, 0, 0, DQ_VOID);
    CurrentCount->QuadPart = (LONGLONG)(now_100ns(cpu) / TICK_100NS);
}

ULONG NTAPI KeQueryTimeIncrement(VOID)
{
    DQ_ENTER(KeQueryTimeIncrement, NULL, 0, 0, 0, 0);
    (void)cpu;
    return TICK_100NS;
}

/* ---- The auxiliary counter: there is none ---------------------------------------------------- */

NTSTATUS NTAPI KeQueryAuxiliaryCounterFrequency(PULONG64 AuxiliaryCounterFrequency)
{
    DQ_ENTER(KeQueryAuxiliaryCounterFrequency, NULL, 0, 0, 0, STATUS_UNSUCCESSFUL);
    (void)AuxiliaryCounterFrequency;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI KeConvertAuxiliaryCounterToPerformanceCounter(ULONG64 AuxiliaryCounterValue,
                                                             PULONG64 PerformanceCounterValue,
                                                             PULONG64 ConversionError)
{
    DQ_ENTER(KeConvertAuxiliaryCounterToPerformanceCounter, NULL, AuxiliaryCounterValue, 0, 0,
             STATUS_UNSUCCESSFUL);
    (void)PerformanceCounterValue;
    (void)ConversionError;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI KeConvertPerformanceCounterToAuxiliaryCounter(ULONG64 PerformanceCounterValue,
                                                             PULONG64 AuxiliaryCounterValue,
                                                             PULONG64 ConversionError)
{
    DQ_ENTER(KeConvertPerformanceCounterToAuxiliaryCounter, NULL, PerformanceCounterValue, 0, 0,
             STATUS_UNSUCCESSFUL);
    (void)AuxiliaryCounterValue;
    (void)ConversionError;
    return STATUS_NOT_SUPPORTED;
}
