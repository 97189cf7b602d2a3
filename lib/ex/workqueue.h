/*
 * workqueue.h - the queues of work items, one for each priority, and the threads that serve them.
 *
 * What is queued is kept apart from the driver's item, so that an item whose memory was freed or
 * overwritten is recognised. An item is off its queue before its routine is called: the routine
 * may queue it again, or free it.
 */
#ifndef DQ_WORKQUEUE_H
#define DQ_WORKQUEUE_H

#include <wdm.h>

#include "ke/thread.h"

typedef struct dq_work {
    void *item;          /* A WORK_QUEUE_ITEM or IO_WORKITEM: what it is known by. */
    size_t bytes;        /* Of the item. */
    const void *routine; /* The driver's. */
    void *parameter;
    void *object; /* For `call` and `done`. */
    /* Calls the routine, outside the monitor. */
    void (*call)(const struct dq_work *work);
    /* Afterwards, inside it. May be NULL. */
    void (*done)(dq_machine *machine, const struct dq_work *work);
    const void *place; /* Who queued it. */
    bool system;       /* The kernel's own: when it is left, it is nobody's fault. */
} dq_work;

typedef struct dq_work_entry {
    dq_work work;
    struct dq_work_entry *next;
} dq_work_entry;

typedef struct dq_worker {
    dq_thread *thread;
    struct dq_work_queue *queue;
    struct dq_worker *next; /* Idle ones of the queue. */
} dq_worker;

typedef struct dq_work_queue {
    dq_work_entry *first, *last;
    dq_worker *idle;
    unsigned workers;
    int priority;
} dq_work_queue;

/* Machine-wide. */
typedef struct dq_work_queues {
    dq_work_queue queues[DQ_PRIORITIES];
    dq_work_entry *unused;
    unsigned busy; /* So much of the kernel's own has begun, and is not done. */
} dq_work_queues;

/* Queues the work and wakes a worker thread, or makes one. Bug check 0x96 if the item is queued
 * already. The caller delivers. IRQL <= DISPATCH_LEVEL. */
void dq_work_queue_insert(dq_processor *cpu, const dq_work *work, WORK_QUEUE_TYPE type);

/* The queued work whose item lies, at least in part, in these bytes, or NULL. */
const dq_work *dq_work_inside(dq_machine *machine, const void *base, size_t bytes);

/* Lets what the kernel's own work has begun come to its end: not for longer than a second, since a
 * driver may keep it from that. PASSIVE_LEVEL; afterwards use dq_self. */
void dq_work_settle(dq_processor *cpu);

#endif
