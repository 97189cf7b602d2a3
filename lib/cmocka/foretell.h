/*
 * foretell.h - how a call of CMocka's will end, before it is made.
 *
 * A failing schedule is tried in many ways to shorten it, and CMocka's failures leave by
 * longjmp, which can be done once. So assertions are looked through here. What is not known is
 * said so: floating point, mocks, whose queues are CMocka's own, and freeing, which finds
 * overruns.
 *
 * FORETELL(name, arguments...) is a dirql_ending.
 */
#ifndef DQ_CMOCKA_FORETELL_H
#define DQ_CMOCKA_FORETELL_H

#include "real.h"

#include <string.h>

static inline dirql_ending foretell(bool passes)
{
    return passes ? DIRQL_ENDING_PASSES : DIRQL_ENDING_FAILS;
}

static inline dirql_ending foretell_text(const char *a, const char *b, bool equal)
{
    return a != NULL && b != NULL ? foretell((strcmp(a, b) == 0) == equal) : DIRQL_ENDING_UNKNOWN;
}

static inline dirql_ending foretell_bytes(const void *a, const void *b, size_t bytes, bool equal)
{
    return a != NULL && b != NULL ? foretell((memcmp(a, b, bytes) == 0) == equal)
                                  : DIRQL_ENDING_UNKNOWN;
}

#define FORETELL_SET(type, is_signed)                                                   \
    static inline dirql_ending foretell_##is_signed##_set(type value, const type *set,  \
                                                          size_t count, bool within)    \
    {                                                                                   \
        bool found = false;                                                             \
                                                                                        \
        if (set == NULL || count == 0) {                                                \
            return DIRQL_ENDING_UNKNOWN;                                                \
        }                                                                               \
        for (size_t i = 0; i < count; i++) {                                            \
            found = found || set[i] == value;                                           \
        }                                                                               \
        return foretell(found == within);                                               \
    }

FORETELL_SET(DIRQL_CMOCKA_INTEGER, unsigned)
#ifdef DIRQL_CMOCKA_2
FORETELL_SET(intmax_t, signed)
#endif

/* ---- The known ones: a comma, and the macro that tells --------------------------------------- */

#define KNOWN_assert_true             , TELL_TRUE
#define KNOWN_assert_false            , TELL_FALSE
#define KNOWN_assert_int_equal        , TELL_EQUAL
#define KNOWN_assert_uint_equal       , TELL_EQUAL
#define KNOWN_assert_int_not_equal    , TELL_NOT_EQUAL
#define KNOWN_assert_uint_not_equal   , TELL_NOT_EQUAL
#define KNOWN_assert_ptr_equal_msg    , TELL_POINTER
#define KNOWN_assert_ptr_not_equal_msg , TELL_NO_POINTER
#define KNOWN_assert_string_equal     , TELL_STRING
#define KNOWN_assert_string_not_equal , TELL_NO_STRING
#define KNOWN_assert_memory_equal     , TELL_MEMORY
#define KNOWN_assert_memory_not_equal , TELL_NO_MEMORY
#define KNOWN_assert_in_range         , TELL_RANGE
#define KNOWN_assert_int_in_range     , TELL_RANGE
#define KNOWN_assert_uint_in_range    , TELL_RANGE
#define KNOWN_assert_not_in_range     , TELL_NO_RANGE
#define KNOWN_assert_int_not_in_range , TELL_NO_RANGE
#define KNOWN_assert_uint_not_in_range , TELL_NO_RANGE
#define KNOWN_assert_in_set           , TELL_SET
#define KNOWN_assert_uint_in_set      , TELL_SET
#define KNOWN_assert_not_in_set       , TELL_NO_SET
#define KNOWN_assert_uint_not_in_set  , TELL_NO_SET
#define KNOWN_assert_int_in_set       , TELL_SIGNED_SET
#define KNOWN_assert_int_not_in_set   , TELL_NO_SIGNED_SET
#define KNOWN_test_malloc             , TELL_RETURNS
#define KNOWN_test_calloc             , TELL_RETURNS

#define TELL_TRUE(a, ...)             foretell((a) != 0)
#define TELL_FALSE(a, ...)            foretell((a) == 0)
#define TELL_EQUAL(a, b, ...)         foretell((a) == (b))
#define TELL_NOT_EQUAL(a, b, ...)     foretell((a) != (b))
#define TELL_POINTER(a, b, ...)       foretell((a) == (b))
#define TELL_NO_POINTER(a, b, ...)    foretell((a) != (b))
#define TELL_STRING(a, b, ...)        foretell_text(a, b, true)
#define TELL_NO_STRING(a, b, ...)     foretell_text(a, b, false)
#define TELL_MEMORY(a, b, c, ...)     foretell_bytes(a, b, c, true)
#define TELL_NO_MEMORY(a, b, c, ...)  foretell_bytes(a, b, c, false)
#define TELL_RANGE(a, b, c, ...)      foretell((a) >= (b) && (a) <= (c))
#define TELL_NO_RANGE(a, b, c, ...)   foretell((a) < (b) || (a) > (c))
#define TELL_SET(a, b, c, ...)        foretell_unsigned_set(a, b, c, true)
#define TELL_NO_SET(a, b, c, ...)     foretell_unsigned_set(a, b, c, false)
#define TELL_SIGNED_SET(a, b, c, ...)    foretell_signed_set(a, b, c, true)
#define TELL_NO_SIGNED_SET(a, b, c, ...) foretell_signed_set(a, b, c, false)
#define TELL_RETURNS(...)             DIRQL_ENDING_RETURNS
#define TELL_NOTHING(...)             DIRQL_ENDING_UNKNOWN

#define FORETELL(name, ...) \
    FORETELL_APPLY(FORETELL_PICK(KNOWN##name, TELL_NOTHING, unused), __VA_ARGS__)
#define FORETELL_APPLY(tell, ...)     tell(__VA_ARGS__)
#define FORETELL_PICK(...)            FORETELL_SECOND(__VA_ARGS__)
#define FORETELL_SECOND(first, second, ...) second

#endif
