/*
 * test_idle.c - a machine that waits for the outside world costs nothing, and is no deadlock.
 */
#include <sys/resource.h>

#include "live.h"
#include "sim/live.h"

enum { WAIT_MS = 300 };

static struct source source;
static KEVENT event;
static KDPC dpc;

static void NTAPI set_event(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    (void)self;
    (void)context;
    (void)one;
    (void)two;
    KeSetEvent(&event, 0, FALSE);
}

static void queue_dpc(struct source *s)
{
    (void)s;
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void raise_later(void *context)
{
    (void)context;
    host_sleep_ms(WAIT_MS);
    dirql_line_assert(source.line);
}

static uint64_t time_used_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void prepare(void)
{
    memset(&source, 0, sizeof(source));
    source.act = queue_dpc;
    source_make(&source, 5, 0);
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeDpc(&dpc, set_event, NULL);
}

static void waiting_for_a_host_thread_costs_no_processor_time(void **state)
{
    struct stranger stranger;
    uint64_t began_us;

    (void)state;
    prepare();
    stranger_start(&stranger, raise_later, NULL);
    began_us = time_used_us();
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    assert_true(time_used_us() - began_us < WAIT_MS * 1000 / 4);
    stranger_join(&stranger);
    assert_int_equal(source.calls, 1);
}

/* Looked at from outside, as the machine itself would have to wake up for it. */
static struct {
    dq_machine *machine;
    uint64_t first, last;
} wakes;

static bool is_idle(void)
{
    const dq_live *live = dq_live_of(wakes.machine);
    bool idle;

    dq_monitor_lock(wakes.machine);
    idle = live->running == 0 && !live->beats;
    wakes.last = live->wakes;
    dq_monitor_unlock(wakes.machine);
    return idle;
}

static void count_wakes(void *context)
{
    (void)context;
    while (!is_idle()) {
        host_sleep_ms(1);
    }
    wakes.first = wakes.last;
    host_sleep_ms(WAIT_MS);
    (void)is_idle();
    dirql_line_assert(source.line);
}

static void nobody_wakes_up_while_all_wait(void **state)
{
    struct stranger stranger;

    (void)state;
    prepare();
    wakes.machine = dq_self->machine;
    stranger_start(&stranger, count_wakes, NULL);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    stranger_join(&stranger);
    assert_int_equal(wakes.last, wakes.first);
}

static void a_periodic_timer_does_not_run_ahead_of_the_host(void **state)
{
    struct stranger stranger;
    LARGE_INTEGER due;
    KTIMER timer;

    (void)state;
    prepare();
    due.QuadPart = -100000;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeSetTimerEx(&timer, due, 10, NULL);
    stranger_start(&stranger, raise_later, NULL);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeCancelTimer(&timer);
    stranger_join(&stranger);
    assert_int_equal(source.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_teardown(waiting_for_a_host_thread_costs_no_processor_time, source_stop,
                                 LIVE),
        dirql_unit_test_teardown(waiting_for_a_host_thread_costs_no_processor_time, source_stop,
                                 LIVE, .processors = 8),
        dirql_unit_test_teardown(nobody_wakes_up_while_all_wait, source_stop, LIVE, .processors = 4,
                                 .watchdog_ms = DIRQL_NEVER),
        dirql_unit_test_teardown(a_periodic_timer_does_not_run_ahead_of_the_host, source_stop, LIVE,
                                 .processors = 2, .clock_percent = 100),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
