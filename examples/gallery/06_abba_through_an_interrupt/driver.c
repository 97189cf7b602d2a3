/*
 * 06 - Two locks in two orders, one of them the interrupt's.
 *
 * Writing holds the queue's lock and starts the device in a synchronized routine, which holds the
 * interrupt's lock. Reading does it the other way round: its synchronized routine takes the queue's
 * lock. On Windows two processors wait for each other for ever; and long before that, one
 * waits for a lock of DISPATCH_LEVEL at DIRQL, while its holder may be interrupted.
 *
 * The fix takes both in one order: the lock of the lower IRQL outside, the interrupt's inside.
 */
#include "driver.h"

static PKINTERRUPT interrupt;
static KSPIN_LOCK queue_lock;
static ULONG queued, in_device;

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    in_device = 0;
    return TRUE;
}

static BOOLEAN start_device(PVOID context)
{
    in_device += *(ULONG *)context;
    return TRUE;
}

VOID driver_write(ULONG bytes)
{
    KIRQL old;

    KeAcquireSpinLock(&queue_lock, &old);
    queued += bytes;
    KeSynchronizeExecution(interrupt, start_device, &bytes);
    KeReleaseSpinLock(&queue_lock, old);
}

#ifdef FIXED

static BOOLEAN add_in_device(PVOID context)
{
    *(ULONG *)context += in_device;
    return TRUE;
}

ULONG driver_read(VOID)
{
    ULONG sum;
    KIRQL old;

    KeAcquireSpinLock(&queue_lock, &old);
    sum = queued;
    KeSynchronizeExecution(interrupt, add_in_device, &sum);
    KeReleaseSpinLock(&queue_lock, old);
    return sum;
}

#else

static BOOLEAN add_both(PVOID context)
{
    KeAcquireSpinLockAtDpcLevel(&queue_lock);
    *(ULONG *)context = queued + in_device;
    KeReleaseSpinLockFromDpcLevel(&queue_lock);
    return TRUE;
}

ULONG driver_read(VOID)
{
    ULONG sum;

    KeSynchronizeExecution(interrupt, add_both, &sum);
    return sum;
}

#endif

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    KeInitializeSpinLock(&queue_lock);
    return IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(interrupt);
}
