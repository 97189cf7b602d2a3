/*
 * shelf.h - the stacks of a machine that is rewound: taken from the host once, used by each run in
 * the same order.
 */
#ifndef DQ_SHELF_H
#define DQ_SHELF_H

#include "host/stack.h"

typedef struct dq_shelf {
    host_stack *stacks;
    unsigned count, capacity;
} dq_shelf;

/* The stack with that number. Numbers are asked for in order, beginning with 0, and from the
 * beginning again in the next run. NULL when memory is short. */
const host_stack *dq_shelf_stack(dq_shelf *shelf, unsigned number, size_t bytes);

/* Gives all of them back to the host. */
void dq_shelf_clear(dq_shelf *shelf);

#endif
