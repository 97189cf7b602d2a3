/*
 * mark.h - the part of marks that knows the processor: one file for each, with host_mark_save()
 * and host_mark_visit(), and for others `mark_none.c`.
 */
#ifndef MARK_H
#define MARK_H

#include "host/host.h"

/* Goes there with the stack pointer that it was saved with, and says nothing to anybody. */
_Noreturn void host_mark_go_on(const host_mark *mark);

/* The stack pointer that it was saved with. */
void *host_mark_stack_pointer(const host_mark *mark);

#endif
