/*
 * 14 - A device that is enabled before its ISR is connected.
 *
 * The device may interrupt as soon as it is enabled, for a byte that has waited. Nobody
 * listens yet. On Windows an edge is lost, and with it the byte and, as many devices do not interrupt
 * again before they have been served, all that would have followed; a level interrupts without end.
 *
 * The fix connects first, and enables the device as the last step of its start.
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

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    NTSTATUS status;

#ifndef FIXED
    WRITE_PORT_UCHAR(UART_ENABLE, 1);
#endif
    status = IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched,
                                FALSE, processors, FALSE);
#ifdef FIXED
    if (NT_SUCCESS(status)) {
        WRITE_PORT_UCHAR(UART_ENABLE, 1);
    }
#endif
    return status;
}

VOID driver_stop(VOID)
{
    WRITE_PORT_UCHAR(UART_ENABLE, 0);
    IoDisconnectInterrupt(interrupt);
}

/* After driver_stop. */
ULONG driver_read(VOID)
{
    return received;
}
