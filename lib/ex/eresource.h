/*
 * eresource.h - who owns and who waits for executive resources.
 *
 * ERESOURCE.OwnerTable points to what is known here; a resource without it is not in use.
 */
#ifndef DQ_ERESOURCE_H
#define DQ_ERESOURCE_H

#include <wdm.h>

#include "ke/thread.h"

typedef struct dq_resource_owner {
    ERESOURCE_THREAD id; /* A thread, or what ExSetResourceOwnerPointer was given. */
    ULONG count;
    const void *place; /* Of the first acquisition. */
    struct dq_resource_owner *next;
} dq_resource_owner;

/* On the stack of the thread that waits. */
typedef struct dq_resource_wait {
    ERESOURCE_THREAD id;
    bool exclusive;
    bool behind_writers; /* Those that came before go first, whatever is chosen. */
    const void *place;
    KEVENT granted;
    struct dq_resource_wait *next; /* In order of arrival. */
} dq_resource_wait;

typedef struct dq_resource {
    PERESOURCE resource;
    bool exclusive; /* The only owner has it exclusively. */
    dq_resource_owner *owners;
    dq_resource_wait *waits;
    const void *place; /* Who initialised it. */
    struct dq_resource *next;
} dq_resource;

typedef struct dq_resources {
    dq_resource *all;
    dq_resource_owner *unused;
} dq_resources;

typedef enum dq_resource_access {
    DQ_EXCLUSIVE,
    DQ_SHARED,
    DQ_SHARED_STARVE, /* Before those that wait for exclusive access. */
    DQ_SHARED_WAIT    /* Behind them, even if the caller has shared access already. */
} dq_resource_access;

/* A resource in use that lies in these bytes, or NULL: for frees. */
const dq_resource *dq_resource_inside(dq_machine *machine, const void *base, size_t bytes);

/* A thread that ends owning one is an error. */
void dq_resource_thread_ends(dq_processor *cpu, const dq_thread *thread);

void dq_resource_accuse(dq_processor *cpu, const char *rule, uint64_t subcode, uint64_t p2,
                        uint64_t p3, uint64_t p4, const char *what);

/* ---- resourceowner.c ------------------------------------------------------------------------- */

static inline ERESOURCE_THREAD dq_resource_me(const dq_processor *cpu)
{
    return (ERESOURCE_THREAD)dq_thread_current(cpu);
}

/* NULL: not an owner. */
const dq_resource_owner *dq_resource_owner_of(const dq_resource *r, ERESOURCE_THREAD id);
unsigned dq_resource_count_waits(const dq_resource *r, bool exclusive);

/* False: not at once, and `wait` is false. May switch. */
bool dq_resource_acquire(dq_processor *cpu, dq_resource *r, dq_resource_access wanted, bool wait,
                         const void *place);

/* Bug check 0xE3 if `id` (of the others, the caller) is no owner. */
void dq_resource_release(dq_processor *cpu, dq_resource *r, ERESOURCE_THREAD id);
void dq_resource_share(dq_processor *cpu, dq_resource *r);
void dq_resource_rename(dq_processor *cpu, dq_resource *r, ERESOURCE_THREAD id);

#endif
