/*
 * cmocka.h - tests that run on a simulated machine, with CMocka's own functions at any IRQL.
 *
 * dirql_unit_test() and its kin stand where cmocka_unit_test() would. Setup, test and teardown run
 * inside one run, as the first thread of a machine of their own, at PASSIVE_LEVEL; `*state`
 * starts as NULL. In them, and in every thread, DPC, ISR and device callback, CMocka's functions
 * work as they do in a plain test: they are carried out on CMocka's own stack, with the caller's
 * file and line. A failure ends the run and is reported once; the next test runs. The teardown of
 * a test that failed (or was skipped) in its setup or body is not called: its machine is gone,
 * and with it all that the teardown would undo.
 *
 * Helper files that include only <cmocka.h> are served too where the platform lets a library
 * stand in for functions of another (ELF with a shared CMocka); elsewhere they must include this
 * header. A check function given to expect_check() runs on CMocka's stack: no kernel calls in it.
 */
#ifndef DIRQL_CMOCKA_H
#define DIRQL_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <cmocka.h>

/*
 * dirql_unit_test(f)                                   In C (and C++20), each may be followed by
 * dirql_unit_test_setup(f, setup)                      options of dirql_options by name:
 * dirql_unit_test_teardown(f, teardown)                  dirql_unit_test(f, .processors = 2)
 * dirql_unit_test_setup_teardown(f, setup, teardown)   The name is always that of f.
 * dirql_unit_test_options(f, setup, teardown, options)
 *
 * Elements of an array of struct CMUnitTest, local or static at file scope. The last takes
 * options from a variable that lives as long as the array (NULL: the defaults), for C++11 and for
 * options that many tests share. A setup or teardown that returns nonzero fails the test. C++20
 * wants the options in the order of their declaration.
 */
#if !defined(__cplusplus)
#define dirql_unit_test(...)                DIRQL_CMOCKA_UNIT(__VA_ARGS__, )
#define dirql_unit_test_setup(...)          DIRQL_CMOCKA_UNIT_SETUP(__VA_ARGS__, )
#define dirql_unit_test_teardown(...)       DIRQL_CMOCKA_UNIT_TEARDOWN(__VA_ARGS__, )
#define dirql_unit_test_setup_teardown(...) DIRQL_CMOCKA_UNIT_BOTH(__VA_ARGS__, )
#elif __cplusplus >= 202002L
#define dirql_unit_test(...)                DIRQL_CMOCKA_UNIT(__VA_ARGS__, )
#define dirql_unit_test_setup(...)          DIRQL_CMOCKA_UNIT_SETUP(__VA_ARGS__, )
#define dirql_unit_test_teardown(...)       DIRQL_CMOCKA_UNIT_TEARDOWN(__VA_ARGS__, )
#define dirql_unit_test_setup_teardown(...) DIRQL_CMOCKA_UNIT_BOTH(__VA_ARGS__, )
#else
#define dirql_unit_test(f)                    dirql_unit_test_options(f, NULL, NULL, NULL)
#define dirql_unit_test_setup(f, setup)       dirql_unit_test_options(f, setup, NULL, NULL)
#define dirql_unit_test_teardown(f, teardown) dirql_unit_test_options(f, NULL, teardown, NULL)
#define dirql_unit_test_setup_teardown(f, setup, teardown) \
    dirql_unit_test_options(f, setup, teardown, NULL)
#endif

/*
 * dirql_explore_test(f)                                   The same in mode explore: setup, test and
 * dirql_explore_test_setup(f, setup)                      teardown run once for every schedule
 * dirql_explore_test_teardown(f, teardown)                within the bounds (options preemptions,
 * dirql_explore_test_setup_teardown(f, setup, teardown)   interrupts, faults), until one fails.
 *
 * What setup and teardown do is not branched on (dirql_explore_pause).
 *
 * In C (and C++20); in C++11 set .mode of the options that dirql_unit_test_options() takes.
 */
#if !defined(__cplusplus) || __cplusplus >= 202002L
#define dirql_explore_test(...)                DIRQL_CMOCKA_EXPLORE(__VA_ARGS__, )
#define dirql_explore_test_setup(...)          DIRQL_CMOCKA_EXPLORE_SETUP(__VA_ARGS__, )
#define dirql_explore_test_teardown(...)       DIRQL_CMOCKA_EXPLORE_TEARDOWN(__VA_ARGS__, )
#define dirql_explore_test_setup_teardown(...) DIRQL_CMOCKA_EXPLORE_BOTH(__VA_ARGS__, )
#endif

#define dirql_unit_test_options(f, setup, teardown, options) \
    DIRQL_CMOCKA_TEST(f, setup, teardown, options, DIRQL_MODE_DEFAULT, )

/*
 * dirql_fail_each_test(f), dirql_fail_each_test_setup(f, setup) and so on: the same test again and
 * again, each time with another call failing for want of resources, until one run passes without
 * (dirql_fail_each() of <dirql/fail.h>). The test fails with the first run that does. A setup that
 * returns nonzero because of such a failure ends its run without test and teardown: it has given
 * back what it had, and that is checked. In the test, dirql_fail_count() tells.
 */
#if !defined(__cplusplus)
#define dirql_fail_each_test(...)                DIRQL_CMOCKA_FAIL(__VA_ARGS__, )
#define dirql_fail_each_test_setup(...)          DIRQL_CMOCKA_FAIL_SETUP(__VA_ARGS__, )
#define dirql_fail_each_test_teardown(...)       DIRQL_CMOCKA_FAIL_TEARDOWN(__VA_ARGS__, )
#define dirql_fail_each_test_setup_teardown(...) DIRQL_CMOCKA_FAIL_BOTH(__VA_ARGS__, )
#elif __cplusplus >= 202002L
#define dirql_fail_each_test(...)                DIRQL_CMOCKA_FAIL(__VA_ARGS__, )
#define dirql_fail_each_test_setup(...)          DIRQL_CMOCKA_FAIL_SETUP(__VA_ARGS__, )
#define dirql_fail_each_test_teardown(...)       DIRQL_CMOCKA_FAIL_TEARDOWN(__VA_ARGS__, )
#define dirql_fail_each_test_setup_teardown(...) DIRQL_CMOCKA_FAIL_BOTH(__VA_ARGS__, )
#else
#define dirql_fail_each_test(f)                    dirql_fail_each_test_options(f, NULL, NULL, NULL)
#define dirql_fail_each_test_setup(f, setup) \
    dirql_fail_each_test_options(f, setup, NULL, NULL)
#define dirql_fail_each_test_teardown(f, teardown) \
    dirql_fail_each_test_options(f, NULL, teardown, NULL)
#define dirql_fail_each_test_setup_teardown(f, setup, teardown) \
    dirql_fail_each_test_options(f, setup, teardown, NULL)
#endif

#define dirql_fail_each_test_options(f, setup, teardown, options) \
    DIRQL_CMOCKA_TEST_BY(dirql_cmocka_fail_each, f, setup, teardown, options, DIRQL_MODE_DEFAULT, )

/* ---- What the macros are made of ------------------------------------------------------------- */

#define DIRQL_CMOCKA_UNIT(f, ...) \
    DIRQL_CMOCKA_TEST(f, NULL, NULL, NULL, DIRQL_MODE_DEFAULT, __VA_ARGS__)
#define DIRQL_CMOCKA_UNIT_SETUP(f, setup, ...) \
    DIRQL_CMOCKA_TEST(f, setup, NULL, NULL, DIRQL_MODE_DEFAULT, __VA_ARGS__)
#define DIRQL_CMOCKA_UNIT_TEARDOWN(f, teardown, ...) \
    DIRQL_CMOCKA_TEST(f, NULL, teardown, NULL, DIRQL_MODE_DEFAULT, __VA_ARGS__)
#define DIRQL_CMOCKA_UNIT_BOTH(f, setup, teardown, ...) \
    DIRQL_CMOCKA_TEST(f, setup, teardown, NULL, DIRQL_MODE_DEFAULT, __VA_ARGS__)

#define DIRQL_CMOCKA_EXPLORE(f, ...) \
    DIRQL_CMOCKA_TEST(f, NULL, NULL, NULL, DIRQL_MODE_EXPLORE, __VA_ARGS__)
#define DIRQL_CMOCKA_EXPLORE_SETUP(f, setup, ...) \
    DIRQL_CMOCKA_TEST(f, setup, NULL, NULL, DIRQL_MODE_EXPLORE, __VA_ARGS__)
#define DIRQL_CMOCKA_EXPLORE_TEARDOWN(f, teardown, ...) \
    DIRQL_CMOCKA_TEST(f, NULL, teardown, NULL, DIRQL_MODE_EXPLORE, __VA_ARGS__)
#define DIRQL_CMOCKA_EXPLORE_BOTH(f, setup, teardown, ...) \
    DIRQL_CMOCKA_TEST(f, setup, teardown, NULL, DIRQL_MODE_EXPLORE, __VA_ARGS__)

#define DIRQL_CMOCKA_FAIL(f, ...) \
    DIRQL_CMOCKA_TEST_BY(dirql_cmocka_fail_each, f, NULL, NULL, NULL, DIRQL_MODE_DEFAULT, \
                         __VA_ARGS__)
#define DIRQL_CMOCKA_FAIL_SETUP(f, setup, ...) \
    DIRQL_CMOCKA_TEST_BY(dirql_cmocka_fail_each, f, setup, NULL, NULL, DIRQL_MODE_DEFAULT, \
                         __VA_ARGS__)
#define DIRQL_CMOCKA_FAIL_TEARDOWN(f, teardown, ...) \
    DIRQL_CMOCKA_TEST_BY(dirql_cmocka_fail_each, f, NULL, teardown, NULL, DIRQL_MODE_DEFAULT, \
                         __VA_ARGS__)
#define DIRQL_CMOCKA_FAIL_BOTH(f, setup, teardown, ...) \
    DIRQL_CMOCKA_TEST_BY(dirql_cmocka_fail_each, f, setup, teardown, NULL, DIRQL_MODE_DEFAULT, \
                         __VA_ARGS__)

/* What a test is. CMocka carries it as the test's initial state. */
typedef struct dirql_cmocka_case {
    CMUnitTestFunction test;
    CMFixtureFunction setup;
    CMFixtureFunction teardown;
    const dirql_options *shared; /* NULL: `options` counts. */
    dirql_mode mode;             /* Where the options name none. */
    const char *name;
    const char *setup_name;
    const char *teardown_name;
    const char *file;
    int line;
    dirql_options options;
} dirql_cmocka_case;

/* The test and teardown functions that CMocka calls. On CMocka's stack, outside any run. */
DIRQL_API void dirql_cmocka_run(void **state);
DIRQL_API void dirql_cmocka_fail_each(void **state);
DIRQL_API int dirql_cmocka_clean(void **state);

#define DIRQL_CMOCKA_TEXT(tokens) #tokens
#define DIRQL_CMOCKA_TEST(f, setup, teardown, shared, mode, ...) \
    DIRQL_CMOCKA_TEST_BY(dirql_cmocka_run, f, setup, teardown, shared, mode, __VA_ARGS__)
#define DIRQL_CMOCKA_TEST_BY(run, f, setup, teardown, shared, mode, ...)                          \
    {                                                                                             \
        DIRQL_CMOCKA_TEXT(f), run, NULL, dirql_cmocka_clean,                                      \
            DIRQL_CMOCKA_CASE(f, setup, teardown, shared, mode, DIRQL_CMOCKA_TEXT(f),             \
                              DIRQL_CMOCKA_TEXT(setup), DIRQL_CMOCKA_TEXT(teardown), __VA_ARGS__) \
    }

#if !defined(__cplusplus)
#define DIRQL_CMOCKA_CASE(f, setup, teardown, shared, mode, f_name, setup_name, teardown_name, \
                          ...)                                                                 \
    &(dirql_cmocka_case)                                                                       \
    {                                                                                          \
        f, setup, teardown, shared, mode, f_name, setup_name, teardown_name, __FILE__,         \
            __LINE__,                                                                          \
        {                                                                                      \
            .name = f_name, __VA_ARGS__                                                        \
        }                                                                                      \
    }
#else
#if __cplusplus >= 202002L
#define DIRQL_CMOCKA_OPTIONS(f_name, ...) \
    {                                     \
        .name = f_name, __VA_ARGS__       \
    }
#else
#define DIRQL_CMOCKA_OPTIONS(f_name, ...) dirql_options()
#endif
#if defined(__GNUC__) /* Options that are not named are zero, which is no oversight. */
#define DIRQL_CMOCKA_QUIET         \
    _Pragma("GCC diagnostic push") \
        _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")
#define DIRQL_CMOCKA_LOUD _Pragma("GCC diagnostic pop")
#else
#define DIRQL_CMOCKA_QUIET
#define DIRQL_CMOCKA_LOUD
#endif
#define DIRQL_CMOCKA_CASE(f, setup, teardown, shared, mode, f_name, setup_name, teardown_name, \
                          ...)                                                                 \
    [](const dirql_options *options) -> void * {                                              \
        DIRQL_CMOCKA_QUIET                                                                    \
        static dirql_cmocka_case made;                                                        \
        made = { f,                                                                           \
                 setup,                                                                       \
                 teardown,                                                                    \
                 options,                                                                     \
                 mode,                                                                        \
                 f_name,                                                                      \
                 setup_name,                                                                  \
                 teardown_name,                                                               \
                 __FILE__,                                                                    \
                 __LINE__,                                                                    \
                 DIRQL_CMOCKA_OPTIONS(f_name, __VA_ARGS__) };                                 \
        return &made;                                                                         \
        DIRQL_CMOCKA_LOUD                                                                     \
    }(shared)
#endif

#if defined(__GNUC__)
#define DIRQL_CMOCKA_NORETURN     __attribute__((noreturn))
#define DIRQL_CMOCKA_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define DIRQL_CMOCKA_NORETURN
#define DIRQL_CMOCKA_PRINTF(a, b)
#endif

/* CMocka's functions, carried out at home: dirql_cmocka_assert_true(...) for _assert_true(...). */
#define DIRQL_CMOCKA_CALL(count, name, ...) DIRQL_API void dirql_cmocka##name(__VA_ARGS__);
#define DIRQL_CMOCKA_ANSWER(result, count, name, ...) \
    DIRQL_API result dirql_cmocka##name(__VA_ARGS__);
#define DIRQL_CMOCKA_EXIT(passes, count, name, ...) \
    DIRQL_API DIRQL_CMOCKA_NORETURN void dirql_cmocka##name(__VA_ARGS__);
#include <dirql/cmocka_table.h>

DIRQL_API void dirql_cmocka_print_message(const char *format, ...) DIRQL_CMOCKA_PRINTF(1, 2);
DIRQL_API void dirql_cmocka_print_error(const char *format, ...) DIRQL_CMOCKA_PRINTF(1, 2);
DIRQL_API void dirql_cmocka_vprint_message(const char *format, va_list arguments)
    DIRQL_CMOCKA_PRINTF(1, 0);
DIRQL_API void dirql_cmocka_vprint_error(const char *format, va_list arguments)
    DIRQL_CMOCKA_PRINTF(1, 0);
/* Adds to the message of the failure that is about to be reported: cm_print_error, in 2.x
 * cmocka_print_error. */
DIRQL_API void dirql_cmocka_explain(const char *format, ...) DIRQL_CMOCKA_PRINTF(1, 2);

/* An expected assertion jumps back only from the thread, and at the IRQL, where
 * expect_assert_failure() stands; from elsewhere (a DPC, an ISR, another thread) it fails the
 * test as one that nobody expected. */
DIRQL_API void dirql_cmocka_mock_assert(int result, const char *expression, const char *file,
                                        int line);
/* The parts of expect_assert_failure(): before it, after the assertion came, and when none came. */
DIRQL_API void dirql_cmocka_expect_assertion(void);
DIRQL_API void dirql_cmocka_assertion_came(void);
DIRQL_API DIRQL_CMOCKA_NORETURN void dirql_cmocka_no_assertion(const char *call, const char *file,
                                                               int line);

#ifdef __cplusplus
}
#endif

#ifndef DIRQL_CMOCKA_DIRECT /* Defined by the library, which needs CMocka's own names. */
#include <dirql/cmocka_route.h>
#endif

#endif
