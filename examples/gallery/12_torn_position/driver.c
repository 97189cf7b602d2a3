/*
 * 12 - A 64-bit position that is read in two halves.
 *
 * The ISR moves the position on; a reader takes its upper half, then its lower half. An interrupt
 * between the two that carries into the upper half makes a position that is off by 4 GB. On Windows
 * a player jumps, once in a few hours. `volatile` makes each half whole, and not the pair.
 *
 * The fix reads both in a routine of KeSynchronizeExecution.
 */
#include "driver.h"

#define PERIOD 0xC0000000u /* Long, so that the second one carries. */

static PKINTERRUPT interrupt;
static volatile ULONG low, high;

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    low = low + PERIOD;
    if (low < PERIOD) {
        high = high + 1;
    }
    return TRUE;
}

static BOOLEAN read_halves(PVOID context)
{
    ULARGE_INTEGER *position = context;

    position->HighPart = high;
    position->LowPart = low;
    return TRUE;
}

ULONGLONG driver_position(VOID)
{
    ULARGE_INTEGER position;

#ifdef FIXED
    KeSynchronizeExecution(interrupt, read_halves, &position);
#else
    read_halves(&position);
#endif
    return position.QuadPart;
}

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    low = PERIOD; /* One period has been played. */
    high = 0;
    return IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(interrupt);
}
