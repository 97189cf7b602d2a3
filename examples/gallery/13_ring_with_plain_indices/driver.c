/*
 * 13 - A ring buffer with plain indices.
 *
 * The ISR puts a byte into the ring and moves `head`; the reader takes it and moves `tail`. Each index
 * has one writer, which seems to be enough. But plain stores may be put in another order, by the
 * compiler or by an ARM64 processor: `head` moves first, and the reader takes a byte that is not there
 * yet. A loop that waits for `head` may be compiled to read it once.
 *
 * The fix publishes with a release store and looks with an acquire load: what was written before the one
 * is seen after the other.
 */
#include "driver.h"

#ifdef FIXED
#define LOOK(index)           ReadULongAcquire(&(index))
#define PUBLISH(index, value) WriteULongRelease(&(index), (value))
#else
#define LOOK(index)           (index)
#define PUBLISH(index, value) ((index) = (value))
#endif

#define SIZE 4u

static PKINTERRUPT interrupt;
static UCHAR ring[SIZE];
static ULONG head, tail;

static BOOLEAN uart_isr(PKINTERRUPT unused, PVOID context)
{
    UNREFERENCED_PARAMETER(unused);
    UNREFERENCED_PARAMETER(context);
    if (head - LOOK(tail) < SIZE) {
        ring[head % SIZE] = (UCHAR)(0x41 + head);
        PUBLISH(head, head + 1);
    }
    return TRUE;
}

/* A byte, or 0 if there is none. */
ULONG driver_read(VOID)
{
    ULONG byte = 0;

    if (LOOK(head) != tail) {
        byte = ring[tail % SIZE];
        PUBLISH(tail, tail + 1);
    }
    return byte;
}

NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors)
{
    return IoConnectInterrupt(&interrupt, uart_isr, NULL, NULL, vector, irql, irql, Latched, FALSE,
                              processors, FALSE);
}

VOID driver_stop(VOID)
{
    IoDisconnectInterrupt(interrupt);
}
