/*
 * warned.c - what an exploration warns of that has not failed.
 *
 * Most schedules of a test warn of the same. The one with the most warnings, the first of these, is
 * run once more, with everything that a report wants.
 */
#include "control/exploration.h"

#include <stdlib.h>

void dirql_warned_hear(dirql_exploration *ex, const dq_machine *machine)
{
    char *schedule;

    if (machine->findings.warnings <= ex->warnings) {
        return;
    }
    schedule = dirql_control_schedule(machine);
    if (schedule != NULL) {
        free(ex->warned);
        ex->warned = schedule;
        ex->warnings = machine->findings.warnings;
    }
}

static dirql_outcome end_silently(dirql_exploration *ex, dirql_result *result)
{
    if (result != NULL) {
        result->report = calloc(1, 1);
        result->schedule = calloc(1, 1);
    }
    dirql_exploration_end(ex, result);
    return DIRQL_PASSED;
}

dirql_outcome dirql_warned_tell(dirql_exploration *ex, dirql_result *result)
{
    dirql_outcome outcome;
    dq_machine *machine;

    if (ex->warned == NULL || result == NULL) {
        return end_silently(ex, result);
    }
    dirql_exploration_drop(ex);
    machine = dirql_explore_again(ex, ex->warned);
    if (machine == NULL) {
        return end_silently(ex, result);
    }
    outcome = dirql_control_finish(
        machine, dq_machine_run(machine, ex->job.body, ex->job.context), result);
    dirql_exploration_end(ex, result);
    return outcome;
}
