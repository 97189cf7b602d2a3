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
#include "foretell.h"

#include <stdlib.h>

static _Thread_local bool left_quietly;
static _Thread_local const void *latest;    /* At home. */
static _Thread_local bool is_in_call;       /* At home: CMocka's own calls are part of that one. */
static _Thread_local const void *passed_on; /* Until the call that it belongs to. */

void dq_calls_forget(void)
{
    left_quietly = false;
    latest = NULL;
    is_in_call = false;
}

const void *dq_calls_place(void)
{
    return latest;
}

void dq_calls_made_at(const void *place)
{
    passed_on = place;
}

/* Of the call that `caller` made, or passed on. */
static const void *place_of(const void *caller)
{
    const void *place = passed_on != NULL ? passed_on : caller;

    passed_on = NULL;
    return place;
}

bool dq_calls_left_quietly(void)
{
    return left_quietly;
}

/* True if this is none of CMocka's own calls: then it is to be ended. */
static bool begin_call(const void *place)
{
    const bool is_outer = !is_in_call;

    latest = is_outer ? place : latest;
    is_in_call = true;
    return is_outer;
}

static void end_call(bool is_outer)
{
    is_in_call = !is_outer;
}

#define PLACE place_of(__builtin_return_address(0))

#define DIRQL_CMOCKA_CALL(count, name, ...)                  \
    struct call##name {                                      \
        const void *place;                                   \
        FIELDS_##count(__VA_ARGS__)                          \
    };                                                       \
    static void errand##name(void *argument)                 \
    {                                                        \
        struct call##name *call = argument;                  \
        const bool is_outer = begin_call(call->place);       \
        dq_real##name(MEMBERS_##count(call));                \
        end_call(is_outer);                                  \
    }                                                        \
    void dirql_cmocka##name(PARAMETERS_##count(__VA_ARGS__)) \
    {                                                        \
        struct call##name call = { PLACE, INITIAL_##count }; \
        dirql_at_home_foretold(errand##name, &call,          \
                               FORETELL(name, ARGUMENTS_##count), call.place); \
    }

#define DIRQL_CMOCKA_ANSWER(result, count, name, ...)          \
    struct call##name {                                        \
        const void *place;                                     \
        result *answer;                                        \
        FIELDS_##count(__VA_ARGS__)                            \
    };                                                         \
    static void errand##name(void *argument)                   \
    {                                                          \
        struct call##name *call = argument;                    \
        const bool is_outer = begin_call(call->place);         \
        *call->answer = dq_real##name(MEMBERS_##count(call));  \
        end_call(is_outer);                                    \
    }                                                          \
    result dirql_cmocka##name(PARAMETERS_##count(__VA_ARGS__)) \
    {                                                          \
        result answer;                                         \
        struct call##name call = { PLACE, &answer,            \
                                   INITIAL_##count };          \
        dirql_at_home_foretold(errand##name, &call,            \
                               FORETELL(name, ARGUMENTS_##count), call.place); \
        return answer;                                         \
    }

#define DIRQL_CMOCKA_EXIT(passes, count, name, ...)                \
    struct call##name {                                            \
        const void *place;                                         \
        FIELDS_##count(__VA_ARGS__)                                \
    };                                                             \
    _Noreturn static void errand##name(void *argument)             \
    {                                                              \
        struct call##name *call = argument;                        \
        (void)begin_call(call->place);                             \
        left_quietly = passes;                                     \
        dq_real##name(MEMBERS_##count(call));                      \
    }                                                              \
    void dirql_cmocka##name(PARAMETERS_##count(__VA_ARGS__))       \
    {                                                              \
        struct call##name call = { PLACE, INITIAL_##count };       \
        dirql_at_home_foretold(errand##name, &call,                \
                               passes ? DIRQL_ENDING_UNKNOWN : DIRQL_ENDING_FAILS, call.place); \
        abort(); /* Not reached: the errand does not come back. */ \
    }

#include <dirql/cmocka_table.h>
