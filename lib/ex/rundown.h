/*
 * rundown.h - who waits for rundown protection to be released, and who has acquired it.
 */
#ifndef DQ_RUNDOWN_H
#define DQ_RUNDOWN_H

#include <wdm.h>

#include "sim/machine.h"

/* On the stack of the thread that waits. */
typedef struct dq_rundown_wait {
    const EX_RUNDOWN_REF *ref;
    KEVENT released;
    struct dq_rundown_wait *next;
} dq_rundown_wait;

/* What the same code has acquired at one place, and not released. */
typedef struct dq_rundown_hold {
    const EX_RUNDOWN_REF *ref; /* Its memory may be gone: not to be followed. */
    ULONG_PTR count;
    dq_service service;
    const void *place;
    uint32_t execution; /* Its ordinal. */
    struct dq_rundown_hold *next;
} dq_rundown_hold;

void dq_rundown_hold_add(dq_processor *cpu, const EX_RUNDOWN_REF *ref, ULONG_PTR count,
                         const void *place);
void dq_rundown_hold_release(dq_processor *cpu, const EX_RUNDOWN_REF *ref, ULONG_PTR count);

/* Of what lies in this memory, all; or the latest one, or NULL. */
void dq_rundown_hold_forget(dq_machine *machine, const void *base, size_t bytes);
const dq_rundown_hold *dq_rundown_hold_inside(dq_machine *machine, const void *base, size_t bytes);

/* Fails the run if something in this memory, which is to be freed, is acquired. */
void dq_rundown_check_free(dq_processor *cpu, const void *base, size_t bytes);

#endif
