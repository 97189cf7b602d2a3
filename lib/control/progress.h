/*
 * progress.h - a line on stderr that says how far an exploration is, where somebody watches.
 */
#ifndef DQ_PROGRESS_H
#define DQ_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dirql_progress {
    uint64_t began_ns;
    uint64_t said_ns;
    bool is_watched, is_said;
    unsigned asked; /* How often whether it is time. */
} dirql_progress;

void dirql_progress_begin(dirql_progress *progress);

/* True now and then: it is time to say it. */
bool dirql_progress_is_due(dirql_progress *progress);

/* Says it. `share`: of the present pass, from 0 to 1. */
void dirql_progress_say(dirql_progress *progress, const char *name, uint64_t schedules,
                        double share);

/* The same of runs that are drawn, now and then; `all` of them are wanted, or DIRQL_NEVER. */
void dirql_progress_say_runs(dirql_progress *progress, const char *name, uint64_t runs,
                             uint32_t all);

/* The line is taken away. */
void dirql_progress_end(dirql_progress *progress);

#endif
