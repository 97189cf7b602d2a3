/*
 * expected.c - mock_assert() and expect_assert_failure().
 *
 * Unlike all other failures, an expected assertion jumps to a place in simulated code, on the
 * stack of the thread that expects it. That is sound only from the same thread, and not across an
 * ISR or DPC that sits on top of it: then the assertion counts as one that nobody expected.
 */
#include "real.h"

#include "calls.h"

typedef struct assertion {
    int result;
    const char *expression;
    const char *file;
    int line;
} assertion;

/* Who expects one: the thread, and its IRQL. NULL: nobody, or code outside a run. */
static _Thread_local PKTHREAD expecting_thread;
static _Thread_local KIRQL expecting_irql;

void dq_expected_forget(void)
{
    global_expecting_assert = 0;
    expecting_thread = NULL;
}

void dirql_cmocka_expect_assertion(void)
{
    if (dirql_running()) {
        expecting_thread = KeGetCurrentThread();
        expecting_irql = KeGetCurrentIrql();
    }
    global_expecting_assert = 1;
}

void dirql_cmocka_assertion_came(void)
{
    dq_expected_forget();
    dirql_cmocka_print_message("Expected assertion %s occurred\n", global_last_failed_assert);
}

void dirql_cmocka_no_assertion(const char *call, const char *file, int line)
{
    dq_expected_forget();
    dirql_cmocka_print_error("Expected assert in %s\n", call);
    dirql_cmocka_fail(file, line);
}

/* CMocka's own expect_assert_failure(), in a file that includes only <cmocka.h>, notes no thread;
 * it is taken at its word at PASSIVE_LEVEL. */
static bool may_jump(void)
{
    if (!global_expecting_assert)
        return false;
    if (!dirql_running())
        return true;
    if (!expecting_thread)
        return KeGetCurrentIrql() == PASSIVE_LEVEL;
    return KeGetCurrentThread() == expecting_thread && KeGetCurrentIrql() == expecting_irql;
}

static void errand_fail(void *argument)
{
    assertion *a = argument;

    dq_expected_forget();
    dq_real_mock_assert(a->result, a->expression, a->file, a->line);
}

void dirql_cmocka_mock_assert(int result, const char *expression, const char *file, int line)
{
    assertion a = { result, expression, file, line };

    if (result)
        return;
    if (may_jump())
        dq_real_mock_assert(result, expression, file, line);
    dirql_at_home_foretold(errand_fail, &a, DIRQL_ENDING_FAILS, NULL);
}
