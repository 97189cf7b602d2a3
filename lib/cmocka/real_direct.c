/*
 * real_direct.c - CMocka's own functions, called by name: nothing stands in for them.
 */
#include "real.h"

#include "arity.h"

#include <stdlib.h>

#define DIRQL_CMOCKA_CALL(count, name, ...)             \
    void dq_real##name(PARAMETERS_##count(__VA_ARGS__)) \
    {                                                   \
        name(ARGUMENTS_##count);                        \
    }
#define DIRQL_CMOCKA_ANSWER(result, count, name, ...)     \
    result dq_real##name(PARAMETERS_##count(__VA_ARGS__)) \
    {                                                     \
        return name(ARGUMENTS_##count);                   \
    }
#define DIRQL_CMOCKA_EXIT(passes, count, name, ...)     \
    void dq_real##name(PARAMETERS_##count(__VA_ARGS__)) \
    {                                                   \
        name(ARGUMENTS_##count);                        \
        abort();                                        \
    }
#include <dirql/cmocka_table.h>

void dq_real_mock_assert(int result, const char *expression, const char *file, int line)
{
    mock_assert(result, expression, file, line);
}

void dq_real_vprint_message(const char *format, va_list arguments)
{
    vprint_message(format, arguments);
}

void dq_real_vprint_error(const char *format, va_list arguments)
{
    vprint_error(format, arguments);
}

void dq_real_explain(const char *text)
{
#ifdef DIRQL_CMOCKA_EXPLAIN
    DIRQL_CMOCKA_EXPLAIN("%s", text);
#else
    print_error("%s", text);
#endif
}
