/*
 * iospace.h - the mappings of device memory.
 */
#ifndef DQ_IOSPACE_H
#define DQ_IOSPACE_H

#include "sim/machine.h"

typedef struct dq_mapping {
    void *address;
    size_t bytes;
    dq_window *window;
    const void *place; /* Who mapped it. */
    struct dq_mapping *next;
} dq_mapping;

#endif
