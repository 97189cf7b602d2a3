/*
 * test_kick.c - kicks run a handler on top of whatever the kicked thread does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/sanitizer.h"
#include "kicked.h"

#define STACK_BYTES ((size_t)256 * 1024)

/* ---- In place -------------------------------------------------------------------------------- */

static void a_kick_lands_in_a_plain_loop_and_the_loop_goes_on(void **state)
{
    uint64_t turns;

    (void)state;
    start_worker(loop_and_note);
    assert_int_equal(atomic_load(&s.ready), 1);
    WAIT_UNTIL(s.turns != 0);
    host_kick(s.worker);
    WAIT_UNTIL(atomic_load(&s.kicks) == 1);
    turns = s.turns;
    WAIT_UNTIL(s.turns != turns);
    end_worker();
    assert_int_equal(atomic_load(&s.in_guest), 1);
    assert_true((uintptr_t)atomic_load(&s.place) - (uintptr_t)loop < 256);
}

static void each_kick_comes_if_one_waits_for_the_last(void **state)
{
    int i;

    (void)state;
    start_worker(loop_and_note);
    for (i = 0; i < 100; i++) {
        host_kick(s.worker);
        WAIT_UNTIL(atomic_load(&s.kicks) == i + 1);
    }
    end_worker();
    assert_int_equal(atomic_load(&s.kicks), 100);
}

static void a_burst_of_kicks_does_not_fill_the_stack(void **state)
{
    int i;

    (void)state;
    start_worker(loop_and_note);
    for (i = 0; i < 20000; i++) {
        host_kick(s.worker);
    }
    end_worker();
    assert_in_range(atomic_load(&s.kicks), 1, 20000);
}

/* One kick from outside, the rest by itself, wherever it is then. */
static void kick_again(void *owner, const void *place, bool in_guest)
{
    note_kick(owner, place, in_guest);
    if (atomic_load(&s.kicks) < 100 && !host_kick_again(20000)) {
        atomic_store(&s.result, -1);
    }
}

static void loop_and_kick_again(void *argument)
{
    (void)argument;
    get_ready(kick_again);
    loop();
    host_kicks_release();
}

static void a_thread_may_kick_itself_a_little_later(void **state)
{
    (void)state;
    if (host_sanitizer_is_valgrind()) {
        return; /* There it cannot be had. */
    }
    start_worker(loop_and_kick_again);
    KICK_UNTIL(atomic_load(&s.kicks) != 0);
    WAIT_UNTIL(atomic_load(&s.kicks) == 100 || atomic_load(&s.result) < 0);
    end_worker();
    assert_int_equal(atomic_load(&s.result), 0);
}

static void note_owner(void *owner, const void *place, bool in_guest)
{
    (void)place;
    (void)in_guest;
    atomic_store(&s.result, owner == &s ? 1 : -1);
    atomic_store(&s.outstanding, 0);
}

static void loop_and_note_owner(void *argument)
{
    (void)argument;
    get_ready(note_owner);
    loop();
    host_kicks_release();
}

static void the_handler_is_told_its_owner(void **state)
{
    (void)state;
    start_worker(loop_and_note_owner);
    KICK_UNTIL(atomic_load(&s.result) != 0);
    end_worker();
    assert_int_equal(atomic_load(&s.result), 1);
}

static void nest_three_deep(void *owner, const void *place, bool in_guest)
{
    (void)owner;
    (void)place;
    (void)in_guest;
    if (atomic_fetch_add(&s.depth, 1) + 1 == 3) {
        atomic_store(&s.deepest, 3);
    }
    while (atomic_load(&s.deepest) < 3) {
    }
    atomic_fetch_sub(&s.depth, 1);
}

static void loop_and_nest(void *argument)
{
    (void)argument;
    get_ready(nest_three_deep);
    loop();
    host_kicks_release();
}

static void kicks_nest(void **state)
{
    int i;

    (void)state;
    start_worker(loop_and_nest);
    for (i = 1; i <= 3; i++) {
        host_kick(s.worker);
        WAIT_UNTIL(atomic_load(&s.depth) == i || atomic_load(&s.deepest) == 3);
    }
    WAIT_UNTIL(atomic_load(&s.depth) == 0);
    end_worker();
    assert_int_equal(atomic_load(&s.deepest), 3);
}

static void use_the_c_library(void *owner, const void *place, bool in_guest)
{
    char *text;

    (void)owner;
    (void)place;
    if (in_guest) {
        text = malloc(1000);
        snprintf(text, 1000, "%s %d", "kick", 1);
        printf("%s", text[0] == 'k' ? "" : "?");
        free(text);
        atomic_fetch_add(&s.kicks, 1);
    }
    atomic_store(&s.outstanding, 0);
}

static void loop_and_allocate(void *argument)
{
    void *volatile memory;

    (void)argument;
    get_ready(use_the_c_library);
    while (!is_stopped()) {
        memory = malloc(100);
        free(memory);
        printf("%s", "");
        s.turns++;
    }
    host_kicks_release();
}

static void a_handler_may_use_the_c_library_in_guest_code(void **state)
{
    (void)state;
    start_worker(loop_and_allocate);
    KICK_UNTIL(atomic_load(&s.kicks) >= 10);
    end_worker();
}

static void change_errno(void *owner, const void *place, bool in_guest)
{
    (void)owner;
    (void)place;
    (void)in_guest;
    errno = ERANGE;
    atomic_fetch_add(&s.kicks, 1);
    atomic_store(&s.outstanding, 0);
}

static void loop_and_look_at_errno(void *argument)
{
    (void)argument;
    errno = EDOM;
    get_ready(change_errno);
    loop();
    atomic_store(&s.result, errno);
    host_kicks_release();
}

static void errno_survives(void **state)
{
    (void)state;
    start_worker(loop_and_look_at_errno);
    KICK_UNTIL(atomic_load(&s.kicks) > 0);
    end_worker();
    assert_int_equal(atomic_load(&s.result), EDOM);
}

static void call_and_note(void *argument)
{
    void *volatile memory;

    (void)argument;
    get_ready(note_kick);
    while (!is_stopped()) {
        memory = malloc(100);
        free(memory);
    }
    host_kicks_release();
}

static void a_kick_comes_at_the_latest_with_a_call(void **state)
{
    (void)state;
    start_worker(call_and_note);
    KICK_UNTIL(atomic_load(&s.kicks) >= 10);
    end_worker();
}

/* ---- Elsewhere ------------------------------------------------------------------------------- */

static void read_and_note(void *argument)
{
    char byte = 0;

    (void)argument;
    get_ready(note_kick);
    atomic_store(&s.result, read(s.pipe[0], &byte, 1) == 1 ? byte : -1);
    host_kicks_release();
}

static bool is_noted(void)
{
    return atomic_load(&s.in_guest) + atomic_load(&s.outside) > 0;
}

/* Notes only what interrupts it: its own code is guest code, but not what it interrupted itself. */
static void wait_for_the_next(void *owner, const void *place, bool in_guest)
{
    if (atomic_load(&s.depth) > 0) {
        note_kick(owner, place, in_guest);
        return;
    }
    atomic_store(&s.depth, in_guest ? 0 : 1);
    atomic_store(&s.outstanding, 0);
    while (!in_guest && !is_noted() && !is_stopped()) {
        s.turns++;
    }
    atomic_store(&s.depth, 0);
}

static void read_and_wait_in_handler(void *argument)
{
    char byte = 0;

    (void)argument;
    get_ready(wait_for_the_next);
    atomic_store(&s.result, read(s.pipe[0], &byte, 1) == 1 ? byte : -1);
    host_kicks_release();
}

static void a_kick_in_the_handler_of_a_miss_is_a_miss(void **state)
{
    (void)state;
    start_worker(read_and_wait_in_handler);
    KICK_UNTIL(is_noted());
    assert_int_equal(write(s.pipe[1], "x", 1), 1);
    end_worker();
    assert_int_equal(atomic_load(&s.result), 'x');
    assert_int_equal(atomic_load(&s.in_guest), 0);
}

static void a_kick_in_the_c_library_is_not_in_guest_code(void **state)
{
    (void)state;
    start_worker(read_and_note);
    KICK_UNTIL(atomic_load(&s.outside) >= 10);
    assert_int_equal(write(s.pipe[1], "x", 1), 1);
    end_worker();
    assert_int_equal(atomic_load(&s.result), 'x'); /* And the call was not cut short. */
}

static void loop_under_the_lock(void *argument)
{
    (void)argument;
    host_lock();
    get_ready(note_kick);
    loop();
    host_unlock();
    host_kicks_release();
}

static void a_thread_that_holds_the_lock_is_not_in_guest_code(void **state)
{
    (void)state;
    start_worker(loop_under_the_lock);
    WAIT_UNTIL(s.turns != 0);
    KICK_UNTIL(atomic_load(&s.kicks) >= 10);
    end_worker();
    assert_int_equal(atomic_load(&s.in_guest), 0);
}

/* ---- A handler that never returns ------------------------------------------------------------ */

static void go_home(void *owner, const void *place, bool in_guest)
{
    (void)owner;
    (void)place;
    atomic_store(&s.outstanding, 0);
    if (in_guest && s.in_task) {
        s.in_task = 0;
        atomic_fetch_add(&s.kicks, 1);
        host_context_leave(&s.task, &s.base);
    }
}

static void loop_in_task(void *argument)
{
    (void)argument;
    s.in_task = 1;
    loop();
    host_context_leave(&s.task, &s.base);
}

static void abandon_task(void *argument)
{
    (void)argument;
    host_context_adopt(&s.base);
    get_ready(go_home);
    if (host_context_make(&s.task, STACK_BYTES, loop_in_task, NULL)) {
        host_context_switch(&s.base, &s.task);
        host_kicks_release();
        host_context_release(&s.task);
        atomic_fetch_add(&s.result, 1);
    }
}

static void a_handler_may_leave_for_good_and_the_thread_is_of_use_again(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 50; i++) {
        atomic_store(&s.kicks, 0);
        atomic_store(&s.outstanding, 0);
        start_worker(abandon_task);
        KICK_UNTIL(atomic_load(&s.kicks) > 0);
        host_thread_join(s.worker);
        assert_int_equal(atomic_load(&s.result), i + 1);
    }
}

static void kick_itself(void *argument)
{
    (void)argument;
    get_ready(note_kick);
    host_gate_wait(s.go_on); /* Until the test has written down who the worker is. */
    host_kick(s.worker);
    atomic_store(&s.result, atomic_load(&s.kicks));
    host_kicks_release();
}

static void a_thread_may_kick_itself(void **state)
{
    (void)state;
    start_worker(kick_itself);
    host_gate_open(s.go_on);
    end_worker();
    assert_int_equal(atomic_load(&s.result), 1);
}

/* ---- Many ------------------------------------------------------------------------------------ */

enum { KICKERS = 2, KICKS = 100000, DEPTH_MAX = 8 };

static void allocate_and_count(void *owner, const void *place, bool in_guest)
{
    void *volatile memory;

    (void)owner;
    (void)place;
    if (atomic_fetch_add(&s.depth, 1) < DEPTH_MAX && in_guest) {
        memory = malloc(64 + (size_t)(s.turns % 512));
        free(memory);
        atomic_fetch_add(&s.in_guest, 1);
    }
    atomic_fetch_sub(&s.depth, 1);
    atomic_fetch_add(&s.kicks, 1);
}

static bool is_all(const unsigned char *memory, unsigned char value, size_t bytes)
{
    size_t i;

    for (i = 0; i < bytes && memory[i] == value; i++) {
    }
    return i == bytes;
}

static void allocate_and_loop(void *argument)
{
    unsigned char *memory;
    size_t bytes;

    (void)argument;
    get_ready(allocate_and_count);
    while (!is_stopped()) {
        bytes = 1 + (size_t)(s.turns * 37 % 2000);
        memory = malloc(bytes);
        memset(memory, (int)(s.turns & 255), bytes);
        if (!is_all(memory, (unsigned char)(s.turns & 255), bytes)) {
            atomic_store(&s.result, -1);
        }
        free(memory);
        s.turns++;
    }
    host_kicks_release();
}

static void kick_many_times(void *argument)
{
    int i;

    (void)argument;
    for (i = 0; i < KICKS / KICKERS; i++) {
        host_kick(s.worker);
        if (i % 100 == 0) {
            rest(); /* There may be fewer processors than threads. */
        }
    }
}

static void two_threads_may_kick_one_that_allocates(void **state)
{
    host_thread *kicker[KICKERS];
    int i;

    (void)state;
    start_worker(allocate_and_loop);
    WAIT_UNTIL(s.turns > 0);
    for (i = 0; i < KICKERS; i++) {
        kicker[i] = host_thread_start(kick_many_times, NULL);
        assert_non_null(kicker[i]);
    }
    for (i = 0; i < KICKERS; i++) {
        host_thread_join(kicker[i]);
    }
    end_worker();
    assert_int_equal(atomic_load(&s.result), 0);
    assert_int_equal(atomic_load(&s.depth), 0);
    assert_in_range(atomic_load(&s.kicks), 1, KICKS);
    assert_in_range(atomic_load(&s.in_guest), 0, atomic_load(&s.kicks));
}

int main(void)
{
    const struct CMUnitTest anywhere[] = {
        SCENE(a_kick_comes_at_the_latest_with_a_call),
    };
    const struct CMUnitTest prompt[] = {
        SCENE(a_kick_lands_in_a_plain_loop_and_the_loop_goes_on),
        SCENE(each_kick_comes_if_one_waits_for_the_last),
        SCENE(a_burst_of_kicks_does_not_fill_the_stack),
        SCENE(a_thread_may_kick_itself_a_little_later),
        SCENE(the_handler_is_told_its_owner),
        SCENE(kicks_nest),
        SCENE(a_handler_may_use_the_c_library_in_guest_code),
        SCENE(errno_survives),
        SCENE(a_kick_in_the_c_library_is_not_in_guest_code),
        SCENE(a_kick_in_the_handler_of_a_miss_is_a_miss),
        SCENE(a_thread_that_holds_the_lock_is_not_in_guest_code),
        SCENE(a_handler_may_leave_for_good_and_the_thread_is_of_use_again),
        SCENE(a_thread_may_kick_itself),
        SCENE(two_threads_may_kick_one_that_allocates),
    };
    int failed = cmocka_run_group_tests_name("anywhere", anywhere, NULL, NULL);

    if (host_kicks_are_prompt() && host_kicks_can_be_had(NULL, 0)) {
        failed += cmocka_run_group_tests_name("where kicks are prompt", prompt, NULL, NULL);
    }
    return failed;
}
