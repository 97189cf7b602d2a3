/*
 * shorten.h - a failing schedule, made shorter.
 *
 * The run is repeated with fewer answers other than 0, first in large portions, then one by one
 * ("ddmin": Zeller and Hildebrandt, IEEE Transactions on Software Engineering 28(2), 2002). What
 * fails with the same finding, at the same place, with fewer preemptions, else fewer interrupts,
 * faults, answers or steps, is gone on with. In the end no single answer can be left out, unless
 * the runs were used up before.
 */
#ifndef DQ_CONTROL_SHORTEN_H
#define DQ_CONTROL_SHORTEN_H

#include "control/control.h"

/* What a failing run has used up. */
typedef struct dirql_length {
    uint64_t used[DQ_BOUND_COUNT]; /* Of preemptions, interrupts, faults; [FREE] is no count. */
    uint64_t answers;              /* Other than 0. */
    uint64_t steps;
} dirql_length;

typedef struct dirql_shortened {
    char *schedule;          /* Its text. */
    uint64_t failing_errand; /* Where a test framework would see the failure, or 0. */
    dirql_length before, after;
    unsigned runs;
} dirql_shortened;

/* Shortens `schedule` in at most `runs` runs of the job. False: it does not fail when it is
 * repeated, or nobody can tell whether it does (a mock of a test framework is called), or memory
 * was short. */
bool dirql_shorten(const dirql_job *job, const host_data *data, const char *schedule, unsigned runs,
                   dirql_shortened *shortened);

/* The schedule of a run that loops (job->loops_since) holds what was chosen in the loop, which is
 * much: leaves that out, if option 0 instead goes round too, else what is chosen after a while. No
 * other answer is left out: whether a run with others loops for ever, only the watchdog tells. */
void dirql_shorten_loop(const dirql_job *job, const host_data *data, char **schedule);

#endif
