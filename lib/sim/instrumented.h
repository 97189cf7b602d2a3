/*
 * instrumented.h - which code says what it touches: the instrumented targets of the process.
 *
 * Every file of an instrumented target leaves a unit in its module (the executable or a shared
 * library), and the compiler lists where the module's instrumented functions begin. The module's
 * copy of lib/access hands both over when it is loaded. Whether the accesses of a unit really
 * arrive is tried: each has a probe, one write, compiled like all of its code.
 */
#ifndef DQ_INSTRUMENTED_H
#define DQ_INSTRUMENTED_H

#include "host/freed.h"
#include "sim/access.h"

/* lib/access/instrumented.h defines them, in every instrumented file. */
typedef struct dq_unit {
    const char *target;
    const char *file;
    void (*probe)(volatile char *at); /* Writes *at. */
} dq_unit;

typedef struct dq_instrumented {
    const dq_unit *units, *units_end;
    const uintptr_t *functions, *functions_end; /* Not in order. */
    const char *heap_code, *heap_code_end; /* What stands in for functions of the C library. */
    const host_heap_ear *ear;              /* Whom that tells; filled in. */
    /* Private: */
    struct dq_instrumented *next;
    uintptr_t *sorted;
    size_t sorted_count;
    bool is_tried, arrives;
} dq_instrumented;

/* A module came or goes. Any host thread, also before main. */
DQ_ACCESS_API void dq_instrumented_add(dq_instrumented *module);
DQ_ACCESS_API void dq_instrumented_remove(dq_instrumented *module);

/* True if there is such a module. Any host thread. */
bool dq_instrumented_is_there(void);

/* True if `place` (a return address, or the address of a function) lies in a function whose
 * accesses arrive; false also where that cannot be told. Slow at the first time for each place; not
 * for signal handlers. */
bool dq_access_instrumented(const void *place);

/* Calls visit() for each unit that the process has, with its target's name, the base name of its
 * file (clang does not say it: then it is empty), and whether its accesses arrive. Returns their
 * number. Slow. */
unsigned dq_access_units(void (*visit)(void *owner, const char *target, const char *file,
                                       bool arrives),
                         void *owner);

/* ---- For access.c ---------------------------------------------------------------------------- */

/* An access outside of all simulated executions: it may be a probe's. */
void dq_instrumented_hear(const void *address);

#endif
