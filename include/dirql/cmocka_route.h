/*
 * cmocka_route.h - sends CMocka's functions home: from here on, its macros call dirql's.
 *
 * One line for each row of cmocka_table.h, whatever the CMocka; a test compares the two.
 */
#ifndef DIRQL_CMOCKA_ROUTE_H
#define DIRQL_CMOCKA_ROUTE_H

#define _fail                      dirql_cmocka_fail
#define _skip                      dirql_cmocka_skip
#define _stop                      dirql_cmocka_stop
#define _assert_true               dirql_cmocka_assert_true
#define _assert_int_equal          dirql_cmocka_assert_int_equal
#define _assert_int_not_equal      dirql_cmocka_assert_int_not_equal
#define _assert_float_equal        dirql_cmocka_assert_float_equal
#define _assert_float_not_equal    dirql_cmocka_assert_float_not_equal
#define _assert_double_equal       dirql_cmocka_assert_double_equal
#define _assert_double_not_equal   dirql_cmocka_assert_double_not_equal
#define _assert_string_equal       dirql_cmocka_assert_string_equal
#define _assert_string_not_equal   dirql_cmocka_assert_string_not_equal
#define _assert_memory_equal       dirql_cmocka_assert_memory_equal
#define _assert_memory_not_equal   dirql_cmocka_assert_memory_not_equal
#define _assert_not_in_set         dirql_cmocka_assert_not_in_set
#define _assert_false              dirql_cmocka_assert_false
#define _assert_return_code        dirql_cmocka_assert_return_code
#define _assert_uint_equal         dirql_cmocka_assert_uint_equal
#define _assert_uint_not_equal     dirql_cmocka_assert_uint_not_equal
#define _assert_ptr_equal_msg      dirql_cmocka_assert_ptr_equal_msg
#define _assert_ptr_not_equal_msg  dirql_cmocka_assert_ptr_not_equal_msg
#define _assert_int_in_range       dirql_cmocka_assert_int_in_range
#define _assert_int_not_in_range   dirql_cmocka_assert_int_not_in_range
#define _assert_uint_in_range      dirql_cmocka_assert_uint_in_range
#define _assert_uint_not_in_range  dirql_cmocka_assert_uint_not_in_range
#define _assert_float_in_range     dirql_cmocka_assert_float_in_range
#define _assert_float_not_in_range dirql_cmocka_assert_float_not_in_range
#define _assert_int_in_set         dirql_cmocka_assert_int_in_set
#define _assert_int_not_in_set     dirql_cmocka_assert_int_not_in_set
#define _assert_uint_in_set        dirql_cmocka_assert_uint_in_set
#define _assert_uint_not_in_set    dirql_cmocka_assert_uint_not_in_set
#define _assert_float_in_set       dirql_cmocka_assert_float_in_set
#define _assert_float_not_in_set   dirql_cmocka_assert_float_not_in_set
#define _assert_in_range           dirql_cmocka_assert_in_range
#define _assert_not_in_range       dirql_cmocka_assert_not_in_range
#define _assert_in_set             dirql_cmocka_assert_in_set
#define _mock                      dirql_cmocka_mock
#define _mock_parameter            dirql_cmocka_mock_parameter
#define _has_mock                  dirql_cmocka_has_mock
#define _will_return               dirql_cmocka_will_return
#define _will_set_parameter        dirql_cmocka_will_set_parameter
#define _function_called           dirql_cmocka_function_called
#define _expect_function_call      dirql_cmocka_expect_function_call
#define _check_expected            dirql_cmocka_check_expected
#define _expect_any                dirql_cmocka_expect_any
#define _expect_check              dirql_cmocka_expect_check
#define _expect_value              dirql_cmocka_expect_value
#define _expect_not_value          dirql_cmocka_expect_not_value
#define _expect_in_range           dirql_cmocka_expect_in_range
#define _expect_not_in_range       dirql_cmocka_expect_not_in_range
#define _expect_not_in_set         dirql_cmocka_expect_not_in_set
#define _expect_string             dirql_cmocka_expect_string
#define _expect_not_string         dirql_cmocka_expect_not_string
#define _expect_memory             dirql_cmocka_expect_memory
#define _expect_not_memory         dirql_cmocka_expect_not_memory
#define _expect_check_data         dirql_cmocka_expect_check_data
#define _expect_int_value          dirql_cmocka_expect_int_value
#define _expect_int_not_value      dirql_cmocka_expect_int_not_value
#define _expect_uint_value         dirql_cmocka_expect_uint_value
#define _expect_uint_not_value     dirql_cmocka_expect_uint_not_value
#define _expect_float              dirql_cmocka_expect_float
#define _expect_not_float          dirql_cmocka_expect_not_float
#define _expect_double             dirql_cmocka_expect_double
#define _expect_not_double         dirql_cmocka_expect_not_double
#define _expect_int_in_range       dirql_cmocka_expect_int_in_range
#define _expect_int_not_in_range   dirql_cmocka_expect_int_not_in_range
#define _expect_uint_in_range      dirql_cmocka_expect_uint_in_range
#define _expect_uint_not_in_range  dirql_cmocka_expect_uint_not_in_range
#define _expect_float_in_range     dirql_cmocka_expect_float_in_range
#define _expect_float_not_in_range dirql_cmocka_expect_float_not_in_range
#define _expect_int_in_set         dirql_cmocka_expect_int_in_set
#define _expect_int_not_in_set     dirql_cmocka_expect_int_not_in_set
#define _expect_uint_in_set        dirql_cmocka_expect_uint_in_set
#define _expect_uint_not_in_set    dirql_cmocka_expect_uint_not_in_set
#define _expect_float_in_set       dirql_cmocka_expect_float_in_set
#define _expect_float_not_in_set   dirql_cmocka_expect_float_not_in_set
#define _expect_in_set             dirql_cmocka_expect_in_set
#define _test_malloc               dirql_cmocka_test_malloc
#define _test_realloc              dirql_cmocka_test_realloc
#define _test_calloc               dirql_cmocka_test_calloc
#define _test_free                 dirql_cmocka_test_free

#define mock_assert                dirql_cmocka_mock_assert
#define print_message              dirql_cmocka_print_message
#define print_error                dirql_cmocka_print_error
#define vprint_message             dirql_cmocka_vprint_message
#define vprint_error               dirql_cmocka_vprint_error
#define cmocka_print_error         dirql_cmocka_explain
#ifndef cm_print_error /* In 2.x a macro that ends in cmocka_print_error. */
#define cm_print_error dirql_cmocka_explain
#endif

/* CMocka's own would jump to wherever it was called last, and from wherever the assertion fails. */
#undef expect_assert_failure
#define expect_assert_failure(function_call)                               \
    {                                                                      \
        if (setjmp(global_expect_assert_env) == 0) {                       \
            dirql_cmocka_expect_assertion();                               \
            function_call;                                                 \
            dirql_cmocka_no_assertion(#function_call, __FILE__, __LINE__); \
        } else {                                                           \
            dirql_cmocka_assertion_came();                                 \
        }                                                                  \
    }

#endif
