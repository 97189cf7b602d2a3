/*
 * iospace.h - the mappings of device memory.
 */
#ifndef DQ_IOSPACE_H
#define DQ_IOSPACE_H

#include "sim/machine.h"

typedef struct dq_mapping {
    void *address;
    size_t bytes;
    dq_window *window; /* NULL: memory of the machine's own. */
    int caching;       /* A MEMORY_CACHING_TYPE. */
    bool read_only;
    const void *place; /* Who mapped it. */
    struct dq_mapping *next;
} dq_mapping;

/* A mapping that holds the address; NULL. */
const dq_mapping *dq_mapping_at(dq_processor *cpu, const volatile void *address);

/* False: all mappings that hold the address are read-only. */
bool dq_mapping_is_writable(dq_processor *cpu, const volatile void *address);

#endif
