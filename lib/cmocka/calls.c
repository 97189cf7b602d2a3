/*
 * calls.c - CMocka's functions, carried out at home.
 *
 * CMocka's state belongs to one host thread, and a failure leaves by longjmp: both are right only
 * on the stack that CMocka called the test on. So each call is packed up and taken there, with
 * its caller's file and line, from whatever thread, DPC or ISR it is made.
 */
#include "real.h"

#include "arity.h"
#include "calls.h"

#include <stdlib.h>

static _Thread_local bool left_quietly;

void dq_calls_forget(void)
{
    left_quietly = false;
}

bool dq_calls_left_quietly(void)
{
    return left_quietly;
}

#define DIRQL_CMOCKA_CALL(count, name, ...)                  \
    struct call##name {                                      \
        FIELDS_##count(__VA_ARGS__)                          \
    };                                                       \
    static void errand##name(void *argument)                 \
    {                                                        \
        struct call##name *call = argument;                  \
        dq_real##name(MEMBERS_##count(call));                \
    }                                                        \
    void dirql_cmocka##name(PARAMETERS_##count(__VA_ARGS__)) \
    {                                                        \
        struct call##name call = { INITIAL_##count };        \
        dirql_at_home(errand##name, &call);                  \
    }

#define DIRQL_CMOCKA_ANSWER(result, count, name, ...)          \
    struct call##name {                                        \
        result *answer;                                        \
        FIELDS_##count(__VA_ARGS__)                            \
    };                                                         \
    static void errand##name(void *argument)                   \
    {                                                          \
        struct call##name *call = argument;                    \
        *call->answer = dq_real##name(MEMBERS_##count(call));  \
    }                                                          \
    result dirql_cmocka##name(PARAMETERS_##count(__VA_ARGS__)) \
    {                                                          \
        result answer;                                         \
        struct call##name call = { &answer, INITIAL_##count }; \
        dirql_at_home(errand##name, &call);                    \
        return answer;                                         \
    }

#define DIRQL_CMOCKA_EXIT(passes, count, name, ...)                \
    struct call##name {                                            \
        FIELDS_##count(__VA_ARGS__)                                \
    };                                                             \
    _Noreturn static void errand##name(void *argument)             \
    {                                                              \
        struct call##name *call = argument;                        \
        (void)call;                                                \
        left_quietly = passes;                                     \
        dq_real##name(MEMBERS_##count(call));                      \
    }                                                              \
    void dirql_cmocka##name(PARAMETERS_##count(__VA_ARGS__))       \
    {                                                              \
        struct call##name call = { INITIAL_##count };              \
        dirql_at_home(errand##name, &call);                        \
        abort(); /* Not reached: the errand does not come back. */ \
    }

#include <dirql/cmocka_table.h>
