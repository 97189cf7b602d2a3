/*
 * explore.c - one run after the other, until all schedules within the bounds were run or one fails.
 *
 * A search runs with the rules but without the history that a report draws. What failed is run once
 * more from its schedule text, with everything: that confirms it, and makes the report. A failure
 * of the test framework leaves the exploration by longjmp: it goes on, to its report only, when the
 * framework says so (dirql_abandon).
 */
#include "control/exploration.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/resume.h"

#include "sim/rewind.h"

/* ---- One run --------------------------------------------------------------------------------- */

/* The machine of the run before, where it can be put back; else another. */
static dq_machine *ready_machine(dirql_exploration *ex)
{
    if (ex->machine != NULL && !dq_machine_rewind(ex->machine)) {
        dirql_exploration_drop(ex);
    }
    if (ex->machine == NULL) {
        dq_arena_clear(&ex->arena);
        ex->machine = dirql_control_make(&ex->job);
        if (ex->machine != NULL) {
            ((dirql_control *)ex->machine->control)->exploration = ex;
        }
    }
    dirql_exploration_put_back(ex);
    dq_search_begin_run(&ex->search);
    return ex->machine;
}

/* ---- All runs -------------------------------------------------------------------------------- */

static bool is_at_schedule_limit(const dirql_exploration *ex)
{
    const unsigned limit = ex->options.schedule_limit;

    return limit != DIRQL_NEVER && ex->schedules >= ex->schedules_resumed + limit;
}

static bool is_over_budget(const dirql_exploration *ex)
{
    if (is_at_schedule_limit(ex)) {
        return true;
    }
    return ex->job.deadline_ns != 0 && (ex->runs & 63) == 0 &&
           host_clock_ns() > ex->job.deadline_ns;
}

/* Prepares the next run. False when the last pass is complete. */
static bool advance(dirql_exploration *ex)
{
    if (dq_search_is_begun_again(&ex->search)) {
        ex->schedules = ex->schedules_before;
        return true;
    }
    if (dq_search_advance(&ex->search)) {
        return true;
    }
    ex->schedules_before = ex->schedules;
    ex->passes_made++;
    do {
        if (!dq_passes_advance(&ex->passes, ex->search.cut)) {
            ex->is_complete = !ex->search.left_rest;
            return false;
        }
    } while (!dq_search_go_on(&ex->search, &ex->passes.limit));
    (void)dirql_resume_write(ex, ex->complaint, sizeof(ex->complaint)); /* And at the end again. */
    return true;
}

/* Where the pass that is cut cannot go on in another process, and is all that this one has made,
 * the next would do the same again. */
static bool gets_nowhere(const dirql_exploration *ex)
{
    return ex->options.resume != NULL && !ex->is_complete && !ex->search.is_laid_down &&
           ex->passes_made == 0;
}

static void lay_down(dirql_exploration *ex)
{
    if (ex->options.resume != NULL && !ex->is_complete && ex->is_begun &&
        dirql_resume_knows_ways(&ex->search)) {
        ex->share = dq_search_share(&ex->search);
        (void)dq_search_lay_down(&ex->search);
    }
}

static dirql_outcome conclude(dirql_exploration *ex, dirql_result *result)
{
    lay_down(ex);
    if (!dirql_resume_write(ex, ex->complaint, sizeof(ex->complaint))) {
        return dirql_explore_fail(ex, result, "%s", ex->complaint);
    }
    if (!ex->is_begun) {
        return dirql_explore_too_late(ex, result);
    }
    if (!ex->is_complete && ex->options.must_complete) {
        char *coverage = dirql_coverage(ex);
        dirql_outcome outcome = dirql_explore_fail(
            ex, result, "a limit has cut the exploration short (option must_complete): %s",
            coverage != NULL ? coverage : "");

        free(coverage);
        return outcome;
    }
    if (gets_nowhere(ex) && is_at_schedule_limit(ex)) {
        return dirql_explore_fail(
            ex, result,
            "option schedule_limit (%u) gets nowhere with option resume: a reduced search goes on "
            "at the beginning of the pass that was cut, and this pass has more schedules. Make it "
            "larger (or use `unreduced`, which goes on anywhere, and has more to run).",
            ex->options.schedule_limit);
    }
    return dirql_warned_tell(ex, result);
}

/* After the first run: what it has loaded shows in the next. */
static bool is_stale(dirql_exploration *ex, dirql_outcome *outcome, dirql_result *result)
{
    char what[160];

    if (ex->is_begun || !host_data_is_stale(ex->data, what, sizeof(what))) {
        return false;
    }
    dirql_exploration_drop(ex);
    *outcome = dirql_explore_fail(
        ex, result,
        "the test has %s, so static variables cannot be put back before each schedule. Load what "
        "it needs before it begins (in main() or a group setup), or unload at its end what it has "
        "loaded.",
        what);
    return true;
}

/* Runs the present schedule. False when the exploration has failed: then `outcome` is its. */
static bool run_one(dirql_exploration *ex, dirql_outcome *outcome, dirql_result *result)
{
    dq_machine *machine = ready_machine(ex);
    const uint64_t began_ns = ex->job.deadline_ns != 0 ? host_clock_ns() : 0;
    uint64_t calls;
    char *schedule;

    if (machine == NULL) {
        *outcome = dirql_explore_fail(ex, result, "short of memory for the machine");
        return false;
    }
    calls = machine->progress;
    ex->runs++;
    if (dq_machine_run(machine, ex->job.body, ex->job.context) == DQ_OUTCOME_PASSED) {
        if (is_stale(ex, outcome, result)) {
            return false;
        }
        dirql_exploration_note_heap(ex);
        ex->last.calls = machine->progress - calls;
        ex->last.time_ns = machine->clock.now_ns;
        ex->last.choices = ex->search.count;
        ex->cut_short_ns = machine->overdue ? host_clock_ns() - began_ns : 0;
        ex->is_begun = ex->is_begun || !machine->overdue;
        if (!machine->overdue) {
            dirql_warned_hear(ex, machine);
        }
        return true;
    }
    schedule = dirql_control_schedule(machine);
    ex->loop = machine->loop;
    dirql_exploration_drop(ex);
    if (ex->search.error != DQ_SEARCH_GOES_ON) {
        free(schedule);
        return true; /* It went astray: what came of it does not count. */
    }
    *outcome = dirql_explore_repeat(ex, schedule, 0, result);
    return false;
}

/* The first schedule is run twice: a test that is not deterministic shows in that. */
static bool is_same_twice(const dirql_exploration *ex)
{
    return ex->first.calls == ex->last.calls && ex->first.time_ns == ex->last.time_ns &&
           ex->first.choices == ex->last.choices;
}

dirql_outcome dirql_explore(const dirql_job *job, dirql_result *result)
{
    dirql_exploration *ex = dirql_exploration_begin(job);
    char error[sizeof(ex->complaint)];
    dirql_outcome outcome;

    if (ex == NULL) {
        return dirql_control_refuse(result, "short of memory for the exploration");
    }
    if (!dirql_resume_begin(ex, ex->complaint, sizeof(ex->complaint))) {
        snprintf(error, sizeof(error), "%s", ex->complaint);
        dirql_exploration_end(ex, NULL);
        return dirql_control_refuse(result, error);
    }
    for (unsigned runs = 0;;) {
        if (!run_one(ex, &outcome, result)) {
            return outcome;
        }
        if (ex->cut_short_ns != 0) {
            return conclude(ex, result);
        }
        if (dq_search_has_diverged(&ex->search)) {
            return dirql_explore_diverged(ex, result);
        }
        if (runs == 0) {
            ex->first = ex->last;
            runs = dq_search_is_begun_again(&ex->search) ? 0 : 1; /* Else it asks for more. */
            continue;
        }
        if (runs == 1 && !is_same_twice(ex)) {
            return dirql_explore_differs(ex, result);
        }
        runs = 2;
        ex->schedules += dirql_exploration_counts(ex);
        if (dirql_progress_is_due(&ex->progress)) {
            dirql_progress_say(&ex->progress, ex->options.name, ex->schedules,
                               dq_search_share(&ex->search));
        }
        if (!advance(ex) || is_over_budget(ex)) {
            return conclude(ex, result);
        }
    }
}
