/*
 * trials.c - modes that draw: one run, or many with one seed after the other, until one fails.
 *
 * What failed is shortened and run once more from its schedule text, as in an exploration.
 * Static variables are as new in each run, and a failure of the test framework leaves in the
 * same way.
 */
#include "control/exploration.h"

#include <inttypes.h>
#include <stdlib.h>

static bool is_over(const dirql_exploration *ex)
{
    const dirql_options *options = &ex->options;

    if (ex->trial >= options->runs) {
        return true;
    }
    return options->time_limit_s != DIRQL_NEVER && ex->schedules > 0 &&
           host_clock_ns() - ex->began_ns > options->time_limit_s * 1000000000ull;
}

/* A shard has every so manieth seed. The steps are counted with a seed of their own, so that a seed
 * alone tells what happens. */
static void begin_trial(dirql_exploration *ex, uint64_t first_seed)
{
    if (ex->counts_steps) {
        ex->options.seed = 0;
        return;
    }
    ex->options.seed = first_seed + ex->trial;
    ex->trial += ex->options.shards;
}

static void end_trial(dirql_exploration *ex, const dq_machine *machine)
{
    const dq_pct *pct = machine->choices.pct;

    if (pct != NULL && pct->processes > ex->processes) {
        ex->processes = pct->processes;
    }
    if (ex->counts_steps) {
        ex->job.pct_steps = pct != NULL && pct->steps > 0 ? pct->steps : 1;
        ex->counts_steps = false;
    } else {
        ex->schedules++;
        dirql_warned_hear(ex, machine);
    }
}

/* NULL: memory is short. */
static dq_machine *make(dirql_exploration *ex)
{
    dq_machine *machine;

    if (ex->is_begun) {
        dirql_exploration_put_back(ex);
    }
    ex->is_begun = true;
    machine = dirql_control_make(&ex->job);
    ex->machine = machine;
    if (machine != NULL) {
        ((dirql_control *)machine->control)->exploration = ex;
    }
    return machine;
}

/* The latest run is what is told of, unless one before it has warned of more. */
static dirql_outcome conclude(dirql_exploration *ex, dq_machine *machine, dirql_result *result,
                              bool is_cut)
{
    if (is_cut && ex->options.must_complete) {
        dirql_exploration_drop(ex);
        return dirql_explore_fail(ex, result,
                                  "a limit has cut the runs short after %" PRIu64
                                  " (option must_complete)", ex->schedules);
    }
    if (machine->findings.warnings < ex->warnings) {
        return dirql_warned_tell(ex, result);
    }
    ex->machine = NULL;
    (void)dirql_control_finish(machine, DQ_OUTCOME_PASSED, result);
    dirql_exploration_end(ex, result);
    return result->outcome;
}

/* The time was over before the run was. */
static dirql_outcome conclude_in_the_middle(dirql_exploration *ex, dq_machine *machine,
                                            dirql_result *result)
{
    if (ex->schedules == 0) {
        return dirql_explore_too_late(ex, result);
    }
    ex->options.seed -= ex->options.shards; /* Of the latest run that counts. */
    return conclude(ex, machine, result, true);
}

static dirql_outcome fail(dirql_exploration *ex, dq_machine *machine, dirql_result *result)
{
    char *schedule = dirql_control_schedule(machine);

    ex->loop = machine->loop;
    dirql_exploration_drop(ex);
    return dirql_explore_repeat(ex, schedule, 0, result);
}

dirql_outcome dirql_trials(const dirql_job *job, dirql_result *result)
{
    dirql_exploration *ex = dirql_exploration_begin(job);

    if (ex == NULL) {
        return dirql_control_refuse(result, "short of memory for the runs");
    }
    ex->draws = true;
    ex->job.searcher = NULL;
    ex->job.arena = NULL;
    ex->job.deadline_ns = job->options->runs > 1 ? ex->job.deadline_ns : 0;
    ex->is_pct = job->options->mode == DIRQL_MODE_PCT;
    ex->counts_steps = ex->is_pct;
    ex->trial = job->options->shard;
    for (;;) {
        dq_machine *machine;
        dq_outcome outcome;
        uint64_t began_ns;

        begin_trial(ex, job->options->seed);
        began_ns = host_clock_ns();
        machine = make(ex);
        if (machine == NULL) {
            return dirql_explore_fail(ex, result, "short of memory for the machine");
        }
        outcome = dq_machine_run(machine, ex->job.body, ex->job.context);
        if (outcome != DQ_OUTCOME_PASSED) {
            return fail(ex, machine, result);
        }
        if (machine->overdue) {
            ex->cut_short_ns = host_clock_ns() - began_ns;
            return conclude_in_the_middle(ex, machine, result);
        }
        dirql_exploration_note_heap(ex);
        end_trial(ex, machine);
        dirql_progress_say_runs(&ex->progress, ex->options.name, ex->schedules,
                                ex->options.runs / ex->options.shards);
        if (ex->schedules > 0 && is_over(ex)) {
            return conclude(ex, machine, result, ex->trial < ex->options.runs);
        }
        dirql_exploration_drop(ex);
    }
}
