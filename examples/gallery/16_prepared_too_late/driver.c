/*
 * 16 - What the ISR needs is made ready after the device was enabled.
 *
 * The device interrupts as soon as it is enabled, for a byte that has waited. The ISR queues a DPC that
 * is initialized only two lines further down. On Windows a random pointer is linked into the processor's
 * DPC queue, mostly at a start after a crash: else no byte waits.
 *
 * The fix makes everything ready first, then connects, then enables.
 */
#include "driver.h"

static PKINTERRUPT interrupt;
static KDPC dpc;
static volatile LONG received;

static VOID uart_dpc(PKDPC unused, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    InterlockedIncrement(&received);
}

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return TRUE;
}

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    NTSTATUS status;

#ifdef FIXED
    KeInitializeDpc(&dpc, uart_dpc, NULL);
#endif
    status = IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched,
                                FALSE, processors, FALSE);
    if (NT_SUCCESS(status)) {
        WRITE_PORT_UCHAR(UART_ENABLE, 1);
    }
#ifndef FIXED
    KeInitializeDpc(&dpc, uart_dpc, NULL);
#endif
    return status;
}

VOID driver_stop(VOID)
{
    WRITE_PORT_UCHAR(UART_ENABLE, 0);
    IoDisconnectInterrupt(interrupt);
    KeFlushQueuedDpcs();
}

/* After driver_stop. */
ULONG driver_read(VOID)
{
    return (ULONG)received;
}
