/*
 * kicked.h - a thread to be kicked, for the tests of kicks: it is called the worker.
 *
 * Nothing is asserted on the worker: a failed assertion would end the process there.
 */
#ifndef KICKED_H
#define KICKED_H

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"
#include "limit.h"

typedef struct scene {
    host_thread *worker;
    host_context base; /* Of the worker. */
    host_context task;
    host_gate *go_on;
    int pipe[2];
    atomic_int ready;
    atomic_int kicks;
    atomic_int in_guest;
    atomic_int outside;
    atomic_int depth;
    atomic_int deepest;
    atomic_int outstanding;
    atomic_int result;
    _Atomic(const void *) place;
    atomic_int stop;
    volatile int in_task;
    volatile uint64_t turns;
} scene;

static scene s;

static inline int begin(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    s.go_on = host_gate_create();
    return s.go_on != NULL && pipe(s.pipe) == 0 ? 0 : -1;
}

static inline int end(void **state)
{
    (void)state;
    host_gate_destroy(s.go_on);
    close(s.pipe[0]);
    close(s.pipe[1]);
    return 0;
}

static inline void start_worker(host_entry *entry)
{
    atomic_store(&s.ready, 0);
    s.worker = host_thread_start(entry, NULL);
    assert_non_null(s.worker);
    WAIT_UNTIL(atomic_load(&s.ready) != 0);
}

static inline void end_worker(void)
{
    atomic_store(&s.stop, 1);
    host_thread_join(s.worker);
}

/* The last kick has been handled: kicks do not pile up on the worker's stack. */
static inline void kick_after_the_last(void)
{
    if (atomic_exchange(&s.outstanding, 1) == 0) {
        host_kick(s.worker);
    }
}

/* Kicks again until something is there: a kick is only a hint. */
#define KICK_UNTIL(condition)                       \
    do {                                            \
        uint64_t kicked_since_ns = host_clock_ns(); \
        while (!(condition)) {                      \
            assert_false(is_late(kicked_since_ns)); \
            kick_after_the_last();                  \
            rest();                                 \
        }                                           \
    } while (0)

/* ---- What the worker does -------------------------------------------------------------------- */

static inline void note_kick(void *owner, const void *place, bool in_guest)
{
    (void)owner;
    atomic_store(&s.place, place);
    atomic_fetch_add(in_guest ? &s.in_guest : &s.outside, 1);
    atomic_fetch_add(&s.kicks, 1);
    atomic_store(&s.outstanding, 0);
}

static inline __attribute__((always_inline)) bool is_stopped(void)
{
    return atomic_load_explicit(&s.stop, memory_order_relaxed) != 0;
}

static __attribute__((noinline, unused)) void loop(void)
{
    while (!is_stopped()) {
        s.turns++;
    }
}

static inline void get_ready(host_kick_handler *handler)
{
    atomic_store(&s.ready, host_kicks_catch(handler, &s) ? 1 : -1);
}

static inline void loop_and_note(void *argument)
{
    (void)argument;
    get_ready(note_kick);
    loop();
    host_kicks_release();
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

#endif
