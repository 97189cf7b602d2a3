/*
 * rule.h - a run of its own, of which the test looks at what was found.
 */
#ifndef TEST_RULE_H
#define TEST_RULE_H

#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

#include "../settle.h"

static dirql_result rule_result;

static inline void rule_run_with(const dirql_options *options, void (*body)(void *))
{
    dirql_result_free(&rule_result);
    dirql_run(options, body, NULL, &rule_result);
}

/* Runs body on this many processors with all checkers. */
static inline void rule_run(unsigned processors, void (*body)(void *))
{
    const dirql_options options = { .name = "rule", .processors = processors };

    rule_run_with(&options, body);
}

/* The same in mode first, whatever the environment says: for reports that tell the mode, exact
 * times, or who came first. */
static inline void rule_run_undisturbed(unsigned processors, void (*body)(void *))
{
    const dirql_options options = { .name = "rule", .processors = processors, .fixed = 1 };

    rule_run_with(&options, body);
}

#define assert_report_has(text) assert_non_null(strstr(rule_result.report, text))

/* DIRQL_ANY matches any value: of what the test cannot know. */
#define assert_parameter(index, expected)                                \
    do {                                                                 \
        if ((ULONG_PTR)(expected) != DIRQL_ANY) {                        \
            assert_int_equal(rule_result.parameters[index], (expected)); \
        }                                                                \
    } while (0)

/* The last run ended in this bug check, with all of its parameters, and the report names the
 * rule. */
#define assert_finding_is(bug_check, p1, p2, p3, p4, rule)   \
    do {                                                     \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED); \
        assert_int_equal(rule_result.code, bug_check);       \
        assert_parameter(0, p1);                             \
        assert_parameter(1, p2);                             \
        assert_parameter(2, p3);                             \
        assert_parameter(3, p4);                             \
        assert_report_has("rule:  " rule ":");               \
        assert_report_has("fix:");                           \
    } while (0)

#define assert_broken(body, processors, bug_check, p1, p2, p3, p4, rule) \
    do {                                                                 \
        rule_run(processors, body);                                      \
        assert_finding_is(bug_check, p1, p2, p3, p4, rule);              \
    } while (0)

#define assert_verifier(body, subcode, p2, p3, p4, rule)                               \
    assert_broken(body, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, subcode, p2, p3, p4, rule)

/* The same for a rule that no bug check belongs to. */
#define assert_error(body, processors, rule) assert_broken(body, processors, 0, 0, 0, 0, 0, rule)

/* Nothing ended the run; this many warnings, one of them by the rule. */
#define assert_warned(body, processors, count, rule)         \
    do {                                                     \
        rule_run(processors, body);                          \
        assert_int_equal(rule_result.outcome, DIRQL_PASSED); \
        assert_int_equal(rule_result.warnings, count);       \
        assert_report_has("rule:  " rule ":");               \
        assert_report_has("fix:");                           \
    } while (0)

/* Nothing at all was found, not even a warning. */
#define assert_kept(body, processors)                        \
    do {                                                     \
        rule_run(processors, body);                          \
        assert_string_equal(rule_result.report, "");         \
        assert_int_equal(rule_result.outcome, DIRQL_PASSED); \
        assert_int_equal(rule_result.warnings, 0);           \
    } while (0)

/* What keeps a rule; equal bodies follow each other, and are run once. */
typedef struct kept_rule {
    const char *rule;
    void (*body)(void *context);
} kept_rule;

#define KEPT(rule, body) { rule, body }

#define assert_all_kept(rows, processors)                            \
    do {                                                             \
        for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++) { \
            if (i == 0 || (rows)[i].body != (rows)[i - 1].body) {    \
                print_message("%s\n", (rows)[i].rule);               \
                assert_kept((rows)[i].body, (processors));           \
            }                                                        \
        }                                                            \
    } while (0)

/* The same; says whose silence it shows. */
#define assert_silent(body, processors, rule) assert_kept(body, processors)

#endif
