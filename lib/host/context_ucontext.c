/*
 * context_ucontext.c - the switch for processors without one of their own: a hundred times
 * slower, because it changes the signal mask by a system call, but portable.
 *
 * What was left is described by a ucontext_t on the left stack itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#include "host/sanitizer.h"
#include "host/switch.h"

/* makecontext() passes nothing but ints. */
typedef union halves {
    void *pointer;
    host_switch_entry *entry;
    unsigned half[2];
} halves;

_Static_assert(sizeof(halves) == 2 * sizeof(unsigned), "A pointer must fit in two ints.");

static HOST_UNINSTRUMENTED void start(unsigned entry_0, unsigned entry_1, unsigned argument_0,
                                      unsigned argument_1)
{
    halves entry = { .half = { entry_0, entry_1 } };
    halves argument = { .half = { argument_0, argument_1 } };

    entry.entry(argument.pointer);
    abort(); /* An entry must never return. */
}

HOST_UNINSTRUMENTED void host_stack_switch(void **left, void *to)
{
    ucontext_t here;

    *left = &here;
    swapcontext(&here, to);
}

void *host_stack_prepare(void *base, size_t bytes, host_switch_entry *entry, void *argument)
{
    uintptr_t end = ((uintptr_t)base + bytes - sizeof(ucontext_t)) & ~(uintptr_t)63;
    ucontext_t *context = (ucontext_t *)end;
    halves entry_halves = { .half = { 0, 0 } };
    halves argument_halves = { .half = { 0, 0 } };

    entry_halves.entry = entry;
    argument_halves.pointer = argument;
    getcontext(context);
    context->uc_stack.ss_sp = base;
    context->uc_stack.ss_size = end - (uintptr_t)base;
    context->uc_link = NULL;
    makecontext(context, (void (*)(void))(uintptr_t)start, 4, entry_halves.half[0],
                entry_halves.half[1], argument_halves.half[0], argument_halves.half[1]);
    return context;
}
