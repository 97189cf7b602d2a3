/*
 * mdlheld.h - which MDLs hold locked pages or mappings, and who made them so.
 *
 * An MDL itself has no place for that, and may be gone: it is only compared here, never followed.
 */
#ifndef DQ_MDLHELD_H
#define DQ_MDLHELD_H

#include <wdm.h>

#include "sim/machine.h"

typedef enum dq_mdl_hold_kind {
    DQ_MDL_LOCKED,
    DQ_MDL_MAPPED,
    DQ_MDL_MAPPED_FOR_USER /* At any number of addresses at once. */
} dq_mdl_hold_kind;

typedef struct dq_mdl_hold {
    dq_mdl_hold_kind kind;
    const MDL *mdl;
    const void *address; /* Of a mapping for user mode. */
    size_t bytes;
    const void *place;
    struct dq_mdl_hold *next;
} dq_mdl_hold;

/* False: short of memory. */
bool dq_mdl_hold_add(dq_machine *machine, const dq_mdl_hold *hold);

/* The same kind, MDL and address. False: there is none. */
bool dq_mdl_hold_drop(dq_machine *machine, dq_mdl_hold_kind kind, const MDL *mdl,
                      const void *address);

/* True if the MDL holds something of that kind. */
bool dq_mdl_is_held(dq_machine *machine, dq_mdl_hold_kind kind, const MDL *mdl);

/* The MDL's memory is given back. */
void dq_mdl_hold_forget(dq_machine *machine, const MDL *mdl);

#endif
