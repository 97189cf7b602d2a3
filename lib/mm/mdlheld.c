/*
 * mdlheld.c - which MDLs hold locked pages or mappings, and who made them so.
 */
#include "mm/mdlheld.h"

#include "ke/keep.h"
#include "ke/ki.h"

static dq_mdl_hold **first_of(dq_machine *machine)
{
    return &((dq_kernel *)machine->kernel)->mdl_holds;
}

bool dq_mdl_hold_add(dq_machine *machine, const dq_mdl_hold *hold)
{
    dq_mdl_hold *own = dq_keep(machine, sizeof(*own));

    if (own == NULL) {
        return false;
    }
    *own = *hold;
    own->next = *first_of(machine);
    *first_of(machine) = own;
    return true;
}

static void drop(dq_machine *machine, dq_mdl_hold **link)
{
    dq_mdl_hold *hold = *link;

    *link = hold->next;
    dq_keep_drop(machine, hold);
}

bool dq_mdl_hold_drop(dq_machine *machine, dq_mdl_hold_kind kind, const MDL *mdl,
                      const void *address)
{
    dq_mdl_hold **link = first_of(machine);

    while (*link != NULL &&
           ((*link)->kind != kind || (*link)->mdl != mdl || (*link)->address != address)) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        return false;
    }
    drop(machine, link);
    return true;
}

bool dq_mdl_is_held(dq_machine *machine, dq_mdl_hold_kind kind, const MDL *mdl)
{
    const dq_mdl_hold *hold = *first_of(machine);

    while (hold != NULL && (hold->kind != kind || hold->mdl != mdl)) {
        hold = hold->next;
    }
    return hold != NULL;
}

void dq_mdl_hold_forget(dq_machine *machine, const MDL *mdl)
{
    dq_mdl_hold **link = first_of(machine);

    while (*link != NULL) {
        if ((*link)->mdl == mdl) {
            drop(machine, link);
        } else {
            link = &(*link)->next;
        }
    }
}
