/*
 * carrier.c - the life of a host thread that carries a task.
 *
 * The task runs on its own guarded stack; the host thread's own stack lies beneath and is where
 * control ends when the task is over or abandoned. A kick delivers in place, on top of the
 * interrupted guest code; if the run is over it never returns there.
 */
#include "sim/live.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/jump.h"

DQ_TLS dq_carrier *dq_carrier_here;

/* ---- A kick ---------------------------------------------------------------------------------- */

/* It may be one short call of a library, one of very many, or a long sleep in the system. */
static uint64_t next_try_ns(unsigned misses)
{
    enum { SOON = 16, OFTEN = 1000 };
    const uint64_t span_ns = misses < SOON ? 30000 : misses < OFTEN ? 100000 : 1000000;

    return span_ns + misses % 8 * (span_ns / 32);
}

static void note_miss(dq_carrier *carrier)
{
    dq_machine *machine = carrier->machine;

    __atomic_store_n(&carrier->missed, true, __ATOMIC_RELAXED);
    if ((dq_is_deliverable(dq_self) || machine->monitor.over) &&
        !host_kick_again(next_try_ns(carrier->misses++))) {
        host_beat_within(dq_live_of(machine)->beat, 100 * 1000);
    }
}

static void on_kick(void *owner, const void *place, bool in_guest)
{
    dq_carrier *carrier = owner;

    __atomic_store_n(&carrier->hinted, false, __ATOMIC_SEQ_CST);
    if (dq_inside != 0) {
        return; /* It looks when it leaves. */
    }
    __atomic_store_n(&carrier->kicked, place, __ATOMIC_RELAXED);
    if (!in_guest) {
        note_miss(carrier);
        return;
    }
    __atomic_store_n(&carrier->missed, false, __ATOMIC_RELAXED);
    carrier->misses = 0;
    dq_monitor_enter(carrier->machine);
    place = (const char *)place + 1; /* Places are return addresses. */
    DQ_LOOK_FOR_JUMP(dq_self, DQ_SERVICE_NONE, place);
    dq_self->execution->place = place;
    dq_self->execution->service = DQ_SERVICE_NONE;
    if (dq_is_deliverable(dq_self)) {
        dq_emit(dq_self, KICK, NULL, (uintptr_t)place, 0, 0);
    }
    dq_live_follow_clock(dq_self);
    dq_monitor_leave(carrier->machine);
}

/* ---- A device's callback --------------------------------------------------------------------- */

void dq_live_watch_call(void)
{
    dq_carrier *carrier = dq_carrier_here;

    if (carrier != NULL && carrier->watch == NULL) {
        carrier->watch =
            host_watch_start(&carrier->machine->progress, carrier->machine->options.watchdog_ns);
    }
}

void dq_live_end_call(void)
{
    dq_carrier *carrier = dq_carrier_here;

    if (carrier != NULL) {
        host_watch_stop(carrier->watch);
        carrier->watch = NULL;
    }
}

/* ---- On the carrier's own stack -------------------------------------------------------------- */

/* When the lock is free, the machine may be gone. */
static void end(dq_carrier *carrier)
{
    dq_machine *machine = carrier->machine;
    dq_live *live = dq_live_of(machine);

    dq_live_end_call();
    dq_self = dq_processor_foreign();
    if (carrier->next != NULL) {
        dq_carrier_wake(machine, carrier->next);
    }
    live->carriers--;
    if (machine->monitor.over) {
        host_gate_open(live->home);
    }
    dq_monitor_unlock(machine);
    host_kicks_release();
    host_faults_release();
    dq_carrier_here = NULL;
    dq_inside = 0;
}

/* The stacks that it stood on are gone. Guest code did it, or a device's callback, which has the
 * monitor. */
static void on_torn(void *owner)
{
    dq_carrier *carrier = owner;
    dq_machine *machine = carrier->machine;
    const bool has_monitor = dq_inside > 0;
    char name[96];

    dq_inside = 1;
    __atomic_store_n(&carrier->in_guest, false, __ATOMIC_SEQ_CST);
    if (!has_monitor) {
        dq_monitor_lock(machine);
    }
    if (!machine->monitor.over) {
        dq_note(dq_self, &(dq_finding){ .severity = DQ_ERROR, .rule = "thread exit" },
                "pthread_exit() was called in `%s`, IRQL %u: the host thread that carries it is "
                "gone, and the run with it",
                dq_execution_describe(dq_self->execution, name, sizeof(name)), dq_self->irql);
        machine->monitor.over = true;
    }
    end(carrier);
}

static void begin(dq_carrier *carrier)
{
    dq_carrier_here = carrier;
    dq_inside = 1;
    host_thread_when_torn(on_torn, carrier);
    (void)host_faults_catch(dq_machine_fault, carrier->machine);
    host_faults_on_top(dq_machine_guards);
    if (host_kicks_are_prompt()) {
        (void)host_kicks_catch(on_kick, carrier);
    }
    host_context_adopt(&carrier->base);
    dq_monitor_lock(carrier->machine);
}

static void carry(void *argument)
{
    dq_carrier *carrier = argument;

    begin(carrier);
    if (!carrier->machine->monitor.over) {
        dq_self = carrier->task->processor;
        host_context_switch(&carrier->base, &carrier->task->context);
    }
    end(carrier);
}

/* ---- Waking, waiting, leaving ---------------------------------------------------------------- */

static dq_carrier *make(dq_machine *machine, dq_task *task)
{
    dq_carrier *carrier = calloc(1, sizeof(*carrier));

    if (carrier != NULL) {
        carrier->machine = machine;
        carrier->task = task;
        carrier->gate = host_gate_create();
    }
    return carrier;
}

static void begin_task(dq_machine *machine, dq_task *task)
{
    dq_carrier *carrier = make(machine, task);

    if (carrier != NULL && carrier->gate != NULL) {
        task->carrier = carrier;
        dq_live_of(machine)->carriers++;
        carrier->thread = host_thread_start(carry, carrier);
    }
    if (carrier == NULL || carrier->thread == NULL) {
        host_process_fail("dirql: live mode could not start another host thread: out of memory, or "
                          "at the process's limit of threads");
    }
}

void dq_carrier_wake(dq_machine *machine, dq_task *task)
{
    if (task->carrier == NULL) {
        begin_task(machine, task);
    } else {
        host_gate_open(task->carrier->gate);
    }
}

void dq_carrier_park(void)
{
    dq_carrier *carrier = dq_carrier_here;
    const unsigned depth = dq_inside;

    dq_inside = 1;
    dq_monitor_unlock(carrier->machine);
    host_gate_wait(carrier->gate);
    dq_monitor_lock(carrier->machine);
    dq_live_of(carrier->machine)->wakes++;
    dq_inside = depth;
    if (carrier->machine->monitor.over) {
        dq_carrier_leave(NULL);
    }
    dq_self = carrier->task->processor;
}

_Noreturn void dq_carrier_leave(dq_task *next)
{
    dq_carrier *carrier = dq_carrier_here;

    dq_inside = 1;
    carrier->next = next;
    host_context_leave(&carrier->task->context, &carrier->base);
}

void dq_carrier_retire(dq_task *task)
{
    dq_carrier *carrier = task->carrier;

    if (carrier != NULL) {
        host_thread_join(carrier->thread);
        host_gate_destroy(carrier->gate);
        free(carrier);
        task->carrier = NULL;
    }
}
