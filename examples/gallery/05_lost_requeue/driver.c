/*
 * 05 - KeInsertQueueDpc returned FALSE, and nobody looked.
 *
 * Each interrupt ends a packet, and its DPC completes one. When the DPC is still queued as the next
 * interrupt comes, KeInsertQueueDpc returns FALSE and queues nothing: one run of the DPC for two
 * packets. On Windows the second packet is never completed: its application waits for ever.
 * That takes a busy processor, so it happens at the customer's.
 *
 * The fix counts in the ISR what is to be done, and the DPC does all of it: then FALSE is harmless.
 */
#include "driver.h"

static PKINTERRUPT interrupt;
static KDPC dpc_of_packets;
static LONG completed;
#ifdef FIXED
static volatile LONG ended; /* Packets that the device has ended, and the DPC has not seen. */
#endif

static VOID packet_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
#ifdef FIXED
    completed += InterlockedExchange(&ended, 0);
#else
    completed++;
#endif
}

static BOOLEAN packet_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
#ifdef FIXED
    InterlockedIncrement(&ended);
#endif
    KeInsertQueueDpc(&dpc_of_packets, NULL, NULL);
    return TRUE;
}

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    completed = 0;
#ifdef FIXED
    ended = 0;
#endif
    KeInitializeDpc(&dpc_of_packets, packet_dpc, NULL);
    KeSetTargetProcessorDpc(&dpc_of_packets, 1);
    return IoConnectInterrupt(&interrupt, packet_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(interrupt);
    KeFlushQueuedDpcs();
}

/* How many packets were completed. After driver_stop. */
ULONG driver_read(VOID)
{
    return (ULONG)completed;
}
