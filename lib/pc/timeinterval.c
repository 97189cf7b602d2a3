/*
 * timeinterval.c - PcGetTimeInterval.
 */
#include "verify.h"

#include <portcls.h>

/* IRQL: any. Time since `Timestamp` in 100 ns; with 0, the time since 1601. (portcls:
 * PcGetTimeInterval) */
ULONGLONG NTAPI PcGetTimeInterval(ULONGLONG Since)
{
    PC_CALLED;
    LARGE_INTEGER now;

    KeQuerySystemTimePrecise(&now);
    return (ULONGLONG)now.QuadPart - Since;
}
