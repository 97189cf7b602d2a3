/*
 * test_given.c - a thread is given the time that it runs or sleeps, not the time in which others
 * have its turn.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"
#include "host/thread_posix.h"

enum { LOOKS = 50 };

static const uint64_t most_ns = 1000 * 1000 * 1000;

static atomic_bool runs, ends;

static void compute(void *unused)
{
    (void)unused;
    atomic_store(&runs, true);
    while (!atomic_load(&ends)) {
    }
}

static void sleep_long(void *unused)
{
    (void)unused;
    atomic_store(&runs, true);
    while (!atomic_load(&ends)) {
        usleep(1000000);
    }
}

static host_thread *start(host_entry *entry)
{
    host_thread *thread;

    atomic_store(&runs, false);
    atomic_store(&ends, false);
    thread = host_thread_start(entry, NULL);
    assert_non_null(thread);
    while (!atomic_load(&runs)) {
        sched_yield();
    }
    return thread;
}

static void stop(host_thread *thread)
{
    atomic_store(&ends, true);
    host_thread_join(thread);
}

static uint64_t time_run_ns(const host_thread *thread)
{
    struct timespec time;
    clockid_t clock;

    assert_int_equal(pthread_getcpuclockid(thread->thread, &clock), 0);
    assert_int_equal(clock_gettime(clock, &time), 0);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* They are more than the host has processors, as a rule. */
static void a_thread_that_computes_is_given_what_it_ran(void **state)
{
    enum { THREADS = 6 };
    host_thread *threads[THREADS];
    host_given given;
    uint64_t sum_ns = 0, before_ns;
    unsigned i;

    (void)state;
    for (i = 0; i < THREADS; i++) {
        threads[i] = start(compute);
    }
    before_ns = time_run_ns(threads[0]);
    host_given_start(&given, threads[0]);
    for (i = 0; i < LOOKS; i++) {
        usleep(2000);
        sum_ns = host_given_look(&given, threads[0], most_ns);
        assert_true(sum_ns <= time_run_ns(threads[0]) - before_ns);
    }
    while (sum_ns == 0) {
        usleep(2000);
        sum_ns = host_given_look(&given, threads[0], most_ns);
    }
    for (i = 0; i < THREADS; i++) {
        stop(threads[i]);
    }
}

static void a_thread_that_sleeps_is_given_its_time(void **state)
{
    host_thread *thread = start(sleep_long);
    const uint64_t before_ns = time_run_ns(thread);
    host_given given;

    (void)state;
    host_given_start(&given, thread);
    while (host_given_look(&given, thread, most_ns) < 20000000) {
        usleep(1000);
    }
    assert_true(time_run_ns(thread) - before_ns < 20000000);
    stop(thread);
}

static void no_look_adds_more_than_it_may(void **state)
{
    host_thread *thread = start(sleep_long);
    host_given given;
    unsigned i;

    (void)state;
    host_given_start(&given, thread);
    for (i = 1; i <= LOOKS; i++) {
        usleep(1000);
        assert_true(host_given_look(&given, thread, 5000) <= i * 5000);
    }
    stop(thread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_computes_is_given_what_it_ran),
        cmocka_unit_test(a_thread_that_sleeps_is_given_its_time),
        cmocka_unit_test(no_look_adds_more_than_it_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
