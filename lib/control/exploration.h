/*
 * exploration.h - what the files of mode explore share.
 *
 * explore.c makes the runs of an exploration, trials.c those that are drawn, exploration.c
 * begins and ends, exploreresult.c says why it failed, warned.c what it warns of, coverage.c how far
 * it came.
 */
#ifndef DQ_CONTROL_EXPLORATION_H
#define DQ_CONTROL_EXPLORATION_H

#include "control/control.h"
#include "control/progress.h"
#include "control/shorten.h"

#include "explore/passes.h"
#include "explore/search.h"
#include "explore/shard.h"

typedef struct dirql_exploration {
    dirql_job job;
    dirql_options options;
    dq_search search;
    dq_passes passes;
    host_data *data; /* What static variables hold before each run. */
    dq_arena arena;
    dq_machine *machine; /* That is run again and again, or NULL. It lies in the arena. */
    uint64_t schedules; /* Different ones. */
    uint64_t schedules_before; /* This pass. */
    uint64_t schedules_resumed; /* Of those, what earlier processes have made. */
    unsigned passes_made; /* By this process. */
    double share; /* Of the pass that was cut, once that is laid down. */
    uint64_t runs; /* Also those that do not count. */
    uint64_t began_ns;
    dirql_progress progress;
    bool is_complete;
    uint64_t cut_short_ns; /* The time was over in the middle of a run, that had taken so long. */
    dq_loop loop;          /* Of the run that failed. */
    bool is_begun;  /* A run has been made, to its end. */
    bool has_put_back; /* Static variables, for another run: so they are at the end, too. */
    bool draws;     /* Its runs are drawn (trials.c): nothing is searched. */
    bool is_pct;    /* By priorities. */
    unsigned trial; /* Number of the next one. */
    bool counts_steps;  /* Mode pct: the first run is to find out how many there are. */
    unsigned processes; /* Mode pct: the most of any run. */
    struct {
        uint64_t calls, time_ns;
        size_t choices;
    } first, last; /* What the first run was, and the latest one: equal, where they should be. */
    unsigned warnings; /* The most of any run that has passed, ... */
    char *warned;      /* ... and the first schedule with so many; NULL: none has any. */
    struct host_claim *claim; /* On the file of option resume. */
    char preface[192];
    char put_back[512]; /* See dq_machine_options; empty until a run has passed. */
    char complaint[640]; /* Why the file of option resume is of no use. */
} dirql_exploration;

/* ---- exploration.c --------------------------------------------------------------------------- */

/* NULL: short of memory. */
dirql_exploration *dirql_exploration_begin(const dirql_job *job);

/* Fills in what `result` (may be NULL) says of the exploration, and frees it. */
void dirql_exploration_end(dirql_exploration *ex, dirql_result *result);

/* Destroys the machine, if there is one. */
void dirql_exploration_drop(dirql_exploration *ex);

/* Before a run: static variables are as they were before the first. */
void dirql_exploration_put_back(dirql_exploration *ex);

/* A run has passed, and static variables are as it left them. */
void dirql_exploration_note_heap(dirql_exploration *ex);

/* A schedule belongs to one pass, and the first of all to one shard. */
bool dirql_exploration_counts(const dirql_exploration *ex);

/* ---- coverage.c ------------------------------------------------------------------------------ */

/* To be freed. NULL: short of memory. */
char *dirql_coverage(const dirql_exploration *ex);

/* Writes ex->preface: the number of the schedule, and what it has used up. `shortened` may be
 * NULL. */
void dirql_coverage_preface(dirql_exploration *ex, const dq_bounds *used,
                            const dirql_shortened *shortened);

/* ---- warned.c -------------------------------------------------------------------------------- */

/* After a run that has passed, and has come to its end. */
void dirql_warned_hear(dirql_exploration *ex, const dq_machine *machine);

/* All runs have passed: makes that with the most warnings once more, for its report, and ends the
 * exploration. */
dirql_outcome dirql_warned_tell(dirql_exploration *ex, dirql_result *result);

/* ---- exploreresult.c: each ends the exploration, which has failed
 * ------------------------------ */

/* With a text of the exploration's own. */
dirql_outcome dirql_explore_fail(dirql_exploration *ex, dirql_result *result, const char *format,
                                 ...) __attribute__((format(printf, 3, 4)));

/* A failed schedule, once more, to see what led there. Frees `schedule`; NULL: there was no memory
 * for it. */
dirql_outcome dirql_explore_repeat(dirql_exploration *ex, char *schedule, uint64_t failing_errand,
                                   dirql_result *result);

/* A machine that repeats a schedule, with everything that a report wants. NULL: short of memory. */
dq_machine *dirql_explore_again(dirql_exploration *ex, const char *schedule);

/* No run came to its end in time. */
dirql_outcome dirql_explore_too_late(dirql_exploration *ex, dirql_result *result);

/* A run was asked other things than the one before it. */
dirql_outcome dirql_explore_diverged(dirql_exploration *ex, dirql_result *result);

/* The first schedule was run twice, and was not the same. */
dirql_outcome dirql_explore_differs(dirql_exploration *ex, dirql_result *result);

#endif
