/*
 * test_kick_none.c - when no kick comes, and whether kicks can be had at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>

#include "host/sanitizer.h"
#include "kicked.h"

/* ---- No kick --------------------------------------------------------------------------------- */

static volatile sig_atomic_t foreign_signals;

static void count_foreign(int signal)
{
    (void)signal;
    foreign_signals++;
}

static void release_and_wait(void *argument)
{
    (void)argument;
    get_ready(note_kick);
    host_kicks_release();
    atomic_store(&s.ready, 2);
    host_gate_wait(s.go_on);
}

static void a_kick_after_the_release_does_nothing(void **state)
{
    struct sigaction count = { .sa_handler = count_foreign }, before;
    int i;

    (void)state;
    foreign_signals = 0;
    sigaction(SIGURG, &count, &before);
    start_worker(release_and_wait);
    WAIT_UNTIL(atomic_load(&s.ready) == 2);
    for (i = 0; i < 1000; i++) {
        host_kick(s.worker);
    }
    host_gate_open(s.go_on);
    host_thread_join(s.worker);
    for (i = 0; i < 1000; i++) {
        host_kick(s.worker); /* It is parked. */
    }
    sigaction(SIGURG, &before, NULL);
    assert_int_equal(atomic_load(&s.kicks), 0);
    assert_int_equal(foreign_signals, 0);
}

static void catch_and_release(void *argument)
{
    (void)argument;
    atomic_store(&s.ready, 1);
    while (!is_stopped()) {
        if (host_kicks_catch(note_kick, NULL)) {
            s.turns++;
            host_thread_give_way();
            host_kicks_release();
        }
    }
}

static void a_release_among_kicks_leaves_none_behind(void **state)
{
    struct sigaction count = { .sa_handler = count_foreign }, before;

    (void)state;
    foreign_signals = 0;
    sigaction(SIGURG, &count, &before);
    start_worker(catch_and_release);
    WAIT_UNTIL((host_kick(s.worker), atomic_load(&s.kicks) >= 1 && s.turns >= 100));
    end_worker();
    sigaction(SIGURG, &before, NULL);
    assert_int_equal(foreign_signals, 0);
}

static void forget_the_release(void *argument)
{
    (void)argument;
    get_ready(note_kick);
}

static void a_thread_that_ends_takes_no_more_kicks(void **state)
{
    struct sigaction after;

    (void)state;
    start_worker(forget_the_release);
    host_thread_join(s.worker);
    atomic_store(&s.kicks, 0);
    start_worker(release_and_wait); /* The same thread of the system. */
    host_kick(s.worker);
    host_gate_open(s.go_on);
    host_thread_join(s.worker);
    assert_int_equal(atomic_load(&s.kicks), 0);
    sigaction(SIGURG, NULL, &after);
    assert_true(after.sa_handler == SIG_DFL);
}

static void the_signal_of_others_is_passed_on(void **state)
{
    struct sigaction count = { .sa_handler = count_foreign }, before, after;

    (void)state;
    foreign_signals = 0;
    sigaction(SIGURG, &count, &before);
    start_worker(loop_and_note);
    kill(getpid(), SIGURG);
    WAIT_UNTIL(foreign_signals == 1);
    end_worker();
    sigaction(SIGURG, &before, &after);
    assert_int_equal(atomic_load(&s.kicks), 0);
    assert_true(after.sa_handler == count_foreign);
}

static void a_thread_that_was_not_started_here_catches_none(void **state)
{
    (void)state;
    assert_false(host_kicks_catch(note_kick, NULL));
    host_kicks_release();
}

static void catch_twice(void *argument)
{
    (void)argument;
    get_ready(note_kick);
    atomic_store(&s.result, host_kicks_catch(note_kick, NULL) ? 1 : -1);
}

static void a_thread_that_catches_kicks_cannot_catch_them_twice(void **state)
{
    (void)state;
    start_worker(catch_twice);
    end_worker();
    assert_int_equal(atomic_load(&s.result), -1);
}

static void block_and_wait(void *argument)
{
    sigset_t urgent;

    (void)argument;
    sigemptyset(&urgent);
    sigaddset(&urgent, SIGURG);
    pthread_sigmask(SIG_BLOCK, &urgent, NULL);
    get_ready(note_kick);
    host_gate_wait(s.go_on);
    pthread_sigmask(SIG_UNBLOCK, &urgent, NULL);
    host_kicks_release();
}

static void wait_and_note(void *argument)
{
    (void)argument;
    get_ready(note_kick);
    host_gate_wait(s.go_on);
}

static void a_thread_that_blocks_the_signal_is_found_out(void **state)
{
    (void)state;
    if (host_sanitizer_is_valgrind()) {
        skip(); /* There it is not known. */
    }
    start_worker(block_and_wait);
    assert_true(host_kick_is_blocked(s.worker));
    host_gate_open(s.go_on);
    host_thread_join(s.worker);
    start_worker(wait_and_note);
    assert_false(host_kick_is_blocked(s.worker));
    host_gate_open(s.go_on);
    host_thread_join(s.worker);
}

/* ---- Whether it can be had ------------------------------------------------------------------- */

static void there_is_advice_exactly_if_it_cannot_be_had(void **state)
{
    char advice[1000] = "?";
    bool had = host_kicks_can_be_had(advice, sizeof advice);

    (void)state;
    assert_true(had == (advice[0] == '\0'));
    assert_true(had == host_kicks_can_be_had(NULL, 0));
}

static void kicks_are_prompt_but_for_one_sanitizer(void **state)
{
    (void)state;
    assert_true(host_kicks_are_prompt() == !host_sanitizer_is_tsan());
}

int main(void)
{
    const struct CMUnitTest anywhere[] = {
        SCENE(a_kick_after_the_release_does_nothing),
        SCENE(a_thread_that_ends_takes_no_more_kicks),
        SCENE(a_thread_that_was_not_started_here_catches_none),
        SCENE(a_thread_that_catches_kicks_cannot_catch_them_twice),
        SCENE(a_thread_that_blocks_the_signal_is_found_out),
        cmocka_unit_test(there_is_advice_exactly_if_it_cannot_be_had),
        cmocka_unit_test(kicks_are_prompt_but_for_one_sanitizer),
    };
    const struct CMUnitTest prompt[] = {
        SCENE(a_release_among_kicks_leaves_none_behind),
        SCENE(the_signal_of_others_is_passed_on),
    };
    int failed = cmocka_run_group_tests_name("anywhere", anywhere, NULL, NULL);

    if (host_kicks_are_prompt()) {
        failed += cmocka_run_group_tests_name("where kicks are prompt", prompt, NULL, NULL);
    }
    return failed;
}
