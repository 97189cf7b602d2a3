/*
 * access.h - loads and stores of guest code, as steps of the machine.
 *
 * Instrumented code (lib/access) and the Interlocked routines say here what they are about to
 * touch. An access is a schedule point and then an event; nothing happens between the event and the
 * access itself, so the order of events is the order of accesses. (In live mode there is no
 * schedule point, and processors run in parallel: there the events are in an order that may have
 * been.)
 */
#ifndef DQ_ACCESS_H
#define DQ_ACCESS_H

#include "sim/processor.h"

/* What a library of its own calls: it may be linked to dirql as a shared library. */
#if defined(__GNUC__) && !defined(__MINGW32__)
#define DQ_ACCESS_API __attribute__((visibility("default")))
#else
#define DQ_ACCESS_API
#endif

enum {
    DQ_ACCESS_READ = 1,
    DQ_ACCESS_WRITE = 2, /* With _READ: a read-modify-write. */
    DQ_ACCESS_ATOMIC = 4,
    DQ_ACCESS_ACQUIRE = 8,
    DQ_ACCESS_RELEASE = 16,
    DQ_ACCESS_VOLATILE = 32
};

/* Says that the calling execution is about to touch `bytes` at `address`. Any host thread; outside
 * a simulated execution it does nothing. `place` is the return address of the call that says it, in
 * the code that touches. A fence is an atomic access of no bytes at NULL. */
DQ_ACCESS_API void dq_access(const void *address, size_t bytes, unsigned flags, const void *place);

/* Two accesses in one step: reads `from`, and reads or writes (DQ_ACCESS_READ, _WRITE) `other`. */
DQ_ACCESS_API void dq_access_both(const void *from, const void *other, unsigned other_flags,
                                  size_t bytes, const void *place);

/* For a service that touches guest memory itself: only the event, after the service's own schedule
 * point. The caller is inside. */
void dq_access_by_service(dq_processor *cpu, const volatile void *address, size_t bytes,
                          unsigned flags);

/* In an exploration, with a searcher: does the execution's code at `place` say what it touches?
 * A return address, or a function. */
void dq_access_look(dq_machine *machine, dq_execution *execution, const void *place);

/* In an exploration: a lock or an object of the kernel is touched. True if nobody else ever touches
 * it, as far as is known. */
bool dq_access_by_own(dq_processor *cpu, const void *object, size_t bytes);

/* The flags that the compiler's __ATOMIC_ number means: for a read, a write or, with both, a
 * read-modify-write. */
static inline unsigned dq_access_atomic_flags(unsigned reads_and_writes, int order)
{
    const bool acquires = order != __ATOMIC_RELAXED && order != __ATOMIC_RELEASE;
    const bool releases =
        order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;

    return DQ_ACCESS_ATOMIC | reads_and_writes |
           (acquires && (reads_and_writes & DQ_ACCESS_READ) ? (unsigned)DQ_ACCESS_ACQUIRE : 0) |
           (releases && (reads_and_writes & DQ_ACCESS_WRITE) ? (unsigned)DQ_ACCESS_RELEASE : 0);
}

#endif
