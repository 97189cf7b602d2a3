/*
 * test_tryrules.c - the rule about blocks of __try and __finally is found when it is broken, and
 * not when it is kept.
 */
#include "rule.h"

static volatile LONG how;

static void return_past_finally(void *context)
{
    __try {
        if (how == 0) {
            return;
        }
    } __finally {
        how = 0;
    }
    (void)context;
}

static void goto_past_finally(void *context)
{
    (void)context;
    __try {
        if (how == 0) {
            goto done;
        }
    } __finally {
        how = 0;
    }
done:
    return;
}

static void leave_and_return(void *context)
{
    (void)context;
    __try {
        if (how == 0) {
            __leave;
        }
    } __finally {
        how = 0;
    }
}

static void return_past_except(void *context)
{
    (void)context;
    __try {
        return;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        how = 1;
    }
}

static void a_finally_that_is_passed_by_is_found(void **state)
{
    (void)state;
    assert_error(return_past_finally, 1, "exception block");
    assert_report_has(
        "left by return, goto, break or continue, and its __finally block has not run");
    assert_error(goto_past_finally, 1, "exception block");
    assert_silent(leave_and_return, 1, "exception block");
    assert_silent(return_past_except, 1, "exception block");
}

static void return_from_finally(void *context)
{
    (void)context;
    __try {
        how = 0;
    } __finally {
        if (how == 0) {
            return;
        }
    }
}

static void a_finally_that_is_left_is_found(void **state)
{
    (void)state;
    assert_error(return_from_finally, 1, "exception block");
    assert_report_has("a __finally block was left by return");
}

static void ask_outside(void *context)
{
    (void)context;
    how = (LONG)GetExceptionCode();
}

static void ask_for_the_record_in_a_handler(void *context)
{
    (void)context;
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        how = GetExceptionInformation() != NULL;
    }
}

static void ask_inside(void *context)
{
    (void)context;
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (GetExceptionInformation() != NULL) {
        how = (LONG)GetExceptionCode();
    }
    how = 0;
}

static void asking_for_an_exception_where_none_is_is_found(void **state)
{
    (void)state;
    assert_error(ask_outside, 1, "exception block");
    assert_report_has("GetExceptionCode was called outside the filter and the handler");
    assert_error(ask_for_the_record_in_a_handler, 1, "exception block");
    assert_report_has("GetExceptionInformation was called outside the filter");
    assert_silent(ask_inside, 1, "exception block");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finally_that_is_passed_by_is_found),
        cmocka_unit_test(a_finally_that_is_left_is_found),
        cmocka_unit_test(asking_for_an_exception_where_none_is_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
