/*
 * counter_test.c - a user's test without a framework: that the driver counts without a lock is
 * found.
 */
#include <dirql/dirql.h>
#include <dirql/thread.h>

#include <stdio.h>
#include <string.h>

#include "counter.h"

static void count_on_two_processors(void *context)
{
    dirql_thread *other = dirql_thread_start("other", 1, count_ten, NULL);

    (void)context;
    count_ten(NULL);
    dirql_thread_join(other);
}

int main(void)
{
    const dirql_options options = { .processors = 2, .mode = DIRQL_MODE_RANDOM };
    dirql_result result;
    int found;

    dirql_run(&options, count_on_two_processors, NULL, &result);
    printf("%s", result.report);
    found = strstr(result.report, "DATA RACE") != NULL && strstr(result.report, "the_counter") != NULL;
    dirql_result_free(&result);
    return !found;
}
