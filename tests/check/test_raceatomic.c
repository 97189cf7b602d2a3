/*
 * test_raceatomic.c - what orders two threads without a lock: Interlocked routines, volatile
 * accesses, sequenced lists, fences.
 */
#include "race.h"
#include "sim/access.h"
#include "sim/machine.h"

static SLIST_HEADER list;
static SLIST_ENTRY entry;
static volatile LONG flag;

static void start_and_race(void *context)
{
    flag = 0;
    InitializeSListHead(&list);
    race_two(context);
}

static void run_both(race_part *first, race_part *second, int iso)
{
    const dirql_options options = { .name = "rule", .processors = 2, .iso_volatile = iso };

    race_parts[0] = first;
    race_parts[1] = second;
    race_processors[0] = race_processors[1] = DIRQL_ANY_PROCESSOR;
    rule_run_with(&options, start_and_race);
}

#define assert_apart(first, second)     \
    do {                                \
        run_both((first), (second), 0); \
        assert_no_race();               \
    } while (0)

#define assert_meet(first, second)      \
    do {                                \
        run_both((first), (second), 0); \
        assert_race_found();            \
    } while (0)

/* ---- Atomic accesses ------------------------------------------------------------------------- */

static void write_and_raise_flag(void)
{
    WRITES(&x);
    InterlockedExchange(&flag, 1);
}

static void write_and_or_flag_release(void)
{
    WRITES(&x);
    InterlockedOrRelease(&flag, 1);
}

static void write_and_or_flag_without_fence(void)
{
    WRITES(&x);
    InterlockedOrNoFence(&flag, 1);
}

static void await_flag_and_read(void)
{
    while (InterlockedCompareExchange(&flag, 1, 1) == 0) {
        YieldProcessor();
    }
    READS(&x);
}

static void await_flag_acquire_and_read(void)
{
    while (InterlockedCompareExchangeAcquire(&flag, 1, 1) == 0) {
        YieldProcessor();
    }
    READS(&x);
}

static void await_flag_without_fence_and_read(void)
{
    while (InterlockedCompareExchangeNoFence(&flag, 1, 1) == 0) {
        YieldProcessor();
    }
    READS(&x);
}

static void interlocked_routines_order_by_their_variant(void **state)
{
    (void)state;
    assert_apart(write_and_raise_flag, await_flag_and_read);
    assert_apart(write_and_or_flag_release, await_flag_acquire_and_read);
    assert_apart(write_and_raise_flag, await_flag_acquire_and_read);
    assert_meet(write_and_or_flag_without_fence, await_flag_and_read);
    assert_meet(write_and_raise_flag, await_flag_without_fence_and_read);
}

static void write_and_store_flag(void)
{
    WRITES(&x);
    touch(&flag, sizeof(flag), DQ_ACCESS_WRITE | DQ_ACCESS_VOLATILE);
    flag = 1;
}

static void poll_flag_and_read(void)
{
    for (;;) {
        touch(&flag, sizeof(flag), DQ_ACCESS_READ | DQ_ACCESS_VOLATILE);
        if (flag != 0) {
            break;
        }
        YieldProcessor();
    }
    READS(&x);
}

static void volatile_accesses_order_unless_they_are_isos(void **state)
{
    (void)state;
    assert_apart(write_and_store_flag, poll_flag_and_read);
    run_both(write_and_store_flag, poll_flag_and_read, 1);
    assert_race_found();
}

/* In live mode the other one may go on between a step's event and the step itself. */
static int is_said;

static void say_load_and_load_late(void)
{
    touch(&flag, sizeof(flag), DQ_ACCESS_READ | DQ_ACCESS_VOLATILE);
    __atomic_store_n(&is_said, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&flag, __ATOMIC_SEQ_CST) == 0) {
    }
    READS(&x);
}

static void store_when_the_load_is_said(void)
{
    while (!__atomic_load_n(&is_said, __ATOMIC_SEQ_CST)) {
    }
    WRITES(&x);
    touch(&flag, sizeof(flag), DQ_ACCESS_WRITE | DQ_ACCESS_VOLATILE);
    __atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
}

static void run_with_a_store_between(void (*load)(void))
{
    const dirql_options options = {
        .name = "rule", .processors = 2, .mode = DIRQL_MODE_LIVE, .fixed = 1
    };

    is_said = 0;
    race_parts[0] = load;
    race_parts[1] = store_when_the_load_is_said;
    race_processors[0] = race_processors[1] = DIRQL_ANY_PROCESSOR;
    rule_run_with(&options, start_and_race);
}

static void a_load_takes_what_was_stored_after_it_was_said(void **state)
{
    (void)state;
    run_with_a_store_between(say_load_and_load_late);
    assert_no_race();
}

/* The same, and nothing was said before but by Interlocked routines, which alone order nothing. */
static void say_interlocked_load(void)
{
    const void *address = (const void *)&flag;
    dq_processor *cpu = dq_enter(DQ_SERVICE_Interlocked, NULL, address, sizeof(flag), 0, 0);
    DQ_LEAVES(cpu);

    dq_access_by_service(cpu, address, sizeof(flag),
                         dq_access_atomic_flags(DQ_ACCESS_READ, __ATOMIC_ACQUIRE));
}

static void say_interlocked_and_load_late(void)
{
    say_interlocked_load();
    __atomic_store_n(&is_said, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&flag, __ATOMIC_SEQ_CST) == 0) {
    }
    READS(&x);
}

static void a_load_takes_what_was_stored_though_it_was_the_first_that_was_said(void **state)
{
    (void)state;
    run_with_a_store_between(say_interlocked_and_load_late);
    assert_no_race();
}

static void write_and_push(void)
{
    WRITES(&x);
    InterlockedPushEntrySList(&list, &entry);
}

static void pop_and_read(void)
{
    while (InterlockedPopEntrySList(&list) == NULL) {
        YieldProcessor();
    }
    READS(&x);
}

static void push_and_write(void)
{
    InterlockedPushEntrySList(&list, &entry);
    WRITES(&x);
}

static void what_is_pushed_is_ordered_before_who_pops(void **state)
{
    (void)state;
    assert_apart(write_and_push, pop_and_read);
    assert_meet(push_and_write, pop_and_read);
}

/* ---- Fences ---------------------------------------------------------------------------------- */

static void fence(void)
{
    touch(NULL, 0, DQ_ACCESS_ATOMIC | DQ_ACCESS_ACQUIRE | DQ_ACCESS_RELEASE);
}

static void write_and_fence(void)
{
    WRITES(&x);
    fence();
    InterlockedOrNoFence(&flag, 1);
}

static void await_fence_and_read(void)
{
    while (InterlockedCompareExchangeNoFence(&flag, 1, 1) == 0) {
        YieldProcessor();
    }
    fence();
    READS(&x);
}

static void fences_order_what_lies_around_them(void **state)
{
    (void)state;
    assert_apart(write_and_fence, await_fence_and_read);
    assert_meet(write_and_fence, await_flag_without_fence_and_read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interlocked_routines_order_by_their_variant),
        cmocka_unit_test(volatile_accesses_order_unless_they_are_isos),
        cmocka_unit_test(a_load_takes_what_was_stored_after_it_was_said),
        cmocka_unit_test(a_load_takes_what_was_stored_though_it_was_the_first_that_was_said),
        cmocka_unit_test(what_is_pushed_is_ordered_before_who_pops),
        cmocka_unit_test(fences_order_what_lies_around_them),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
