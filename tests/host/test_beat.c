/*
 * test_beat.c - beats come when they are due, when they are told, and never after the stop.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"
#include "host/sanitizer.h"
#include "limit.h"

#define NEVER UINT64_MAX
#define SOON  100000u
#define LATE  (2 * LIMIT_NS)

typedef struct score {
    _Atomic(host_beat *) beat;
    atomic_int calls;
    atomic_bool done;
    uint64_t again_ns;
} score;

static uint64_t count_call(void *owner)
{
    score *s = owner;

    atomic_fetch_add(&s->calls, 1);
    return s->again_ns;
}

static void start(score *s, host_beat_function *function, uint64_t first_ns)
{
    atomic_store(&s->beat, host_beat_start(function, s, first_ns));
    assert_non_null(atomic_load(&s->beat));
}

static void the_first_call_comes_when_it_is_due(void **state)
{
    score s = { .again_ns = NEVER };

    (void)state;
    start(&s, count_call, SOON);
    WAIT_UNTIL(atomic_load(&s.calls) == 1);
    host_beat_stop(s.beat);
    assert_int_equal(atomic_load(&s.calls), 1);
}

static void it_is_called_again_as_often_as_it_wants(void **state)
{
    score s = { .again_ns = SOON };

    (void)state;
    start(&s, count_call, 0);
    WAIT_UNTIL(atomic_load(&s.calls) >= 100);
    host_beat_stop(s.beat);
}

static void one_that_wants_no_call_gets_one_when_told(void **state)
{
    score s = { .again_ns = NEVER };
    int i;

    (void)state;
    start(&s, count_call, NEVER);
    for (i = 0; i < 100; i++) {
        assert_int_equal(atomic_load(&s.calls), i);
        host_beat_within(s.beat, i % 3 * 10000u);
        WAIT_UNTIL(atomic_load(&s.calls) == i + 1);
    }
    host_beat_stop(s.beat);
}

static void a_call_that_is_due_late_comes_early_when_told(void **state)
{
    score s = { .again_ns = LATE };

    (void)state;
    start(&s, count_call, LATE);
    host_beat_within(s.beat, SOON);
    WAIT_UNTIL(atomic_load(&s.calls) == 1);
    host_beat_within(s.beat, SOON);
    WAIT_UNTIL(atomic_load(&s.calls) == 2);
    host_beat_stop(s.beat);
}

static void a_call_is_not_put_off(void **state)
{
    score s = { .again_ns = NEVER };

    (void)state;
    start(&s, count_call, SOON);
    host_beat_within(s.beat, LATE);
    host_beat_within(s.beat, NEVER);
    WAIT_UNTIL(atomic_load(&s.calls) == 1);
    host_beat_stop(s.beat);
}

static host_beat *told_by_signal;

static void tell_beat(int signal)
{
    (void)signal;
    host_beat_within(told_by_signal, 0);
}

static void a_signal_handler_may_tell(void **state)
{
    struct sigaction tell = { .sa_handler = tell_beat }, before;
    score s = { .again_ns = NEVER };
    int i;

    (void)state;
    start(&s, count_call, NEVER);
    told_by_signal = s.beat;
    sigaction(SIGUSR1, &tell, &before);
    for (i = 0; i < 100; i++) {
        raise(SIGUSR1);
        WAIT_UNTIL(atomic_load(&s.calls) == i + 1);
    }
    sigaction(SIGUSR1, &before, NULL);
    host_beat_stop(s.beat);
}

/* Its first call may come before the test knows it. */
static host_beat *beat_of(score *s)
{
    while (atomic_load(&s->beat) == NULL) {
        rest();
    }
    return atomic_load(&s->beat);
}

static uint64_t tell_itself(void *owner)
{
    score *s = owner;

    if (atomic_fetch_add(&s->calls, 1) < 100) {
        host_beat_within(beat_of(s), 0);
    }
    return NEVER;
}

static void what_is_told_during_a_call_is_not_lost(void **state)
{
    score s = { .again_ns = NEVER };

    (void)state;
    start(&s, tell_itself, 0);
    WAIT_UNTIL(atomic_load(&s.calls) == 101);
    host_beat_stop(s.beat);
}

static void a_stopped_beat_is_silent(void **state)
{
    score s = { .again_ns = 0 };
    score other = { .again_ns = SOON };
    int calls;

    (void)state;
    start(&other, count_call, 0);
    start(&s, count_call, 0);
    WAIT_UNTIL(atomic_load(&s.calls) >= 10);
    host_beat_stop(s.beat);
    calls = atomic_load(&s.calls);
    atomic_store(&other.calls, 0);
    WAIT_UNTIL(atomic_load(&other.calls) >= 10);
    assert_int_equal(atomic_load(&s.calls), calls);
    host_beat_stop(other.beat);
}

static uint64_t take_long(void *owner)
{
    score *s = owner;
    int i;

    atomic_fetch_add(&s->calls, 1);
    for (i = 0; i < 1000; i++) {
        rest();
    }
    atomic_store(&s->done, true);
    return NEVER;
}

static void a_stop_waits_for_the_call_that_is_under_way(void **state)
{
    score s = { .again_ns = NEVER };

    (void)state;
    start(&s, take_long, 0);
    WAIT_UNTIL(atomic_load(&s.calls) == 1);
    host_beat_stop(s.beat);
    assert_true(atomic_load(&s.done));
}

static uint64_t stop_itself(void *owner)
{
    score *s = owner;

    host_beat_stop(beat_of(s));
    atomic_store(&s->done, true);
    return 0;
}

static void a_beat_may_stop_itself(void **state)
{
    score s = { .again_ns = NEVER };
    score other = { .again_ns = NEVER };

    (void)state;
    start(&s, stop_itself, 0);
    WAIT_UNTIL(atomic_load(&s.done));
    start(&other, count_call, 0);
    WAIT_UNTIL(atomic_load(&other.calls) == 1);
    host_beat_stop(other.beat);
}

static void many_beats_have_one_thread(void **state)
{
    score many[20] = { { .again_ns = NEVER } };
    unsigned i;

    (void)state;
    for (i = 0; i < 20; i++) {
        many[i].again_ns = (i + 1) * (uint64_t)10000;
        start(&many[i], count_call, SOON);
    }
    WAIT_UNTIL(host_thread_count_strangers() == 0);
    for (i = 0; i < 20; i++) {
        WAIT_UNTIL(atomic_load(&many[i].calls) >= 10);
    }
    for (i = 0; i < 20; i++) {
        host_beat_stop(many[i].beat);
    }
}

static uint64_t note_mask(void *owner)
{
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    atomic_store((atomic_int *)owner, sigismember(&mask, SIGALRM) ? 1 : 2);
    return NEVER;
}

static void its_thread_takes_no_signals(void **state)
{
    atomic_int answer = 0;
    host_beat *beat = host_beat_start(note_mask, &answer, 0);

    (void)state;
    assert_non_null(beat);
    WAIT_UNTIL(atomic_load(&answer) != 0);
    host_beat_stop(beat);
    assert_int_equal(atomic_load(&answer), 1);
}

/* Does not fail by an assertion: that would end the wrong process. */
static int beat_again(host_beat *old)
{
    score s = { .again_ns = NEVER };
    host_beat *beat;
    uint64_t since_ns = host_clock_ns();

    host_beat_within(old, 0);
    host_beat_stop(old);
    beat = host_beat_start(count_call, &s, 0);
    while (beat != NULL && atomic_load(&s.calls) == 0 && !is_late(since_ns)) {
        rest();
    }
    host_beat_stop(beat);
    return atomic_load(&s.calls) == 1 ? 0 : 1;
}

static void a_forked_process_has_beats_of_its_own(void **state)
{
    score s = { .again_ns = NEVER };
    int status = -1;
    pid_t child;

    (void)state;
    if (host_sanitizer_is_tsan()) {
        skip(); /* It allows no threads in such a process. */
    }
    start(&s, count_call, NEVER);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(beat_again(s.beat));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(atomic_load(&s.calls), 0);
    host_beat_stop(s.beat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_call_comes_when_it_is_due),
        cmocka_unit_test(it_is_called_again_as_often_as_it_wants),
        cmocka_unit_test(one_that_wants_no_call_gets_one_when_told),
        cmocka_unit_test(a_call_that_is_due_late_comes_early_when_told),
        cmocka_unit_test(a_call_is_not_put_off),
        cmocka_unit_test(a_signal_handler_may_tell),
        cmocka_unit_test(what_is_told_during_a_call_is_not_lost),
        cmocka_unit_test(a_stopped_beat_is_silent),
        cmocka_unit_test(a_stop_waits_for_the_call_that_is_under_way),
        cmocka_unit_test(a_beat_may_stop_itself),
        cmocka_unit_test(many_beats_have_one_thread),
        cmocka_unit_test(its_thread_takes_no_signals),
        cmocka_unit_test(a_forked_process_has_beats_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
