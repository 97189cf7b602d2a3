/*
 * lookaside.h - the lookaside lists that are in use.
 */
#ifndef DQ_LOOKASIDE_H
#define DQ_LOOKASIDE_H

#include <wdm.h>

#include "sim/machine.h"

typedef struct dq_lookaside {
    PGENERAL_LOOKASIDE list;
    bool takes_list;   /* Its routines have the parameter of the Ex form. */
    const void *place; /* Who initialised it. */
    struct dq_lookaside *next;
} dq_lookaside;

/* A list in use that lies in these bytes, or NULL: for frees. */
const dq_lookaside *dq_lookaside_inside(dq_machine *machine, const void *base, size_t bytes);

#endif
