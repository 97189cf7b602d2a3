/*
 * The header in C++, from C++11 on; tests of a driver in C++ look like this.
 */
#include <dirql/cmocka.h>

#include "stage.h"

static int number = 7;

static int begin(void **state)
{
    *state = &number;
    return 0;
}

static int end(void **state)
{
    assert_ptr_equal(*state, &number);
    return 0;
}

static void state_starts_as_null(void **state)
{
    assert_null(*state);
}

static void setup_hands_over_its_state(void **state)
{
    assert_ptr_equal(*state, &number);
}

/* So many and no more. */
static dirql_options with_processors(unsigned processors)
{
    dirql_options options = dirql_options();

    options.processors = processors;
    options.fixed = 1;
    return options;
}

static void options_reach_the_machine(void **state)
{
    (void)state;
    assert_int_equal(KeQueryActiveProcessorCount(nullptr), 2);
}

struct device {
    int answer() { return mock_type(int); }
    void write(int port) { check_expected(port); }
};

static void use_device(void *context)
{
    device *d = static_cast<device *>(context);

    d->write(d->answer());
}

static void mocks_work_in_an_isr(void **state)
{
    device d;

    (void)state;
    will_return(answer, 3);
    expect_value(write, port, 3);
    stage_isr(use_device, &d);
}

static void refuse(int value)
{
    mock_assert(value > 0, "value > 0", __FILE__, __LINE__);
}

static void an_expected_assertion_is_taken(void **state)
{
    (void)state;
    expect_assert_failure(refuse(0));
}

static const dirql_options two = with_processors(2);

static const struct CMUnitTest at_namespace_scope[] = {
    dirql_unit_test(state_starts_as_null),
    dirql_unit_test_options(options_reach_the_machine, begin, nullptr, &two),
};

int main()
{
    const dirql_options local = with_processors(2);
    const struct CMUnitTest tests[] = {
        dirql_unit_test(state_starts_as_null),
        dirql_unit_test_setup(setup_hands_over_its_state, begin),
        dirql_unit_test_teardown(state_starts_as_null, [](void **) { return 0; }),
        dirql_unit_test_setup_teardown(setup_hands_over_its_state, begin, end),
        dirql_unit_test_options(options_reach_the_machine, nullptr, nullptr, &local),
#if __cplusplus >= 202002L
        dirql_unit_test(options_reach_the_machine, .processors = 2, .fixed = 1),
        dirql_unit_test_setup_teardown(setup_hands_over_its_state, begin, end, .seed = 7),
#endif
        dirql_unit_test(mocks_work_in_an_isr),
        dirql_unit_test(an_expected_assertion_is_taken),
    };

    return cmocka_run_group_tests(at_namespace_scope, nullptr, nullptr) +
           cmocka_run_group_tests(tests, nullptr, nullptr);
}
