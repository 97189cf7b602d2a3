/*
 * 09 - A timer that was cancelled too late.
 *
 * Stopping cancels the timer and frees the device. KeCancelTimer returns FALSE when the timer has
 * expired: then its DPC is queued, or runs on another processor, and goes on in freed
 * memory. On Windows that is bug check 0xC7 or 0xD1, a second after the device was
 * unplugged.
 *
 * The fix waits for the DPC with KeFlushQueuedDpcs, once the timer cannot expire any more.
 */
#include "driver.h"

typedef struct device {
    KTIMER timer;
    KDPC dpc;
    ULONG polls;
} device;

static device *uart;

static VOID poll_dpc(PKDPC unused, PVOID context, PVOID argument1, PVOID argument2)
{
    device *d = context;

    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    d->polls++;
}

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    LARGE_INTEGER due;

    UNREFERENCED_PARAMETER(vector);
    UNREFERENCED_PARAMETER(irql);
    UNREFERENCED_PARAMETER(processors);
    uart = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*uart), 'traU');
    if (uart == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeTimer(&uart->timer);
    KeInitializeDpc(&uart->dpc, poll_dpc, uart);
    KeSetTargetProcessorDpc(&uart->dpc, 1); /* Away from the application. */
    due.QuadPart = -10 * 10;                /* 10 us from now. */
    KeSetTimer(&uart->timer, due, &uart->dpc);
    return STATUS_SUCCESS;
}

VOID driver_stop(VOID)
{
    KeCancelTimer(&uart->timer);
#ifdef FIXED
    KeFlushQueuedDpcs();
#endif
    ExFreePoolWithTag(uart, 'traU');
}
