/*
 * shelf.c - a list of stacks that only grows.
 */
#include "sim/shelf.h"

#include <stdlib.h>

static bool make_room(dq_shelf *shelf)
{
    const unsigned capacity = shelf->capacity == 0 ? 16 : 2 * shelf->capacity;
    host_stack *stacks;

    if (shelf->count < shelf->capacity) {
        return true;
    }
    stacks = realloc(shelf->stacks, capacity * sizeof(*stacks));
    if (stacks == NULL) {
        return false;
    }
    shelf->stacks = stacks;
    shelf->capacity = capacity;
    return true;
}

const host_stack *dq_shelf_stack(dq_shelf *shelf, unsigned number, size_t bytes)
{
    if (number == shelf->count) {
        if (!make_room(shelf) || !host_stack_take(&shelf->stacks[number], bytes)) {
            return NULL;
        }
        shelf->count++;
    }
    return &shelf->stacks[number];
}

void dq_shelf_clear(dq_shelf *shelf)
{
    for (unsigned i = 0; i < shelf->count; i++) {
        host_stack_give(shelf->stacks[i]);
    }
    free(shelf->stacks);
    *shelf = (dq_shelf){ 0 };
}
