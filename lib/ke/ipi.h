/*
 * ipi.h - a call on all processors at once.
 */
#ifndef DQ_IPI_H
#define DQ_IPI_H

#include <wdm.h>

#include "sim/processor.h"

/* In the machine's block. One call at a time. */
typedef struct dq_ipi {
    bool busy;
    PKIPI_BROADCAST_WORKER function;
    ULONG_PTR context;
    const void *place; /* Who called. */
    unsigned arrived;  /* Processors at the barrier, or past it. */
    unsigned finished; /* Processors that have run the function. */
} dq_ipi;

/* The machine's hook: a processor was interrupted, and is at IPI_LEVEL. */
void dq_ipi_arrive(dq_processor *cpu);

#endif
