/*
 * test_exception.cpp - a C++ exception that leaves a driver's routine ends the run, as it would end
 * Windows.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

static BOOLEAN throwing_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    throw std::runtime_error("out of an ISR");
}

static VOID throwing_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    throw 1;
}

static BOOLEAN throwing_routine(PVOID context)
{
    (void)context;
    throw 1;
}

static PKINTERRUPT connect(dirql_line *line, PKSERVICE_ROUTINE isr)
{
    PKINTERRUPT interrupt = NULL;

    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), dirql_line_irql(line),
                       dirql_line_irql(line), dirql_line_mode(line), FALSE, dirql_line_processors(line),
                       FALSE);
    return interrupt;
}

static BOOLEAN quiet_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return TRUE;
}

static void throw_in_isr(void *context)
{
    dirql_line *line = dirql_line_create(NULL);

    (void)context;
    connect(line, throwing_isr);
    try {
        dirql_line_assert(line);
        dirql_time_advance_us(1); /* It may come late. */
    } catch (...) {
    }
}

static void throw_in_dpc(void *context)
{
    static KDPC dpc;

    (void)context;
    KeInitializeDpc(&dpc, throwing_dpc, NULL);
    try {
        KeInsertQueueDpc(&dpc, NULL, NULL);
    } catch (...) {
    }
}

static void throw_in_synchronized_routine(void *context)
{
    PKINTERRUPT interrupt = connect(dirql_line_create(NULL), quiet_isr);

    (void)context;
    try {
        KeSynchronizeExecution(interrupt, throwing_routine, NULL);
    } catch (...) {
    }
}

static void catch_inside(void *context)
{
    (void)context;
    try {
        throw 1;
    } catch (int) {
    }
}

static void assert_ends(void (*body)(void *context), const char *where)
{
    dirql_result result;

    assert_int_equal(dirql_run(NULL, body, NULL, &result), DIRQL_FAILED);
    if (std::strstr(result.report, "abort() was called") == NULL) {
        fail_msg("%s", result.report);
    }
    assert_non_null(std::strstr(result.report, where));
    dirql_result_free(&result);
}

static void an_exception_out_of_an_isr_ends_the_run(void **state)
{
    (void)state;
    assert_ends(throw_in_isr, "throwing_isr");
}

static void an_exception_out_of_a_dpc_ends_the_run(void **state)
{
    (void)state;
    assert_ends(throw_in_dpc, "throwing_dpc");
}

static void an_exception_out_of_a_synchronized_routine_ends_the_run(void **state)
{
    (void)state;
    assert_ends(throw_in_synchronized_routine, "throw_in_synchronized_routine");
}

/* The runtime library says what() of the first one only. */
static void each_exception_is_named(void **state)
{
    (void)state;
    assert_ends(throw_in_isr, "std::runtime_error (\"out of an ISR\")");
    assert_ends(throw_in_dpc, "nothing caught the C++ exception int,");
    assert_ends(throw_in_isr, "std::runtime_error (\"out of an ISR\")");
}

static void abort_by_hand(void *context)
{
    (void)context;
    std::abort();
}

static void who_aborts_without_an_exception_is_not_said_to_have_one(void **state)
{
    (void)state;
    assert_ends(throw_in_isr, "std::runtime_error");
    assert_ends(abort_by_hand, "by the code itself");
}

static void an_exception_that_is_caught_where_it_was_thrown_is_fine(void **state)
{
    (void)state;
    assert_int_equal(dirql_run(NULL, catch_inside, NULL, NULL), DIRQL_PASSED);
}

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exception_out_of_an_isr_ends_the_run),
        cmocka_unit_test(an_exception_out_of_a_dpc_ends_the_run),
        cmocka_unit_test(an_exception_out_of_a_synchronized_routine_ends_the_run),
        cmocka_unit_test(each_exception_is_named),
        cmocka_unit_test(who_aborts_without_an_exception_is_not_said_to_have_one),
        cmocka_unit_test(an_exception_that_is_caught_where_it_was_thrown_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
