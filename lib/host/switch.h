/*
 * switch.h - the part of a context that knows the processor.
 *
 * One file for each processor (`context_x86_64.S`, `context_arm64.S`) and one for all others
 * (`context_ucontext.c`). A stack that was left is described by one pointer.
 */
#ifndef SWITCH_H
#define SWITCH_H

#include <stddef.h>

typedef void host_switch_entry(void *argument);

/* Leaves the caller's stack, described by *left, and goes on where `to` was left. Keeps the
 * registers that a called function must keep, and the floating-point control word. */
void host_stack_switch(void **left, void *to);

/* Describes an unused stack so that the first switch to it calls entry(argument). The
 * floating-point control word is the caller's. */
void *host_stack_prepare(void *base, size_t bytes, host_switch_entry *entry, void *argument);

#endif
