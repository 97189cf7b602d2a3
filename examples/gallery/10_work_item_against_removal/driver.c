/*
 * 10 - A work item that runs after the device was removed.
 *
 * The DPC leaves to a work item what needs PASSIVE_LEVEL. Removal disconnects, waits for the DPC, and frees
 * the device, work item and all: which is queued, or running, on a thread that nobody waits for. On
 * Windows a system worker thread follows a pointer into freed memory: bug check 0x96 or 0x50, with
 * nothing of the driver on the stack.
 *
 * The fix takes a remove lock for each queued item, and removal waits until all have been released.
 */
#include "driver.h"

typedef struct device {
    PKINTERRUPT interrupt;
    KDPC dpc;
    WORK_QUEUE_ITEM item;
    volatile LONG is_queued;
    IO_REMOVE_LOCK lock;
    ULONG logged;
} device;

static device *uart;

static VOID log_work(PVOID context)
{
    device *d = context;

    d->is_queued = FALSE;
    d->logged++;
#ifdef FIXED
    IoReleaseRemoveLock(&d->lock, &d->item);
#endif
}

static VOID uart_dpc(PKDPC unused, PVOID context, PVOID argument1, PVOID argument2)
{
    device *d = context;

    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    if (InterlockedExchange(&d->is_queued, TRUE)) {
        return;
    }
#ifdef FIXED
    if (!NT_SUCCESS(IoAcquireRemoveLock(&d->lock, &d->item))) {
        return;
    }
#endif
    ExQueueWorkItem(&d->item, DelayedWorkQueue);
}

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    device *d = context;

    UNREFERENCED_PARAMETER(unused);
    WRITE_PORT_UCHAR(UART_SILENCE, 1);
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
    ExInitializeWorkItem(&uart->item, log_work, uart);
    IoInitializeRemoveLock(&uart->lock, 'traU', 0, 0);
    status = IoConnectInterrupt(&uart->interrupt, uart_isr, uart, NULL, vector, irql, irql,
                                LevelSensitive, FALSE, processors, FALSE);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(uart, 'traU');
    }
    return status;
}

VOID driver_stop(VOID)
{
#ifdef FIXED
    (void)IoAcquireRemoveLock(&uart->lock, uart);
#endif
    WRITE_PORT_UCHAR(UART_SILENCE, 1);
    IoDisconnectInterrupt(uart->interrupt);
    KeFlushQueuedDpcs();
#ifdef FIXED
    IoReleaseRemoveLockAndWait(&uart->lock, uart);
#endif
    ExFreePoolWithTag(uart, 'traU');
}
