/*
 * exploreresult.c - why an exploration has failed: a schedule, run once more, or a test that cannot
 * be explored.
 */
#include "control/exploration.h"
#include "control/reportfile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/text.h"

/* Where a run that should be the same as another is not. */
#define CAUSES                                                                               \
    "It depends on something that a schedule does not hold: the host's clock, uninitialised " \
    "memory, the order of addresses, or what an earlier run left behind."

dirql_outcome dirql_explore_fail(dirql_exploration *ex, dirql_result *result, const char *format,
                                 ...)
{
    char text[1024];
    dq_text out = { 0 };
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    dq_text_add(&out, "explore\n  %s%s\n", text,
                ex->machine != NULL && ex->machine->overdue_state != NULL
                    ? ex->machine->overdue_state : "");
    if (result != NULL) {
        result->outcome = DIRQL_FAILED;
        result->errors = 1;
        result->report = out.text;
        result->schedule = calloc(1, 1);
    } else {
        fputs(out.text != NULL ? out.text : text, stderr);
        free(out.text);
    }
    dirql_exploration_end(ex, result);
    return DIRQL_FAILED;
}

/* Takes the shorter schedule in place of the one that was found. */
static void make_shorter(dirql_exploration *ex, char **schedule, uint64_t *failing_errand)
{
    const dq_bounds used = ex->search.used;
    const unsigned runs = ex->options.shorten_limit;
    dirql_shortened shortened = { .schedule = NULL };

    if (ex->loop.found) {
        dirql_shorten_loop(&ex->job, ex->data, schedule);
        dirql_coverage_preface(ex, &used, NULL);
        return;
    }
    if (runs == DIRQL_NONE || !dirql_shorten(&ex->job, ex->data, *schedule, runs, &shortened)) {
        dirql_coverage_preface(ex, &used, NULL);
        return;
    }
    dirql_coverage_preface(ex, &used, &shortened);
    free(*schedule);
    *schedule = shortened.schedule;
    *failing_errand = shortened.failing_errand;
}

dq_machine *dirql_explore_again(dirql_exploration *ex, const char *schedule)
{
    ex->options.mode = DIRQL_MODE_REPLAY;
    ex->options.replay = schedule;
    ex->job.deadline_ns = 0;
    ex->job.searcher = NULL;
    ex->job.arena = NULL;
    dirql_exploration_put_back(ex);
    return dirql_control_make(&ex->job);
}

dirql_outcome dirql_explore_repeat(dirql_exploration *ex, char *schedule, uint64_t failing_errand,
                                   dirql_result *result)
{
    dirql_outcome outcome;
    dq_machine *machine;

    if (schedule == NULL) {
        return dirql_explore_fail(ex, result, "short of memory for the text of a failed schedule");
    }
    ex->schedules += dirql_exploration_counts(ex);
    ex->job.deadline_ns = 0;
    ex->job.loops_since = ex->loop.found ? &ex->loop.since : NULL;
    ex->job.stalls = ex->loop.stalled;
    make_shorter(ex, &schedule, &failing_errand);
    machine = dirql_explore_again(ex, schedule);
    if (machine == NULL) {
        free(schedule);
        return dirql_explore_fail(ex, result, "short of memory for repeating a failed schedule");
    }
    ((dirql_control *)machine->control)->preface = ex->preface;
    machine->failing_errand = failing_errand;
    machine->failing_place = failing_errand != 0 ? dirql_report_blamed() : NULL;
    outcome = dirql_control_finish(
        machine, dq_machine_run(machine, ex->job.body, ex->job.context), result);
    if (outcome == DIRQL_PASSED) {
        dirql_result_free(result);
        outcome = dirql_explore_fail(
            ex, result,
            "schedule %" PRIu64 " failed, but passed when it was repeated (%s). " CAUSES " %s",
            ex->schedules, schedule, ex->put_back);
    } else if (outcome == DIRQL_REFUSED) {
        dirql_result_free(result);
        outcome = dirql_explore_fail(
            ex, result,
            "schedule %" PRIu64 " failed, and could not be repeated: the test has damaged what "
            "dirql kept of it in memory of malloc(). %s",
            ex->schedules, ex->put_back);
        schedule = NULL; /* The library would not take it. */
    } else {
        dirql_exploration_end(ex, result);
    }
    free(schedule);
    return outcome;
}

dirql_outcome dirql_explore_too_late(dirql_exploration *ex, dirql_result *result)
{
    return dirql_explore_fail(
        ex, result,
        "option time_limit_s (%u s) was over before the first run had ended, after %" PRIu64
        " ms of it. Either it never ends, which option watchdog_ms (%u ms) tells, with a factor of "
        "%u for a loop that calls services; or it needs a larger time_limit_s.",
        ex->options.time_limit_s, ex->cut_short_ns / 1000000u, ex->options.watchdog_ms,
        HOST_WATCH_LOOP_LIMITS);
}

static void describe_choice(const dq_choice *choice, char *text, size_t bytes)
{
    if (choice->options == 0) {
        snprintf(text, bytes, "the end of the run");
    } else {
        snprintf(text, bytes, "%s (%u options)", dq_choice_meaning(choice->kind), choice->options);
    }
}

dirql_outcome dirql_explore_diverged(dirql_exploration *ex, dirql_result *result)
{
    const dq_search *search = &ex->search;
    const char *service = dq_service_name((dq_service)search->expected_service);
    char first[96], second[96];

    if (search->error == DQ_SEARCH_SHORT_OF_MEMORY) {
        return dirql_explore_fail(ex, result, "short of memory for the log of choices, after %zu",
                                  search->error_at);
    }
    describe_choice(&search->expected, first, sizeof(first));
    describe_choice(&search->asked, second, sizeof(second));
    return dirql_explore_fail(
        ex, result,
        "the test is not deterministic: run twice with the same schedule, it went another way at "
        "choice %zu. The first time that was %s, in %s; the second time %s. " CAUSES,
        search->error_at + 1, first, service[0] != '\0' ? service : "the test's own code", second);
}

dirql_outcome dirql_explore_abandoned(dq_machine *machine, dirql_result *result)
{
    dirql_exploration *ex = ((dirql_control *)machine->control)->exploration;
    const uint64_t errands = machine->errands;
    char *schedule = dirql_control_schedule(machine);

    dirql_exploration_drop(ex);
    if (result != NULL && ex->search.error == DQ_SEARCH_GOES_ON) {
        return dirql_explore_repeat(ex, schedule, errands, result);
    }
    free(schedule);
    if (result != NULL) {
        return dirql_explore_diverged(ex, result);
    }
    dirql_exploration_end(ex, NULL);
    return DIRQL_FAILED;
}

dirql_outcome dirql_explore_differs(dirql_exploration *ex, dirql_result *result)
{
    return dirql_explore_fail(
        ex, result,
        "the test is not deterministic: its first run made %" PRIu64
        " steps and asked for %zu choices, the second one, with the same answers, %" PRIu64
        " and %zu (virtual time %" PRIu64 " and %" PRIu64 " ns). " CAUSES,
        ex->first.calls, ex->first.choices, ex->last.calls, ex->last.choices, ex->first.time_ns,
        ex->last.time_ns);
}
