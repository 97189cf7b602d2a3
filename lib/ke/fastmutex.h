/*
 * fastmutex.h - what the kernel remembers about fast mutexes: who owns each since where, and who
 * waits.
 *
 * The structure has no room for the place of acquisition, nor for the routine that it must be
 * released with.
 */
#ifndef DQ_FASTMUTEX_H
#define DQ_FASTMUTEX_H

#include <wdm.h>

#include "ke/thread.h"

/* Which pair of routines acquired it: the same one must release it. */
typedef enum dq_fast_api {
    DQ_FAST_SAFE,
    DQ_FAST_UNSAFE,
    DQ_FAST_GUARDED,
    DQ_FAST_GUARDED_UNSAFE
} dq_fast_api;

typedef struct dq_fast_hold {
    PFAST_MUTEX mutex;
    dq_thread *thread;
    dq_fast_api api;
    const void *place;
    struct dq_fast_hold *next;
} dq_fast_hold;

/* On the stack of the thread that waits. */
typedef struct dq_fast_want {
    PFAST_MUTEX mutex;
    dq_thread *thread;
    const void *place;
    struct dq_fast_want *next;
} dq_fast_want;

/* In the machine's block. */
typedef struct dq_fast_mutexes {
    dq_fast_hold *held; /* The latest first. */
    dq_fast_hold *unused;
    dq_fast_want *wants;
} dq_fast_mutexes;

/* A thread that ends owning a fast mutex is an error: nobody else may release it. */
void dq_fastmutex_thread_ends(dq_processor *cpu, dq_thread *thread);

/* The memory is to be freed: nobody may own a fast mutex in it. */
void dq_fastmutex_check_free(dq_processor *cpu, const void *base, size_t bytes);

/* ---- Between fastmutex.c and fastmutexrules.c ------------------------------------------------ */

/* One call of a service. */
typedef struct dq_fast_call {
    PFAST_MUTEX mutex;
    dq_fast_api api;
    dq_service service;
    const void *place;
} dq_fast_call;

static inline bool dq_fast_is_unsafe(dq_fast_api api)
{
    return api == DQ_FAST_UNSAFE || api == DQ_FAST_GUARDED_UNSAFE;
}

static inline bool dq_fast_is_guarded(dq_fast_api api)
{
    return api == DQ_FAST_GUARDED || api == DQ_FAST_GUARDED_UNSAFE;
}

static inline const char *dq_fast_name(dq_fast_api api)
{
    return dq_fast_is_guarded(api) ? "guarded mutex" : "fast mutex";
}

/* The link to it, which holds NULL if nobody owns the mutex. */
dq_fast_hold **dq_fast_find(const dq_processor *cpu, const FAST_MUTEX *mutex);
void dq_fast_forget(const dq_processor *cpu, dq_fast_hold **link);

/* The thread of `want` is about to wait. It closes a cycle if the owners on the way from it wait,
 * down to itself: then this fails the run. */
void dq_fast_check_deadlock(dq_processor *cpu, const dq_fast_want *want, const dq_fast_call *c);

void dq_fast_check_acquire(dq_processor *cpu, const dq_fast_call *c);
/* `hold`: who owns it, or NULL. */
void dq_fast_check_release(dq_processor *cpu, const dq_fast_call *c, const dq_fast_hold *hold);

#endif
