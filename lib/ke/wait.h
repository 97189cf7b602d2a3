/*
 * wait.h - how a thread waits for dispatcher objects, and how these let it go.
 *
 * The kernel is not interrupted between schedule points, so that testing all objects of a wait, and
 * taking them, is one step. Hardware (an expiring timer) may signal and release; it never waits.
 */
#ifndef DQ_WAIT_H
#define DQ_WAIT_H

#include <wdm.h>

#include "ke/thread.h"

/* DISPATCHER_HEADER.Type. */
typedef enum dq_object_type {
    DQ_TYPE_EVENT_NOTIFICATION = 0,
    DQ_TYPE_EVENT_SYNCHRONIZATION = 1,
    DQ_TYPE_MUTANT = 2,
    DQ_TYPE_SEMAPHORE = 5,
    DQ_TYPE_THREAD = 6,
    DQ_TYPE_TIMER_NOTIFICATION = 8,
    DQ_TYPE_TIMER_SYNCHRONIZATION = 9
} dq_object_type;

/* Goes into WAIT_BEGIN events as `a`. */
typedef enum dq_wait_limit { DQ_WAIT_POLL, DQ_WAIT_TIMED, DQ_WAIT_FOREVER } dq_wait_limit;

/* What a thread waits for, where that is not the dispatcher object: for reports. On the stack of the
 * thread that waits. */
typedef struct dq_wait_matter {
    const char *what;   /* "exclusive access to a resource". */
    const void *object; /* The driver's; NULL: none that it would know. */
    const void *made;   /* Who initialised it, or NULL. */
    /* Adds a line for each who has it, as in waitreport.h. May be NULL. */
    void (*tell)(dq_machine *machine, const struct dq_wait_matter *matter, dq_text *text);
    const void *known; /* For tell(). */
} dq_wait_matter;

typedef struct dq_wait_request {
    void *const *objects;
    unsigned count; /* 0: only the time. */
    bool all;
    KPROCESSOR_MODE mode;
    const LARGE_INTEGER *timeout; /* As the documents have it; NULL: for ever. */
    KWAIT_BLOCK *blocks;          /* NULL: the thread's own, three at most. */
    dq_service service;
    const void *place;
    const dq_wait_matter *matter; /* NULL: the objects are what it seems. */
} dq_wait_request;

/* Checks the caller's IRQL, waits, and returns the documented status. The caller may be on another
 * processor afterwards. */
NTSTATUS dq_wait(dq_processor *cpu, const dq_wait_request *request);

/* For the kernel's own: waits for one object without end, at PASSIVE_LEVEL or APC_LEVEL. */
NTSTATUS dq_wait_for(dq_processor *cpu, void *object, dq_service service, const void *place);

/* The same for what is more than the object. */
NTSTATUS dq_wait_for_matter(dq_processor *cpu, void *object, dq_service service, const void *place,
                            const dq_wait_matter *matter);

/* For the test's own: the current thread sleeps until this virtual time, at PASSIVE_LEVEL or
 * APC_LEVEL. */
void dq_wait_until(dq_processor *cpu, uint64_t until_ns, dq_service service, const void *place);

void dq_wait_header_init(DISPATCHER_HEADER *header, dq_object_type type, int state);

/* Lets go as many waiters as the object's state allows. */
void dq_wait_release(dq_machine *machine, DISPATCHER_HEADER *header);

/* True if anybody waits for it. */
bool dq_wait_has_waiters(const DISPATCHER_HEADER *header);

/* Ends a thread's wait for another reason than an object. */
void dq_wait_abort(dq_thread *thread, NTSTATUS status);

/* A service with a Wait parameter of TRUE leaves the IRQL raised for the wait that follows. */
void dq_wait_announce(dq_processor *cpu);

/* Virtual time of a due time as the documents have it: negative relative, else absolute system
 * time. */
uint64_t dq_wait_due_ns(const dq_machine *machine, int64_t due_100ns);

/* Fails the run when `header` is not what it should be: not initialised, or another kind of
 * object. */
void dq_wait_expect(dq_processor *cpu, const DISPATCHER_HEADER *header, uint32_t types,
                    dq_service service, const void *place);

/* For sinks: a service tells its caller the object's state, which the caller may go by. */
static inline void dq_wait_tell_read(dq_processor *cpu, const DISPATCHER_HEADER *header)
{
    if (header->SignalState > 0) {
        dq_emit(cpu, ORDER_TAKE, header, 0, 0, 0);
    }
}

/* "a notification event": for reports. */
const char *dq_wait_object_text(const DISPATCHER_HEADER *header);

/* ---- Between wait.c and dispatcher.c --------------------------------------------------------- */

/* The thread need not wait for it. */
bool dq_dispatcher_is_free_for(const dq_thread *thread, const DISPATCHER_HEADER *header);

/* What a satisfied wait does to the object. True: a mutex whose owner had ended. */
bool dq_dispatcher_consume(dq_thread *thread, DISPATCHER_HEADER *header);

/* The same to all objects of a wait for all; the status of the wait. */
NTSTATUS dq_dispatcher_consume_all(dq_thread *thread, void *const *objects, unsigned count);

/* When the time of a thread's wait is over: what its deadline calls. */
void dq_wait_time_is_over(dq_machine *machine, dq_deadline *deadline);

/* ---- Mutexes --------------------------------------------------------------------------------- */

/* mutex.c: what a satisfied wait does to a mutex; true if its last owner had abandoned it. */
bool dq_mutex_take(dq_thread *thread, DISPATCHER_HEADER *header);
bool dq_mutex_is_free_for(const dq_thread *thread, const DISPATCHER_HEADER *header);
bool dq_mutex_is_owned_by(const dq_thread *thread, const DISPATCHER_HEADER *header);
void dq_mutex_abandon_all(dq_processor *cpu, dq_thread *thread);
/* Whoever owns a mutex in this memory owns it no longer: it is freed, or initialised again, which a
 * checker has said. */
void dq_mutex_forget(dq_processor *cpu, const void *base, size_t bytes);

/* mutexwait.c: a bit for each object that is a mutex, and not the thread's already. None if nobody
 * listens. */
uint64_t dq_mutexwait_objects(const dq_processor *cpu, const dq_thread *thread,
                              const dq_wait_request *request);
void dq_mutexwait_begin(dq_processor *cpu, const dq_wait_request *request, uint64_t mutexes);
void dq_mutexwait_end(dq_processor *cpu, const dq_wait_request *request, dq_wait_limit limit,
                      uint64_t mutexes, NTSTATUS status);

#endif
