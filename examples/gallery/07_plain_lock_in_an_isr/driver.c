/*
 * 07 - A plain spin lock in an ISR.
 *
 * The ISR and the reader share a spin lock. KeAcquireSpinLock raises to DISPATCH_LEVEL only, so the
 * interrupt comes while the reader holds the lock, and the ISR waits for the code that it has interrupted.
 * On Windows the processor stands still, until the watchdog's bug check 0x133 or the power
 * switch.
 *
 * The fix takes the interrupt's own lock in the reader, which raises to DIRQL. The ISR
 * holds that lock anyhow.
 */
#include "driver.h"

static PKINTERRUPT interrupt;
#ifndef FIXED
static KSPIN_LOCK lock;
#endif
static ULONG received;

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
#ifdef FIXED
    received++;
#else
    KeAcquireSpinLockAtDpcLevel(&lock);
    received++;
    KeReleaseSpinLockFromDpcLevel(&lock);
#endif
    return TRUE;
}

ULONG driver_read(VOID)
{
    ULONG count;
    KIRQL old;

#ifdef FIXED
    old = KeAcquireInterruptSpinLock(interrupt);
    count = received;
    KeReleaseInterruptSpinLock(interrupt, old);
#else
    KeAcquireSpinLock(&lock, &old);
    count = received;
    KeReleaseSpinLock(&lock, old);
#endif
    return count;
}

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
#ifndef FIXED
    KeInitializeSpinLock(&lock);
#endif
    return IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(interrupt);
}
