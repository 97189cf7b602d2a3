/*
 * 15 - The last reference, against an ISR.
 *
 * The device counts its references: one for being started, one for each DPC that is queued. Stopping
 * gives back the first and then disconnects. An interrupt in between takes a reference from zero, of
 * a device that is freed already. On Windows the ISR writes into freed memory: bug check 0xD1.
 * A count of references protects nobody who can still come without one.
 *
 * The fix disconnects first: then no ISR can come, and the last one to give back frees.
 */
#include "driver.h"

typedef struct device {
    volatile LONG references;
    KDPC dpc;
} device;

static PKINTERRUPT interrupt;

static VOID release(device *d)
{
    if (InterlockedDecrement(&d->references) == 0) {
        ExFreePoolWithTag(d, 'traU');
    }
}

static VOID uart_dpc(PKDPC unused, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    release(context);
}

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    device *d = context;

    UNREFERENCED_PARAMETER(unused);
    WRITE_PORT_UCHAR(UART_SILENCE, 1);
    InterlockedIncrement(&d->references);
    if (!KeInsertQueueDpc(&d->dpc, NULL, NULL)) {
        InterlockedDecrement(&d->references); /* The one that is queued has its own. */
    }
    return TRUE;
}

static device *uart;

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    NTSTATUS status;

    uart = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*uart), 'traU');
    if (uart == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    uart->references = 1;
    KeInitializeDpc(&uart->dpc, uart_dpc, uart);
    status = IoConnectInterrupt(&interrupt, uart_isr, uart, NULL, vector, irql, irql, LevelSensitive,
                                FALSE, processors, FALSE);
    if (!NT_SUCCESS(status)) {
        release(uart);
    }
    return status;
}

VOID driver_stop(VOID)
{
#ifdef FIXED
    WRITE_PORT_UCHAR(UART_SILENCE, 1);
    IoDisconnectInterrupt(interrupt);
    release(uart);
#else
    release(uart);
    WRITE_PORT_UCHAR(UART_SILENCE, 1);
    IoDisconnectInterrupt(interrupt);
#endif
    KeFlushQueuedDpcs();
}
