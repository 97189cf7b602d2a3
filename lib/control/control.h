/*
 * control.h - what the files of the control API share: finding the machine that a call means.
 */
#ifndef DQ_CONTROL_H
#define DQ_CONTROL_H

#include <dirql/dirql.h>

#include "sim/machine.h"

/* The control API's part of a machine. */
typedef struct dirql_control {
    dq_sink *recorder;      /* Listens for dirql_trace_*, or NULL. */
    dq_sink *race;          /* The race detector, or NULL. */
    dq_sink *history;       /* For report files, or NULL. */
    const char *trace_path; /* Where the trace goes at the end, or NULL. */
    char name[96];
    struct dirql_exploration *exploration; /* That this run is a part of, or NULL. */
    const char *preface;                   /* Of the line that tells how to see the run again. */
    dq_severity leaks; /* What leftovers are at most. */
    char variables[256]; /* That make calls fail and pool blocks lie as in this run, or empty. */
    struct dirql_driver *drivers; /* driver.c: those that were loaded. */
    struct dirql_handles *handles; /* dirql_handle.c: lines, resources and stimuli. */
} dirql_control;

/* The machine that the calling host thread runs, or NULL outside a run: then says on stderr that
 * `function` needs one, and the process's next run fails. */
dq_machine *dirql_control_machine(const char *function);

/* Fails the run of `machine` from wherever the caller is. Does not return to simulated code. */
void dirql_control_fail(dq_machine *machine, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes down what is left over: dq_machine.body_done (leftke.c). */
void dirql_leftovers(dq_processor *cpu);

/* First thing in every function that simulated code can call. */
#define DIRQL_INSIDE DIRQL_INSIDE_FROM(__builtin_return_address(0))

/* The same where another function was called. */
#define DIRQL_INSIDE_FROM(place) \
    DQ_INSIDE(dq_self->live);    \
    DQ_CALLED_FROM(place)

/* The calling processor, or NULL outside simulated code. */
static inline dq_processor *dirql_control_cpu(void)
{
    dq_processor *cpu = dq_self;

    return cpu->machine != NULL ? cpu : NULL;
}

/* Fills in `machine_options` from options, defaults and the environment. On a bad value returns
 * false and names it in `error`. */
bool dirql_options_resolve(const dirql_options *options, dirql_options *resolved, char *error,
                           size_t error_bytes);

/* ---- exit.c
 * ----------------------------------------------------------------------------------- */

/* A run begins (+1) or is over (-1): while any is under way, exit() is a failure. */
void dirql_control_count(int change);

/* ---- run.c, for explore.c
 * --------------------------------------------------------------------- */

typedef struct dirql_job {
    const dirql_options *options; /* Resolved. */
    void (*body)(void *context);
    void *context;
    const void *frame; /* Of the caller of dirql_run(). */
    dq_searcher *searcher; /* Mode explore: who answers, else NULL; */
    dq_arena *arena;       /* and where the machine lies. */
    const dq_guide *guide; /* Mode replay: in place of a text, or NULL. */
    bool tries;            /* See dq_machine_options. */
    uint64_t pct_steps;    /* The same, */
    uint64_t deadline_ns;  /* the same, */
    const dq_loop_moment *loops_since; /* the same, */
    bool stalls;                       /* the same, */
    const char *put_back;              /* and the same. */
} dirql_job;

/* A machine for the job, ready to be run, and counted as a run. NULL: short of memory. */
dq_machine *dirql_control_make(const dirql_job *job);
dirql_outcome dirql_control_finish(dq_machine *machine, dq_outcome outcome, dirql_result *result);
dirql_outcome dirql_control_refuse(dirql_result *result, const char *error);

/* The text of the run's choices so far, to be freed. NULL: short of memory. */
char *dirql_control_schedule(const dq_machine *machine);

/* ---- repeat.c -------------------------------------------------------------------------------- */

/* How to see the run with that schedule again, to be freed. NULL: short of memory. */
char *dirql_control_how_to_repeat(const dq_machine *machine, const char *schedule);

/* ---- explore.c
 * -------------------------------------------------------------------------------- */

/* All schedules of a job within its bounds. */
dirql_outcome dirql_explore(const dirql_job *job, dirql_result *result);

/* exploreresult.c: a run was left by a longjmp out of an errand: what the exploration says of it.
 * The machine is destroyed. */
dirql_outcome dirql_explore_abandoned(dq_machine *machine, dirql_result *result);

/* ---- trials.c
 * --------------------------------------------------------------------------------- */

/* The runs of a job whose mode draws. */
dirql_outcome dirql_trials(const dirql_job *job, dirql_result *result);

#endif
