/*
 * polls.h - instrumented loops that look at a flag.
 */
#ifndef POLLS_H
#define POLLS_H

#include <wdm.h>

void lower_flag(void);
void raise_flag(void *context);

/* Until the flag is raised. */
void await_flag(void *context);

/* Or so many rounds; returns what is left of them. */
int await_flag_for(int rounds);

#endif
