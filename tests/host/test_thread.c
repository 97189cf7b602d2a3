/*
 * test_thread.c - host threads: started, joined, used again, counted, and gone in a forked
 * process; and the clock.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"
#include "host/sanitizer.h"
#include "limit.h"

enum { ROUNDS = 10000, CROWD = 50 };

/* ---- Start and join -------------------------------------------------------------------------- */

static void add_one(void *argument)
{
    ++*(int *)argument;
}

static void a_joined_thread_has_done_its_work(void **state)
{
    host_thread *thread;
    int done = 0;
    int i;

    (void)state;
    for (i = 0; i < ROUNDS; i++) {
        thread = host_thread_start(add_one, &done);
        assert_non_null(thread);
        host_thread_join(thread);
        assert_int_equal(done, i + 1);
    }
}

static void leave(void *argument)
{
    host_thread_when_torn(add_one, argument);
    pthread_exit(NULL);
}

static void a_thread_that_ends_itself_is_joined_like_others(void **state)
{
    host_thread *thread;
    int told = 0, done = 0;
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        thread = host_thread_start(leave, &told);
        assert_non_null(thread);
        host_thread_join(thread);
        assert_int_equal(told, i + 1);
        thread = host_thread_start(add_one, &done);
        assert_non_null(thread);
        host_thread_join(thread);
        assert_int_equal(done, i + 1);
    }
}

static void note_self(void *argument)
{
    *(long *)argument = syscall(SYS_gettid); /* A pthread_t may be that of an ended one. */
}

static void threads_started_in_turn_are_one_thread_of_the_system(void **state)
{
    long first = 0, later = 0;
    host_thread *thread;
    int i;

    (void)state;
    thread = host_thread_start(note_self, &first);
    assert_non_null(thread);
    host_thread_join(thread);
    for (i = 0; i < CROWD; i++) {
        thread = host_thread_start(note_self, &later);
        assert_non_null(thread);
        host_thread_join(thread);
        assert_true(first == later);
    }
}

static atomic_int present;
static atomic_bool dismissed;

static void stay_until_dismissed(void *argument)
{
    (void)argument;
    atomic_fetch_add(&present, 1);
    while (!atomic_load(&dismissed)) {
        rest();
    }
}

static void a_crowd_runs_at_the_same_time(void **state)
{
    host_thread *crowd[CROWD];
    int i, again;

    (void)state;
    for (again = 0; again < 3; again++) {
        atomic_store(&present, 0);
        atomic_store(&dismissed, false);
        for (i = 0; i < CROWD; i++) {
            crowd[i] = host_thread_start(stay_until_dismissed, NULL);
            assert_non_null(crowd[i]);
        }
        WAIT_UNTIL(atomic_load(&present) == CROWD);
        atomic_store(&dismissed, true);
        for (i = 0; i < CROWD; i++) {
            host_thread_join(crowd[i]);
        }
    }
}

static void start_and_join(void *argument)
{
    host_thread *thread;
    int done = 0;
    int i;

    (void)argument;
    for (i = 0; i < ROUNDS / 10; i++) {
        thread = host_thread_start(add_one, &done);
        if (thread != NULL) {
            host_thread_join(thread);
        }
    }
    atomic_fetch_add(&present, done);
}

static void many_threads_may_start_threads(void **state)
{
    host_thread *starter[4];
    int i;

    (void)state;
    atomic_store(&present, 0);
    for (i = 0; i < 4; i++) {
        starter[i] = host_thread_start(start_and_join, NULL);
        assert_non_null(starter[i]);
    }
    for (i = 0; i < 4; i++) {
        host_thread_join(starter[i]);
    }
    assert_int_equal(atomic_load(&present), 4 * (ROUNDS / 10));
}

/* ---- Signals --------------------------------------------------------------------------------- */

static void note_mask(void *argument)
{
    pthread_sigmask(SIG_SETMASK, NULL, argument);
}

static void block_all(void *argument)
{
    sigset_t all;

    (void)argument;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void run_and_join(host_entry *entry, void *argument)
{
    host_thread *thread = host_thread_start(entry, argument);

    assert_non_null(thread);
    host_thread_join(thread);
}

static void a_thread_takes_the_signals_that_its_starter_takes(void **state)
{
    sigset_t user, before, mask;

    (void)state;
    run_and_join(block_all, NULL); /* What one leaves behind is nothing to the next. */
    run_and_join(note_mask, &mask);
    assert_false(sigismember(&mask, SIGUSR1));
    sigemptyset(&user);
    sigaddset(&user, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &user, &before);
    run_and_join(note_mask, &mask);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_true(sigismember(&mask, SIGUSR1));
}

static void a_thread_takes_kicks_and_faults_whatever_its_starter_takes(void **state)
{
    sigset_t all, before, mask;

    (void)state;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    run_and_join(note_mask, &mask);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_false(sigismember(&mask, SIGURG));
    assert_false(sigismember(&mask, SIGSEGV));
    assert_false(sigismember(&mask, SIGABRT));
    assert_true(sigismember(&mask, SIGUSR1));
}

/* ---- Strangers ------------------------------------------------------------------------------- */

static void *be_a_stranger(void *argument)
{
    host_gate_wait(argument);
    return NULL;
}

static void own_threads_are_no_strangers(void **state)
{
    host_thread *thread;

    (void)state;
    atomic_store(&present, 0);
    atomic_store(&dismissed, false);
    thread = host_thread_start(stay_until_dismissed, NULL);
    assert_non_null(thread);
    WAIT_UNTIL(atomic_load(&present) == 1);
    WAIT_UNTIL(host_thread_count_strangers() == 0); /* Ended threads leave the system's list. */
    atomic_store(&dismissed, true);
    host_thread_join(thread);
    assert_int_equal(host_thread_count_strangers(), 0);
}

static void a_thread_of_somebody_else_is_a_stranger(void **state)
{
    host_gate *gate = host_gate_create();
    pthread_t stranger;

    (void)state;
    WAIT_UNTIL(host_thread_count_strangers() == 0);
    assert_int_equal(pthread_create(&stranger, NULL, be_a_stranger, gate), 0);
    assert_int_equal(host_thread_count_strangers(), 1);
    host_gate_open(gate);
    pthread_join(stranger, NULL);
    WAIT_UNTIL(host_thread_count_strangers() == 0);
    host_gate_destroy(gate);
}

static void count_strangers(void *argument)
{
    *(unsigned *)argument = host_thread_count_strangers();
}

static void the_first_thread_is_a_stranger_to_a_started_one(void **state)
{
    unsigned strangers = 0;

    (void)state;
    WAIT_UNTIL(host_thread_count_strangers() == 0);
    run_and_join(count_strangers, &strangers);
    assert_int_equal(strangers, 1);
}

/* ---- Fork ------------------------------------------------------------------------------------ */

static int status_of(pid_t child)
{
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_forked_process_knows_that_it_is_one(void **state)
{
    int done = 0;
    pid_t child;

    (void)state;
    run_and_join(add_one, &done);
    assert_false(host_is_forked());
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(host_is_forked() ? 0 : 1);
    }
    assert_int_equal(status_of(child), 0);
    assert_false(host_is_forked());
}

/* Does not fail by an assertion: that would end the wrong process. */
static int use_threads_again(host_thread *old)
{
    host_thread *thread;
    int done = 0;

    host_kick(old);
    host_thread_join(old);
    thread = host_thread_start(add_one, &done);
    if (thread == NULL) {
        return 2;
    }
    host_thread_join(thread);
    return done == 1 ? 0 : 3;
}

static void a_forked_process_has_none_of_the_threads_but_may_start_its_own(void **state)
{
    host_thread *old;
    pid_t child;

    (void)state;
    if (host_sanitizer_is_tsan()) {
        skip(); /* It allows no threads in such a process. */
    }
    atomic_store(&dismissed, false);
    old = host_thread_start(stay_until_dismissed, NULL);
    assert_non_null(old);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(use_threads_again(old));
    }
    assert_int_equal(status_of(child), 0);
    atomic_store(&dismissed, true);
    host_thread_join(old);
}

/* ---- The clock ------------------------------------------------------------------------------- */

static void the_clock_never_goes_back(void **state)
{
    uint64_t last_ns = host_clock_ns();
    uint64_t now_ns;
    int i;

    (void)state;
    for (i = 0; i < ROUNDS; i++) {
        now_ns = host_clock_ns();
        assert_true(now_ns >= last_ns);
        last_ns = now_ns;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_joined_thread_has_done_its_work),
        cmocka_unit_test(a_thread_that_ends_itself_is_joined_like_others),
        cmocka_unit_test(threads_started_in_turn_are_one_thread_of_the_system),
        cmocka_unit_test(a_crowd_runs_at_the_same_time),
        cmocka_unit_test(many_threads_may_start_threads),
        cmocka_unit_test(a_thread_takes_the_signals_that_its_starter_takes),
        cmocka_unit_test(a_thread_takes_kicks_and_faults_whatever_its_starter_takes),
        cmocka_unit_test(own_threads_are_no_strangers),
        cmocka_unit_test(a_thread_of_somebody_else_is_a_stranger),
        cmocka_unit_test(the_first_thread_is_a_stranger_to_a_started_one),
        cmocka_unit_test(a_forked_process_knows_that_it_is_one),
        cmocka_unit_test(a_forked_process_has_none_of_the_threads_but_may_start_its_own),
        cmocka_unit_test(the_clock_never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
