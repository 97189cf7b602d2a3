/*
 * fail.c - failures on demand (include/dirql/fail.h).
 */
#include "control/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirql/fail.h>

enum { PLAN_TEXT = 160 };

/* ---- In a run -------------------------------------------------------------------------------- */

void dirql_fail_set(const char *plan)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_fail_set");
    dq_fail_plan read = { 0 };
    char error[256] = "it is only a filter: which one?";

    if (machine == NULL) {
        return;
    }
    if (plan != NULL &&
        (!dq_fail_read(plan, &read, error, sizeof(error)) || !dq_fail_is_plan(&read))) {
        dirql_control_fail(machine, "dirql_fail_set", "dirql_fail_set(\"%s\"): %s", plan, error);
        return;
    }
    dq_fail_start(machine, &read);
}

void dirql_fail_pause(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_fail_pause");

    if (machine != NULL) {
        machine->failing.paused++;
    }
}

void dirql_fail_resume(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_fail_resume");

    if (machine == NULL) {
        return;
    }
    if (machine->failing.paused == 0) {
        dirql_control_fail(machine, "dirql_fail_resume",
                           "dirql_fail_resume without dirql_fail_pause");
        return;
    }
    machine->failing.paused--;
}

uint64_t dirql_fail_count(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_fail_count");

    return machine != NULL ? machine->failing.failed : 0;
}

/* ---- Each in turn ---------------------------------------------------------------------------- */

/* What options->fail leaves to count. False: it is no filter. */
static bool read_filter(const char *text, dq_fail_plan *plan)
{
    char error[256];

    *plan = (dq_fail_plan){ 0 };
    return text == NULL || text[0] == '\0' ||
           (dq_fail_read(text, plan, error, sizeof(error)) && !dq_fail_is_plan(plan));
}

static bool is_repeated(void)
{
    const char *plan = getenv("DIRQL_FAIL");

    return plan != NULL && plan[0] != '\0';
}

static dirql_outcome run_each(const dirql_options *options, dq_fail_plan plan,
                              void (*body)(void *context), void *context, dirql_result *result)
{
    dirql_options with_plan = *options;
    char text[PLAN_TEXT];

    for (;;) {
        dirql_outcome outcome;

        plan.nth++;
        with_plan.fail = dq_fail_write(&plan, text, sizeof(text));
        outcome = dirql_run(&with_plan, body, context, result);
        result->runs = plan.nth;
        if (outcome != DIRQL_PASSED || result->failed == 0) {
            return outcome;
        }
        fputs(result->report, stderr); /* Warnings: nobody else will see them. */
        dirql_result_free(result);
    }
}

dirql_outcome dirql_fail_each(const dirql_options *options, void (*body)(void *context),
                              void *context, dirql_result *result)
{
    const dirql_options defaults = { 0 };
    dirql_result own = { .outcome = DIRQL_PASSED };
    dq_fail_plan plan;
    dirql_outcome outcome;

    options = options != NULL ? options : &defaults;
    if (is_repeated() || !read_filter(options->fail, &plan)) {
        return dirql_run(options, body, context, result); /* Refuses what is no plan either. */
    }
    outcome = run_each(options, plan, body, context, result != NULL ? result : &own);
    dirql_result_free(&own);
    return outcome;
}
