/*
 * explore_rows.c - mode explore: what a schedule costs, beside a program that is written by hand to
 * go through the same interleavings in the same run.
 */
#define _GNU_SOURCE
#include <wdm.h>

#include <dirql/dirql.h>
#include <dirql/thread.h>

#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

enum { EXPLORATIONS = 5, SHORT_ONES = 20, MANY_ONES = 2000, STEPS_MAX = 10 };

static volatile LONG shared;
static KSPIN_LOCK lock;

static void increment(void)
{
    InterlockedIncrement(&shared);
}

static void take_lock(void)
{
    KIRQL old;

    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
}

/* ---- By hand
 * ------------------------------------------------------------------------------------ */

static volatile LONG plain;
static volatile LONG plain_lock;

static void increment_by_hand(void)
{
    __atomic_add_fetch(&plain, 1, __ATOMIC_SEQ_CST);
}

static void take_lock_by_hand(void)
{
    while (__atomic_exchange_n(&plain_lock, 1, __ATOMIC_ACQUIRE) != 0) {
    }
    __atomic_store_n(&plain_lock, 0, __ATOMIC_RELEASE);
}

typedef struct interleaving {
    unsigned char who[2 * STEPS_MAX];
    unsigned length, left[2];
    void (*step)(void);
    uint64_t count;
} interleaving;

/* From the start, as an exploration does it. */
static void play(interleaving *order)
{
    volatile unsigned done[2] = { 0, 0 };

    for (unsigned i = 0; i < order->length; i++) {
        order->step();
        done[order->who[i]]++;
    }
    order->count++;
}

static void every_order(interleaving *order)
{
    if (order->left[0] + order->left[1] == 0) {
        play(order);
        return;
    }
    for (unsigned char who = 0; who < 2; who++) {
        if (order->left[who] > 0) {
            order->left[who]--;
            order->who[order->length++] = who;
            every_order(order);
            order->length--;
            order->left[who]++;
        }
    }
}

static double by_hand_ns(void (*step)(void), unsigned steps, unsigned times)
{
    double figures[EXPLORATIONS];

    for (unsigned i = 0; i < EXPLORATIONS; i++) {
        interleaving order = { .left = { steps, steps }, .step = step };
        const double begun = bench_now_ns();

        for (unsigned n = 0; n < times; n++) {
            every_order(&order);
        }
        figures[i] = (bench_now_ns() - begun) / (double)order.count;
    }
    return bench_median(figures, EXPLORATIONS);
}

/* ---- Explored -------------------------------------------------------------------------------- */

typedef struct program {
    void (*step)(void);
    unsigned steps;
} program;

static const program *running;

static void steps_of_one(void *context)
{
    (void)context;
    for (unsigned i = 0; i < running->steps; i++) {
        running->step();
    }
}

static void both(void *context)
{
    dirql_thread *thread;

    running = context;
    KeInitializeSpinLock(&lock);
    thread = dirql_thread_start("second", 1, steps_of_one, NULL);
    steps_of_one(context);
    dirql_thread_join(thread);
}

static void choose_only(void *context)
{
    (void)context;
    (void)dirql_choose(64);
    (void)dirql_choose(64);
}

static void do_nothing(void *context)
{
    (void)context;
}

enum { FEW_PREEMPTIONS = 2 };

static unsigned preemptions = DIRQL_UNBOUNDED;

static uint64_t explore(void (*body)(void *context), void *context, dirql_checks checks)
{
    const dirql_options options = { .name = "bench",
                                    .mode = DIRQL_MODE_EXPLORE,
                                    .processors = 2,
                                    .preemptions = preemptions,
                                    .interrupts = DIRQL_UNBOUNDED,
                                    .checks = checks,
                                    .schedule_limit = DIRQL_NEVER,
                                    .time_limit_s = DIRQL_NEVER };
    dirql_result result;

    if (dirql_run(&options, body, context, &result) != DIRQL_PASSED) {
        fprintf(stderr, "%s", result.report);
        exit(1);
    }
    dirql_result_free(&result);
    return result.schedules;
}

/* Of a schedule, with its part of the beginning and the end of the exploration. */
static double explored_ns(void (*body)(void *context), void *context, dirql_checks checks,
                          unsigned times)
{
    double figures[EXPLORATIONS];

    for (unsigned i = 0; i < EXPLORATIONS; i++) {
        const double begun = bench_now_ns();
        uint64_t schedules = 0;

        for (unsigned n = 0; n < times; n++) {
            schedules += explore(body, context, checks);
        }
        figures[i] = (bench_now_ns() - begun) / (double)schedules;
    }
    return bench_median(figures, EXPLORATIONS);
}

static void row(const char *name, const program *explored, void (*by_hand)(void),
                dirql_checks checks, unsigned times)
{
    program copy = *explored;

    bench_print_row(name, explored_ns(both, &copy, checks, times), "ns", "by_hand",
                    by_hand_ns(by_hand, explored->steps, times), "-", 0);
}

/* The cost of a schedule is to grow with its length, and no faster. */
static void length_rows(void)
{
    program ten = { increment, 10 }, forty = { increment, 40 };

    preemptions = FEW_PREEMPTIONS;
    bench_print_row("schedule_2x10_two_preemptions",
                    explored_ns(both, &ten, DIRQL_CHECKS_NONE, SHORT_ONES), "ns", "-", 0, "-", 0);
    bench_print_row("schedule_2x40_two_preemptions",
                    explored_ns(both, &forty, DIRQL_CHECKS_NONE, SHORT_ONES), "ns", "-", 0, "-", 0);
    preemptions = DIRQL_UNBOUNDED;
}

void bench_explore_rows(void)
{
    const program five = { increment, 5 }, ten = { increment, 10 };
    const program locks = { take_lock, 3 }, more_locks = { take_lock, 7 };

    row("schedule_2x5_atomic", &five, increment_by_hand, DIRQL_CHECKS_NONE, SHORT_ONES);
    row("schedule_2x10_atomic", &ten, increment_by_hand, DIRQL_CHECKS_NONE, 1);
    row("schedule_2x10_atomic_checked", &ten, increment_by_hand, DIRQL_CHECKS_ALL, 1);
    row("schedule_2x3_locks", &locks, take_lock_by_hand, DIRQL_CHECKS_NONE, SHORT_ONES);
    row("schedule_2x7_locks", &more_locks, take_lock_by_hand, DIRQL_CHECKS_NONE, 1);
    bench_print_row("schedule_of_nothing",
                    explored_ns(choose_only, NULL, DIRQL_CHECKS_NONE, SHORT_ONES), "ns", "-", 0,
                    "-", 0);
    bench_print_row("exploration_of_one_schedule",
                    explored_ns(do_nothing, NULL, DIRQL_CHECKS_NONE, MANY_ONES), "ns", "-", 0, "-",
                    0);
    length_rows();
}
