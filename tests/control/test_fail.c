/*
 * test_fail.c - calls fail when a plan says so, and only then; each in turn; and the report tells
 * which it was and how to see it again.
 */
#include <stdlib.h>
#include <string.h>

#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/line.h>

#include <ntddk.h>

enum { TAG = 0x31676154, OTHER_TAG = 0x32676154 }; /* "Tag1", "Tag2". */

static dirql_result result;

static void run_with(const dirql_options *options, void (*body)(void *), void *context)
{
    dirql_result_free(&result);
    dirql_run(options, body, context, &result);
}

static void run(const char *plan, void (*body)(void *), void *context)
{
    const dirql_options options = { .name = "fails", .fail = plan };

    run_with(&options, body, context);
}

/* ---- Plans ----------------------------------------------------------------------------------- */

enum { ALLOCATIONS = 6 };

/* One letter for each allocation: '+' it succeeded, '-' it failed. The second and fifth have the
 * other tag. */
static void allocate_some(void *context)
{
    char *outcome = context;

    for (unsigned i = 0; i < ALLOCATIONS; i++) {
        void *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, i % 3 == 1 ? OTHER_TAG : TAG);

        outcome[i] = memory != NULL ? '+' : '-';
        if (memory != NULL) {
            ExFreePool(memory);
        }
    }
    outcome[ALLOCATIONS] = '\0';
}

#define assert_fails(plan, expected)                    \
    do {                                                \
        char outcome_[ALLOCATIONS + 1] = "";            \
        run(plan, allocate_some, outcome_);             \
        assert_string_equal(result.report, "");         \
        assert_int_equal(result.outcome, DIRQL_PASSED); \
        assert_string_equal(outcome_, expected);        \
    } while (0)

static void without_a_plan_nothing_fails(void **state)
{
    (void)state;
    assert_fails(NULL, "++++++");
    assert_int_equal(result.failed, 0);
    assert_null(result.failure);
}

static void the_nth_fails_or_all_from_there_on(void **state)
{
    (void)state;
    assert_fails("1", "-+++++");
    assert_fails("3", "++-+++");
    assert_int_equal(result.failed, 1);
    assert_fails("5+", "++++--");
    assert_int_equal(result.failed, 2);
    assert_fails("7", "++++++");
}

static void a_plan_counts_one_kind_or_one_tag(void **state)
{
    (void)state;
    assert_fails("pool:2", "+-++++");
    assert_fails("thread,timer:1+", "++++++");
    assert_fails("thread,pool:2", "+-++++");
    assert_fails("tag=Tag2:2", "++++-+");
    assert_fails("tag=0x32676154:1+", "+-++-+");
    assert_fails("connect,tag=Tag2:1", "++++++");
}

static void chance_follows_the_seed(void **state)
{
    char outcomes[2][ALLOCATIONS + 1];
    unsigned failed = 0, differing = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        const dirql_options options = { .seed = seed, .fail = "50%", .fixed = 1 };

        for (unsigned i = 0; i < 2; i++) {
            run_with(&options, allocate_some, outcomes[i]);
        }
        assert_string_equal(outcomes[0], outcomes[1]);
        failed += (unsigned)result.failed;
        differing += strcmp(outcomes[0], "++++++") != 0;
    }
    assert_in_range(failed, 40, 200); /* Of 240. */
    assert_in_range(differing, 20, 40);
}

/* The draws of the schedule stay what they are without a plan: only then is a text of it of use. */
static void chance_is_one_of_the_choices_of_a_schedule(void **state)
{
    char drawn[ALLOCATIONS + 1], replayed[ALLOCATIONS + 1];
    dirql_options options = { .mode = DIRQL_MODE_RANDOM, .seed = 3, .fail = "50%", .fixed = 1 };
    char *schedule;

    (void)state;
    run_with(&options, allocate_some, drawn);
    assert_non_null(strchr(drawn, '-'));
    assert_non_null(strchr(strrchr(result.schedule, '-'), 'f'));
    schedule = result.schedule;
    result.schedule = NULL;
    options = (dirql_options){
        .mode = DIRQL_MODE_REPLAY, .replay = schedule, .fail = "50%", .seed = 9, .fixed = 1
    };
    run_with(&options, allocate_some, replayed);
    free(schedule);
    assert_string_equal(result.report, "");
    assert_string_equal(drawn, replayed);
}

static void assert_refused(const char *plan)
{
    char outcome[ALLOCATIONS + 1];

    run(plan, allocate_some, outcome);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    assert_non_null(strstr(result.report, plan));
}

static void a_plan_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_refused("0");
    assert_refused("pool");
    assert_refused("pol:1");
    assert_refused("3-");
    assert_refused("120%");
    assert_refused("pool:");
    assert_refused("tag=Toolong:1");
}

/* ---- In the middle of a test ----------------------------------------------------------------- */

static void fail_in_the_middle(void *context)
{
    char *outcome = context;

    allocate_some(outcome);
    dirql_fail_set("2");
    allocate_some(outcome + ALLOCATIONS);
    dirql_fail_set("1+");
    dirql_fail_pause();
    dirql_fail_pause();
    dirql_fail_resume();
    allocate_some(outcome + 2 * ALLOCATIONS);
    dirql_fail_resume();
    allocate_some(outcome + 3 * ALLOCATIONS);
    assert_int_equal(dirql_fail_count(), 1 + ALLOCATIONS);
    dirql_fail_set(NULL);
    allocate_some(outcome + 4 * ALLOCATIONS);
}

static void a_test_sets_plans_and_takes_its_own_calls_out(void **state)
{
    char outcome[5 * ALLOCATIONS + 1];

    (void)state;
    run(NULL, fail_in_the_middle, outcome);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_string_equal(outcome, "+++++++-++++++++++------++++++");
}

static void resume_without_pause(void *context)
{
    (void)context;
    dirql_fail_resume();
}

static void set_nonsense(void *context)
{
    (void)context;
    dirql_fail_set("every second");
}

static void misuse_fails_the_run(void **state)
{
    (void)state;
    run(NULL, resume_without_pause, NULL);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_non_null(strstr(result.report, "dirql_fail_resume without dirql_fail_pause"));
    run(NULL, set_nonsense, NULL);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_non_null(strstr(result.report, "every second"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_plan_nothing_fails),
        cmocka_unit_test(the_nth_fails_or_all_from_there_on),
        cmocka_unit_test(a_plan_counts_one_kind_or_one_tag),
        cmocka_unit_test(chance_follows_the_seed),
        cmocka_unit_test(chance_is_one_of_the_choices_of_a_schedule),
        cmocka_unit_test(a_plan_that_is_none_is_refused),
        cmocka_unit_test(a_test_sets_plans_and_takes_its_own_calls_out),
        cmocka_unit_test(misuse_fails_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
