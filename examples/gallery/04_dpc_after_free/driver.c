/*
 * 04 - A DPC that runs after its memory was freed.
 *
 * Stopping disconnects the interrupt, so that no ISR runs any more, and frees the device. The last ISR
 * may have queued a DPC, which waits on another processor, or runs there. On Windows that DPC
 * works in freed memory: bug check 0xD1, or somebody else's data in pieces.
 *
 * The fix flushes: KeFlushQueuedDpcs returns when all DPCs that were queued before have run.
 */
#include "driver.h"

typedef struct device {
    PKINTERRUPT interrupt;
    KDPC dpc;
    ULONG events;
} device;

static device *uart;

static VOID uart_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    device *d = context;

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    d->events++;
}

static BOOLEAN uart_isr(PKINTERRUPT interrupt, PVOID context)
{
    device *d = context;

    UNREFERENCED_PARAMETER(interrupt);
    KeInsertQueueDpc(&d->dpc, NULL, NULL);
    return TRUE;
}

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    NTSTATUS status;

    uart = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*uart), 'traU');
    if (uart == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeDpc(&uart->dpc, uart_dpc, uart);
    KeSetTargetProcessorDpc(&uart->dpc, 1); /* Away from the application. */
    status = IoConnectInterrupt(&uart->interrupt, uart_isr, uart, NULL, vector, irql, irql, Latched,
                                FALSE, processors, FALSE);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(uart, 'traU');
    }
    return status;
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(uart->interrupt);
#ifdef FIXED
    KeFlushQueuedDpcs();
#endif
    ExFreePoolWithTag(uart, 'traU');
}
