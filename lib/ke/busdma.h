/*
 * busdma.h - what lib/hal does for the bus interface that lib/io gives out.
 */
#ifndef DQ_BUSDMA_H
#define DQ_BUSDMA_H

#include <wdm.h>

/* BUS_INTERFACE_STANDARD.GetDmaAdapter (hal/adapter.c). */
PDMA_ADAPTER NTAPI dq_bus_get_dma_adapter(PVOID Context, PDEVICE_DESCRIPTION DeviceDescriptor,
                                          PULONG NumberOfMapRegisters);

#endif
