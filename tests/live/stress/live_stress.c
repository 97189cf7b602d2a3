/*
 * live_stress.c - four lines of different levels into code that allocates, prints and locks; every
 * interrupt is counted.
 *
 * Two lines are raised by host threads, two by threads of other processors (or of the only one).
 * Level lines stay asserted until their ISR silences them; an edge or a message is sent only when
 * the last one has been acknowledged. So each raise is exactly one interrupt, whatever the order.
 *
 * live_stress [seconds [processors]]: 3 seconds, spread over 1, 2 and 8 processors, unless told.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirql/dirql.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

#include "host/host.h"

enum { LINES = 4, WORKERS_MAX = 8 };

typedef struct wire {
    const char *name;
    KIRQL irql;
    dirql_trigger trigger;
    bool from_outside;
    dirql_line *line;
    PKINTERRUPT interrupt;
    KDPC dpc;
    pthread_t stranger;
    dirql_thread *raiser;
    unsigned raised, taken, worked_off, ended;
} wire;

typedef struct stress {
    unsigned processors;
    uint64_t seconds_ns;
    bool over;
    KSPIN_LOCK lock;
    uint64_t locked_rounds, rounds[WORKERS_MAX], dpcs, locked_dpcs;
    wire wires[LINES];
    dirql_thread *workers[WORKERS_MAX];
} stress;

static stress now;

/* ---- What everybody does --------------------------------------------------------------------- */

static unsigned load(const unsigned *count)
{
    return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

static void add_one(unsigned *count)
{
    __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
}

static bool is_over(void)
{
    return __atomic_load_n(&now.over, __ATOMIC_RELAXED);
}

static void use_the_c_library(unsigned seed)
{
    const size_t bytes = 16 + seed * 2654435761u % 9000;
    char *volatile memory = malloc(bytes);
    char text[96];

    snprintf(text, sizeof(text), "%u %s %.3f", seed, "rounds", seed / 7.0);
    memset(memory, text[0], bytes);
    free(memory);
}

static void use_the_kernel(uint64_t *counted)
{
    void *memory = ExAllocatePoolWithTag(NonPagedPool, 128, 'rtsL');
    KIRQL old;

    KeAcquireSpinLock(&now.lock, &old);
    (*counted)++;
    KeReleaseSpinLock(&now.lock, old);
    ExFreePoolWithTag(memory, 'rtsL');
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static void NTAPI work_off(PKDPC dpc, PVOID context, PVOID one, PVOID two)
{
    wire *w = context;

    (void)dpc;
    (void)one;
    (void)two;
    use_the_c_library(w->taken);
    use_the_kernel(&now.locked_dpcs);
    add_one(&w->worked_off);
    __atomic_fetch_add(&now.dpcs, 1, __ATOMIC_RELAXED);
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    wire *w = context;

    (void)interrupt;
    use_the_c_library(w->taken);
    if (w->taken % 256 == 0) {
        DbgPrint("%s: interrupt %u\n", w->name, w->taken);
    }
    KeInsertQueueDpc(&w->dpc, NULL, NULL);
    if (w->trigger == DIRQL_LEVEL) {
        dirql_line_deassert(w->line);
    }
    add_one(&w->taken); /* The next raise waits for this. */
    return TRUE;
}

static void raise_once(wire *w)
{
    w->raised++;
    if (w->trigger == DIRQL_EDGE) {
        dirql_line_pulse(w->line);
    } else {
        dirql_line_assert(w->line);
    }
}

static void *raise_from_outside(void *argument)
{
    wire *w = argument;

    while (!is_over()) {
        raise_once(w);
        while (load(&w->taken) != w->raised) {
            sched_yield();
        }
    }
    add_one(&w->ended);
    return NULL;
}

static void raise_from_inside(void *argument)
{
    wire *w = argument;

    while (!is_over()) {
        raise_once(w);
        while (load(&w->taken) != w->raised) {
            YieldProcessor();
        }
        use_the_c_library(w->raised);
    }
}

/* ---- The run --------------------------------------------------------------------------------- */

static void connect(wire *w)
{
    const KINTERRUPT_MODE mode = w->trigger == DIRQL_LEVEL ? LevelSensitive : Latched;

    w->line = dirql_line_create(
        &(dirql_line_options){ .name = w->name, .irql = w->irql, .trigger = w->trigger });
    KeInitializeDpc(&w->dpc, work_off, w);
    if (IoConnectInterrupt(&w->interrupt, isr, w, NULL, dirql_line_vector(w->line), w->irql,
                           w->irql, mode, FALSE, dirql_line_processors(w->line),
                           FALSE) != STATUS_SUCCESS) {
        dirql_fail(__FILE__, __LINE__, "the ISR could not be connected");
    }
}

static void start(wire *w, unsigned number)
{
    if (!w->from_outside) {
        w->raiser = dirql_thread_start(w->name, number % now.processors, raise_from_inside, w);
    } else if (pthread_create(&w->stranger, NULL, raise_from_outside, w) != 0) {
        dirql_fail(__FILE__, __LINE__, "no host thread could be started");
    }
}

/* Who sleeps in a call of the host keeps the processor, and with it the interrupt that the host
 * thread waits for. */
static void end(wire *w)
{
    if (w->from_outside) {
        while (load(&w->ended) == 0) {
            YieldProcessor();
        }
        pthread_join(w->stranger, NULL);
    } else {
        dirql_thread_join(w->raiser);
    }
}

static void work(void *argument)
{
    uint64_t *round = argument;

    while (!is_over()) {
        use_the_c_library((unsigned)*round);
        use_the_kernel(&now.locked_rounds);
        if (*round % 1024 == 0) {
            DbgPrint("round %u\n", (unsigned)*round);
        }
        (*round)++;
    }
}

static void check(bool holds, const char *what)
{
    if (!holds) {
        dirql_fail(__FILE__, __LINE__, what);
    }
}

static void check_counts(void)
{
    uint64_t rounds = 0;

    for (unsigned i = 0; i < WORKERS_MAX; i++) {
        rounds += now.rounds[i];
    }
    for (unsigned i = 0; i < LINES; i++) {
        const wire *w = &now.wires[i];

        check(w->taken == w->raised, "an interrupt was lost or doubled");
        check(dirql_line_count(w->line) == w->raised, "the line counted differently");
        check(w->worked_off <= w->taken, "there were more DPCs than interrupts");
        check(w->worked_off > 0 || w->taken == 0, "no interrupt was followed by its DPC");
    }
    check(now.locked_rounds == rounds, "the spin lock let two in");
    check(now.locked_dpcs == now.dpcs, "the spin lock let a DPC in");
}

static void body(void *context)
{
    const uint64_t began_ns = host_clock_ns();

    (void)context;
    KeInitializeSpinLock(&now.lock);
    for (unsigned i = 0; i < LINES; i++) {
        connect(&now.wires[i]);
    }
    for (unsigned i = 0; i < now.processors; i++) {
        now.workers[i] = dirql_thread_start("worker", i, work, &now.rounds[i]);
    }
    for (unsigned i = 0; i < LINES; i++) {
        start(&now.wires[i], i);
    }
    while (host_clock_ns() - began_ns < now.seconds_ns) {
        YieldProcessor();
    }
    __atomic_store_n(&now.over, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < LINES; i++) {
        end(&now.wires[i]);
    }
    for (unsigned i = 0; i < now.processors; i++) {
        dirql_thread_join(now.workers[i]);
    }
    KeFlushQueuedDpcs();
    check_counts();
}

static bool run(unsigned processors, double seconds)
{
    const dirql_options options = {
        .name = "live_stress",
        .processors = processors,
        .mode = DIRQL_MODE_LIVE,
        .fixed = 1,
        .leaks = DIRQL_LEAKS_IGNORED, /* The lines stay connected until the end. */
    };
    dirql_result result;
    dirql_outcome outcome;

    now = (stress){
        .processors = processors,
        .seconds_ns = (uint64_t)(seconds * 1e9),
        .wires = { { .name = "level 4", .irql = 4, .trigger = DIRQL_LEVEL },
                   { .name = "edge 6", .irql = 6, .trigger = DIRQL_EDGE, .from_outside = true },
                   { .name = "message 8", .irql = 8, .trigger = DIRQL_MESSAGE },
                   { .name = "level 10", .irql = 10, .trigger = DIRQL_LEVEL,
                     .from_outside = true } },
    };
    outcome = dirql_run(&options, body, NULL, &result);
    printf("%u processor%s: raised %u, %u, %u, %u; taken %u, %u, %u, %u; %llu DPCs\n%s",
           processors, processors == 1 ? "" : "s", now.wires[0].raised, now.wires[1].raised,
           now.wires[2].raised, now.wires[3].raised, now.wires[0].taken, now.wires[1].taken,
           now.wires[2].taken, now.wires[3].taken, (unsigned long long)now.dpcs, result.report);
    dirql_result_free(&result);
    fflush(stdout);
    return outcome == DIRQL_PASSED;
}

int main(int count, char **arguments)
{
    const double seconds = count > 1 ? atof(arguments[1]) : 3;
    const unsigned wanted[] = { 1, 2, 8 };
    bool passed = true;

    if (count > 2) {
        return run((unsigned)atoi(arguments[2]), seconds) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    for (unsigned i = 0; i < 3; i++) {
        passed = run(wanted[i], seconds / 3) && passed;
    }
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
