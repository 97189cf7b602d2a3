/*
 * real.h - CMocka's own functions, whoever stands in for them.
 *
 * dq_real_fail() is CMocka's _fail(), and so on for each row of cmocka_table.h. real_next.c finds
 * them in the library behind this one, and defines functions of the same names that send their
 * callers home; real_direct.c just calls them, where a linker would not have two functions of one
 * name.
 */
#ifndef DQ_CMOCKA_REAL_H
#define DQ_CMOCKA_REAL_H

#define DIRQL_CMOCKA_DIRECT
#ifndef CMOCKA_DISABLE_DEPRECATION_WARNINGS
#define CMOCKA_DISABLE_DEPRECATION_WARNINGS
#endif

#include <dirql/cmocka.h>

#define DIRQL_CMOCKA_CALL(count, name, ...)           void dq_real##name(__VA_ARGS__);
#define DIRQL_CMOCKA_ANSWER(result, count, name, ...) result dq_real##name(__VA_ARGS__);
#define DIRQL_CMOCKA_EXIT(passes, count, name, ...)   _Noreturn void dq_real##name(__VA_ARGS__);
#include <dirql/cmocka_table.h>

void dq_real_mock_assert(int result, const char *expression, const char *file, int line);
void dq_real_vprint_message(const char *format, va_list arguments) DIRQL_CMOCKA_PRINTF(1, 0);
void dq_real_vprint_error(const char *format, va_list arguments) DIRQL_CMOCKA_PRINTF(1, 0);

/* The function that adds to a failure's message; CMocka 1.1.5 has none, and what goes there is
 * printed at once. */
#if defined(DIRQL_CMOCKA_2)
#define DIRQL_CMOCKA_EXPLAIN cmocka_print_error
#elif defined(assert_double_equal)
#define DIRQL_CMOCKA_EXPLAIN cm_print_error
#endif
void dq_real_explain(const char *text);

#endif
