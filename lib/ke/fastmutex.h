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

#endif
