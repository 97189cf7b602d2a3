/*
 * 03 - Check, then act: an interrupt that is disconnected in between.
 *
 * Reading looks whether the device is started, then uses its interrupt object. The device is
 * stopped between the two, and the object is gone. On Windows KeSynchronizeExecution takes a lock in
 * freed memory: a bug check, or a processor that hangs. An atomic exchange of the pointer
 * makes the look atomic, and not the use.
 *
 * The fix holds a mutex over check and use, and over clearing and disconnecting. No fast mutex: it raises to
 * APC_LEVEL, and IoDisconnectInterrupt needs PASSIVE_LEVEL.
 */
#include "driver.h"

static PKINTERRUPT interrupt;
static ULONG received;
static KMUTEX mutex;

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    received++;
    return TRUE;
}

static BOOLEAN take_received(PVOID context)
{
    *(ULONG *)context = received;
    received = 0;
    return TRUE;
}

static PKINTERRUPT current_interrupt(VOID)
{
    return InterlockedCompareExchangePointer((PVOID volatile *)&interrupt, NULL, NULL);
}

ULONG driver_read(VOID)
{
    PKINTERRUPT current;
    ULONG count = 0;

#ifdef FIXED
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
#endif
    current = current_interrupt();
    if (current != NULL) {
        KeSynchronizeExecution(current, take_received, &count);
    }
#ifdef FIXED
    KeReleaseMutex(&mutex, FALSE);
#endif
    return count;
}

VOID driver_stop(VOID)
{
    PKINTERRUPT last;

#ifdef FIXED
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
#endif
    last = InterlockedExchangePointer((PVOID volatile *)&interrupt, NULL);
    IoDisconnectInterrupt(last);
#ifdef FIXED
    KeReleaseMutex(&mutex, FALSE);
#endif
}

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    KeInitializeMutex(&mutex, 0);
    return IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}
