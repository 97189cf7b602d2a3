/*
 * test_preempt.c - threads are preempted and moved while they compute.
 */
#include "live.h"

static volatile int ran, goes_on;

static void set_ran(void *context)
{
    (void)context;
    ran = true;
}

static void a_plain_loop_shares_its_processor_with_ready_threads(void **state)
{
    dirql_thread *other;

    (void)state;
    ran = false;
    other = dirql_thread_start("other", 0, set_ran, NULL);
    while (!ran) {
    }
    dirql_thread_join(other);
}

static volatile int ended;

static void loop_until_told(void *context)
{
    (void)context;
    ran = true;
    while (!goes_on) {
    }
    ended = true;
}

static void two_plain_loops_take_turns(void **state)
{
    dirql_thread *other;

    (void)state;
    ran = goes_on = ended = false;
    other = dirql_thread_start("other", 0, loop_until_told, NULL);
    while (!ran) {
    }
    goes_on = true; /* The other one is in its loop, preempted in turn. */
    while (!ended) {
    }
    dirql_thread_join(other);
}

static KEVENT event;

static void wait_with_high_priority(void *context)
{
    (void)context;
    KeSetPriorityThread(KeGetCurrentThread(), 15);
    goes_on = true;
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    ran = true;
}

static void wake_it(void *context)
{
    (void)context;
    KeSetEvent(&event, 0, FALSE);
}

static void a_woken_thread_of_higher_priority_preempts_a_plain_loop(void **state)
{
    (void)state;
    ran = goes_on = false;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    dirql_thread_start("high", 0, wait_with_high_priority, NULL);
    while (!goes_on) {
    }
    dirql_thread_start("waker", 1, wake_it, NULL);
    while (!ran) {
    }
}

/* ---- Moving ---------------------------------------------------------------------------------- */

static volatile int computes, intruder_runs, is_moved;
static volatile ULONG before, after, at_dispatch;
static KSPIN_LOCK lock;

static void compute(void *context)
{
    KIRQL old;

    (void)context;
    before = KeGetCurrentProcessorNumberEx(NULL);
    computes = true;
    while (!intruder_runs) {
    }
    after = KeGetCurrentProcessorNumberEx(NULL);
    KeAcquireSpinLock(&lock, &old);
    at_dispatch = KeGetCurrentProcessorNumberEx(NULL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    is_moved = true;
}

static void intrude(void *context)
{
    (void)context;
    KeSetPriorityThread(KeGetCurrentThread(), 15);
    intruder_runs = true;
    while (!is_moved) {
    }
}

static void a_thread_is_moved_while_it_computes(void **state)
{
    dirql_thread *moves, *intruder;

    (void)state;
    computes = intruder_runs = is_moved = false;
    KeInitializeSpinLock(&lock);
    moves = dirql_thread_start("moves", DIRQL_ANY_PROCESSOR, compute, NULL);
    while (!computes) {
    }
    assert_int_equal(before, 1); /* This loop holds the other one. */
    intruder = dirql_thread_start("intruder", 1, intrude, NULL);
    dirql_thread_join(moves);
    dirql_thread_join(intruder);
    assert_int_equal(after, 0);
    assert_int_equal(at_dispatch, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_plain_loop_shares_its_processor_with_ready_threads, LIVE),
        dirql_unit_test(two_plain_loops_take_turns, LIVE),
        dirql_unit_test(a_woken_thread_of_higher_priority_preempts_a_plain_loop, LIVE,
                        .processors = 2),
        dirql_unit_test(a_thread_is_moved_while_it_computes, LIVE, .processors = 2),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}
