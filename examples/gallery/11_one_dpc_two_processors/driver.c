/*
 * 11 - One DPC, on two processors at once.
 *
 * A DPC object is queued once, but it leaves the queue before its routine runs. An interrupt on another
 * processor then queues it again there: the routine runs twice at the same time. On Windows the two
 * count the same packet twice, or unlink it twice, and the list is in pieces.
 *
 * The fix is a spin lock in the routine, as for any other code that runs on two processors.
 */
#include "driver.h"

static PKINTERRUPT interrupt;
static KDPC dpc;
static ULONG packets;
#ifdef FIXED
static KSPIN_LOCK lock;
#endif

static VOID uart_dpc(PKDPC unused, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
#ifdef FIXED
    KeAcquireSpinLockAtDpcLevel(&lock);
#endif
    packets++;
#ifdef FIXED
    KeReleaseSpinLockFromDpcLevel(&lock);
#endif
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
#ifdef FIXED
    KeInitializeSpinLock(&lock);
#endif
    KeInitializeDpc(&dpc, uart_dpc, NULL);
    return IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(interrupt);
    KeFlushQueuedDpcs();
}
