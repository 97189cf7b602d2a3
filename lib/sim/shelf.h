/*
 * shelf.h - what a machine that is rewound has from the host: taken once, used by each run in the
 * same order.
 */
#ifndef DQ_SHELF_H
#define DQ_SHELF_H

#include "host/stack.h"

/* Addresses of registers: nothing lies there. */
typedef struct dq_range {
    void *start;
    size_t bytes;
} dq_range;

typedef struct dq_shelf {
    host_stack *stacks;
    unsigned count, capacity;
    dq_range *ranges;
    unsigned range_count, range_capacity;
} dq_shelf;

/* The stack with that number. Numbers are asked for in order, beginning with 0, and from the
 * beginning again in the next run. NULL when memory is short. */
const host_stack *dq_shelf_stack(dq_shelf *shelf, unsigned number, size_t bytes);

/* The same for a range of addresses. Where a run asks for another size than the one before, it gets
 * another range. */
void *dq_shelf_range(dq_shelf *shelf, unsigned number, size_t bytes);

/* Gives all of them back to the host. */
void dq_shelf_clear(dq_shelf *shelf);

#endif
