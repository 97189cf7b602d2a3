/*
 * race.h - code that says what it touches, as instrumented code would, and runs of two threads.
 */
#ifndef TEST_RACE_H
#define TEST_RACE_H

#include "rule.h"

#include "sim/access.h"

static volatile LONG x; /* What the races are on. */

__attribute__((noinline, unused)) static void touch(const volatile void *at, unsigned bytes,
                                                    unsigned flags)
{
    dq_access((const void *)at, bytes, flags, __builtin_return_address(0));
}

#define READS(at)  touch((at), sizeof(*(at)), DQ_ACCESS_READ)
#define WRITES(at) touch((at), sizeof(*(at)), DQ_ACCESS_WRITE)

typedef void race_part(void);

static race_part *race_parts[2];
static unsigned race_processors[2];

static void race_thread(void *context)
{
    (*(race_part *const *)context)();
}

/* Each part in a thread of its own, on a processor of its own if there are two. */
static inline void race_two(void *context)
{
    dirql_thread *threads[2];

    (void)context;
    threads[0] = dirql_thread_start("first", race_processors[0], race_thread, &race_parts[0]);
    threads[1] = dirql_thread_start("second", race_processors[1], race_thread, &race_parts[1]);
    dirql_thread_join(threads[0]);
    dirql_thread_join(threads[1]);
}

#define assert_race_found()                                                  \
    do {                                                                     \
        if (rule_result.outcome != DIRQL_FAILED ||                           \
            strncmp(rule_result.report, "DATA RACE on ", 13) != 0) {         \
            fail_msg("no race was found, but: \"%s\"", rule_result.report);  \
        }                                                                    \
    } while (0)

#define assert_no_race()                                                     \
    do {                                                                     \
        assert_string_equal(rule_result.report, "");                         \
        assert_int_equal(rule_result.outcome, DIRQL_PASSED);                 \
    } while (0)

#define assert_race(body, processors) \
    do {                              \
        rule_run(processors, body);   \
        assert_race_found();          \
    } while (0)

/* Two threads that may run anywhere. */
static inline void race_run_two(race_part *first, race_part *second)
{
    race_parts[0] = first;
    race_parts[1] = second;
    race_processors[0] = race_processors[1] = DIRQL_ANY_PROCESSOR;
    rule_run(2, race_two);
}

#define assert_race_of(first, second)  \
    do {                               \
        race_run_two(first, second);   \
        assert_race_found();           \
    } while (0)

#define assert_no_race_of(first, second) \
    do {                                 \
        race_run_two(first, second);     \
        assert_no_race();                \
    } while (0)

static inline int race_forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

#endif
