/*
 * keep.c - memory of the kernel's own that lives exactly as long as its machine.
 */
#include "ke/keep.h"

#include <stdlib.h>

#include "ke/ki.h"

/* In front of each block; the union makes what follows aligned for anything. */
union dq_kept {
    struct {
        union dq_kept *next, *previous;
    } link;
    max_align_t alignment;
};

typedef union dq_kept dq_kept;

static dq_kept **first_of(dq_machine *machine)
{
    return &((dq_kernel *)machine->kernel)->kept;
}

void *dq_keep(dq_machine *machine, size_t bytes)
{
    dq_kept **first = first_of(machine);
    dq_kept *block = dq_machine_get(machine, sizeof(dq_kept) + bytes);

    if (block == NULL) {
        return NULL;
    }
    block->link.next = *first;
    if (*first != NULL) {
        (*first)->link.previous = block;
    }
    *first = block;
    return block + 1;
}

void dq_keep_drop(dq_machine *machine, void *memory)
{
    dq_kept *block = (dq_kept *)memory - 1;

    if (block->link.previous != NULL) {
        block->link.previous->link.next = block->link.next;
    } else {
        *first_of(machine) = block->link.next;
    }
    if (block->link.next != NULL) {
        block->link.next->link.previous = block->link.previous;
    }
    dq_machine_give(machine, block);
}

void dq_keep_stop(dq_machine *machine)
{
    dq_kept *block = *first_of(machine);

    *first_of(machine) = NULL;
    while (block != NULL) {
        dq_kept *next = block->link.next;

        dq_machine_give(machine, block);
        block = next;
    }
}
