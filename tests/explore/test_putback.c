/*
 * test_putback.c - what static variables hold when an exploration is over.
 */
#include <dirql/cmocka.h>

#include <setjmp.h>
#include <string.h>

static unsigned plain = 7;
static DIRQL_KEEP unsigned kept;
static dirql_result result; /* Itself a static variable. */
static jmp_buf out;

static void run(dirql_mode mode, unsigned runs, void (*body)(void *context))
{
    const dirql_options options = { .name = "it", .mode = mode, .runs = runs, .fixed = 1 };

    plain = 7;
    kept = 0;
    dirql_result_free(&result);
    (void)dirql_run(&options, body, NULL, &result);
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&result);
    return 0;
}

static void count(void *context)
{
    (void)context;
    plain += 1 + dirql_choose(3);
    kept++;
}

static void count_and_fail(void *context)
{
    count(context);
    if (plain == 9) {
        dirql_fail("it", 1, "plain is 9");
    }
}

static void fail_always(void *context)
{
    count(context);
    dirql_fail("it", 1, "it fails");
}

static void jump(void *argument)
{
    (void)argument;
    longjmp(out, 1);
}

static void count_and_leave(void *context)
{
    count(context);
    if (plain == 9) {
        dirql_at_home(jump, NULL);
    }
}

static void after_an_exploration_they_are_as_before_it(void **state)
{
    (void)state;
    run(DIRQL_MODE_EXPLORE, 0, count);
    assert_int_equal(result.schedules, 3);
    assert_true(kept >= 3);
    assert_int_equal(plain, 7);
}

static void after_one_that_fails_they_are_as_before_it(void **state)
{
    (void)state;
    run(DIRQL_MODE_EXPLORE, 0, count_and_fail);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_int_equal(plain, 7);
}

static void after_one_that_was_left_by_a_jump_they_are_as_before_it(void **state)
{
    (void)state;
    if (setjmp(out) == 0) {
        run(DIRQL_MODE_EXPLORE, 0, count_and_leave);
    }
    assert_int_equal(dirql_abandon(&result), DIRQL_FAILED);
    assert_int_equal(plain, 7);
}

static void after_several_drawn_runs_they_are_as_before_the_first(void **state)
{
    (void)state;
    run(DIRQL_MODE_RANDOM, 5, count);
    assert_int_equal(kept, 5);
    assert_int_equal(plain, 7);
}

static void after_a_single_run_they_are_as_it_left_them(void **state)
{
    (void)state;
    run(DIRQL_MODE_FIRST, 0, count);
    assert_int_equal(plain, 8);
    run(DIRQL_MODE_RANDOM, 1, count);
    assert_true(plain >= 8);
    run(DIRQL_MODE_PCT, 1, count); /* And one before it, to count the steps. */
    assert_int_equal(kept, 2);
    assert_true(plain >= 8);
    run(DIRQL_MODE_PCT, 1, fail_always); /* That was repeated, for its report. */
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_true(plain >= 8);
}

static void a_result_that_is_one_is_told_all_the_same(void **state)
{
    (void)state;
    run(DIRQL_MODE_EXPLORE, 0, count_and_fail);
    assert_non_null(strstr(result.report, "plain is 9"));
    assert_non_null(result.coverage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(after_an_exploration_they_are_as_before_it, forget),
        cmocka_unit_test_teardown(after_one_that_fails_they_are_as_before_it, forget),
        cmocka_unit_test_teardown(after_one_that_was_left_by_a_jump_they_are_as_before_it, forget),
        cmocka_unit_test_teardown(after_several_drawn_runs_they_are_as_before_the_first, forget),
        cmocka_unit_test_teardown(after_a_single_run_they_are_as_it_left_them, forget),
        cmocka_unit_test_teardown(a_result_that_is_one_is_told_all_the_same, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
