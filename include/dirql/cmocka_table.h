/*
 * cmocka_table.h - the functions behind CMocka's macros, one row each, for CMocka 1.1.5 to 2.x.
 *
 * This is the one place that knows how CMocka's releases differ. Include it after <cmocka.h>, as
 * often as needed, with three macros defined that each take a row; it undefines them. `count` is
 * the number of parameters, whose types follow.
 *
 *   DIRQL_CMOCKA_CALL(count, name, types...)            returns nothing
 *   DIRQL_CMOCKA_ANSWER(result, count, name, types...)  returns a result
 *   DIRQL_CMOCKA_EXIT(passes, count, name, types...)    leaves the test, failed or in peace
 *
 * Not here, for their shape: mock_assert and the print_ functions.
 */
#ifdef assert_uint_equal
#define DIRQL_CMOCKA_2
#endif

/* The type of any integer, and of a value to compare, to hand out or to expect. */
#ifdef DIRQL_CMOCKA_2
#define DIRQL_CMOCKA_INTEGER uintmax_t
#define DIRQL_CMOCKA_SIGNED  intmax_t
#define DIRQL_CMOCKA_VALUE   CMockaValueData
#else
#define DIRQL_CMOCKA_INTEGER LargestIntegralType
#define DIRQL_CMOCKA_SIGNED  LargestIntegralType
#define DIRQL_CMOCKA_VALUE   LargestIntegralType
#endif

/* ---- Leaving a test -------------------------------------------------------------------------- */

DIRQL_CMOCKA_EXIT(0, 2, _fail, const char *, int)
DIRQL_CMOCKA_EXIT(1, 2, _skip, const char *, int)
#ifdef DIRQL_CMOCKA_2
DIRQL_CMOCKA_EXIT(1, 0, _stop, void)
#endif

/* ---- Assertions ------------------------------------------------------------------------------ */

DIRQL_CMOCKA_CALL(4, _assert_true, DIRQL_CMOCKA_INTEGER, const char *, const char *, int)
DIRQL_CMOCKA_CALL(4, _assert_int_equal, DIRQL_CMOCKA_SIGNED, DIRQL_CMOCKA_SIGNED, const char *, int)
DIRQL_CMOCKA_CALL(4, _assert_int_not_equal, DIRQL_CMOCKA_SIGNED, DIRQL_CMOCKA_SIGNED, const char *,
                  int)
DIRQL_CMOCKA_CALL(5, _assert_float_equal, float, float, float, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_float_not_equal, float, float, float, const char *, int)
#ifdef assert_double_equal
DIRQL_CMOCKA_CALL(5, _assert_double_equal, double, double, double, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_double_not_equal, double, double, double, const char *, int)
#endif
DIRQL_CMOCKA_CALL(4, _assert_string_equal, const char *, const char *, const char *, int)
DIRQL_CMOCKA_CALL(4, _assert_string_not_equal, const char *, const char *, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_memory_equal, const void *, const void *, size_t, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_memory_not_equal, const void *, const void *, size_t, const char *,
                  int)
DIRQL_CMOCKA_CALL(5, _assert_not_in_set, DIRQL_CMOCKA_INTEGER, const DIRQL_CMOCKA_INTEGER *, size_t,
                  const char *, int)
#ifdef DIRQL_CMOCKA_2
DIRQL_CMOCKA_CALL(4, _assert_false, uintmax_t, const char *, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_return_code, intmax_t, int32_t, const char *, const char *, int)
DIRQL_CMOCKA_CALL(4, _assert_uint_equal, uintmax_t, uintmax_t, const char *, int)
DIRQL_CMOCKA_CALL(4, _assert_uint_not_equal, uintmax_t, uintmax_t, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_ptr_equal_msg, const void *, const void *, const char *, int,
                  const char *)
DIRQL_CMOCKA_CALL(5, _assert_ptr_not_equal_msg, const void *, const void *, const char *, int,
                  const char *)
DIRQL_CMOCKA_CALL(5, _assert_int_in_range, intmax_t, intmax_t, intmax_t, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_int_not_in_range, intmax_t, intmax_t, intmax_t, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_uint_in_range, uintmax_t, uintmax_t, uintmax_t, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_uint_not_in_range, uintmax_t, uintmax_t, uintmax_t, const char *, int)
DIRQL_CMOCKA_CALL(6, _assert_float_in_range, double, double, double, double, const char *, int)
DIRQL_CMOCKA_CALL(6, _assert_float_not_in_range, double, double, double, double, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_int_in_set, intmax_t, const intmax_t *, size_t, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_int_not_in_set, intmax_t, const intmax_t *, size_t, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_uint_in_set, uintmax_t, const uintmax_t *, size_t, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_uint_not_in_set, uintmax_t, const uintmax_t *, size_t, const char *,
                  int)
DIRQL_CMOCKA_CALL(6, _assert_float_in_set, double, const double *, size_t, double, const char *,
                  int)
DIRQL_CMOCKA_CALL(6, _assert_float_not_in_set, double, const double *, size_t, double, const char *,
                  int)
#else
DIRQL_CMOCKA_CALL(6, _assert_return_code, DIRQL_CMOCKA_INTEGER, size_t, DIRQL_CMOCKA_INTEGER,
                  const char *, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_in_range, DIRQL_CMOCKA_INTEGER, DIRQL_CMOCKA_INTEGER,
                  DIRQL_CMOCKA_INTEGER, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_not_in_range, DIRQL_CMOCKA_INTEGER, DIRQL_CMOCKA_INTEGER,
                  DIRQL_CMOCKA_INTEGER, const char *, int)
DIRQL_CMOCKA_CALL(5, _assert_in_set, DIRQL_CMOCKA_INTEGER, const DIRQL_CMOCKA_INTEGER *, size_t,
                  const char *, int)
#endif

/* ---- Mocks: what they return, which parameters they expect, in which order they are called --- */

#ifdef DIRQL_CMOCKA_2
DIRQL_CMOCKA_ANSWER(CMockaValueData, 4, _mock, const char *, const char *, int, const char *)
DIRQL_CMOCKA_ANSWER(CMockaValueData, 5, _mock_parameter, const char *, const char *, const char *,
                    int, const char *)
DIRQL_CMOCKA_ANSWER(bool, 1, _has_mock, const char *)
DIRQL_CMOCKA_CALL(6, _will_return, const char *, const char *, int, const char *, CMockaValueData,
                  int)
DIRQL_CMOCKA_CALL(7, _will_set_parameter, const char *, const char *, const char *, int,
                  const char *, CMockaValueData, int)
#else
DIRQL_CMOCKA_ANSWER(DIRQL_CMOCKA_INTEGER, 3, _mock, const char *, const char *, int)
DIRQL_CMOCKA_CALL(5, _will_return, const char *, const char *, int, DIRQL_CMOCKA_INTEGER, int)
#endif
DIRQL_CMOCKA_CALL(3, _function_called, const char *, const char *, int)
DIRQL_CMOCKA_CALL(4, _expect_function_call, const char *, const char *, int, int)
DIRQL_CMOCKA_CALL(5, _check_expected, const char *, const char *, const char *, int,
                  DIRQL_CMOCKA_VALUE)
DIRQL_CMOCKA_CALL(5, _expect_any, const char *, const char *, const char *, int, int)
DIRQL_CMOCKA_CALL(8, _expect_check, const char *, const char *, const char *, int,
                  CheckParameterValue, DIRQL_CMOCKA_INTEGER, CheckParameterEvent *, int)
DIRQL_CMOCKA_CALL(6, _expect_value, const char *, const char *, const char *, int,
                  DIRQL_CMOCKA_INTEGER, int)
DIRQL_CMOCKA_CALL(6, _expect_not_value, const char *, const char *, const char *, int,
                  DIRQL_CMOCKA_INTEGER, int)
DIRQL_CMOCKA_CALL(7, _expect_in_range, const char *, const char *, const char *, int,
                  DIRQL_CMOCKA_INTEGER, DIRQL_CMOCKA_INTEGER, int)
DIRQL_CMOCKA_CALL(7, _expect_not_in_range, const char *, const char *, const char *, int,
                  DIRQL_CMOCKA_INTEGER, DIRQL_CMOCKA_INTEGER, int)
DIRQL_CMOCKA_CALL(7, _expect_not_in_set, const char *, const char *, const char *, int,
                  const DIRQL_CMOCKA_INTEGER *, size_t, int)
DIRQL_CMOCKA_CALL(6, _expect_string, const char *, const char *, const char *, int, const char *,
                  int)
DIRQL_CMOCKA_CALL(6, _expect_not_string, const char *, const char *, const char *, int,
                  const char *, int)
DIRQL_CMOCKA_CALL(7, _expect_memory, const char *, const char *, const char *, int, const void *,
                  size_t, int)
DIRQL_CMOCKA_CALL(7, _expect_not_memory, const char *, const char *, const char *, int,
                  const void *, size_t, int)
#ifdef DIRQL_CMOCKA_2
DIRQL_CMOCKA_CALL(8, _expect_check_data, const char *, const char *, const char *, int,
                  CheckParameterValueData, CMockaValueData, CheckParameterEventData *, int)
DIRQL_CMOCKA_CALL(6, _expect_int_value, const char *, const char *, const char *, size_t, intmax_t,
                  size_t)
DIRQL_CMOCKA_CALL(6, _expect_int_not_value, const char *, const char *, const char *, size_t,
                  intmax_t, size_t)
DIRQL_CMOCKA_CALL(6, _expect_uint_value, const char *, const char *, const char *, size_t,
                  uintmax_t, size_t)
DIRQL_CMOCKA_CALL(6, _expect_uint_not_value, const char *, const char *, const char *, size_t,
                  uintmax_t, size_t)
DIRQL_CMOCKA_CALL(7, _expect_float, const char *, const char *, const char *, int, double, double,
                  int)
DIRQL_CMOCKA_CALL(7, _expect_not_float, const char *, const char *, const char *, int, double,
                  double, int)
DIRQL_CMOCKA_CALL(7, _expect_double, const char *, const char *, const char *, int, double, double,
                  int)
DIRQL_CMOCKA_CALL(7, _expect_not_double, const char *, const char *, const char *, int, double,
                  double, int)
DIRQL_CMOCKA_CALL(7, _expect_int_in_range, const char *, const char *, const char *, size_t,
                  intmax_t, intmax_t, size_t)
DIRQL_CMOCKA_CALL(7, _expect_int_not_in_range, const char *, const char *, const char *, size_t,
                  intmax_t, intmax_t, size_t)
DIRQL_CMOCKA_CALL(7, _expect_uint_in_range, const char *, const char *, const char *, size_t,
                  uintmax_t, uintmax_t, size_t)
DIRQL_CMOCKA_CALL(7, _expect_uint_not_in_range, const char *, const char *, const char *, size_t,
                  uintmax_t, uintmax_t, size_t)
DIRQL_CMOCKA_CALL(8, _expect_float_in_range, const char *, const char *, const char *, int, double,
                  double, double, int)
DIRQL_CMOCKA_CALL(8, _expect_float_not_in_range, const char *, const char *, const char *, int,
                  double, double, double, int)
DIRQL_CMOCKA_CALL(7, _expect_int_in_set, const char *, const char *, const char *, size_t,
                  const intmax_t *, size_t, size_t)
DIRQL_CMOCKA_CALL(7, _expect_int_not_in_set, const char *, const char *, const char *, size_t,
                  const intmax_t *, size_t, size_t)
DIRQL_CMOCKA_CALL(7, _expect_uint_in_set, const char *, const char *, const char *, size_t,
                  const uintmax_t *, size_t, size_t)
DIRQL_CMOCKA_CALL(7, _expect_uint_not_in_set, const char *, const char *, const char *, size_t,
                  const uintmax_t *, size_t, size_t)
DIRQL_CMOCKA_CALL(8, _expect_float_in_set, const char *, const char *, const char *, size_t,
                  const double *, size_t, double, size_t)
DIRQL_CMOCKA_CALL(8, _expect_float_not_in_set, const char *, const char *, const char *, size_t,
                  const double *, size_t, double, size_t)
#else
DIRQL_CMOCKA_CALL(7, _expect_in_set, const char *, const char *, const char *, int,
                  const DIRQL_CMOCKA_INTEGER *, size_t, int)
#endif

/* ---- Memory that is checked for leaks and overruns ------------------------------------------- */

DIRQL_CMOCKA_ANSWER(void *, 3, _test_malloc, size_t, const char *, int)
DIRQL_CMOCKA_ANSWER(void *, 4, _test_realloc, void *, size_t, const char *, int)
DIRQL_CMOCKA_ANSWER(void *, 4, _test_calloc, size_t, size_t, const char *, int)
DIRQL_CMOCKA_CALL(3, _test_free, void *, const char *, int)

#undef DIRQL_CMOCKA_CALL
#undef DIRQL_CMOCKA_ANSWER
#undef DIRQL_CMOCKA_EXIT
