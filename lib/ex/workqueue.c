/*
 * workqueue.c - system worker threads.
 *
 * Each queue type is a priority ("wdm: WORK_QUEUE_TYPE"), and each priority has a queue. Items
 * begin in the order of insertion. A thread is made whenever an item finds none idle, until there
 * are enough: more would not help a driver whose items wait for each other on Windows either, where
 * the number of threads is a limited resource ("System Worker Threads").
 */
#include "ex/executive.h"

#include <stdio.h>

#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { WORKERS_MOST = 16, PLACE_TEXT = 160 };

static const uint64_t settle_first_ns = 1000;
static const uint64_t settle_limit_ns = 1000000000;

/* ---- The queues ------------------------------------------------------------------------------ */

static int priority_of(WORK_QUEUE_TYPE type)
{
    static const int priorities[MaximumWorkQueue] = {
        [CriticalWorkQueue] = 13,     [DelayedWorkQueue] = 12,   [HyperCriticalWorkQueue] = 15,
        [NormalWorkQueue] = 8,        [BackgroundWorkQueue] = 7, [RealTimeWorkQueue] = 18,
        [SuperCriticalWorkQueue] = 14
    };
    const int number = (int)type;

    if (number >= 0 && number < MaximumWorkQueue) {
        return priorities[number];
    }
    return number > CustomPriorityWorkQueue && number < CustomPriorityWorkQueue + DQ_PRIORITIES
               ? number - CustomPriorityWorkQueue
               : 0;
}

const dq_work *dq_work_inside(dq_machine *machine, const void *base, size_t bytes)
{
    const dq_executive *ex = ((dq_kernel *)machine->kernel)->ex;
    const uintptr_t start = (uintptr_t)base;

    for (unsigned i = 0; ex != NULL && i < DQ_PRIORITIES; i++) {
        for (const dq_work_entry *entry = ex->work.queues[i].first; entry != NULL;
             entry = entry->next) {
            const uintptr_t item = (uintptr_t)entry->work.item;

            if (item < start + bytes && item + entry->work.bytes > start) {
                return &entry->work;
            }
        }
    }
    return NULL;
}

static dq_work_entry *borrow(dq_machine *machine, dq_work_queues *queues)
{
    dq_work_entry *entry = queues->unused;

    if (entry == NULL) {
        return dq_keep(machine, sizeof(*entry));
    }
    queues->unused = entry->next;
    return entry;
}

static void append(dq_work_queue *queue, dq_work_entry *entry)
{
    entry->next = NULL;
    if (queue->last != NULL) {
        queue->last->next = entry;
    } else {
        queue->first = entry;
    }
    queue->last = entry;
}

static bool take(dq_work_queues *queues, dq_work_queue *queue, dq_work *work)
{
    dq_work_entry *entry = queue->first;

    if (entry == NULL) {
        return false;
    }
    *work = entry->work;
    queue->first = entry->next;
    queue->last = queue->first != NULL ? queue->last : NULL;
    entry->next = queues->unused;
    queues->unused = entry;
    return true;
}

/* ---- The threads ----------------------------------------------------------------------------- */

static void check_return(dq_processor *cpu, const dq_work *work)
{
    char routine[PLACE_TEXT];

    if (cpu->irql != DQ_LEVEL_PASSIVE) {
        dq_bugcheck(cpu, WORKER_THREAD_RETURNED_AT_BAD_IRQL, (uintptr_t)work->routine, cpu->irql,
                    (uintptr_t)work->parameter, (uintptr_t)work->item,
                    "the routine of a work item (%s) returned at IRQL %u: it was called at "
                    "PASSIVE_LEVEL",
                    dq_place_describe(work->routine, routine, sizeof(routine)), cpu->irql);
    }
}

/* The next item would run in the region, too. */
static void check_regions(dq_processor *cpu, const dq_work *work)
{
    dq_thread *thread = dq_thread_current(cpu);
    char routine[PLACE_TEXT];

    if (thread->apc_disable != 0 || thread->guarded != 0) {
        dq_find(
            cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = thread->apc_disable != 0 ? "CriticalRegions" : "GuardedRegions",
                           .page = "wdm: IO_WORKITEM_ROUTINE" },
            "the routine of a work item (%s) returned in another critical or guarded region "
            "than it was called in, or owning a mutex",
            dq_place_describe(work->routine, routine, sizeof(routine)));
        thread->apc_disable = 0;
        thread->guarded = 0;
    }
}

/* While the driver's routine runs, the thread is not the kernel's own for reports. */
static void run(dq_processor *cpu, const dq_work *work)
{
    dq_thread *thread = dq_thread_current(cpu);
    dq_execution execution;
    unsigned depth;

    dq_execution_begin(cpu, &execution, DQ_EXECUTION_THREAD, DQ_LEVEL_PASSIVE, work->routine,
                       work->item, NULL);
    thread->internal = false;
    dq_emit(cpu, ORDER_TAKE, work->item, 0, 0, 0);
    depth = dq_guest_begin(dq_self);
    work->call(work);
    dq_guest_end(depth);
    thread->internal = true;
    cpu = dq_self;
    dq_check_saved_states(cpu);
    check_return(cpu, work);
    check_regions(cpu, work);
    dq_execution_end(cpu, &execution);
    if (work->done != NULL) {
        work->done(cpu->machine, work);
    }
}

static void become_idle(dq_worker *worker)
{
    dq_processor *cpu = dq_self;

    worker->next = worker->queue->idle;
    worker->queue->idle = worker;
    worker->thread->state = DQ_THREAD_WAITING;
    cpu->irql = DQ_LEVEL_DISPATCH;
    (void)dq_thread_resume_at(dq_thread_block(cpu), DQ_LEVEL_PASSIVE);
}

static void serve(void *context)
{
    dq_worker *worker = context;
    dq_work_queues *queues = &dq_executive_of(worker->thread->machine)->work;

    for (;;) {
        dq_work work;

        while (take(queues, worker->queue, &work)) {
            queues->busy += work.system;
            run(dq_self, &work);
            queues->busy -= work.system;
        }
        become_idle(worker);
    }
}

static bool make_worker(dq_machine *machine, dq_work_queue *queue)
{
    dq_worker *worker = dq_keep(machine, sizeof(*worker));
    char name[32];

    if (worker == NULL) {
        return false;
    }
    snprintf(name, sizeof(name), "system worker %d.%u", queue->priority, queue->workers);
    worker->queue = queue;
    worker->thread = dq_thread_create(machine, name, 0, queue->priority, serve, worker);
    if (worker->thread == NULL) {
        return false;
    }
    worker->thread->internal = true;
    queue->workers++;
    return true;
}

/* ---- Insertion ------------------------------------------------------------------------------- */

static void wake(dq_machine *machine, dq_work_queue *queue)
{
    dq_worker *worker = queue->idle;

    if (worker != NULL) {
        queue->idle = worker->next;
        dq_thread_ready(worker->thread);
    } else if (queue->workers < WORKERS_MOST && !make_worker(machine, queue) &&
               queue->workers == 0) {
        dq_find_outside(machine, "memory", "no memory for a system worker thread");
    }
}

static void check_insert(dq_processor *cpu, const dq_work *work, const dq_work_queues *queues)
{
    const dq_work *queued = dq_work_inside(cpu->machine, work->item, 1);
    char place[PLACE_TEXT];

    if (queued != NULL) {
        dq_bugcheck(cpu, INVALID_WORK_QUEUE_ITEM, (uintptr_t)work->item, (uintptr_t)queues,
                    (uintptr_t)queues, (uintptr_t)work->routine,
                    "a work item is queued that is queued already, since %s: it can be queued "
                    "again when its routine has begun",
                    dq_place_describe(queued->place, place, sizeof(place)));
    }
}

static _Noreturn void refuse_type(dq_processor *cpu, const dq_work *work, WORK_QUEUE_TYPE type)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "WorkQueueType",
                           .page = "wdm: WORK_QUEUE_TYPE",
                           .place = work->place },
            "a work item is queued with queue type %d, which is none", (int)type);
    dq_go_home(cpu);
}

void dq_work_queue_insert(dq_processor *cpu, const dq_work *work, WORK_QUEUE_TYPE type)
{
    dq_executive *ex = dq_executive_of(cpu->machine);
    dq_work_entry *entry = ex != NULL ? borrow(cpu->machine, &ex->work) : NULL;
    const int priority = priority_of(type);

    if (entry == NULL) {
        dq_find_outside(cpu->machine, "memory", "no memory to queue a work item");
        return;
    }
    if (priority == 0) {
        refuse_type(cpu, work, type);
    }
    check_insert(cpu, work, &ex->work);
    dq_emit(cpu, ORDER_GIVE, work->item, 0, 0, 0);
    entry->work = *work;
    ex->work.queues[priority].priority = priority;
    append(&ex->work.queues[priority], entry);
    wake(cpu->machine, &ex->work.queues[priority]);
}

/* ---- The end of the run ---------------------------------------------------------------------- */

void dq_work_settle(dq_processor *cpu)
{
    const dq_executive *ex = dq_kernel_of(cpu)->ex;
    uint64_t waited_ns = 0;

    while (ex != NULL && ex->work.busy > 0 && waited_ns < settle_limit_ns) {
        const uint64_t step_ns = waited_ns > 0 ? waited_ns : settle_first_ns;

        dq_wait_until(dq_self, dq_self->machine->clock.now_ns + step_ns, DQ_SERVICE_NONE, NULL);
        waited_ns += step_ns;
    }
}
