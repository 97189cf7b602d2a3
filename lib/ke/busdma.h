/*
 * busdma.h - what lib/hal does for the bus interface that lib/io gives out.
 */
#ifndef DQ_BUSDMA_H
#define DQ_BUSDMA_H

#include <wdm.h>

#include "sim/machine.h"

/* BUS_INTERFACE_STANDARD.GetDmaAdapter, called from `place` (hal/adapter.c). */
PDMA_ADAPTER dq_bus_get_dma_adapter(dq_processor *cpu, const DEVICE_DESCRIPTION *description,
                                    PULONG registers, const void *place);

#endif
