/*
 * unwind.h - who called the code that a signal interrupted, by what compilers say of its frames.
 */
#ifndef UNWIND_H
#define UNWIND_H

#include <stdint.h>

/* Where unwinders are looked for. Not in a signal handler. */
void host_unwind_prepare(void);

/* In a signal handler: the return address of the innermost call that guest code made (guest.h) and
 * that goes on. 0: none, or it cannot be told. The frames up to there must be whole. */
uintptr_t host_unwind_to_guest(void);

#endif
