/*
 * resolution.h - how often the system clock interrupts, as drivers ask for it.
 */
#ifndef DQ_RESOLUTION_H
#define DQ_RESOLUTION_H

#include <stdint.h>

/* In the machine's block. */
typedef struct dq_resolution {
    uint32_t asked_100ns; /* The finest; 0: nobody has asked. */
    unsigned setters;     /* Calls that are not undone. */
    const void *place;    /* Of the latest. */
} dq_resolution;

#endif
