/*
 * driver.h - what the drivers of the gallery have in common: each has those of these routines that its bug needs.
 *
 * They include this and the WDK's headers, nothing of dirql. Most devices interrupt by an edge, so that
 * an ISR need not silence them.
 */
#ifndef GALLERY_DRIVER_H
#define GALLERY_DRIVER_H

#include <ntddk.h>

/* A device that interrupts by a level is silenced by a write to this port. */
#define UART_SILENCE ((PUCHAR)0x3F8)

/* One that is silent until it is enabled has this port for it. */
#define UART_ENABLE ((PUCHAR)0x3F9)

/* Starts the device; the arguments are its translated interrupt resource. */
NTSTATUS driver_start(ULONG vector, KIRQL irql, KAFFINITY processors);

/* The same for an adapter of PortCls. */
struct IResourceList;
NTSTATUS driver_start_adapter(struct IResourceList *resources);

/* Stops the device and gives back all that it has. */
VOID driver_stop(VOID);

/* What an application reads and writes. */
ULONG driver_read(VOID);
VOID driver_write(ULONG value);
ULONGLONG driver_position(VOID);

#endif
