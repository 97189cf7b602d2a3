/*
 * fault.h - what the fault handler and the watchdog's handler share.
 */
#ifndef FAULT_H
#define FAULT_H

#include <signal.h>

#include "host/host.h"

/* Called by a signal handler on a thread that catches faults: its handler gets *fault when the
 * signal handler returns. Returns false if the thread already runs on its landing stack; then
 * nothing is changed. */
bool host_fault_deliver(void *state, const host_fault *fault);

/* Does what would have happened without dirql: calls the handler that was there before, or lets
 * the default happen. */
void host_fault_pass_on(const struct sigaction *before, int signal, siginfo_t *info, void *state);

#endif
