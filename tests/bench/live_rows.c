/*
 * live_rows.c - live mode: interrupts that reach another processor by a signal, beside raw signals
 * between two threads in the same run.
 */
#define _GNU_SOURCE
#include <wdm.h>

#include <dirql/dirql.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

enum { TRIPS = 4000, SPINS = 400000 };

/* ---- The host: a signal there and its answer ------------------------------------------------- */

static volatile LONG answered, over;

static void on_signal(int number)
{
    (void)number;
    answered++;
}

static void *loop(void *unused)
{
    while (!over) {
    }
    return unused;
}

/* Looks at `count` until it has changed, and now and then lets others go first, for machines with
 * one core. */
static void await_change(const volatile LONG *count, LONG before)
{
    for (unsigned looks = 1; *count == before; looks++) {
        if (looks % 100000 == 0) {
            sched_yield();
        }
    }
}

static double signal_to_other(void)
{
    double figures[BENCH_ROUNDS];
    pthread_t other;

    over = 0;
    signal(SIGUSR1, on_signal);
    pthread_create(&other, NULL, loop, NULL);
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        const double begun = bench_now_ns();

        for (int i = 0; i < TRIPS; i++) {
            const LONG before = answered;

            pthread_kill(other, SIGUSR1);
            await_change(&answered, before);
        }
        figures[round] = (bench_now_ns() - begun) / TRIPS;
    }
    over = 1;
    pthread_join(other, NULL);
    return bench_median(figures, BENCH_ROUNDS);
}

static void signal_to_self(int times)
{
    while (times-- > 0) {
        raise(SIGUSR1);
    }
}

static pthread_spinlock_t host_spin;

static void *spin_on_host(void *unused)
{
    for (int i = 0; i < SPINS; i++) {
        pthread_spin_lock(&host_spin);
        pthread_spin_unlock(&host_spin);
    }
    return unused;
}

static double contended_host_spin(void)
{
    const double begun = bench_now_ns();
    pthread_t other;

    pthread_spin_init(&host_spin, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&other, NULL, spin_on_host, NULL);
    spin_on_host(NULL);
    pthread_join(other, NULL);
    return (bench_now_ns() - begun) / (2 * SPINS);
}

/* ---- The machine ----------------------------------------------------------------------------- */

static dirql_line *line;
static KSPIN_LOCK lock;
static double measured;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    dirql_line_deassert(line);
    answered++;
    return TRUE;
}

static void connect(void)
{
    PKINTERRUPT interrupt;

    line = dirql_line_create(&(dirql_line_options){ .name = "bench", .irql = 5, .processors = 1 });
    if (!NT_SUCCESS(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 5, 5,
                                       LevelSensitive, FALSE, 1, FALSE))) {
        dirql_fail(__FILE__, __LINE__, "the benchmark's interrupt cannot be connected");
    }
}

static void trips(void *context)
{
    double figures[BENCH_ROUNDS];

    (void)context;
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        const double begun = bench_now_ns();

        for (int i = 0; i < TRIPS; i++) {
            const LONG before = answered;

            dirql_line_assert(line);
            await_change(&answered, before);
        }
        figures[round] = (bench_now_ns() - begun) / TRIPS;
    }
    measured = bench_median(figures, BENCH_ROUNDS);
    over = 1;
}

/* Processor 0 runs a loop that calls nothing. */
static void body_line_to_other(void *context)
{
    dirql_thread *other;

    (void)context;
    over = 0;
    connect();
    other = dirql_thread_start("other", 1, trips, NULL);
    loop(NULL);
    dirql_thread_join(other);
}

static void line_to_self(int times)
{
    while (times-- > 0) {
        dirql_line_assert(line);
    }
}

static void body_line_to_self(void *context)
{
    (void)context;
    connect();
    measured = bench_time_of(line_to_self, 20000);
}

static void spin_on_machine(void *context)
{
    KIRQL old;

    (void)context;
    for (int i = 0; i < SPINS / 10; i++) {
        KeAcquireSpinLock(&lock, &old);
        KeReleaseSpinLock(&lock, old);
    }
}

static void body_contended_spin(void *context)
{
    const double begun = bench_now_ns();
    dirql_thread *other;

    (void)context;
    KeInitializeSpinLock(&lock);
    other = dirql_thread_start("other", 1, spin_on_machine, NULL);
    spin_on_machine(NULL);
    dirql_thread_join(other);
    measured = (bench_now_ns() - begun) / (2.0 * SPINS / 10);
}

static double run(void (*body)(void *context))
{
    const dirql_options options = { .name = "bench",
                                    .mode = DIRQL_MODE_LIVE,
                                    .processors = 2,
                                    .checks = DIRQL_CHECKS_NONE,
                                    .watchdog_ms = DIRQL_NEVER,
                                    .fixed = 1 };
    dirql_result result;

    if (dirql_run(&options, body, NULL, &result) != DIRQL_PASSED) {
        fprintf(stderr, "%s", result.report);
        exit(1);
    }
    dirql_result_free(&result);
    return measured;
}

static void body_nothing(void *context)
{
    (void)context;
}

static void start_and_stop(int times)
{
    while (times-- > 0) {
        run(body_nothing);
    }
}

void bench_live_rows(void)
{
    const double to_other = signal_to_other();
    const double to_self = bench_time_of(signal_to_self, 20000);
    const double contended = contended_host_spin();
    const double round_trip = run(body_line_to_other);

    bench_print_row("live_line_to_other_processor", round_trip, "ns", "pthread_kill_round_trip",
                    to_other, "ratio", 1.3);
    bench_print_row("live_interrupts_into_a_busy_loop", 1e9 / round_trip, "per_s",
                    "pthread_kill_round_trips", 1e9 / to_other, "-", 0);
    bench_print_row("live_line_to_own_processor", run(body_line_to_self), "ns", "signal_to_self",
                    to_self, "-", 0);
    bench_print_row("live_spin_lock_contended_by_2", run(body_contended_spin), "ns",
                    "pthread_spin_contended_by_2", contended, "-", 0);
    bench_print_row("live_machine_start_stop", bench_time_of(start_and_stop, 200) / 1000, "us", "-",
                    0, "-", 0);
}
