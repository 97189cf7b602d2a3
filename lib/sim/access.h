/*
 * access.h - loads and stores of guest code, as steps of the machine.
 *
 * Instrumented code (lib/access) and the Interlocked routines say here what they are about to touch. An access
 * is a schedule point and then an event; nothing happens between the event and the access itself,
 * so the order of events is the order of accesses.
 */
#ifndef DQ_ACCESS_H
#define DQ_ACCESS_H

#include "sim/processor.h"

enum {
    DQ_ACCESS_READ = 1,
    DQ_ACCESS_WRITE = 2, /* With _READ: a read-modify-write. */
    DQ_ACCESS_ATOMIC = 4,
    DQ_ACCESS_ACQUIRE = 8,
    DQ_ACCESS_RELEASE = 16,
    DQ_ACCESS_VOLATILE = 32
};

/* Says that the calling execution is about to touch `bytes` at `address`. Any host thread; outside
 * a simulated execution it does nothing. `place` is an address in the code that does it. */
void dq_access(const void *address, size_t bytes, unsigned flags, const void *place);

#endif
