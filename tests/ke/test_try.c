/*
 * test_try.c - __try, __except, __finally and __leave in one thread, with statuses that are raised.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

#include "story.h"

/* ---- Handlers -------------------------------------------------------------------------------- */

static void a_block_without_an_exception_runs_no_handler(void **state)
{
    (void)state;
    begin_story();
    __try {
        tell('b');
    } __except (tell_and_say('f', EXCEPTION_EXECUTE_HANDLER)) {
        tell('h');
    }
    tell('.');
    assert_string_equal(story, "b.");
}

static void a_handler_gets_the_code(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    begin_story();
    __try {
        tell('b');
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
        tell('h');
    }
    assert_string_equal(story, "bh");
    assert_int_equal(status, STATUS_NO_MEMORY);
}

static void raise_deep(unsigned depth)
{
    volatile char frame[256];

    frame[0] = (char)depth;
    if (depth > 0) {
        raise_deep(depth - 1);
    } else if (frame[0] == 0) {
        ExRaiseStatus(STATUS_INVALID_PARAMETER);
    }
    tell('!');
}

static void an_exception_leaves_the_functions_that_were_called(void **state)
{
    (void)state;
    begin_story();
    __try {
        raise_deep(20);
        tell('!');
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('h');
    }
    assert_string_equal(story, "h");
}

/* ---- Filters --------------------------------------------------------------------------------- */

static LONG only_no_memory(ULONG code)
{
    return (NTSTATUS)code == STATUS_NO_MEMORY ? EXCEPTION_EXECUTE_HANDLER
                                              : EXCEPTION_CONTINUE_SEARCH;
}

static void handle_no_memory(NTSTATUS status)
{
    __try {
        ExRaiseStatus(status);
    } __except (only_no_memory(GetExceptionCode())) {
        tell('h');
    }
}

static void a_filter_decides_by_the_code(void **state)
{
    (void)state;
    begin_story();
    handle_no_memory(STATUS_NO_MEMORY);
    assert_string_equal(story, "h");
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_INVALID_PARAMETER,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    handle_no_memory(STATUS_INVALID_PARAMETER);
}

static void a_filter_that_declines_leaves_it_to_the_next(void **state)
{
    (void)state;
    begin_story();
    __try {
        __try {
            handle_no_memory(STATUS_INVALID_PARAMETER);
        } __except (tell_and_say('1', EXCEPTION_CONTINUE_SEARCH)) {
            tell('!');
        }
    } __except (tell_and_say('2', EXCEPTION_EXECUTE_HANDLER)) {
        tell('h');
    }
    assert_string_equal(story, "12h");
}

static LONG look_at(PEXCEPTION_POINTERS pointers)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;

    return record->ExceptionCode == STATUS_NO_MEMORY && record->NumberParameters == 0 &&
           record->ExceptionRecord == NULL && record->ExceptionAddress != NULL &&
           record->ExceptionFlags == EXCEPTION_NONCONTINUABLE;
}

static void a_filter_sees_the_exception_record(void **state)
{
    (void)state;
    begin_story();
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (look_at(GetExceptionInformation())) {
        tell('h');
    }
    assert_string_equal(story, "h");
}

/* Its local variables are where they were, though the raising code still stands below. */
static int filter_reads_locals(int argument)
{
    volatile int local = argument + 1;
    volatile int result = 0;

    __try {
        local++;
        raise_deep(3);
    } __except (tell_and_say('f', local == argument + 2)) {
        result = local;
    }
    return result;
}

static void a_filter_sees_the_variables_of_its_function(void **state)
{
    (void)state;
    begin_story();
    assert_int_equal(filter_reads_locals(5), 7);
    assert_string_equal(story, "f");
}

/* What it calls may use as much of the stack as it likes. */
static LONG use_stack(unsigned depth)
{
    volatile char frame[512];

    memset((char *)frame, 0x5A, sizeof(frame));
    return depth == 0 ? EXCEPTION_CONTINUE_SEARCH : use_stack(depth - 1) + (frame[0] != 0x5A);
}

static void keep_and_raise(void)
{
    volatile unsigned kept[64];

    for (unsigned i = 0; i < 64; i++) {
        kept[i] = i;
    }
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __finally {
        for (unsigned i = 0; i < 64; i++) {
            if (kept[i] != i) {
                tell('!');
            }
        }
        tell('k');
    }
}

static void filters_run_below_what_has_raised(void **state)
{
    (void)state;
    begin_story();
    __try {
        __try {
            keep_and_raise();
        } __except (use_stack(20)) {
            tell('!');
        }
    } __except (use_stack(20) == 0) {
        tell('h');
    }
    assert_string_equal(story, "kh");
}

static void raise_in_filter(void)
{
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (raise_deep(2), EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
}

static void an_exception_in_a_filter_is_searched_for_outside(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    begin_story();
    __try {
        __try {
            raise_in_filter();
        } __finally {
            tell('f');
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_string_equal(story, "f");
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
}

static LONG handle_another(void)
{
    __try {
        raise_deep(3);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('a');
    }
    return EXCEPTION_EXECUTE_HANDLER;
}

static void a_filter_may_handle_exceptions_of_its_own(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    begin_story();
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (handle_another()) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_string_equal(story, "a");
    assert_int_equal(status, STATUS_NO_MEMORY);
}

static void a_raised_status_cannot_be_continued(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    __try {
        __try {
            ExRaiseStatus(STATUS_NO_MEMORY);
        } __except (EXCEPTION_CONTINUE_EXECUTION) {
            tell('!');
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(status, STATUS_NONCONTINUABLE_EXCEPTION);
}

static void continuing_a_raised_status_ends_the_run_if_nobody_minds(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_NONCONTINUABLE_EXCEPTION,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (EXCEPTION_CONTINUE_EXECUTION) {
        tell('!');
    }
}

/* ---- Termination ----------------------------------------------------------------------------- */

static void finally_runs_at_the_end_of_its_block(void **state)
{
    int local = 1;

    (void)state;
    begin_story();
    __try {
        tell('b');
        local = 2;
    } __finally {
        tell(AbnormalTermination() ? 'a' : 'n');
        local += 10;
    }
    tell('.');
    assert_string_equal(story, "bn.");
    assert_int_equal(local, 12);
}

static void leave_goes_to_the_end_of_its_block(void **state)
{
    (void)state;
    begin_story();
    __try {
        for (;;) {
            switch (story[0]) {
            case '\0':
                tell('b');
                break;
            default:
                __leave;
            }
        }
    } __finally {
        tell(AbnormalTermination() ? 'a' : 'n');
    }
    __try {
        tell('c');
        __leave;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
    tell('.');
    assert_string_equal(story, "bnc.");
}

/* In a __finally block it means the block around. */
static void leave_means_the_innermost_block(void **state)
{
    (void)state;
    begin_story();
    __try {
        __try {
            __leave;
        } __finally {
            tell('i');
        }
        tell('o');
        __try {
            raise_deep(0);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            __leave;
        }
        tell('!');
    } __finally {
        tell('f');
    }
    assert_string_equal(story, "iof");
}

static void raise_under_finally(void)
{
    __try {
        raise_deep(3);
    } __finally {
        tell(AbnormalTermination() ? 'a' : 'n');
    }
    tell('!');
}

static void filters_are_asked_before_finally_runs(void **state)
{
    (void)state;
    begin_story();
    __try {
        __try {
            raise_under_finally();
        } __finally {
            tell(AbnormalTermination() ? 'A' : 'N');
        }
    } __except (tell_and_say('f', EXCEPTION_EXECUTE_HANDLER)) {
        tell('h');
    }
    tell('.');
    assert_string_equal(story, "faAh.");
}

static void what_nobody_handles_undoes_nothing(void *context)
{
    (void)context;
    raise_under_finally();
}

static void finally_does_not_run_for_what_nobody_handles(void **state)
{
    dirql_result result;

    (void)state;
    begin_story();
    assert_int_equal(dirql_run(NULL, what_nobody_handles_undoes_nothing, NULL, &result),
                     DIRQL_FAILED);
    assert_int_equal(result.code, KMODE_EXCEPTION_NOT_HANDLED);
    assert_string_equal(story, "");
    assert_non_null(strstr(result.report, "Status 0xC000000D was raised"));
    assert_non_null(strstr(result.report, "raise_deep"));
    dirql_result_free(&result);
}

static void raise_in_finally(void)
{
    __try {
        raise_deep(1);
    } __finally {
        tell('f');
        ExRaiseStatus(STATUS_NO_MEMORY);
    }
}

static void an_exception_in_finally_takes_the_place_of_the_first(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    begin_story();
    __try {
        __try {
            raise_in_finally();
        } __finally {
            tell('o');
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_string_equal(story, "fo");
    assert_int_equal(status, STATUS_NO_MEMORY);
}

/* ---- Inside each other, and again and again -------------------------------------------------- */

static void a_handler_inside_a_handler_leaves_the_code_alone(void **state)
{
    volatile NTSTATUS inner = STATUS_SUCCESS, outer = STATUS_SUCCESS;

    (void)state;
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        __try {
            raise_deep(2);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            inner = (NTSTATUS)GetExceptionCode();
        }
        outer = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(inner, STATUS_INVALID_PARAMETER);
    assert_int_equal(outer, STATUS_NO_MEMORY);
}

static void an_exception_of_a_handler_goes_outside(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    __try {
        __try {
            ExRaiseStatus(STATUS_NO_MEMORY);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            raise_deep(2);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
}

static NTSTATUS return_from_handler(void)
{
    __try {
        raise_deep(2);
        return STATUS_SUCCESS;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return (NTSTATUS)GetExceptionCode();
    }
    return STATUS_UNSUCCESSFUL;
}

static NTSTATUS return_from_block(void)
{
    __try {
        return STATUS_PENDING;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
    return STATUS_UNSUCCESSFUL;
}

static void blocks_and_handlers_may_return(void **state)
{
    (void)state;
    begin_story();
    assert_int_equal(return_from_handler(), STATUS_INVALID_PARAMETER);
    assert_int_equal(return_from_block(), STATUS_PENDING);
    __try { /* Nothing of them has remained. */
        raise_deep(1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('h');
    }
    assert_string_equal(story, "h");
}

static void break_and_continue_mean_the_loop_around(void **state)
{
    volatile unsigned i;

    (void)state;
    begin_story();
    for (i = 0; i < 10; i++) {
        __try {
            if (i == 1) {
                continue;
            }
            if (i == 3) {
                raise_deep(1);
            }
            tell((char)('0' + i));
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            break;
        }
        tell('.');
    }
    assert_string_equal(story, "0.2.");
    assert_int_equal(i, 3);
}

static void a_thousand_exceptions_leave_the_stack_as_it_was(void **state)
{
    volatile unsigned handled = 0;
    volatile unsigned i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        __try {
            raise_deep(30);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            handled++;
        }
    }
    assert_int_equal(handled, 1000);
}

static unsigned handle_in_each(unsigned depth)
{
    volatile unsigned handled = 0;

    __try {
        if (depth > 0) {
            handled = handle_in_each(depth - 1);
        }
        ExRaiseStatus((NTSTATUS)(0xE0000000u + depth));
    } __except (GetExceptionCode() == 0xE0000000u + depth) {
        handled += GetExceptionCode() == 0xE0000000u + depth;
    }
    return handled;
}

static void each_call_of_a_function_has_a_frame_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(handle_in_each(30), 31);
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

static NTSTATUS return_past_finally(int how)
{
    while (how < 10) {
        __try {
            if (how == 0) {
                return STATUS_SUCCESS;
            }
            break;
        } __finally {
            tell('f');
        }
    }
    return STATUS_PENDING;
}

static void return_out_of_a_block_with_finally_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("exception block");
    (void)return_past_finally(0);
}

static void break_out_of_a_block_with_finally_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("exception block");
    (void)return_past_finally(1);
}

static NTSTATUS return_from_finally(void)
{
    __try {
        tell('b');
    } __finally {
        return STATUS_PENDING;
    }
    return STATUS_SUCCESS;
}

static void return_out_of_finally_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("exception block");
    (void)return_from_finally();
}

static void an_exception_code_outside_a_handler_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("exception block");
    (void)GetExceptionCode();
}

static void what_is_reported_says_where_and_what_to_do(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(
        dirql_run(NULL, (void (*)(void *))(void (*)(void))return_from_finally, NULL, &result),
        DIRQL_FAILED);
    assert_non_null(strstr(result.report, "a __finally block was left by return"));
    assert_non_null(strstr(result.report, "return_from_finally"));
    assert_non_null(strstr(result.report, "__leave"));
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_block_without_an_exception_runs_no_handler),
        dirql_unit_test(a_handler_gets_the_code),
        dirql_unit_test(an_exception_leaves_the_functions_that_were_called),
        dirql_unit_test(a_filter_decides_by_the_code),
        dirql_unit_test(a_filter_that_declines_leaves_it_to_the_next),
        dirql_unit_test(a_filter_sees_the_exception_record),
        dirql_unit_test(a_filter_sees_the_variables_of_its_function),
        dirql_unit_test(filters_run_below_what_has_raised),
        dirql_unit_test(an_exception_in_a_filter_is_searched_for_outside),
        dirql_unit_test(a_filter_may_handle_exceptions_of_its_own),
        dirql_unit_test(a_raised_status_cannot_be_continued),
        dirql_unit_test(continuing_a_raised_status_ends_the_run_if_nobody_minds),
        dirql_unit_test(finally_runs_at_the_end_of_its_block),
        dirql_unit_test(leave_goes_to_the_end_of_its_block),
        dirql_unit_test(leave_means_the_innermost_block),
        dirql_unit_test(filters_are_asked_before_finally_runs),
        cmocka_unit_test(finally_does_not_run_for_what_nobody_handles),
        dirql_unit_test(an_exception_in_finally_takes_the_place_of_the_first),
        dirql_unit_test(a_handler_inside_a_handler_leaves_the_code_alone),
        dirql_unit_test(an_exception_of_a_handler_goes_outside),
        dirql_unit_test(blocks_and_handlers_may_return),
        dirql_unit_test(break_and_continue_mean_the_loop_around),
        dirql_unit_test(a_thousand_exceptions_leave_the_stack_as_it_was),
        dirql_unit_test(each_call_of_a_function_has_a_frame_of_its_own),
        dirql_unit_test(return_out_of_a_block_with_finally_is_reported),
        dirql_unit_test(break_out_of_a_block_with_finally_is_reported),
        dirql_unit_test(return_out_of_finally_is_reported),
        dirql_unit_test(an_exception_code_outside_a_handler_is_reported),
        cmocka_unit_test(what_is_reported_says_where_and_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
