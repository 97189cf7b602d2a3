/*
 * dirql_bench.c - how fast dirql is, as ratios to what the host itself can do in the same run.
 *
 * A line per measure: name, value, unit, the ratio to a primitive timed in this run, the goal, and
 * `ok` or `short`. Each figure is the median of several rounds. Nothing here is a test: a noisy
 * machine may say `short`.
 */
#define _GNU_SOURCE
#include <portcls.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "bench.h"

/* ---- Primitives of the host ------------------------------------------------------------------ */

static pthread_spinlock_t host_spin;

static void spin_pair(int times)
{
    while (times-- > 0) {
        pthread_spin_lock(&host_spin);
        pthread_spin_unlock(&host_spin);
    }
}

static void sigmask_pair(int times)
{
    sigset_t all, old;

    sigfillset(&all);
    while (times-- > 0) {
        pthread_sigmask(SIG_BLOCK, &all, &old);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
}

static ucontext_t here, there;
static DIRQL_KEEP char there_stack[65536];

static void bounce(void)
{
    for (;;) {
        swapcontext(&there, &here);
    }
}

static void swap_pair(int times)
{
    while (times-- > 0) {
        swapcontext(&here, &there);
    }
}

static void nothing(int argument)
{
    __asm__ volatile("" : : "r"(argument));
}

static void (*volatile indirect)(int) = nothing;

static void indirect_call(int times)
{
    while (times-- > 0) {
        indirect(times);
    }
}

typedef struct primitives {
    double spin_pair, sigmask_pair, swap_pair, call;
} primitives;

static primitives measure_host(void)
{
    pthread_spin_init(&host_spin, PTHREAD_PROCESS_PRIVATE);
    getcontext(&there);
    there.uc_stack.ss_sp = there_stack;
    there.uc_stack.ss_size = sizeof(there_stack);
    makecontext(&there, bounce, 0);
    return (primitives){ bench_time_of(spin_pair, 2000000), bench_time_of(sigmask_pair, 100000),
                         bench_time_of(swap_pair, 200000), bench_time_of(indirect_call, 5000000) };
}

static primitives host;

/* ---- Steps on the machine -------------------------------------------------------------------- */

static double measured; /* What the body of the last run measured. */

static void raise_lower(int times)
{
    KIRQL old;

    while (times-- > 0) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static KSPIN_LOCK lock;

static void lock_pair(int times)
{
    KIRQL old;

    while (times-- > 0) {
        KeAcquireSpinLock(&lock, &old);
        KeReleaseSpinLock(&lock, old);
    }
}

static dirql_line *line;
static KDPC dpc;
static volatile ULONG isr_calls, dpc_calls;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    dirql_line_deassert(line);
    isr_calls++;
    if (context != NULL) {
        KeInsertQueueDpc(&dpc, NULL, NULL);
    }
    return TRUE;
}

static VOID dpc_routine(PKDPC which, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)which;
    (void)context;
    (void)argument1;
    (void)argument2;
    dpc_calls++;
}

static void line_to_isr(int times)
{
    while (times-- > 0) {
        dirql_line_assert(line);
    }
}

static PKINTERRUPT connect(BOOLEAN with_dpc)
{
    PKINTERRUPT interrupt = NULL;

    line = dirql_line_create(&(dirql_line_options){ .name = "bench", .irql = 5 });
    KeInitializeDpc(&dpc, dpc_routine, NULL);
    if (!NT_SUCCESS(IoConnectInterrupt(&interrupt, isr, with_dpc ? &dpc : NULL, NULL,
                                       dirql_line_vector(line), 5, 5, LevelSensitive, FALSE, 1,
                                       FALSE))) {
        dirql_fail(__FILE__, __LINE__, "the benchmark's interrupt cannot be connected");
    }
    return interrupt;
}

static void body_raise_lower(void *context)
{
    (void)context;
    measured = bench_time_of(raise_lower, 2000000);
}

static void body_touch(void *context)
{
    (void)context;
    measured = bench_time_of(bench_touch, 5000000);
}

static void body_lock_pair(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    measured = bench_time_of(lock_pair, 1000000);
}

static void body_line_to_isr(void *context)
{
    PKINTERRUPT interrupt = connect(context != NULL);

    measured = bench_time_of(line_to_isr, 200000);
    IoDisconnectInterrupt(interrupt);
}

static KTIMER timer;
static KEVENT ping, pong;
enum { HAND_OVERS = 100000 };

static void body_timers(void *context)
{
    double figures[BENCH_ROUNDS];
    LARGE_INTEGER due;

    (void)context;
    due.QuadPart = -10000;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, dpc_routine, NULL);
    KeSetTimerEx(&timer, due, 1, &dpc);
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        const double begun = bench_now_ns();

        dirql_time_advance_ms(1000);
        figures[i] = (bench_now_ns() - begun) / 1e6;
    }
    KeCancelTimer(&timer);
    measured = bench_median(figures, BENCH_ROUNDS);
}

static void answer(void *context)
{
    (void)context;
    for (int i = 0; i < HAND_OVERS; i++) {
        KeWaitForSingleObject(&ping, Executive, KernelMode, FALSE, NULL);
        KeSetEvent(&pong, 0, FALSE);
    }
}

static void body_hand_over(void *context)
{
    dirql_thread *other;
    double begun;

    (void)context;
    KeInitializeEvent(&ping, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pong, SynchronizationEvent, FALSE);
    other = dirql_thread_start("answer", DIRQL_ANY_PROCESSOR, answer, NULL);
    begun = bench_now_ns();
    for (int i = 0; i < HAND_OVERS; i++) {
        KeSetEvent(&ping, 0, FALSE);
        KeWaitForSingleObject(&pong, Executive, KernelMode, FALSE, NULL);
    }
    measured = (bench_now_ns() - begun) / HAND_OVERS / 2;
    dirql_thread_join(other);
}

static void body_nothing(void *context)
{
    (void)context;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static double run(void (*body)(void *context), void *context, dirql_checks checks)
{
    const dirql_options options = { .name = "bench", .checks = checks, .watchdog_ms = DIRQL_NEVER };
    dirql_result result;

    if (dirql_run(&options, body, context, &result) != DIRQL_PASSED) {
        fprintf(stderr, "%s", result.report);
        exit(1);
    }
    dirql_result_free(&result);
    return measured;
}

static void start_and_stop(int times)
{
    const dirql_options options = { .name = "bench", .checks = DIRQL_CHECKS_NONE };

    while (times-- > 0) {
        dirql_run(&options, body_nothing, NULL, NULL);
    }
}

/* Resident KiB that are this process's alone, from the kernel's own account; 0 where there is none.
 * Not what is called private: that has the program's own code in it while its file is new. */
static double resident_kib(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char text[256];
    double kib = 0;

    while (file != NULL && fgets(text, sizeof(text), file) != NULL) {
        if (sscanf(text, "Anonymous: %lf", &kib) == 1) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib;
}

static void body_memory(void *context)
{
    measured = resident_kib() - *(const double *)context;
}

static void measure_memory(void)
{
    double before = resident_kib();

    run(body_memory, &before, DIRQL_CHECKS_NONE);
    bench_print_row("memory_1_processor_1_thread", measured, "KiB", "-", 0, "value", 300);
}

static void measure_irql(const char *name, double goal_ns)
{
    bench_print_row(name, run(body_raise_lower, NULL, DIRQL_CHECKS_NONE), "ns",
                    "pthread_sigmask_pair", host.sigmask_pair, "value", goal_ns);
}

static void measure_locks(void)
{
    bench_print_row("spin_lock_pair", run(body_lock_pair, NULL, DIRQL_CHECKS_NONE), "ns",
                    "pthread_spin_pair", host.spin_pair, "ratio", 1.5);
    bench_print_row("spin_lock_pair_checked", run(body_lock_pair, NULL, DIRQL_CHECKS_ALL), "ns",
                    "pthread_spin_pair", host.spin_pair, "ratio", 8);
}

static void measure_interrupts(void)
{
    bench_print_row("line_isr_back", run(body_line_to_isr, NULL, DIRQL_CHECKS_NONE), "ns",
                    "indirect_call", host.call, "value", 50);
    bench_print_row("line_isr_back_checked", run(body_line_to_isr, NULL, DIRQL_CHECKS_ALL), "ns",
                    "indirect_call", host.call, "value", 300);
    bench_print_row("line_isr_dpc_back", run(body_line_to_isr, &dpc, DIRQL_CHECKS_NONE), "ns",
                    "indirect_call", host.call, "value", 150);
}

/* In mode first, with nobody who listens, nothing can come of an access. */
static void measure_accesses(void)
{
    bench_print_row("instrumented_access", run(body_touch, NULL, DIRQL_CHECKS_NONE), "ns",
                    "indirect_call", host.call, "-", 0);
}

static void measure_threads_and_time(void)
{
    bench_print_row("event_hand_over", run(body_hand_over, NULL, DIRQL_CHECKS_NONE), "ns",
                    "swapcontext_pair", host.swap_pair, "value", 300);
    bench_print_row("virtual_second_of_1ms_timers", run(body_timers, NULL, DIRQL_CHECKS_NONE), "ms",
                    "-", 0, "value", 1);
    bench_print_row("machine_start_stop", bench_time_of(start_and_stop, 2000) / 1000, "us", "-", 0,
                    "value", 20);
}

/* What differs between the two kinds of library is IRQL: it is one call with one thread-local
 * variable. */
int main(int argc, char **argv)
{
    const BOOLEAN shared = argc > 1 && strcmp(argv[1], "shared") == 0;

    if (!shared) {
        measure_memory();
    }
    host = measure_host();
    if (shared) {
        measure_irql("irql_raise_lower_shared", 6.5);
        return 0;
    }
    printf(
        "host: pthread_spin pair %.2f ns, pthread_sigmask pair %.1f ns, swapcontext pair %.1f ns, "
        "indirect call %.2f ns\n",
        host.spin_pair, host.sigmask_pair, host.swap_pair, host.call);
    measure_irql("irql_raise_lower_static", 3);
    measure_locks();
    measure_interrupts();
    measure_accesses();
    measure_threads_and_time();
    bench_explore_rows();
    bench_live_rows();
    return 0;
}
