/*
 * shelf.c - lists that only grow.
 */
#include "sim/shelf.h"

#include <stdlib.h>

#include "host/host.h"

/* Room for one more behind `count` of them. NULL: short of memory, and they stay as they are. */
static void *make_room(void *of, unsigned count, unsigned *capacity, size_t bytes_of_one)
{
    const unsigned larger = *capacity == 0 ? 16 : 2 * *capacity;

    if (count < *capacity) {
        return of;
    }
    of = realloc(of, larger * bytes_of_one);
    *capacity = of != NULL ? larger : *capacity;
    return of;
}

static bool add_stack(dq_shelf *shelf, size_t bytes)
{
    host_stack *stacks =
        make_room(shelf->stacks, shelf->count, &shelf->capacity, sizeof(*shelf->stacks));

    if (stacks == NULL) {
        return false;
    }
    shelf->stacks = stacks;
    if (!host_stack_take(&stacks[shelf->count], bytes)) {
        return false;
    }
    shelf->count++;
    return true;
}

const host_stack *dq_shelf_stack(dq_shelf *shelf, unsigned number, size_t bytes)
{
    return number < shelf->count || add_stack(shelf, bytes) ? &shelf->stacks[number] : NULL;
}

static bool add_range(dq_shelf *shelf)
{
    dq_range *ranges = make_room(shelf->ranges, shelf->range_count, &shelf->range_capacity,
                                 sizeof(*shelf->ranges));

    if (ranges == NULL) {
        return false;
    }
    shelf->ranges = ranges;
    ranges[shelf->range_count++] = (dq_range){ NULL, 0 };
    return true;
}

void *dq_shelf_range(dq_shelf *shelf, unsigned number, size_t bytes)
{
    dq_range *range;

    if (number == shelf->range_count && !add_range(shelf)) {
        return NULL;
    }
    range = &shelf->ranges[number];
    if (range->bytes != bytes) {
        host_address_release(range->start, range->bytes);
        range->start = host_address_reserve(bytes);
        range->bytes = range->start != NULL ? bytes : 0;
    }
    return range->start;
}

void dq_shelf_clear(dq_shelf *shelf)
{
    for (unsigned i = 0; i < shelf->count; i++) {
        host_stack_give(shelf->stacks[i]);
    }
    for (unsigned i = 0; i < shelf->range_count; i++) {
        host_address_release(shelf->ranges[i].start, shelf->ranges[i].bytes);
    }
    free(shelf->stacks);
    free(shelf->ranges);
    *shelf = (dq_shelf){ 0 };
}
