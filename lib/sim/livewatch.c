/*
 * livewatch.c - notices a live run that stands still, and says who is where.
 *
 * Called by the beat. A run may take its time: as long as some processor calls services, nobody is
 * blamed. But at DISPATCH_LEVEL and above a processor is expected to be done soon, whatever the
 * others do. Time counts only if the host gave it: a busy host is no reason to blame anybody.
 */
#include "sim/live.h"

#include <inttypes.h>
#include <stdio.h>

#include "sim/loop.h"
#include "sim/pending.h"
#include "sim/standstill.h"

HOST_KEPT uint64_t dq_live_patience_ns = 5ull * 1000 * 1000 * 1000;

/* ---- Where somebody is ----------------------------------------------------------------------- */

const char *dq_live_hindrance(const dq_carrier *carrier)
{
    if (host_kick_is_blocked(carrier->thread)) {
        return "it has blocked the signal SIGURG, by which interrupts arrive: leave that signal "
               "unblocked";
    }
    if (host_kicks_are_replaced()) {
        return "the signal SIGURG, by which interrupts arrive, has another handler than dirql's: "
               "leave that signal alone";
    }
    return NULL;
}

size_t dq_live_say_where(const dq_carrier *carrier, char *text, size_t bytes)
{
    const void *place = __atomic_load_n(&carrier->kicked, __ATOMIC_RELAXED);
    const char *why = dq_live_hindrance(carrier);
    host_symbol symbol;
    int length;

    if (why != NULL) {
        length = snprintf(text, bytes, "%s", why);
    } else if (place == NULL) {
        length = snprintf(text, bytes, "it does not answer");
    } else {
        host_symbol_find(place, &symbol);
        length = snprintf(text, bytes, "it is in %s%s%s",
                          symbol.module[0] != '\0' ? symbol.module : "code of no module",
                          symbol.function[0] != '\0' ? ", function " : "", symbol.function);
    }
    return length > 0 ? (size_t)length : 0;
}

static bool is_in_guest(const dq_processor *cpu)
{
    return !cpu->resting && cpu->task != NULL && cpu->task->carrier != NULL &&
           __atomic_load_n(&cpu->task->carrier->in_guest, __ATOMIC_SEQ_CST);
}

/* ---- Time ------------------------------------------------------------------------------------ */

/* Looks of the beat are that far apart at most; what lies between later ones was the host's. */
static const uint64_t look_ns_max = 100 * 1000 * 1000;
static const uint64_t look_ns_min = 4 * 1000 * 1000;

uint64_t dq_live_span_ns(dq_live_span *span, const dq_processor *cpu)
{
    const host_thread *thread = cpu->task->carrier->thread;

    if (span->thread != thread) {
        span->thread = thread;
        host_given_start(&span->given, thread);
        return 0;
    }
    if (host_clock_ns() - span->given.looked_ns < look_ns_min) {
        return span->given.sum_ns;
    }
    return host_given_look(&span->given, thread, look_ns_max);
}

/* ---- An interrupt that cannot be delivered --------------------------------------------------- */

void dq_live_give_up(dq_processor *cpu)
{
    char name[96], where[320];

    (void)dq_live_say_where(cpu->task->carrier, where, sizeof(where));
    dq_note(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "interrupt held up" },
            "an interrupt has been pending at CPU%u for %g seconds of the host's time and cannot "
            "be delivered to %s: %s%s",
            cpu->number, (double)dq_live_patience_ns / 1e9,
            dq_execution_describe(cpu->execution, name, sizeof(name)), where,
            dq_live_hindrance(cpu->task->carrier) != NULL
                ? ""
                : ", where it may hold a lock of a runtime library");
    dq_live_end(cpu->machine);
}

/* ---- Loops ----------------------------------------------------------------------------------- */

/* True when it is known where `cpu` is, or will not be. The answer of a kick says it, which may
 * take a while on a busy host. */
static bool knows_where(dq_processor *cpu, uint64_t *asked_ns, uint64_t now_ns)
{
    dq_carrier *carrier = cpu->task->carrier;

    if (*asked_ns == 0) {
        *asked_ns = now_ns;
        __atomic_store_n(&carrier->kicked, NULL, __ATOMIC_RELAXED);
    } else if (__atomic_load_n(&carrier->kicked, __ATOMIC_RELAXED) != NULL ||
               now_ns - *asked_ns > dq_live_patience_ns) {
        return true;
    }
    cpu->machine->monitor.kicks |= 1ull << cpu->number;
    return false;
}

static void report_loop(dq_processor *cpu, const char *who)
{
    const dq_carrier *carrier = cpu->task->carrier;
    const char *place = __atomic_load_n(&carrier->kicked, __ATOMIC_RELAXED);
    char name[96], where[320] = "";

    if (__atomic_load_n(&carrier->missed, __ATOMIC_RELAXED) || place == NULL) {
        (void)dq_live_say_where(carrier, where, sizeof(where));
    }
    dq_note(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "livelock",
                           .place = place != NULL ? place + 1 : NULL,
                           .more = dq_pending_take(cpu->machine) },
            "livelock in `%s`, IRQL %u: no kernel service was called on %s for %g seconds of host "
            "time%s%s",
            dq_execution_describe(cpu->execution, name, sizeof(name)), cpu->irql, who,
            (double)cpu->machine->options.watchdog_ns / 1e9, where[0] != '\0' ? "; " : "", where);
    dq_live_end(cpu->machine);
}

/* ---- The run stands still -------------------------------------------------------------------- */

static void begin_quiet(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);

    live->quiet_ns = 0;
    live->asked_ns = 0;
    for (unsigned i = 0; i < machine->processor_count; i++) {
        live->stays[i].quiet.thread = NULL;
    }
}

/* In guest code since long ago, while nobody called anything. */
static dq_processor *somebody_in_guest(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);
    dq_processor *found = NULL;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_processor *cpu = &machine->processors[i];

        if (is_in_guest(cpu) &&
            dq_live_span_ns(&live->stays[i].quiet, cpu) >= machine->options.watchdog_ns &&
            found == NULL) {
            found = cpu;
        }
    }
    return found;
}

static void judge_quiet(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);
    dq_processor *busy = somebody_in_guest(machine);

    if (live->waits_outside && live->quiet_ns >= machine->options.watchdog_ns) {
        dq_standstill_note(&machine->processors[0], live->quiet_ns);
        dq_live_end(machine);
    } else if (busy != NULL && host_is_debugged()) {
        begin_quiet(machine);
    } else if (busy != NULL && knows_where(busy, &live->asked_ns, host_clock_ns())) {
        report_loop(busy, "any processor");
    }
}

/* ---- The run goes round in circles ----------------------------------------------------------- */

static void begin_loop(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);

    for (unsigned i = 0; i < machine->processor_count; i++) {
        const dq_execution *execution = machine->processors[i].execution;

        live->stays[i].loop.thread = NULL;
        live->stays[i].loop_calls = execution != NULL ? execution->calls : 0;
    }
}

/* Busy since long ago, while it called services and nothing happened. */
static dq_processor *somebody_in_loop(dq_machine *machine)
{
    const uint64_t limit_ns = HOST_WATCH_LOOP_LIMITS * machine->options.watchdog_ns;
    dq_live *live = dq_live_of(machine);
    dq_processor *found = NULL;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_processor *cpu = &machine->processors[i];

        if (cpu->resting || cpu->task == NULL || cpu->task->carrier == NULL ||
            cpu->task->carrier->thread == NULL) {
            live->stays[i].loop.thread = NULL;
        } else if (dq_live_span_ns(&live->stays[i].loop, cpu) >= limit_ns && found == NULL &&
                   cpu->execution->calls != live->stays[i].loop_calls) {
            found = cpu;
        }
    }
    return found;
}

static void watch_for_loop(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);
    const uint64_t moved = dq_loop_moved(machine);
    dq_processor *busy;

    if (moved != live->seen_moved) {
        live->seen_moved = moved;
        begin_loop(machine);
        return;
    }
    busy = somebody_in_loop(machine);
    if (busy != NULL && host_is_debugged()) {
        begin_loop(machine);
    } else if (busy != NULL) {
        dq_loop_note(busy);
        dq_live_end(machine);
    }
}

/* ---- Both ------------------------------------------------------------------------------------ */

/* While all wait for somebody outside, the looks are a quarter of the limit apart. */
static void watch_run(dq_machine *machine, uint64_t now_ns)
{
    dq_live *live = dq_live_of(machine);
    const uint64_t passed_ns = now_ns - live->looked_ns;
    const uint64_t most_ns = machine->options.watchdog_ns / 4 + look_ns_max;

    live->looked_ns = now_ns;
    live->quiet_ns += passed_ns < most_ns ? passed_ns : most_ns;
    if (machine->progress != live->seen_progress) {
        live->seen_progress = machine->progress;
        begin_quiet(machine);
        watch_for_loop(machine);
    } else {
        judge_quiet(machine);
    }
}

/* ---- A processor stands still ---------------------------------------------------------------- */

/* The outermost that runs, or was interrupted, at DISPATCH_LEVEL or above; NULL if none. */
static const dq_execution *masking(const dq_processor *cpu)
{
    const dq_execution *found = NULL;
    unsigned irql = cpu->irql;

    for (const dq_execution *at = cpu->execution; at != NULL; at = at->below) {
        if (irql >= DQ_LEVEL_DISPATCH) {
            found = at;
        }
        irql = at->interrupted_irql;
    }
    return found;
}

static bool goes_on(const dq_processor *cpu, const dq_live_stay *stay,
                    const dq_execution *execution)
{
    return execution == NULL || execution->ordinal != stay->ordinal ||
           execution->calls != stay->calls || (execution == cpu->execution && !is_in_guest(cpu));
}

static void begin_stay(dq_live_stay *stay, const dq_execution *execution)
{
    stay->ordinal = execution != NULL ? execution->ordinal : 0;
    stay->calls = execution != NULL ? execution->calls : 0;
    stay->still.thread = NULL;
    stay->asked_ns = 0;
}

static void watch_processor(dq_processor *cpu, dq_live_stay *stay, uint64_t now_ns)
{
    const dq_execution *execution = cpu->task != NULL ? masking(cpu) : NULL;

    if (goes_on(cpu, stay, execution)) {
        begin_stay(stay, execution);
    } else if (!is_in_guest(cpu) ||
               dq_live_span_ns(&stay->still, cpu) < cpu->machine->options.watchdog_ns) {
        return;
    } else if (host_is_debugged()) {
        stay->still.thread = NULL;
    } else if (knows_where(cpu, &stay->asked_ns, now_ns)) {
        report_loop(cpu, "this processor");
    }
}

void dq_live_watch(dq_machine *machine, uint64_t now_ns)
{
    dq_live *live = dq_live_of(machine);

    if (machine->options.watchdog_ns == 0) {
        return;
    }
    watch_run(machine, now_ns);
    for (unsigned i = 0; i < machine->processor_count && !machine->monitor.over; i++) {
        watch_processor(&machine->processors[i], &live->stays[i], now_ns);
    }
}
