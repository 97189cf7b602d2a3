/*
 * computing.h - routines of the kernel that are no services: they only compute; and what a service
 * reads before it has begun.
 *
 * Such a routine tells nobody that it is called. It notes who called it, and its name, in case that
 * it faults on what it was given. That costs some stores, and needs no monitor: what is noted
 * belongs to the host thread.
 */
#ifndef DQ_COMPUTING_H
#define DQ_COMPUTING_H

#include "sim/monitor.h"
#include "sim/service.h"

typedef struct dq_computing {
    const void *place; /* Return address of its call. */
    const char *name;
    dq_service service; /* That reads; NONE: it is no service. */
} dq_computing;

/* The latest that has begun on this host thread. It may have been left by an exception: it is at
 * work if `place` is on the stack. */
extern DQ_TLS dq_computing dq_computing_now;

static inline dq_computing dq_computing_begin(const void *place, const char *name,
                                              dq_service service)
{
    const dq_computing before = dq_computing_now;

    dq_computing_now = (dq_computing){ place, name, service };
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* Only the handler of a fault reads it. */
    return before;
}

static inline void dq_computing_end(const dq_computing *before)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    dq_computing_now = *before;
}

/* At the top of such a routine, which calls no guest code. */
#define DQ_COMPUTES()                                                                           \
    __attribute__((cleanup(dq_computing_end), unused)) const dq_computing dq_computing_before = \
        dq_computing_begin(__builtin_return_address(0), __func__, DQ_SERVICE_NONE)

/* The value of an expression that follows a pointer of a service's caller, who called from
 * `place`. */
#define DQ_READ_FROM(service, place, expression)                                            \
    __extension__({                                                                         \
        const dq_computing dq_before = dq_computing_begin((place), "", (service));          \
        const __typeof__(expression) dq_value = (expression);                               \
        dq_computing_end(&dq_before);                                                       \
        dq_value;                                                                           \
    })

/* In a service, before DQ_ENTER has been passed, or among its arguments. */
#define DQ_READ(name, expression) \
    DQ_READ_FROM(DQ_SERVICE_##name, __builtin_return_address(0), expression)

#endif
