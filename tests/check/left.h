/*
 * left.h - runs of a body that leaves something, or gives it back.
 */
#ifndef TEST_LEFT_H
#define TEST_LEFT_H

#include "rule.h"

/* True in the runs that give everything back. */
static bool tidy;

#define assert_left(body, rule_name, text)                  \
    do {                                                    \
        tidy = false;                                       \
        rule_run(1, body);                                  \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED); \
        assert_int_equal(rule_result.errors, 1);            \
        assert_report_has("rule:  " rule_name ":");         \
        assert_report_has("fix:");                          \
        assert_report_has(text);                            \
        assert_report_has(#body);                           \
        tidy = true;                                        \
        assert_kept(body, 1);                               \
    } while (0)

#endif
