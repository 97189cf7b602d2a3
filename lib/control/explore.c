/*
 * explore.c - one run after the other, until all schedules within the bounds were run or one failed.
 *
 * A search runs with the rules but without the history that a report draws. What failed is run once
 * more from its schedule text, with everything: that confirms it, and makes the report. A failure
 * of the test framework leaves the exploration by longjmp: it goes on, to its report only, when the framework
 * says so (dirql_abandon).
 */
#include "control/control.h"
#include "control/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/passes.h"
#include "explore/search.h"
#include "sim/text.h"

struct dirql_exploration {
    dirql_job job;
    dirql_options options;
    dq_search search;
    dq_passes passes;
    host_data *data; /* What static variables hold before each run. */
    dq_arena arena;
    uint64_t schedules; /* Different ones. */
    uint64_t schedules_before; /* This pass. */
    uint64_t began_ns;
    dirql_progress progress;
    bool is_complete;
    struct {
        uint64_t calls, time_ns;
        size_t choices;
    } first, last; /* What the first run was, and the latest one: equal, where they should be. */
    char preface[128];
};

typedef struct dirql_exploration exploration;

/* Where a run that should be the same as another is not. */
#define CAUSES                                                                               \
    "It depends on something that a schedule does not hold: the host's clock, uninitialised " \
    "memory, the order of addresses, or what an earlier run left behind."

/* ---- In words -------------------------------------------------------------------------------- */

static const char *const bound_names[DQ_BOUND_COUNT][2] = {
    [DQ_BOUND_PREEMPTION] = { "preemption", "preemptions" },
    [DQ_BOUND_INTERRUPT] = { "interrupt", "interrupts" },
    [DQ_BOUND_FAULT] = { "fault", "faults" },
};

static void add_limit(dq_text *out, const dq_bounds *bounds, dq_bound bound)
{
    const uint32_t limit = bounds->of[bound];

    if (limit == DQ_UNBOUNDED) {
        dq_text_add(out, "any %s", bound_names[bound][1]);
    } else {
        dq_text_add(out, "%s%" PRIu32 " %s", limit > 0 ? "<= " : "", limit,
                    bound_names[bound][limit != 1]);
    }
}

static void add_limits(dq_text *out, const dq_bounds *bounds)
{
    add_limit(out, bounds, DQ_BOUND_PREEMPTION);
    dq_text_add(out, ", ");
    add_limit(out, bounds, DQ_BOUND_INTERRUPT);
    dq_text_add(out, ", ");
    add_limit(out, bounds, DQ_BOUND_FAULT);
}

static void add_shard(dq_text *out, const exploration *ex)
{
    if (ex->search.shards > 1) {
        dq_text_add(out, " (shard %u of %u)", ex->search.shard, ex->search.shards);
        if (ex->search.sharing.count > 0) {
            dq_text_add(out, "; memory that only another shard finds to be shared is not branched on");
        }
    }
}

static char *coverage_of(const exploration *ex)
{
    dq_text out = { 0 };

    if (ex->is_complete) {
        dq_text_add(&out, "explored %" PRIu64 " of %" PRIu64 " schedules: complete for ",
                    ex->schedules, ex->schedules);
        add_limits(&out, &ex->passes.last);
        if (ex->passes.exhausted) {
            dq_text_add(&out, "; no bound left any out");
        }
        add_shard(&out, ex);
        return out.text;
    }
    dq_text_add(&out, "explored %" PRIu64 " schedules so far, about %.2g %% of those with ",
                ex->schedules, 100 * dq_search_share(&ex->search));
    add_limits(&out, &ex->passes.limit);
    if (ex->passes.any_done) {
        dq_text_add(&out, "; complete for ");
        add_limits(&out, &ex->passes.done);
    }
    add_shard(&out, ex);
    return out.text;
}

static void write_preface(exploration *ex, const dq_bounds *used)
{
    const uint32_t *of = used->of;
    int length = snprintf(ex->preface, sizeof(ex->preface), "schedule %" PRIu64, ex->schedules);

    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        if (bound == DQ_BOUND_FAULT && of[bound] == 0) {
            continue;
        }
        length += snprintf(ex->preface + length, sizeof(ex->preface) - (size_t)length,
                           ", %" PRIu32 " %s", of[bound], bound_names[bound][of[bound] != 1]);
    }
    snprintf(ex->preface + length, sizeof(ex->preface) - (size_t)length, ".   ");
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static uint32_t bound_of(unsigned option)
{
    return option == DIRQL_NONE ? 0 : option;
}

static bool is_static(void *owner, const void *address)
{
    return host_data_has(owner, address);
}

static exploration *begin(const dirql_job *job)
{
    exploration *ex = calloc(1, sizeof(*ex));
    dq_bounds last = { { 0 } };

    if (ex == NULL) {
        return NULL;
    }
    last.of[DQ_BOUND_PREEMPTION] = bound_of(job->options->preemptions);
    last.of[DQ_BOUND_INTERRUPT] = bound_of(job->options->interrupts);
    last.of[DQ_BOUND_FAULT] = bound_of(job->options->faults);
    ex->options = *job->options;
    ex->job = *job;
    ex->job.options = &ex->options;
    ex->began_ns = host_clock_ns();
    dirql_progress_begin(&ex->progress);
    ex->data = host_data_capture();
    if (ex->data == NULL || !dq_arena_start(&ex->arena)) {
        host_data_release(ex->data);
        free(ex);
        return NULL;
    }
    host_faults_keep();
    dq_search_start(&ex->search);
    ex->search.unreduced = job->options->unreduced != 0;
    ex->search.shards = job->options->shards;
    ex->search.shard = job->options->shard;
    ex->search.sharing.is_static = is_static;
    ex->search.sharing.owner = ex->data;
    ex->search.sharing.arena = &ex->arena;
    dq_passes_begin(&ex->passes, &last);
    dq_search_begin(&ex->search, &ex->passes.limit);
    return ex;
}

static void end(exploration *ex, dirql_result *result)
{
    if (result != NULL) {
        result->schedules = ex->schedules;
        result->complete = ex->is_complete;
        result->coverage = coverage_of(ex);
    }
    dq_search_stop(&ex->search);
    dirql_progress_end(&ex->progress);
    host_faults_let_go();
    host_data_release(ex->data);
    dq_arena_stop(&ex->arena);
    free(ex);
}

/* Fails with a text of the exploration's own. */
static dirql_outcome fail(exploration *ex, dirql_result *result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static dirql_outcome fail(exploration *ex, dirql_result *result, const char *format, ...)
{
    char text[1024];
    dq_text out = { 0 };
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    dq_text_add(&out, "explore\n  %s\n", text);
    if (result != NULL) {
        result->outcome = DIRQL_FAILED;
        result->errors = 1;
        result->report = out.text;
        result->schedule = calloc(1, 1);
    } else {
        fputs(out.text != NULL ? out.text : text, stderr);
        free(out.text);
    }
    end(ex, result);
    return DIRQL_FAILED;
}

/* ---- Pauses ---------------------------------------------------------------------------------- */

void dirql_explore_pause(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_explore_pause");

    if (machine != NULL) {
        machine->choices.paused++;
    }
}

void dirql_explore_resume(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_explore_resume");

    if (machine != NULL && machine->choices.paused == 0) {
        dirql_control_fail(machine, "dirql_explore_resume",
                           "dirql_explore_resume without a dirql_explore_pause before it");
    } else if (machine != NULL) {
        machine->choices.paused--;
    }
}

/* ---- One run --------------------------------------------------------------------------------- */

static dq_machine *make(exploration *ex)
{
    dq_machine *machine = dirql_control_make(&ex->job, &ex->search.searcher);

    host_data_restore(ex->data);
    dq_arena_rewind(&ex->arena);
    if (machine != NULL) {
        machine->options.arena = &ex->arena;
        ((dirql_control *)machine->control)->exploration = ex;
        dq_search_begin_run(&ex->search);
    }
    return machine;
}

/* A schedule belongs to one pass, and the first of all to one shard. */
static bool counts(const exploration *ex)
{
    return dq_passes_counts(&ex->passes, &ex->search.used) &&
           (ex->search.deviations > 0 || ex->search.shard == 0);
}

/* A failed schedule, once more, to see what led there. */
static dirql_outcome repeat(exploration *ex, char *schedule, uint64_t failing_errand,
                            dirql_result *result)
{
    const dq_bounds used = ex->search.used;
    dirql_outcome outcome;
    dq_machine *machine;

    if (schedule == NULL) {
        return fail(ex, result, "short of memory for the text of a failed schedule");
    }
    ex->schedules += counts(ex);
    write_preface(ex, &used);
    ex->options.mode = DIRQL_MODE_REPLAY;
    ex->options.replay = schedule;
    host_data_restore(ex->data);
    machine = dirql_control_make(&ex->job, NULL);
    if (machine == NULL) {
        free(schedule);
        return fail(ex, result, "short of memory for repeating a failed schedule");
    }
    ((dirql_control *)machine->control)->preface = ex->preface;
    machine->failing_errand = failing_errand;
    outcome = dirql_control_finish(
        machine, dq_machine_run(machine, ex->job.body, ex->job.context), result);
    if (outcome == DIRQL_PASSED) {
        dirql_result_free(result);
        outcome = fail(ex, result,
                       "schedule %" PRIu64 " failed, but passed when it was repeated (%s). " CAUSES,
                       ex->schedules, schedule);
    } else {
        end(ex, result);
    }
    free(schedule);
    return outcome;
}

static dirql_outcome report_divergence(exploration *ex, dirql_result *result)
{
    const dq_search *search = &ex->search;
    const char *service = dq_service_name((dq_service)search->expected_service);

    if (search->error == DQ_SEARCH_SHORT_OF_MEMORY) {
        return fail(ex, result, "short of memory for the log of choices, after %zu",
                    search->error_at);
    }
    return fail(ex, result,
                "the test is not deterministic: run twice with the same schedule, it went another "
                "way at choice %zu. The first time that was %s (%u options), in %s; the second time "
                "%s (%u options). " CAUSES,
                search->error_at + 1, dq_choice_meaning(search->expected.kind),
                search->expected.options, service[0] != '\0' ? service : "the test's own code",
                search->asked.options != 0 ? dq_choice_meaning(search->asked.kind)
                                           : "the end of the run",
                search->asked.options);
}

static char *schedule_of(const dq_machine *machine)
{
    const size_t bytes = dq_choice_text(machine, NULL, 0) + 1;
    char *text = malloc(bytes);

    if (text != NULL) {
        dq_choice_text(machine, text, bytes);
    }
    return text;
}

dirql_outcome dirql_explore_abandoned(dq_machine *machine, dirql_result *result)
{
    exploration *ex = ((dirql_control *)machine->control)->exploration;
    const uint64_t errands = machine->errands;
    char *schedule = schedule_of(machine);

    (void)dirql_control_finish(machine, DQ_OUTCOME_FAILED, NULL);
    if (result != NULL && ex->search.error == DQ_SEARCH_GOES_ON) {
        return repeat(ex, schedule, errands, result);
    }
    free(schedule);
    if (result != NULL) {
        return report_divergence(ex, result);
    }
    end(ex, NULL);
    return DIRQL_FAILED;
}

/* ---- All runs -------------------------------------------------------------------------------- */

static bool is_over_budget(const exploration *ex)
{
    const dirql_options *options = &ex->options;

    if (options->schedule_limit != DIRQL_NEVER && ex->schedules >= options->schedule_limit) {
        return true;
    }
    return options->time_limit_s != DIRQL_NEVER && (ex->schedules & 63) == 0 &&
           host_clock_ns() - ex->began_ns > options->time_limit_s * 1000000000ull;
}

/* Prepares the next run. False when the last pass is complete. */
static bool advance(exploration *ex)
{
    if (dq_search_is_begun_again(&ex->search)) {
        ex->schedules = ex->schedules_before;
        return true;
    }
    if (dq_search_advance(&ex->search)) {
        return true;
    }
    ex->schedules_before = ex->schedules;
    if (!dq_passes_advance(&ex->passes, ex->search.cut)) {
        ex->is_complete = true;
        return false;
    }
    dq_search_begin(&ex->search, &ex->passes.limit);
    return true;
}

static dirql_outcome conclude(exploration *ex, dirql_result *result)
{
    if (!ex->is_complete && ex->options.must_complete) {
        char *coverage = coverage_of(ex);
        dirql_outcome outcome =
            fail(ex, result, "a limit has cut the exploration short (option must_complete): %s",
                 coverage != NULL ? coverage : "");

        free(coverage);
        return outcome;
    }
    if (result != NULL) {
        result->report = calloc(1, 1);
        result->schedule = calloc(1, 1);
    }
    end(ex, result);
    return DIRQL_PASSED;
}

/* Runs the present schedule. False when the exploration has failed: then `outcome` is its. */
static bool run_one(exploration *ex, dirql_outcome *outcome, dirql_result *result)
{
    dq_machine *machine = make(ex);
    char *schedule;

    if (machine == NULL) {
        *outcome = fail(ex, result, "short of memory for the machine");
        return false;
    }
    if (dq_machine_run(machine, ex->job.body, ex->job.context) == DQ_OUTCOME_PASSED) {
        ex->last.calls = machine->progress;
        ex->last.time_ns = machine->clock.now_ns;
        ex->last.choices = ex->search.count;
        (void)dirql_control_finish(machine, DQ_OUTCOME_PASSED, NULL);
        return true;
    }
    schedule = schedule_of(machine);
    (void)dirql_control_finish(machine, DQ_OUTCOME_FAILED, NULL);
    if (ex->search.error != DQ_SEARCH_GOES_ON) {
        free(schedule);
        return true; /* It went astray: what came of it does not count. */
    }
    *outcome = repeat(ex, schedule, 0, result);
    return false;
}

/* A run must ask what the one before asked, up to the answer that is new. */
static bool has_diverged(exploration *ex)
{
    if (ex->search.error == DQ_SEARCH_GOES_ON && ex->search.at < ex->search.count) {
        ex->search.error = DQ_SEARCH_DIVERGED;
        ex->search.error_at = ex->search.at;
        ex->search.asked = (dq_choice){ 0 };
    }
    return ex->search.error != DQ_SEARCH_GOES_ON;
}

/* The first schedule is run twice: a test that is not deterministic shows in that. */
static bool is_same_twice(const exploration *ex)
{
    return ex->first.calls == ex->last.calls && ex->first.time_ns == ex->last.time_ns &&
           ex->first.choices == ex->last.choices;
}

static dirql_outcome report_difference(exploration *ex, dirql_result *result)
{
    return fail(ex, result,
                "the test is not deterministic: its first run made %" PRIu64
                " steps and asked for %zu choices, the second one, with the same answers, %" PRIu64
                " and %zu (virtual time %" PRIu64 " and %" PRIu64 " ns). " CAUSES,
                ex->first.calls, ex->first.choices, ex->last.calls, ex->last.choices,
                ex->first.time_ns, ex->last.time_ns);
}

dirql_outcome dirql_explore(const dirql_job *job, dirql_result *result)
{
    exploration *ex = begin(job);
    dirql_result ignored = { .outcome = DIRQL_PASSED };
    dirql_outcome outcome;

    result = result != NULL ? result : &ignored;
    if (ex == NULL) {
        return dirql_control_refuse(result, "short of memory for the exploration");
    }
    for (unsigned runs = 0;;) {
        if (!run_one(ex, &outcome, result)) {
            return outcome;
        }
        if (has_diverged(ex)) {
            return report_divergence(ex, result);
        }
        if (runs == 0) {
            ex->first = ex->last;
            runs = dq_search_is_begun_again(&ex->search) ? 0 : 1; /* Else it asks for more. */
            continue;
        }
        if (runs == 1 && !is_same_twice(ex)) {
            return report_difference(ex, result);
        }
        runs = 2;
        ex->schedules += counts(ex);
        dirql_progress_say(&ex->progress, ex->options.name, ex->schedules,
                           dq_search_share(&ex->search));
        if (!advance(ex) || is_over_budget(ex)) {
            return conclude(ex, result);
        }
    }
}
