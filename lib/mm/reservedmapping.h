/*
 * reservedmapping.h - addresses that are reserved for mapping MDLs.
 */
#ifndef DQ_RESERVEDMAPPING_H
#define DQ_RESERVEDMAPPING_H

#include <wdm.h>

#include "sim/machine.h"

typedef struct dq_reserved_mapping {
    void *address; /* Nothing lies there. */
    size_t bytes;
    ULONG tag;
    const MDL *mdl; /* That is mapped; NULL: none. */
    size_t mapped_pages;
    dq_service service; /* That made it. */
    const void *place;
    struct dq_reserved_mapping *next;
} dq_reserved_mapping;

#endif
