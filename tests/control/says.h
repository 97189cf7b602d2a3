/*
 * says.h - what the report of a run says.
 */
#ifndef TEST_SAYS_H
#define TEST_SAYS_H

#include <dirql/cmocka.h>

#include <string.h>

static dirql_result result;

static inline void assert_says(const char *text)
{
    if (strstr(result.report, text) == NULL) {
        fail_msg("the report does not say \"%s\":\n%s", text, result.report);
    }
}

static inline void assert_does_not_say(const char *text)
{
    if (strstr(result.report, text) != NULL) {
        fail_msg("the report says \"%s\":\n%s", text, result.report);
    }
}

#endif
