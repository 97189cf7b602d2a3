/*
 * livestop.c - the end of a live run: every host thread leaves the stack that it carries.
 *
 * Those that wait see it when they wake up, those in dirql when they enter the monitor; those in
 * guest code are kicked. A thread in a runtime library is left alone, since it may hold a lock
 * there; it is kicked again, and often, until a kick finds it back in guest code: a loop that calls
 * a library is there for only a small part of its time.
 */
#include "sim/live.h"

#include <inttypes.h>
#include <stdio.h>

static const uint64_t retry_min_ns = 20 * 1000;
static const uint64_t retry_max_ns = 100 * 1000;
static const uint64_t look_ns = 10 * 1000 * 1000;

static bool is_in_guest(const dq_task *task)
{
    return task->carrier != NULL && __atomic_load_n(&task->carrier->in_guest, __ATOMIC_SEQ_CST);
}

static void wake_all(dq_machine *machine)
{
    for (dq_task *task = machine->tasks; task != NULL; task = task->next) {
        if (task->carrier != NULL) {
            host_gate_open(task->carrier->gate);
        }
    }
}

static void kick_all(dq_machine *machine)
{
    for (dq_task *task = machine->tasks; task != NULL; task = task->next) {
        if (is_in_guest(task)) {
            __atomic_store_n(&task->carrier->hinted, true, __ATOMIC_SEQ_CST);
            host_kick(task->carrier->thread);
        }
    }
}

/* ---- A thread that does not stop ------------------------------------------------------------- */

static size_t add_stuck(const dq_task *task, char *text, size_t bytes)
{
    const dq_execution *top = task->processor != NULL ? task->processor->execution : task->top;
    char name[96], where[320];
    int length;

    (void)dq_live_say_where(task->carrier, where, sizeof(where));
    length =
        snprintf(text, bytes, "\n  %s: %s", dq_execution_describe(top, name, sizeof(name)), where);
    return length > 0 ? (size_t)length : 0;
}

static _Noreturn void fail_process(dq_machine *machine)
{
    char text[4096];
    size_t length = (size_t)snprintf(
        text, sizeof(text),
        "dirql: run \"%s\" is over, but for %g seconds a host thread could not be stopped. A "
        "thread can be stopped in driver and test code and in kernel services, but not in a call "
        "of another library that does not return. The process ends.",
        machine->options.name, (double)dq_live_patience_ns / 1e9);

    for (const dq_task *task = machine->tasks; task != NULL && length < sizeof(text);
         task = task->next) {
        if (is_in_guest(task)) {
            length += add_stuck(task, text + length, sizeof(text) - length);
        }
    }
    for (const dq_finding *f = machine->findings.first; f != NULL && length < sizeof(text);
         f = f->next) {
        const int added =
            snprintf(text + length, sizeof(text) - length, "\nfound in this run: %s%s\n  %s",
                     f->rule, f->expected ? " (expected)" : "", f->text);

        length += added > 0 ? (size_t)added : 0;
    }
    host_process_fail(text);
}

/* ---- Stopping -------------------------------------------------------------------------------- */

/* True if a thread had its time, and used it to stay where it is. */
static bool somebody_stays(dq_machine *machine)
{
    bool stays = false;

    for (dq_task *task = machine->tasks; task != NULL; task = task->next) {
        dq_carrier *carrier = task->carrier;

        if (!is_in_guest(task)) {
            continue;
        }
        if (carrier->leaves.looked_ns == 0) {
            host_given_start(&carrier->leaves, carrier->thread);
        }
        stays = host_given_look(&carrier->leaves, carrier->thread, 10 * look_ns) >
                    dq_live_patience_ns ||
                stays;
    }
    return stays;
}

static void wait_for_all(dq_machine *machine, dq_live *live)
{
    uint64_t looked_ns = host_clock_ns();
    uint64_t retry_ns = retry_min_ns;

    while (live->carriers > 0) {
        kick_all(machine);
        dq_monitor_unlock(machine);
        (void)host_gate_wait_for(live->home, retry_ns);
        dq_monitor_lock(machine);
        if (live->carriers > 0 && host_clock_ns() - looked_ns > look_ns) {
            if (somebody_stays(machine)) {
                fail_process(machine);
            }
            looked_ns = host_clock_ns();
        }
        retry_ns = retry_ns * 2 < retry_max_ns ? retry_ns * 2 : retry_max_ns;
    }
}

void dq_live_stop_all(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);

    if (live == NULL || live->beat == NULL) {
        return; /* It never ran. */
    }
    host_watch_stop(machine->watch); /* Of an errand that was left. */
    machine->watch = NULL;
    machine->monitor.over = true;
    live->errand = NULL;
    wake_all(machine);
    wait_for_all(machine, live);
    dq_monitor_unlock(machine);
    host_beat_stop(live->beat);
    dq_inside = 0;
}
