/*
 * test_pct.c - priorities that are drawn, and what they promise.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/pct.h"

enum { RUNS = 3000, STEPS = 20 };

static dq_pct pct;

static const uint64_t two[] = { 1, 2 }, three[] = { 1, 2, 3 };

static void each_process_is_the_first_as_often(void **state)
{
    unsigned firsts[3] = { 0 };

    (void)state;
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        dq_pct_start(&pct, seed, 1, STEPS);
        firsts[dq_pct_choose(&pct, three, 3)]++;
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_in_range(firsts[i], RUNS / 4, RUNS / 2);
    }
}

/* How often another one goes on than before, in as many steps as there are. */
static unsigned changes_of(uint64_t seed, unsigned depth)
{
    unsigned changes = 0, before;

    dq_pct_start(&pct, seed, depth, STEPS);
    before = dq_pct_choose(&pct, three, 3);
    for (unsigned i = 1; i < STEPS; i++) {
        const unsigned now = dq_pct_choose(&pct, three, 3);

        changes += now != before;
        before = now;
    }
    return changes;
}

static void at_depth_one_nothing_ever_changes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        assert_int_equal(changes_of(seed, 1), 0);
    }
}

static void at_most_one_change_less_than_the_depth_is_made(void **state)
{
    unsigned most = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const unsigned changes = changes_of(seed, 4);

        assert_in_range(changes, 0, 3);
        most = changes > most ? changes : most;
    }
    assert_int_equal(most, 3);
}

static void the_same_seed_is_the_same_run(void **state)
{
    unsigned first[STEPS];

    (void)state;
    dq_pct_start(&pct, 5, 3, STEPS);
    for (unsigned i = 0; i < STEPS; i++) {
        first[i] = dq_pct_choose(&pct, three, 3);
    }
    dq_pct_start(&pct, 5, 3, STEPS);
    for (unsigned i = 0; i < STEPS; i++) {
        assert_int_equal(dq_pct_choose(&pct, three, 3), first[i]);
    }
}

/* Two processes of so many steps; true if `other` comes between step 6 and 7 of the first, and only
 * there: a bug of depth 2. */
static bool falls_in_the_gap(uint64_t seed)
{
    unsigned done[2] = { 0 }, at = STEPS;

    dq_pct_start(&pct, seed, 2, STEPS);
    while (done[0] < STEPS / 2 && done[1] < STEPS / 2) {
        const unsigned who = dq_pct_choose(&pct, two, 2);

        at = who == 1 && done[1] == 0 ? done[0] : at;
        done[who]++;
    }
    return at == 6;
}

static void a_bug_is_found_as_often_as_is_promised(void **state)
{
    unsigned found = 0;

    (void)state;
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        found += falls_in_the_gap(seed);
    }
    assert_in_range(found, RUNS / (3 * STEPS), RUNS); /* 1 / (n k), and something for chance. */
}

static void who_goes_on_for_ever_falls_behind(void **state)
{
    unsigned first, now, steps = 0;

    (void)state;
    dq_pct_start(&pct, 1, 1, STEPS);
    first = dq_pct_choose(&pct, two, 2);
    do {
        now = dq_pct_choose(&pct, two, 2);
        steps++;
    } while (now == first && steps < 100000);
    assert_int_not_equal(now, first);
    assert_in_range(steps, 500, 5000);
}

/* Each asks others to go on, as one does that polls. */
static void two_that_give_way_to_each_other_let_a_third_go_on(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        unsigned latest = 0, steps = 0;
        bool been[3] = { true, false, false };

        dq_pct_start(&pct, seed, 1, STEPS);
        while (!(been[1] && been[2]) && steps < 100000) {
            const uint64_t others[] = { three[(latest + 1) % 3], three[(latest + 2) % 3] };

            latest = (latest + 1 + dq_pct_choose(&pct, others, 2)) % 3;
            been[latest] = true;
            steps++;
        }
        assert_in_range(steps, 2, 5000);
    }
}

static void who_rests_has_no_priority(void **state)
{
    const uint64_t rests[] = { DQ_PCT_NOBODY, 7 };

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        dq_pct_start(&pct, seed, 1, STEPS);
        assert_int_equal(dq_pct_choose(&pct, rests, 2), 1);
    }
}

static void processes_are_counted_once(void **state)
{
    (void)state;
    dq_pct_start(&pct, 1, 1, STEPS);
    for (unsigned i = 0; i < 10; i++) {
        (void)dq_pct_choose(&pct, two, 2);
        (void)dq_pct_choose(&pct, three, 3);
    }
    assert_int_equal(pct.processes, 3);
    assert_int_equal(pct.steps, 20);
}

static void interrupts_are_late_where_steps_are_counted(void **state)
{
    const uint64_t contest[] = { dq_pct_line(0x70), dq_pct_execution(3) };

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        dq_pct_start(&pct, seed, 3, 0);
        assert_int_equal(dq_pct_choose(&pct, contest, 2), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_is_the_first_as_often),
        cmocka_unit_test(at_depth_one_nothing_ever_changes),
        cmocka_unit_test(at_most_one_change_less_than_the_depth_is_made),
        cmocka_unit_test(the_same_seed_is_the_same_run),
        cmocka_unit_test(a_bug_is_found_as_often_as_is_promised),
        cmocka_unit_test(who_goes_on_for_ever_falls_behind),
        cmocka_unit_test(two_that_give_way_to_each_other_let_a_third_go_on),
        cmocka_unit_test(who_rests_has_no_priority),
        cmocka_unit_test(processes_are_counted_once),
        cmocka_unit_test(interrupts_are_late_where_steps_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
