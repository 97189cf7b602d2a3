/*
 * 08 - An event that is cleared after the check.
 *
 * The reader finds nothing, clears the event, and waits. A byte that comes between check and clear
 * sets the event, and the reader clears it: it waits, with the byte there. On Windows the application
 * hangs until the next byte comes, which may be never, and cannot be killed.
 *
 * The fix clears first, then looks: what comes after the clear sets the event again.
 */
#include "driver.h"

static PKINTERRUPT interrupt;
static KDPC dpc;
static KEVENT arrived;
static volatile LONG received;

static VOID uart_dpc(PKDPC unused, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    InterlockedIncrement(&received);
    KeSetEvent(&arrived, IO_NO_INCREMENT, FALSE);
}

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return TRUE;
}

#ifdef FIXED

ULONG driver_read(VOID)
{
    LONG count;

    for (;;) {
        KeClearEvent(&arrived);
        count = InterlockedExchange(&received, 0);
        if (count != 0) {
            return (ULONG)count;
        }
        KeWaitForSingleObject(&arrived, Executive, KernelMode, FALSE, NULL);
    }
}

#else

ULONG driver_read(VOID)
{
    LONG count;

    for (;;) {
        count = InterlockedExchange(&received, 0);
        if (count != 0) {
            return (ULONG)count;
        }
        KeClearEvent(&arrived);
        KeWaitForSingleObject(&arrived, Executive, KernelMode, FALSE, NULL);
    }
}

#endif

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    received = 0;
    KeInitializeEvent(&arrived, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, uart_dpc, NULL);
    return IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(interrupt);
    KeFlushQueuedDpcs();
}
