/*
 * special.h - runs with special pool, and what is asserted of them.
 */
#ifndef SPECIAL_H
#define SPECIAL_H

#include "../check/rule.h"

enum { TAG = 'tseT' };

static volatile unsigned char *volatile block; /* Of the run inside. */

static inline unsigned char *get(SIZE_T bytes)
{
    unsigned char *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG);

    assert_non_null(memory);
    return memory;
}

static inline dirql_options options_of(dirql_special_pool side)
{
    return (dirql_options){ .name = "special", .special_pool = side };
}

static inline void run_overruns(void (*body)(void *))
{
    const dirql_options options = options_of(DIRQL_SPECIAL_POOL_OVERRUNS);

    rule_run_with(&options, body);
}

static inline void run_underruns(void (*body)(void *))
{
    const dirql_options options = options_of(DIRQL_SPECIAL_POOL_UNDERRUNS);

    rule_run_with(&options, body);
}

#define assert_passed()                                      \
    do {                                                     \
        assert_string_equal(rule_result.report, "");         \
        assert_int_equal(rule_result.outcome, DIRQL_PASSED); \
    } while (0)

#define assert_faulted(bug_check, address, writes)                         \
    do {                                                                   \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);               \
        assert_int_equal(rule_result.code, bug_check);                     \
        assert_int_equal(rule_result.parameters[0], (ULONG_PTR)(address)); \
        assert_int_equal(rule_result.parameters[1], writes);               \
        assert_int_not_equal(rule_result.parameters[2], 0);                \
        assert_int_equal(rule_result.parameters[3], 0);                    \
    } while (0)

#endif
