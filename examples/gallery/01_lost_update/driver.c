/*
 * 01 - A lost update between an ISR and a reader.
 *
 * The ISR counts the bytes that have come, the reader takes the count and sets it to zero. An
 * interrupt between the two is counted, and wiped out. On Windows a byte is missing every few hours,
 * more often on a machine with more processors.
 *
 * The fix takes and clears the count in a routine of KeSynchronizeExecution, which holds the
 * interrupt's lock at its IRQL: the ISR can run before it or after it, and nowhere in between.
 */
#include "driver.h"

static PKINTERRUPT interrupt;
static ULONG received;

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    received++;
    return TRUE;
}

#ifdef FIXED

static BOOLEAN take_received(PVOID context)
{
    *(ULONG *)context = received;
    received = 0;
    return TRUE;
}

ULONG driver_read(VOID)
{
    ULONG count;

    KeSynchronizeExecution(interrupt, take_received, &count);
    return count;
}

#else

ULONG driver_read(VOID)
{
    ULONG count = received;

    received = 0;
    return count;
}

#endif

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    return IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(interrupt);
}
