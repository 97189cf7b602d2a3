/*
 * test_context.c - contexts keep what belongs to them and nothing else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fenv.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define STACK_BYTES ((size_t)64 * 1024)

static host_context home;
static host_context other;

static void adopt(void)
{
    host_context_adopt(&home);
}

static void make(host_context *context, host_entry *entry, void *argument)
{
    assert_true(host_context_make(context, STACK_BYTES, entry, argument));
}

/* ---- Order of events ------------------------------------------------------------------------- */

static char events[64];

static void note(const char *event)
{
    strcat(events, event);
}

static void two_steps(void *argument)
{
    note(argument);
    host_context_switch(&other, &home);
    note("2");
    host_context_leave(&other, &home);
}

static void a_context_goes_on_where_it_was_left(void **state)
{
    static char first[] = "1";

    (void)state;
    events[0] = '\0';
    adopt();
    make(&other, two_steps, first);
    note("a");
    host_context_switch(&home, &other);
    note("b");
    host_context_switch(&home, &other);
    note("c");
    host_context_release(&other);
    assert_string_equal(events, "a1b2c");
}

/* ---- Registers ------------------------------------------------------------------------------- */

enum { LOCALS = 24, ROUNDS = 100 };

/* More live values than there are registers, so that every callee-saved one is in use over the
 * switch. */
static uint64_t mix(uint64_t seed, host_context *from, host_context *to)
{
    uint64_t value[LOCALS];
    uint64_t sum = 0;
    int i;

    for (i = 0; i < LOCALS; i++) {
        value[i] = seed * 31 + (uint64_t)i * 7;
    }
    uint64_t a = value[0], b = value[1], c = value[2], d = value[3], e = value[4], f = value[5];
    uint64_t g = value[6], h = value[7], j = value[8], k = value[9];
    double x = (double)a * 0.5, y = (double)b * 0.25;

    host_context_switch(from, to);
    for (i = 10; i < LOCALS; i++) {
        sum += value[i];
    }
    return sum + a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * j + 10 * k +
           (uint64_t)(x + y);
}

static uint64_t mix_alone(uint64_t seed)
{
    static const uint64_t factor[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    uint64_t sum = 0;
    uint64_t i;

    for (i = 0; i < LOCALS; i++) {
        sum += (seed * 31 + i * 7) * (i < 10 ? factor[i] : 1);
    }
    return sum + (uint64_t)((double)(seed * 31) * 0.5 + (double)(seed * 31 + 7) * 0.25);
}

static void mix_for_ever(void *argument)
{
    uint64_t round;

    (void)argument;
    for (round = 0;; round++) {
        if (mix(round + 1000, &other, &home) != mix_alone(round + 1000)) {
            abort();
        }
    }
}

static void locals_and_registers_survive_a_switch(void **state)
{
    uint64_t round;

    (void)state;
    adopt();
    make(&other, mix_for_ever, NULL);
    for (round = 0; round < ROUNDS; round++) {
        assert_int_equal(mix(round, &home, &other), mix_alone(round));
    }
    host_context_release(&other);
}

/* fegetround() asks one of two floating-point units on x86-64; arithmetic asks the other. */
static bool arithmetic_rounds_upwards(void)
{
    volatile double one = 1.0;
    volatile double tiny = 1e-30;

    return one + tiny > 1.0;
}

static void round_upwards(void *argument)
{
    fesetround(FE_UPWARD);
    host_context_switch(&other, &home);
    *(int *)argument = arithmetic_rounds_upwards() ? fegetround() : -2;
    host_context_leave(&other, &home);
}

static void the_rounding_mode_belongs_to_the_context(void **state)
{
    int seen = -1;

    (void)state;
    adopt();
    make(&other, round_upwards, &seen);
    host_context_switch(&home, &other);
    assert_int_equal(fegetround(), FE_TONEAREST);
    assert_false(arithmetic_rounds_upwards());
    host_context_switch(&home, &other);
    assert_int_equal(seen, FE_UPWARD);
    assert_int_equal(fegetround(), FE_TONEAREST);
    assert_false(arithmetic_rounds_upwards());
    host_context_release(&other);
}

/* ---- errno ----------------------------------------------------------------------------------- */

static void use_errno(void *argument)
{
    int *seen = argument;

    seen[0] = errno;
    errno = ERANGE;
    host_context_switch(&other, &home);
    seen[1] = errno;
    host_context_leave(&other, &home);
}

static void errno_belongs_to_the_context(void **state)
{
    int seen[2] = { -1, -1 };

    (void)state;
    adopt();
    make(&other, use_errno, seen);
    errno = EDOM;
    host_context_switch(&home, &other);
    assert_int_equal(errno, EDOM);
    errno = EAGAIN;
    host_context_switch(&home, &other);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(seen[0], 0);
    assert_int_equal(seen[1], ERANGE);
    host_context_release(&other);
}

/* ---- Stacks ---------------------------------------------------------------------------------- */

static void note_alignment(void *argument)
{
    volatile _Alignas(16) char aligned[16];

    *(uintptr_t *)argument = (uintptr_t)aligned % 16;
    host_context_leave(&other, &home);
}

static void a_new_stack_is_aligned_for_calls(void **state)
{
    uintptr_t misalignment = 99;

    (void)state;
    adopt();
    make(&other, note_alignment, &misalignment);
    host_context_switch(&home, &other);
    assert_int_equal(misalignment, 0);
    host_context_release(&other);
}

static void the_guard_lies_below_the_stack(void **state)
{
    char *base;

    (void)state;
    adopt();
    make(&other, note_alignment, NULL);
    base = other.stack;
    assert_true(host_context_guards(&other, base - 1));
    assert_true(host_context_guards(&other, base - 8192));
    assert_false(host_context_guards(&other, base));
    assert_false(host_context_guards(&other, base - (1 << 30)));
    assert_false(host_context_guards(&home, NULL));
    host_context_release(&other);
}

static void a_released_stack_is_used_again(void **state)
{
    void *first;

    (void)state;
    adopt();
    make(&other, note_alignment, NULL);
    first = other.stack;
    host_context_release(&other);
    make(&other, note_alignment, NULL);
    assert_ptr_equal(other.stack, first);
    host_context_release(&other);
}

static void stacks_beyond_the_pool_go_back_to_the_system(void **state)
{
    static host_context many[1000];
    size_t i;

    (void)state;
    adopt();
    for (i = 0; i < 1000; i++) {
        make(&many[i], note_alignment, NULL);
    }
    for (i = 0; i < 1000; i++) {
        host_context_release(&many[i]);
    }
    make(&other, note_alignment, NULL);
    host_context_release(&other);
}

static void a_stack_that_cannot_be_had_is_refused(void **state)
{
    (void)state;
    assert_false(host_context_make(&other, SIZE_MAX / 4, note_alignment, NULL));
    assert_false(host_context_make(&other, SIZE_MAX, note_alignment, NULL));
}

/* Local arrays leave poisoned zones around them while their function is active. */
static void go_deep_and_stay(int depth)
{
    volatile char array[300];

    memset((char *)array, depth, sizeof array);
    if (depth > 0) {
        go_deep_and_stay(depth - 1);
    } else {
        host_context_switch(&other, &home);
    }
    array[0] = 0;
}

static void be_abandoned(void *argument)
{
    (void)argument;
    go_deep_and_stay(40);
}

static void write_everywhere(void *argument)
{
    volatile char large[32 * 1024];
    size_t i;

    for (i = 0; i < sizeof large; i++) {
        large[i] = 1;
    }
    *(int *)argument = large[100];
    host_context_leave(&other, &home);
}

static void an_abandoned_stack_can_be_used_again(void **state)
{
    void *abandoned;
    int seen;
    int i;

    (void)state;
    adopt();
    for (i = 0; i < 100; i++) {
        make(&other, be_abandoned, NULL);
        host_context_switch(&home, &other);
        abandoned = other.stack;
        host_context_release(&other);
        seen = 0;
        make(&other, write_everywhere, &seen);
        assert_ptr_equal(other.stack, abandoned);
        host_context_switch(&home, &other);
        assert_int_equal(seen, 1);
        host_context_release(&other);
    }
}

static void pass_on(void *argument)
{
    host_context *ring = argument;

    for (;;) {
        host_context_switch(ring, ring + 1);
    }
}

static void many_contexts_take_turns(void **state)
{
    enum { CONTEXTS = 50 };
    host_context ring[CONTEXTS + 1];
    int i, round;

    (void)state;
    host_context_adopt(&ring[CONTEXTS]);
    for (i = 0; i < CONTEXTS; i++) {
        make(&ring[i], pass_on, &ring[i]);
    }
    for (round = 0; round < ROUNDS; round++) {
        host_context_switch(&ring[CONTEXTS], &ring[0]);
    }
    for (i = 0; i < CONTEXTS; i++) {
        host_context_release(&ring[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_context_goes_on_where_it_was_left),
        cmocka_unit_test(locals_and_registers_survive_a_switch),
        cmocka_unit_test(the_rounding_mode_belongs_to_the_context),
        cmocka_unit_test(errno_belongs_to_the_context),
        cmocka_unit_test(a_new_stack_is_aligned_for_calls),
        cmocka_unit_test(the_guard_lies_below_the_stack),
        cmocka_unit_test(a_released_stack_is_used_again),
        cmocka_unit_test(stacks_beyond_the_pool_go_back_to_the_system),
        cmocka_unit_test(a_stack_that_cannot_be_had_is_refused),
        cmocka_unit_test(an_abandoned_stack_can_be_used_again),
        cmocka_unit_test(many_contexts_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
