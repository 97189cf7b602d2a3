/*
 * thread.c - the life of a thread. Which one goes on is in ready.c.
 */
#include "ke/ki.h"
#include "sim/access.h"
#include "sim/jump.h"

#include <stdio.h>
#include <stdlib.h>

static dq_threads *threads_of(dq_machine *machine)
{
    return &((dq_kernel *)machine->kernel)->threads;
}

dq_thread *dq_thread_current(const dq_processor *cpu)
{
    return dq_prcb_of(cpu)->thread;
}

/* ---- Birth and death ------------------------------------------------------------------------- */

/* The routine of one of the kernel's own threads is no guest code, nor is the test's: its body is.
 */
static void call_routine(const dq_thread *thread)
{
    const bool is_guest = !thread->internal && thread->number != 0;
    const unsigned depth = is_guest ? dq_guest_begin(dq_self) : 0;

    if (is_guest && dq_self->machine->choices.searcher != NULL) {
        dq_access_look(dq_self->machine, dq_self->execution, DQ_CODE(thread->routine));
    }
    thread->routine(thread->context);
    if (is_guest) {
        DQ_LOOK_FOR_JUMP_IN_GUEST();
        dq_guest_end(depth);
    }
}

static void enter_thread(void *argument)
{
    dq_thread *thread = argument;
    dq_processor *cpu = dq_thread_resume_at(dq_self, DQ_LEVEL_PASSIVE);

    dq_emit_text(cpu, THREAD_BEGIN, thread, thread->name);
    call_routine(thread);
    dq_thread_exit(dq_self, STATUS_SUCCESS);
}

/* In order of creation, which reports follow. */
static void enlist(dq_threads *threads, dq_thread *thread)
{
    dq_thread **link = &threads->all;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = thread;
}

/* snprintf() would be a tenth of a thread's cost. */
static void set_name(dq_thread *thread, const char *name)
{
    size_t i = 0;

    for (; i + 1 < sizeof(thread->name) && name[i] != '\0'; i++) {
        thread->name[i] = name[i];
    }
    thread->name[i] = '\0';
}

dq_thread *dq_thread_create(dq_machine *machine, const char *name, uint64_t affinity, int priority,
                            void (*routine)(void *context), void *context)
{
    dq_threads *threads = threads_of(machine);
    dq_thread *thread = dq_machine_get(machine, sizeof(dq_thread));

    if (thread == NULL) {
        return NULL;
    }
    thread->machine = machine;
    thread->number = threads->count;
    thread->made_ns = machine->clock.now_ns;
    if (name != NULL) {
        set_name(thread, name);
    } else {
        snprintf(thread->name, sizeof(thread->name), "%u", (unsigned)thread->number);
    }
    dq_wait_header_init(&thread->header, DQ_TYPE_THREAD, 0);
    InitializeListHead(&thread->mutexes);
    thread->affinity = affinity != 0 ? affinity : dq_processor_set(machine);
    thread->priority = priority;
    thread->references = 2;
    thread->routine = routine;
    thread->context = context;
    thread->state = DQ_THREAD_READY;
    thread->timeout.priority = DQ_PRIORITY_WAIT;
    thread->timeout.owner = thread;
    thread->task = dq_task_create(machine, enter_thread, thread, thread,
                                  name != NULL ? thread->name : NULL, DQ_CODE(routine));
    if (thread->task == NULL) {
        dq_machine_give(machine, thread);
        return NULL;
    }
    threads->count++;
    enlist(threads, thread);
    dq_thread_rearrange(thread);
    if (dq_self->machine == machine) {
        dq_emit_text(dq_self, THREAD_CREATE, thread, thread->name);
    }
    dq_thread_ready(thread);
    return thread;
}

/* The last one stays for a while: it may be the one that runs this. */
static void bury(dq_machine *machine, dq_thread *thread)
{
    dq_threads *threads = threads_of(machine);
    dq_thread **link = &threads->all;

    while (*link != thread) {
        link = &(*link)->next;
    }
    *link = thread->next;
    dq_machine_give(machine, threads->corpse);
    threads->corpse = thread;
}

void dq_thread_release(dq_machine *machine, dq_thread *thread)
{
    if (--thread->references == 0) {
        bury(machine, thread);
    }
}

void dq_thread_check_end(dq_processor *cpu)
{
    const dq_thread *thread = dq_thread_current(cpu);

    dq_check_saved_states(cpu);
    dq_emit(cpu, THREAD_END, thread, 0, 0, 0);
    if (cpu->irql != DQ_LEVEL_PASSIVE) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | 1,
                    (uintptr_t)thread->routine, 0, 0,
                    "thread %s ends at IRQL %u: it must be back at PASSIVE_LEVEL", thread->name,
                    cpu->irql);
    }
}

void dq_thread_exit(dq_processor *cpu, NTSTATUS status)
{
    dq_machine *machine = cpu->machine;
    dq_thread *thread = dq_thread_current(cpu);
    dq_thread *next;

    cpu = dq_thread_about_to_leave(cpu);
    dq_thread_check_end(cpu);
    if (dq_kernel_of(cpu)->io_thread_ends != NULL) {
        dq_kernel_of(cpu)->io_thread_ends(cpu, thread);
        cpu = dq_self;
    }
    dq_mutex_abandon_all(cpu, thread);
    dq_fastmutex_thread_ends(cpu, thread);
    if (dq_kernel_of(cpu)->ex_thread_ends != NULL) {
        dq_kernel_of(cpu)->ex_thread_ends(cpu, thread);
    }
    dq_region_thread_ends(cpu, thread);
    cpu->irql = DQ_LEVEL_DISPATCH;
    thread->exit_status = status;
    thread->state = DQ_THREAD_ENDED;
    thread->header.SignalState = 1;
    dq_emit(cpu, SIGNAL, thread, 0, 0, 0);
    dq_wait_release(machine, &thread->header);
    next = dq_thread_hand_on(cpu);
    dq_thread_release(machine, thread);
    dq_task_end(cpu, next->task);
}

/* ---- Start and stop -------------------------------------------------------------------------- */

bool dq_threads_start(dq_machine *machine)
{
    dq_threads *threads = threads_of(machine);

    for (int priority = 0; priority < DQ_PRIORITIES; priority++) {
        InitializeListHead(&threads->ready[priority]);
    }
    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_prcb *prcb = dq_prcb_of(&machine->processors[i]);

        prcb->thread = &prcb->idle;
        prcb->idle.machine = machine;
        InitializeListHead(&prcb->idle.mutexes); /* A DPC may take one in its context. */
        prcb->idle.state = DQ_THREAD_RUNNING;
        prcb->idle.allowed = 1ull << i;
        snprintf(prcb->idle.name, sizeof(prcb->idle.name), "idle %u", i);
        dq_wait_header_init(&prcb->idle.header, DQ_TYPE_THREAD, 0);
        dq_thread_start_turns(&machine->processors[i]);
    }
    return true;
}

void dq_threads_stop(dq_machine *machine)
{
    dq_threads *threads = threads_of(machine);

    while (threads->all != NULL) {
        dq_thread *thread = threads->all;

        threads->all = thread->next;
        dq_machine_give(machine, thread);
    }
    dq_machine_give(machine, threads->corpse);
    dq_machine_give(machine, threads->private_part);
    threads->corpse = NULL;
    threads->private_part = NULL;
}
