/*
 * abort.h - what the C library says when it calls abort().
 */
#ifndef ABORT_H
#define ABORT_H

/* Finds out where it will say it. Not in a signal handler. */
void host_abort_prepare(void);

#endif
