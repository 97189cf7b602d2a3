/*
 * racing.h - a driver with and without races, built as instrumented code.
 */
#ifndef TEST_RACING_H
#define TEST_RACING_H

#include <wdm.h>

typedef struct uart {
    ULONG rx_count;
    UCHAR fifo[16];
    volatile LONG stopping;
    KSPIN_LOCK lock;
    ULONG queued;
    LONG count;
    KDPC dpc;
    PKINTERRUPT interrupt;
    void (*silence)(void); /* The device. */
} uart;

extern uart racing_uart;

BOOLEAN racing_isr(PKINTERRUPT interrupt, PVOID context);
VOID racing_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2);

ULONG racing_read_plain(uart *device);        /* Races with the ISR. */
ULONG racing_read_synchronized(uart *device); /* Does not. */
void racing_copy_plain(uart *device, UCHAR *bytes);
void racing_copy_locked(uart *device, UCHAR *bytes);
void racing_queue_locked(uart *device);
void racing_queue_plain(uart *device); /* Races with the DPC. */
void racing_locals(uart *device);
void racing_stop(uart *device);
void racing_await_stop(uart *device);
void racing_count(uart *device); /* Interlocked. */
void racing_look(uart *device);  /* Races with it. */

#endif
