/*
 * exploration.c - the beginning and the end of an exploration.
 */
#include "control/exploration.h"
#include "control/resume.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/instrumented.h"

static uint32_t bound_of(unsigned option)
{
    return option == DIRQL_NONE ? 0 : option;
}

static bool is_static(void *owner, const void *address)
{
    return host_data_has(owner, address);
}

static void look_at_test(dirql_exploration *ex)
{
    dq_searcher *searcher = &ex->search.searcher;
    const void *routine = ex->job.options->routine != NULL ? ex->job.options->routine
                                                           : (void *)(uintptr_t)ex->job.body;

    searcher->hears = dq_access_instrumented(routine);
    if (!searcher->hears) {
        searcher->noticed = DQ_NOTICE_UNSEEN;
        searcher->unseen_at = routine;
    }
}

dirql_exploration *dirql_exploration_begin(const dirql_job *job)
{
    dirql_exploration *ex = calloc(1, sizeof(*ex));
    dq_bounds last = { { 0 } };

    if (ex == NULL) {
        return NULL;
    }
    last.of[DQ_BOUND_PREEMPTION] = bound_of(job->options->preemptions);
    last.of[DQ_BOUND_INTERRUPT] = bound_of(job->options->interrupts);
    last.of[DQ_BOUND_FAULT] = bound_of(job->options->faults);
    last.of[DQ_BOUND_DELAY] = bound_of(job->options->delays);
    ex->options = *job->options;
    ex->job = *job;
    ex->job.options = &ex->options;
    ex->began_ns = host_clock_ns();
    if (ex->options.time_limit_s != DIRQL_NEVER) {
        ex->job.deadline_ns = ex->began_ns + ex->options.time_limit_s * 1000000000ull;
    }
    dirql_progress_begin(&ex->progress);
    ex->data = host_data_capture();
    if (ex->data == NULL || !dq_arena_start(&ex->arena)) {
        host_data_release(ex->data);
        free(ex);
        return NULL;
    }
    host_faults_keep();
    dq_search_start(&ex->search);
    ex->job.put_back = ex->put_back;
    host_abort_explain(ex->put_back);
    ex->job.searcher = &ex->search.searcher;
    ex->job.arena = &ex->arena;
    /* What is shared is found out by running, and a shard does not run everything: all of them
     * branch on the same only if they branch everywhere. */
    ex->search.searcher.unreduced = job->options->unreduced != 0 || job->options->shards > 1;
    ex->search.searcher.exhaustive = job->options->unreduced != 0;
    ex->search.shards = job->options->shards;
    ex->search.shard = job->options->shard;
    ex->search.sharing.is_static = is_static;
    ex->search.sharing.owner = ex->data;
    ex->search.sharing.arena = &ex->arena;
    look_at_test(ex);
    dq_passes_begin(&ex->passes, &last);
    ex->search.last = last;
    dq_search_begin(&ex->search, &ex->passes.limit);
    return ex;
}

void dirql_exploration_put_back(dirql_exploration *ex)
{
    ex->has_put_back = true;
    host_data_restore(ex->data);
}

/* One that was made again, to tell of it, is one. */
static bool is_single_run(const dirql_exploration *ex)
{
    return ex->draws && ex->options.runs <= 1;
}

/* What comes next shall not depend on which run was the last. The result may itself be a static
 * variable; and a module that is gone has no variables any more. */
static void put_back_at_end(dirql_exploration *ex, dirql_result *result)
{
    dirql_result kept = { .outcome = DIRQL_PASSED };
    char what[160];

    if (!ex->has_put_back || is_single_run(ex) ||
        host_data_is_stale(ex->data, what, sizeof(what))) {
        return;
    }
    if (result != NULL) {
        kept = *result;
    }
    host_data_restore(ex->data);
    if (result != NULL) {
        *result = kept;
    }
}

void dirql_exploration_end(dirql_exploration *ex, dirql_result *result)
{
    dirql_exploration_drop(ex);
    put_back_at_end(ex, result);
    if (result != NULL) {
        result->schedules = ex->schedules;
        result->complete = ex->is_complete;
        result->coverage = dirql_coverage(ex);
    }
    dq_search_stop(&ex->search);
    dirql_progress_end(&ex->progress);
    host_faults_let_go();
    host_abort_explain(NULL);
    dirql_resume_end(ex);
    free(ex->warned);
    host_data_release(ex->data);
    dq_arena_stop(&ex->arena);
    free(ex);
}

void dirql_exploration_drop(dirql_exploration *ex)
{
    if (ex->machine != NULL) {
        (void)dirql_control_finish(ex->machine, DQ_OUTCOME_PASSED, NULL);
        ex->machine = NULL;
    }
}

/* What a run has freed is freed in the next one, too. */
void dirql_exploration_note_heap(dirql_exploration *ex)
{
    host_symbol symbol = { .function = "" };
    const void *loose;
    bool is_named;

    if (ex->put_back[0] != '\0') {
        return;
    }
    loose = host_data_find_loose(ex->data);
    is_named = loose != NULL && host_symbol_find_data(loose, &symbol);
    snprintf(ex->put_back, sizeof(ex->put_back),
             "Static variables are put back before each run, memory of malloc() is not: what a run "
             "has freed is freed in the next. %s%s%sAllocate it in the setup and free it in the "
             "teardown, which are parts of each run, or declare its pointer with DIRQL_KEEP.",
             is_named ? "`" : "", is_named ? symbol.function : "",
             is_named ? "` pointed to such memory, and no more after the first run. " : "");
}

bool dirql_exploration_counts(const dirql_exploration *ex)
{
    if (ex->draws) {
        return true;
    }
    if (ex->search.has_met) {
        return false;
    }
    return dq_passes_counts(&ex->passes, &ex->search.used) && dq_shard_counts(&ex->search);
}
