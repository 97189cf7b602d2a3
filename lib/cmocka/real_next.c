/*
 * real_next.c - stands in for CMocka's functions, and finds them in the library behind.
 *
 * A file that includes only <cmocka.h> calls _assert_true() by that name and gets the one below,
 * which goes home as if the file had included <dirql/cmocka.h>. So does CMocka itself, which is
 * at home already.
 */
#include "real.h"

#include "arity.h"
#include "calls.h"
#include "../host/next.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#if !defined( \
    __clang__) /* CMocka declares that it never looks behind some pointers; nor is it done here. */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

/* What was found is kept: the search is slow. */
static host_function *find(const char *name, _Atomic(host_function *) *found)
{
    host_function *function = atomic_load(found);

    if (!function) {
        function = host_next_function(name);
        if (!function) {
            fprintf(stderr, "dirql: CMocka has no %s; was it replaced by an older one?\n", name);
            abort();
        }
        atomic_store(found, function);
    }
    return function;
}

#define DIRQL_CMOCKA_CALL(count, name, ...)                                    \
    static _Atomic(host_function *) found##name;                               \
    void dq_real##name(PARAMETERS_##count(__VA_ARGS__))                        \
    {                                                                          \
        ((void (*)(__VA_ARGS__))find(#name, &found##name))(ARGUMENTS_##count); \
    }                                                                          \
    DIRQL_API void name(PARAMETERS_##count(__VA_ARGS__))                       \
    {                                                                          \
        dq_calls_made_at(__builtin_return_address(0));                         \
        dirql_cmocka##name(ARGUMENTS_##count);                                 \
    }

#define DIRQL_CMOCKA_ANSWER(result, count, name, ...)                                  \
    static _Atomic(host_function *) found##name;                                       \
    result dq_real##name(PARAMETERS_##count(__VA_ARGS__))                              \
    {                                                                                  \
        return ((result(*)(__VA_ARGS__))find(#name, &found##name))(ARGUMENTS_##count); \
    }                                                                                  \
    DIRQL_API result name(PARAMETERS_##count(__VA_ARGS__))                             \
    {                                                                                  \
        dq_calls_made_at(__builtin_return_address(0));                                 \
        return dirql_cmocka##name(ARGUMENTS_##count);                                  \
    }

#define DIRQL_CMOCKA_EXIT(passes, count, name, ...)                            \
    static _Atomic(host_function *) found##name;                               \
    void dq_real##name(PARAMETERS_##count(__VA_ARGS__))                        \
    {                                                                          \
        ((void (*)(__VA_ARGS__))find(#name, &found##name))(ARGUMENTS_##count); \
        abort(); /* Not reached: it leaves by longjmp. */                      \
    }                                                                          \
    DIRQL_API void name(PARAMETERS_##count(__VA_ARGS__))                       \
    {                                                                          \
        dq_calls_made_at(__builtin_return_address(0));                         \
        dirql_cmocka##name(ARGUMENTS_##count);                                 \
    }

#include <dirql/cmocka_table.h>

/* ---- Those that have no row ------------------------------------------------------------------ */

void dq_real_mock_assert(int result, const char *expression, const char *file, int line)
{
    static _Atomic(host_function *) found;

    ((void (*)(int, const char *, const char *, int))find("mock_assert", &found))(
        result, expression, file, line);
}

void dq_real_vprint_message(const char *format, va_list arguments)
{
    static _Atomic(host_function *) found;

    ((void (*)(const char *, va_list))find("vprint_message", &found))(format, arguments);
}

void dq_real_vprint_error(const char *format, va_list arguments)
{
    static _Atomic(host_function *) found;

    ((void (*)(const char *, va_list))find("vprint_error", &found))(format, arguments);
}

#define NAME(function)         NAME_OF(function)
#define NAME_OF(function_name) #function_name

#ifdef DIRQL_CMOCKA_EXPLAIN
void dq_real_explain(const char *text)
{
    static _Atomic(host_function *) found;

    ((void (*)(const char *, ...))find(NAME(DIRQL_CMOCKA_EXPLAIN), &found))("%s", text);
}

DIRQL_API void DIRQL_CMOCKA_EXPLAIN(const char *format, ...)
{
    char text[4096];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    dirql_cmocka_explain("%s", text);
}
#else
void dq_real_explain(const char *text)
{
    dirql_cmocka_print_error("%s", text);
}
#endif

DIRQL_API void mock_assert(const int result, const char *const expression, const char *const file,
                           const int line)
{
    dirql_cmocka_mock_assert(result, expression, file, line);
}

DIRQL_API void vprint_message(const char *const format, va_list arguments)
{
    dirql_cmocka_vprint_message(format, arguments);
}

DIRQL_API void vprint_error(const char *const format, va_list arguments)
{
    dirql_cmocka_vprint_error(format, arguments);
}

DIRQL_API void print_message(const char *const format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    dirql_cmocka_vprint_message(format, arguments);
    va_end(arguments);
}

DIRQL_API void print_error(const char *const format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    dirql_cmocka_vprint_error(format, arguments);
    va_end(arguments);
}
