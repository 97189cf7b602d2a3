/*
 * pagable.h - pageable sections of drivers, and how often each is locked.
 */
#ifndef DQ_PAGABLE_H
#define DQ_PAGABLE_H

#include "sim/machine.h"

typedef struct dq_section {
    char module[64]; /* Of the driver; nothing else tells sections apart. */
    unsigned locks;
    const void *place; /* Of the latest. */
    struct dq_section *next;
} dq_section;

#endif
