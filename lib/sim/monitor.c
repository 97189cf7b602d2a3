/*
 * monitor.c - entering and leaving, and the kicks that are due when the monitor becomes free.
 *
 * The order of steps in leaving matters. The lock is freed first, while `dq_inside` still keeps
 * kicks away, for the handler wants the lock. Then the thread counts as guest code, and only then
 * it looks whether something became pending meanwhile: whoever made it pending either saw a thread
 * inside and left it to this look, or saw guest code and sent a kick.
 */
#include "sim/live.h"

#include <stdio.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DQ_UNDER_TSAN
#endif
#elif defined(__SANITIZE_THREAD__)
#define DQ_UNDER_TSAN
#endif

DQ_TLS unsigned dq_inside;

/* Signals on this thread see the steps in the order in which they stand here. */
static void order(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Between "something is pending" and "nobody is inside", and the other way round. ThreadSanitizer
 * knows no fences; there are no kicks under it either. */
static void fence(void)
{
#ifndef DQ_UNDER_TSAN
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* ---- The lock -------------------------------------------------------------------------------- */

void dq_monitor_lock(dq_machine *machine)
{
    host_mutex_lock(machine->monitor.mutex);
}

/* The thread that `cpu` runs, if a kick to it makes sense. */
static host_thread *kickable(const dq_processor *cpu)
{
    dq_carrier *carrier = cpu->task != NULL ? cpu->task->carrier : NULL;

    if (carrier == NULL || carrier->thread == NULL ||
        !__atomic_load_n(&carrier->in_guest, __ATOMIC_SEQ_CST) ||
        __atomic_exchange_n(&carrier->hinted, true, __ATOMIC_SEQ_CST)) {
        return NULL;
    }
    return carrier->thread;
}

/* A kick is sent when the lock is free: its handler wants it at once. */
void dq_monitor_unlock(dq_machine *machine)
{
    host_thread *threads[DQ_PROCESSORS_MAX];
    uint64_t kicks = machine->monitor.kicks;
    unsigned count = 0;

    machine->monitor.kicks = 0;
    fence();
    for (; kicks != 0; kicks &= kicks - 1) {
        host_thread *thread = kickable(&machine->processors[__builtin_ctzll(kicks)]);

        if (thread != NULL) {
            threads[count++] = thread;
        }
    }
    host_mutex_unlock(machine->monitor.mutex);
    while (count > 0) {
        host_kick(threads[--count]);
    }
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* The other host threads of the run are not in this process, and whoever had the lock keeps it. */
static _Noreturn void refuse_fork(const dq_machine *machine)
{
    char text[384];

    snprintf(text, sizeof(text),
             "dirql: this process was forked inside run \"%s\", in mode live. The run goes on in "
             "the parent; here only the thread that called fork() is left, and it cannot call the "
             "kernel, CMocka or dirql, nor end the run. Call exec() or _exit() in the child. The "
             "child process ends.",
             machine->options.name);
    host_process_fail(text);
}

static void step_in(dq_machine *machine, unsigned depth)
{
    if (DQ_UNLIKELY(machine->monitor.forks != host_fork_count())) {
        refuse_fork(machine);
    }
    dq_inside = 1;
    order();
    if (dq_carrier_here != NULL) {
        __atomic_store_n(&dq_carrier_here->in_guest, false, __ATOMIC_SEQ_CST);
    }
    dq_monitor_lock(machine);
    dq_inside = depth;
    if (machine->monitor.over && dq_carrier_here != NULL) {
        dq_carrier_leave(NULL);
    }
}

/* Only a carrier can take interrupts; the home context and foreign host threads just leave. */
static void step_out(dq_machine *machine)
{
    const bool carries = dq_carrier_here != NULL;

    for (;;) {
        if (carries && dq_is_deliverable(dq_self)) {
            dq_deliver(dq_self);
        }
        dq_inside = 1;
        dq_monitor_unlock(machine);
        if (carries) {
            __atomic_store_n(&dq_carrier_here->in_guest, true, __ATOMIC_SEQ_CST);
        }
        order();
        dq_inside = 0;
        order();
        fence();
        if (!carries || !dq_is_deliverable(dq_self)) {
            return;
        }
        step_in(machine, 1);
    }
}

/* ---- Stays ----------------------------------------------------------------------------------- */

void dq_monitor_enter(dq_machine *machine)
{
    if (dq_inside > 0) {
        dq_inside++;
    } else {
        step_in(machine, 1);
    }
}

void dq_monitor_leave(dq_machine *machine)
{
    if (dq_inside > 1) {
        dq_inside--;
    } else {
        step_out(machine);
    }
}

unsigned dq_monitor_open(dq_machine *machine)
{
    const unsigned depth = dq_inside;

    step_out(machine);
    return depth;
}

void dq_monitor_close(dq_machine *machine, unsigned depth)
{
    step_in(machine, depth);
}
