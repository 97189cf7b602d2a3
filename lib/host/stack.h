/*
 * stack.h - guard-paged stacks from a bounded pool that all threads of the process share.
 */
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct host_stack {
    void *base; /* Lowest usable byte; the guard lies below it. */
    size_t bytes;
} host_stack;

/* Takes a stack of at least `bytes`, rounded up to whole pages. Returns false when memory is
 * short. */
bool host_stack_take(host_stack *stack, size_t bytes);

/* Gives it back, in whatever state it was left. */
void host_stack_give(host_stack stack);

/* True if `address` lies in the guard below a stack with this base. */
bool host_stack_guards(const void *base, const void *address);

#endif
