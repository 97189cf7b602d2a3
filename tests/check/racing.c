/*
 * racing.c - a driver with and without races.
 */
#include "racing.h"

uart racing_uart;

static void fill(UCHAR *bytes, unsigned count, UCHAR value)
{
    for (unsigned i = 0; i < count; i++) {
        bytes[i] = value;
    }
}

BOOLEAN racing_isr(PKINTERRUPT interrupt, PVOID context)
{
    uart *device = context;
    UCHAR local[16];

    (void)interrupt;
    device->silence();
    fill(local, sizeof(local), (UCHAR)device->rx_count);
    RtlCopyMemory(device->fifo, local, sizeof(local));
    device->rx_count++;
    KeInsertQueueDpc(&device->dpc, NULL, NULL);
    return TRUE;
}

VOID racing_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    uart *device = context;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    KeAcquireSpinLockAtDpcLevel(&device->lock);
    device->queued++;
    KeReleaseSpinLockFromDpcLevel(&device->lock);
}

ULONG racing_read_plain(uart *device)
{
    return device->rx_count;
}

static BOOLEAN read_it(PVOID context)
{
    uart *device = context;

    device->rx_count += 2;
    return TRUE;
}

ULONG racing_read_synchronized(uart *device)
{
    KeSynchronizeExecution(device->interrupt, read_it, device);
    return 0;
}

void racing_copy_plain(uart *device, UCHAR *bytes)
{
    RtlCopyMemory(bytes, device->fifo, sizeof(device->fifo));
}

void racing_copy_locked(uart *device, UCHAR *bytes)
{
    const KIRQL old = KeAcquireInterruptSpinLock(device->interrupt);

    RtlCopyMemory(bytes, device->fifo, sizeof(device->fifo));
    KeReleaseInterruptSpinLock(device->interrupt, old);
}

void racing_queue_locked(uart *device)
{
    KIRQL old;

    KeAcquireSpinLock(&device->lock, &old);
    device->queued--;
    KeReleaseSpinLock(&device->lock, old);
}

void racing_queue_plain(uart *device)
{
    device->queued--;
}

void racing_locals(uart *device)
{
    UCHAR bytes[64];

    fill(bytes, sizeof(bytes), 7);
    racing_copy_locked(device, bytes);
}

void racing_stop(uart *device)
{
    device->queued = 100;
    device->stopping = 1;
}

void racing_await_stop(uart *device)
{
    while (device->stopping == 0) {
        YieldProcessor();
    }
    device->queued++;
}

void racing_count(uart *device)
{
    InterlockedIncrement(&device->count);
}

void racing_look(uart *device)
{
    if (device->count == 100) {
        YieldProcessor();
    }
}
