/*
 * Tests as runs: what setup, body and teardown find, and CMocka's functions at places where they
 * would not work on their own.
 */
#include <dirql/cmocka.h>

#include <dirql/clock.h>

#include "plain.h"
#include "stage.h"

/* ---- Setup, body, teardown ------------------------------------------------------------------- */

static void state_starts_as_null(void **state)
{
    assert_null(*state);
}

static int number = 7;
static int teardowns;

static int begin(void **state)
{
    assert_true(dirql_running());
    *state = &number;
    return 0;
}

static int end(void **state)
{
    assert_ptr_equal(*state, &number);
    assert_true(dirql_running());
    teardowns++;
    return 0;
}

static int count_teardown(void **state)
{
    assert_null(*state);
    teardowns++;
    return 0;
}

static void setup_hands_its_state_to_body_and_teardown(void **state)
{
    assert_ptr_equal(*state, &number);
    teardowns = 0;
}

static void teardown_has_run_in_the_test_before(void **state)
{
    (void)state;
    assert_int_equal(teardowns, 1);
    teardowns = 0;
}

static void body_is_at_passive_level_on_one_processor(void **state)
{
    (void)state;
    assert_true(dirql_running());
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(KeQueryActiveProcessorCount(NULL), 1);
}

static void each_test_has_a_machine_of_its_own(void **state)
{
    (void)state;
    assert_true(dirql_time_ns() < 1000000);
    dirql_time_advance_ms(5);
    assert_true(dirql_time_ns() >= 5000000);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void options_by_name_reach_the_machine(void **state)
{
    (void)state;
    assert_int_equal(KeQueryActiveProcessorCount(NULL), 3);
}

static const dirql_options two = { .name = "two", .processors = 2, .fixed = 1 };

static void options_of_a_variable_reach_the_machine(void **state)
{
    (void)state;
    assert_int_equal(KeQueryActiveProcessorCount(NULL), 2);
}

/* ---- CMocka's functions everywhere ----------------------------------------------------------- */

static int device_answer(void)
{
    return mock_type(int);
}

static void take_answer(void *context)
{
    *(int *)context = device_answer();
}

static void values_set_by_the_test_are_handed_out_in_an_isr(void **state)
{
    int first = 0, second = 0;

    (void)state;
    will_return(device_answer, 41);
    will_return(device_answer, 42);
    stage_isr(take_answer, &first);
    stage_dpc(take_answer, &second);
    assert_int_equal(first, 41);
    assert_int_equal(second, 42);
}

static void device_write(int port, const char *text)
{
    check_expected(port);
    check_expected_ptr(text);
    function_called();
}

static void write_hello(void *context)
{
    (void)context;
    device_write(0x330, "hello");
}

static void expect_hello(void *context)
{
    (void)context;
    expect_value(device_write, port, 0x330);
    expect_string(device_write, text, "hello");
    expect_function_call(device_write);
}

static void parameters_are_checked_in_a_dpc(void **state)
{
    (void)state;
    expect_hello(NULL);
    stage_dpc(write_hello, NULL);
}

static void expectations_made_in_an_isr_hold_in_another_thread(void **state)
{
    (void)state;
    stage_isr(expect_hello, NULL);
    stage_thread(write_hello, NULL);
}

/* Where CMocka's own stack is, as far as main() is from here. */
static uintptr_t home;

static uintptr_t stack_here(void)
{
    return (uintptr_t)__builtin_frame_address(0);
}

static int stands_at_home(const LargestIntegralType value, const LargestIntegralType wanted)
{
    uintptr_t here = stack_here();
    uintptr_t distance = here < home ? home - here : here - home;

    return value == wanted && distance < 0x10000;
}

static void probed(int value)
{
    check_expected(value);
}

static void probe(void *context)
{
    probed(*(int *)context);
}

static void cmocka_does_its_work_on_its_own_stack(void **state)
{
    int one = 1;
    uintptr_t here = stack_here();

    (void)state;
    assert_true((here < home ? home - here : here - home) >= 0x10000);
    expect_check(probed, value, stands_at_home, 1);
    stage_thread(probe, &one);
    expect_check(probed, value, stands_at_home, 1);
    stage_dpc(probe, &one);
    expect_check(probed, value, stands_at_home, 1);
    stage_isr(probe, &one);
}

static void allocate_and_free(void *context)
{
    char *text = (char *)test_malloc(16);

    (void)context;
    assert_non_null(text);
    text = (char *)test_realloc(text, 32);
    test_free(text);
}

static void tracked_memory_works_everywhere(void **state)
{
    (void)state;
    allocate_and_free(NULL);
    stage_thread(allocate_and_free, NULL);
    stage_dpc(allocate_and_free, NULL);
}

static void print_level(void *context)
{
    (void)context;
    print_message("printed at IRQL %d\n", KeGetCurrentIrql());
}

static void messages_are_printed_from_everywhere(void **state)
{
    (void)state;
    stage_thread(print_level, NULL);
    stage_dpc(print_level, NULL);
    stage_isr(print_level, NULL);
}

static void pass_many(void *context)
{
    static const char text[] = "text";
    int one = 1;

    (void)context;
    assert_true(one);
    assert_false(!one);
    assert_non_null(text);
    assert_null(NULL);
    assert_int_equal(one, 1);
    assert_int_not_equal(one, 2);
    assert_ptr_equal(text, text);
    assert_ptr_not_equal(text, &one);
    assert_string_equal(text, "text");
    assert_string_not_equal(text, "test");
    assert_memory_equal(text, "text", sizeof text);
    assert_memory_not_equal(text, "test", sizeof text);
    assert_in_range(one, 0, 2);
    assert_not_in_range(one, 2, 3);
    assert_return_code(one, 0);
    assert_float_equal(0.5f, 0.5f, 0.01f);
    assert_float_not_equal(0.5f, 0.6f, 0.01f);
}

static void assertions_pass_everywhere(void **state)
{
    (void)state;
    pass_many(NULL);
    stage_thread(pass_many, NULL);
    stage_dpc(pass_many, NULL);
    stage_isr(pass_many, NULL);
}

/* ---- Expected assertions --------------------------------------------------------------------- */

static void assert_positive(int value)
{
    mock_assert(value > 0, "value > 0", __FILE__, __LINE__);
}

static void an_expected_assertion_is_taken_on_the_first_thread(void **state)
{
    (void)state;
    expect_assert_failure(assert_positive(-1));
    expect_assert_failure(assert_positive(0));
    assert_positive(1);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void expect_negative(void *context)
{
    expect_assert_failure(assert_positive(-1));
    ++*(int *)context;
}

static void an_expected_assertion_is_taken_in_its_own_place(void **state)
{
    int done = 0;

    (void)state;
    stage_thread(expect_negative, &done);
    stage_dpc(expect_negative, &done);
    stage_isr(expect_negative, &done);
    assert_int_equal(done, 3);
}

/* ---- Files that do not know dirql ------------------------------------------------------------ */

static void helpers_of_cmocka_only_work_everywhere(void **state)
{
    int one = 1;

    (void)state;
    plain_expects_one(&one);
    stage_thread(plain_expects_one, &one);
    stage_dpc(plain_expects_one, &one);
    stage_isr(plain_expects_one, &one);
    stage_isr(plain_prints, NULL);
    will_return(plain_mock, 5);
    assert_int_equal(plain_mock(), 5);
}

static void plain_tests_stand_beside(void **state)
{
    (void)state;
    assert_false(dirql_running());
    pass_many(NULL);
    expect_assert_failure(assert_positive(-1));
}

/* ---- At file scope --------------------------------------------------------------------------- */

static const struct CMUnitTest at_file_scope[] = {
    dirql_unit_test(state_starts_as_null),
    dirql_unit_test_setup_teardown(setup_hands_its_state_to_body_and_teardown, begin, end,
                                   .processors = 2, .mode = DIRQL_MODE_RANDOM, .seed = 7),
    dirql_unit_test(teardown_has_run_in_the_test_before),
};

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(state_starts_as_null),
        dirql_unit_test_setup_teardown(setup_hands_its_state_to_body_and_teardown, begin, end),
        dirql_unit_test(teardown_has_run_in_the_test_before),
        dirql_unit_test_teardown(state_starts_as_null, count_teardown),
        dirql_unit_test(teardown_has_run_in_the_test_before),
        dirql_unit_test(body_is_at_passive_level_on_one_processor, .fixed = 1),
        dirql_unit_test(each_test_has_a_machine_of_its_own),
        dirql_unit_test(each_test_has_a_machine_of_its_own),
        dirql_unit_test(options_by_name_reach_the_machine, .processors = 3, .fixed = 1),
        dirql_unit_test_options(options_of_a_variable_reach_the_machine, NULL, NULL, &two),
        dirql_unit_test(values_set_by_the_test_are_handed_out_in_an_isr),
        dirql_unit_test(parameters_are_checked_in_a_dpc),
        dirql_unit_test(expectations_made_in_an_isr_hold_in_another_thread),
        dirql_unit_test(cmocka_does_its_work_on_its_own_stack),
        dirql_unit_test(tracked_memory_works_everywhere),
        dirql_unit_test(messages_are_printed_from_everywhere),
        dirql_unit_test(assertions_pass_everywhere),
        dirql_unit_test(an_expected_assertion_is_taken_on_the_first_thread),
        dirql_unit_test(an_expected_assertion_is_taken_in_its_own_place),
        dirql_unit_test(helpers_of_cmocka_only_work_everywhere),
        cmocka_unit_test(plain_tests_stand_beside),
    };

    home = stack_here();
    return cmocka_run_group_tests(at_file_scope, NULL, NULL) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
