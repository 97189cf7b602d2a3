/* Tests of lib/rtl/runonce.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static RTL_RUN_ONCE once;
static volatile LONG calls, done;
static ULONG answer;
static char data[16] __attribute__((aligned(16)));
static BOOLEAN apcs_disabled;

static int begin(void **state)
{
    (void)state;
    once.Ptr = NULL;
    calls = done = 0;
    answer = TRUE;
    return 0;
}

static ULONG NTAPI initialise(PRTL_RUN_ONCE run_once, PVOID parameter, PVOID *context)
{
    assert_ptr_equal(run_once, &once);
    apcs_disabled = KeAreApcsDisabled();
    InterlockedIncrement(&calls);
    KeStallExecutionProcessor(5);
    *context = parameter;
    return answer;
}

/* ---- ExecuteOnce ----------------------------------------------------------------------------- */

static void the_routine_runs_once(void **state)
{
    PVOID context = NULL;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(RtlRunOnceExecuteOnce(&once, initialise, data, &context), STATUS_SUCCESS);
        assert_ptr_equal(context, data);
        context = NULL;
    }
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialise, data, NULL), STATUS_SUCCESS);
    assert_int_equal(calls, 1);
    assert_true(apcs_disabled);
    assert_false(KeAreApcsDisabled());
}

static void a_routine_that_fails_runs_again(void **state)
{
    PVOID context;

    (void)state;
    answer = FALSE;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialise, NULL, &context), STATUS_UNSUCCESSFUL);
    answer = TRUE;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialise, data, &context), STATUS_SUCCESS);
    assert_int_equal(calls, 2);
}

static void execute(void *context)
{
    PVOID value;

    (void)context;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialise, data, &value), STATUS_SUCCESS);
    assert_ptr_equal(value, data);
    InterlockedIncrement(&done);
}

static void threads_at_once_run_it_once(void **state)
{
    dirql_thread *others[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        others[i] = dirql_thread_start("other", 0, execute, NULL);
    }
    execute(NULL);
    for (int i = 0; i < 2; i++) {
        dirql_thread_join(others[i]);
    }
    assert_int_equal(done, 3);
    assert_int_equal(calls, 1);
}

static void a_context_with_low_bits_is_reported(void **state)
{
    PVOID context;

    (void)state;
    dirql_expect_finding("RunOnce");
    (void)RtlRunOnceExecuteOnce(&once, initialise, data + 1, &context);
}

static ULONG NTAPI initialise_again(PRTL_RUN_ONCE run_once, PVOID parameter, PVOID *context)
{
    (void)RtlRunOnceExecuteOnce(run_once, initialise, parameter, context);
    return TRUE;
}

static void a_routine_that_waits_for_itself_is_a_deadlock(void **state)
{
    PVOID context;

    (void)state;
    dirql_expect_finding("deadlock");
    (void)RtlRunOnceExecuteOnce(&once, initialise_again, data, &context);
}

/* ---- Begin and Complete ---------------------------------------------------------------------- */

static NTSTATUS try_begin(ULONG flags)
{
    PVOID context = NULL;
    const NTSTATUS status = RtlRunOnceBeginInitialize(&once, flags, &context);

    assert_true(status != STATUS_SUCCESS || context == data);
    return status;
}

static void who_begins_completes(void **state)
{
    (void)state;
    RtlRunOnceInitialize(&once);
    assert_int_equal(try_begin(RTL_RUN_ONCE_CHECK_ONLY), STATUS_UNSUCCESSFUL);
    assert_int_equal(try_begin(0), STATUS_PENDING);
    assert_int_equal(try_begin(RTL_RUN_ONCE_CHECK_ONLY), STATUS_UNSUCCESSFUL);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_SUCCESS);
    assert_int_equal(try_begin(0), STATUS_SUCCESS);
    assert_int_equal(try_begin(RTL_RUN_ONCE_CHECK_ONLY), STATUS_SUCCESS);
    assert_int_equal(try_begin(RTL_RUN_ONCE_ASYNC), STATUS_SUCCESS);
}

static void what_failed_begins_anew(void **state)
{
    (void)state;
    assert_int_equal(try_begin(0), STATUS_PENDING);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED, NULL), STATUS_SUCCESS);
    assert_int_equal(try_begin(0), STATUS_PENDING);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_SUCCESS);
}

static void begin_and_complete(void *context)
{
    (void)context;
    assert_int_equal(try_begin(0), STATUS_PENDING);
    InterlockedIncrement(&calls);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_SUCCESS);
}

static void one_that_waits_takes_over_what_failed(void **state)
{
    dirql_thread *other;

    (void)state;
    assert_int_equal(try_begin(0), STATUS_PENDING);
    other = dirql_thread_start("other", 0, begin_and_complete, NULL);
    dirql_time_advance_us(10);
    assert_int_equal(calls, 0);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED, NULL), STATUS_SUCCESS);
    dirql_thread_join(other);
    assert_int_equal(calls, 1);
}

static void asynchronously_the_first_to_complete_wins(void **state)
{
    (void)state;
    assert_int_equal(try_begin(RTL_RUN_ONCE_ASYNC), STATUS_PENDING);
    assert_int_equal(try_begin(RTL_RUN_ONCE_ASYNC), STATUS_PENDING);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, data), STATUS_SUCCESS);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, data), STATUS_UNSUCCESSFUL);
    assert_int_equal(try_begin(RTL_RUN_ONCE_ASYNC), STATUS_SUCCESS);
}

static void the_two_manners_do_not_mix(void **state)
{
    (void)state;
    assert_int_equal(try_begin(RTL_RUN_ONCE_ASYNC), STATUS_PENDING);
    assert_int_equal(try_begin(0), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_INVALID_PARAMETER_2);
    RtlRunOnceInitialize(&once);
    assert_int_equal(try_begin(0), STATUS_PENDING);
    assert_int_equal(try_begin(RTL_RUN_ONCE_ASYNC), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, data),
                     STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_SUCCESS);
}

static void wrong_arguments_have_their_status(void **state)
{
    (void)state;
    assert_int_equal(try_begin(8), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(try_begin(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC),
                     STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_UNSUCCESSFUL);
    assert_int_equal(try_begin(0), STATUS_PENDING);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_CHECK_ONLY, data),
                     STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data + 1), STATUS_INVALID_PARAMETER_3);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED, data),
                     STATUS_INVALID_PARAMETER_3);
    assert_int_equal(RtlRunOnceComplete(&once, 0, NULL), STATUS_SUCCESS);
}

static void beginning_twice_is_a_deadlock(void **state)
{
    (void)state;
    assert_int_equal(try_begin(0), STATUS_PENDING);
    dirql_expect_finding("deadlock");
    (void)try_begin(0);
}

static void at_apc_level_it_works(void **state)
{
    PVOID context;
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    RtlRunOnceInitialize(&once);
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialise, data, &context), STATUS_SUCCESS);
    RtlRunOnceInitialize(&once);
    assert_int_equal(try_begin(0), STATUS_PENDING);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_SUCCESS);
    KeLowerIrql(old);
}

static void at_dispatch_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("IrqlRtlApcLte");
    (void)try_begin(0);
}

#define TEST(test, ...) dirql_unit_test_setup(test, begin, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_routine_runs_once, .processors = 1),
        TEST(a_routine_that_fails_runs_again, .processors = 1),
        TEST(threads_at_once_run_it_once, .processors = 2),
        TEST(a_context_with_low_bits_is_reported, .processors = 1),
        TEST(a_routine_that_waits_for_itself_is_a_deadlock, .processors = 1),
        TEST(who_begins_completes, .processors = 1),
        TEST(what_failed_begins_anew, .processors = 1),
        TEST(one_that_waits_takes_over_what_failed, .processors = 1),
        TEST(asynchronously_the_first_to_complete_wins, .processors = 1),
        TEST(the_two_manners_do_not_mix, .processors = 1),
        TEST(wrong_arguments_have_their_status, .processors = 1),
        TEST(beginning_twice_is_a_deadlock, .processors = 1),
        TEST(at_apc_level_it_works, .processors = 1),
        TEST(at_dispatch_level_it_is_reported, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
