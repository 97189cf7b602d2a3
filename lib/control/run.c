/*
 * run.c - one run, and what came of it.
 */
#include "control/control.h"
#include "control/reportfile.h"

#include "check/report.h"
#include "ke/ki.h"
#include "host/file.h"
#include "sim/order.h"
#include "trace/recorder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *dirql_version(void)
{
    return DIRQL_VERSION;
}

/* ---- Helpers for the whole control API ------------------------------------------------------- */

dq_machine *dirql_control_machine(const char *function)
{
    dq_machine *machine = dq_self->machine != NULL ? dq_self->machine : dq_machine_here();

    if (machine == NULL) {
        dq_refuse_foreign(function);
    } else if (dq_self->machine == machine) {
        dq_order_step_general(machine, dq_self->execution);
    }
    return machine;
}

void dirql_control_fail(dq_machine *machine, const char *rule, const char *format, ...)
{
    dq_processor *cpu = dirql_control_cpu();
    char text[DQ_FINDING_TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (cpu != NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = rule }, "%s", text);
    } else {
        dq_find_outside(machine, rule, "%s", text);
    }
}

/* ---- Ending a machine ------------------------------------------------------------------------ */

/* Behind the run: `is_told` if somebody looks at what the machine found. */
static void complain_of_trace(dq_machine *machine, bool is_told)
{
    const char *path = ((const dirql_control *)machine->control)->trace_path;

    if (is_told) {
        dq_find_outside(machine, "trace", "the trace could not be written to %s", path);
    } else {
        fprintf(stderr, "dirql: the trace could not be written to %s\n", path);
    }
}

static void write_trace(dq_machine *machine, bool is_told)
{
    dirql_control *control = machine->control;
    bool written;
    char *text;
    FILE *file;

    if (control->trace_path == NULL) {
        return;
    }
    text = dq_recorder_text(control->recorder);
    file = fopen(control->trace_path, "w");
    written = file != NULL && text != NULL && fputs(text, file) >= 0;
    if ((file != NULL && fclose(file) != 0) || !written) {
        complain_of_trace(machine, is_told);
    }
    free(text);
}

/* With the first run that writes it: who stops the process in a run shall not find there what an
 * earlier process has left. */
static void empty_trace(const char *path)
{
    static HOST_KEPT char emptied[1024]; /* Guarded by host_lock(). */
    char ignored[128];
    bool is_new;

    if (path == NULL || !host_file_exists(path) || host_file_is_stream(path)) {
        return;
    }
    host_lock();
    is_new = strncmp(emptied, path, sizeof(emptied) - 1) != 0;
    snprintf(emptied, sizeof(emptied), "%s", path);
    host_unlock();
    if (is_new) {
        (void)host_file_replace(path, "", 0, ignored, sizeof(ignored));
    }
}

char *dirql_control_schedule(const dq_machine *machine)
{
    const size_t length = dq_choice_text(machine, NULL, 0);
    char *text = malloc(length + 1);

    if (text != NULL) {
        dq_choice_text(machine, text, length + 1);
    }
    return text;
}

static char *failure_of(const dq_machine *machine)
{
    enum { FAILURE_TEXT = 512 };
    char *text = machine->failing.failed > 0 ? malloc(FAILURE_TEXT) : NULL;

    if (text != NULL) {
        dq_fail_describe(machine, text, FAILURE_TEXT);
    }
    return text;
}

static void summarise(dq_machine *machine, dq_outcome outcome, dirql_result *result)
{
    result->outcome = (dirql_outcome)outcome;
    result->errors = machine->findings.errors;
    result->warnings = machine->findings.warnings;
    result->virtual_ns = machine->clock.now_ns;
    result->interrupts = machine->counted_interrupts;
    result->dpcs = machine->counted_dpcs;
    result->worst_latency_ns = machine->worst_latency_ns;
    result->events = machine->event_sequence;
    result->schedule = dirql_control_schedule(machine);
    result->runs = 1;
    result->failed = machine->failing.failed;
    result->failure = failure_of(machine);
    for (const dq_finding *f = machine->findings.first; f != NULL; f = f->next) {
        if (f->severity == DQ_ERROR && !f->expected) {
            result->code = f->code;
            memcpy(result->parameters, f->parameters, sizeof(result->parameters));
            break;
        }
    }
    if (outcome != DQ_OUTCOME_REFUSED) {
        result->repeat = dirql_control_how_to_repeat(machine, result->schedule);
    }
    result->report = dq_report_make(machine, result->repeat);
}

dirql_outcome dirql_control_finish(dq_machine *machine, dq_outcome outcome, dirql_result *result)
{
    dirql_control *control = machine->control;
    dq_arena *arena = machine->options.arena;

    dirql_control_count(-1);
    write_trace(machine, result != NULL);
    if (machine->findings.errors > 0 && outcome == DQ_OUTCOME_PASSED) {
        outcome = DQ_OUTCOME_FAILED;
    }
    if (result != NULL) {
        summarise(machine, outcome, result);
        dirql_report_take(machine, outcome, result);
    }
    dq_machine_destroy(machine);
    dq_arena_give(arena, control);
    return (dirql_outcome)outcome;
}

/* ---- Running --------------------------------------------------------------------------------- */

static char *copy_of(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    return copy != NULL ? strcpy(copy, text) : NULL;
}

dirql_outcome dirql_control_refuse(dirql_result *result, const char *error)
{
    char text[1024];

    snprintf(text, sizeof(text), "dirql: the run was refused: %s\n", error);
    if (result != NULL) {
        result->outcome = DIRQL_REFUSED;
        result->errors = 1;
        result->report = copy_of(text);
        result->schedule = copy_of("");
    } else {
        fputs(text, stderr);
    }
    return DIRQL_REFUSED;
}

/* A test framework may have left a run by a longjmp out of an errand and not have told: then the
 * stack frame of that run is gone, which shows in that the caller's own frame lies above it. */
static void abandon_what_was_left(const void *frame)
{
    dq_machine *machine = dq_machine_here();
    dirql_result result;

    if (machine == NULL || dq_self->machine != NULL ||
        (uintptr_t)frame < (uintptr_t)machine->home_frame) {
        return;
    }
    dirql_abandon(&result);
    fputs(result.report, stderr);
    dirql_result_free(&result);
}

static dirql_outcome run_once(const dirql_job *job, dirql_result *result)
{
    dq_machine *machine = dirql_control_make(job);

    if (machine == NULL) {
        return dirql_control_refuse(result, "short of memory for the machine");
    }
    return dirql_control_finish(machine, dq_machine_run(machine, job->body, job->context), result);
}

/* In runs that can be repeated, at least to make them shorter. */
static bool is_drawn(const dirql_options *options)
{
    return options->mode == DIRQL_MODE_PCT ||
           (options->mode == DIRQL_MODE_RANDOM &&
            (options->runs > 1 || options->shorten_limit != DIRQL_NONE));
}

/* For a report file somebody must read the result. */
static dirql_outcome run_and_report(const dirql_job *job, const char *error, dirql_result *result)
{
    const bool reports = dirql_report_begin(job->options, job->body);
    const bool is_read = reports || job->options->runs > 1 ||
                         job->options->mode == DIRQL_MODE_PCT ||
                         job->options->mode == DIRQL_MODE_EXPLORE;
    dirql_result own = { .outcome = DIRQL_PASSED };
    dirql_result *told = result != NULL || !is_read ? result : &own;
    dirql_outcome outcome;

    empty_trace(error == NULL ? job->options->trace : NULL);
    if (error != NULL) {
        outcome = dirql_control_refuse(told, error);
    } else if (job->options->mode == DIRQL_MODE_EXPLORE) {
        outcome = dirql_explore(job, told);
    } else if (told != NULL && is_drawn(job->options)) {
        outcome = dirql_trials(job, told);
    } else {
        outcome = run_once(job, told);
    }
    outcome = dirql_report_end(outcome, told, result != NULL);
    if (told == &own && outcome == DIRQL_REFUSED) {
        fputs(own.report, stderr);
    }
    dirql_result_free(&own);
    return outcome;
}

dirql_outcome dirql_run(const dirql_options *options, void (*body)(void *context), void *context,
                        dirql_result *result)
{
    dirql_options resolved;
    char error[384];
    bool is_good;

    if (result != NULL) {
        *result = (dirql_result){ .outcome = DIRQL_PASSED };
    }
    abandon_what_was_left(__builtin_frame_address(0));
    if (body == NULL) {
        return dirql_control_refuse(result, "body is NULL; there is nothing to run");
    }
    if (dq_machine_here() != NULL || dq_self->machine != NULL) {
        return dirql_control_refuse(result,
                      "a machine is running on this host thread already. Machines do not nest; "
                      "another host thread can run another one. (A run that was left by a longjmp "
                      "is over with dirql_abandon().)");
    }
    is_good = dirql_options_resolve(options, &resolved, error, sizeof(error));
    const dirql_job job = { .options = &resolved,
                            .body = body,
                            .context = context,
                            .frame = __builtin_frame_address(0) };

    return run_and_report(&job, is_good ? NULL : error, result);
}

/* dq_self does not tell: it stays when simulated code is left by a longjmp. */
static bool is_simulated_frame(const dq_machine *machine, const void *frame)
{
    for (const dq_task *task = machine->tasks; task != NULL; task = task->next) {
        if ((uintptr_t)frame - (uintptr_t)task->context.stack < task->context.stack_bytes) {
            return true;
        }
    }
    return false;
}

static void refuse_to_abandon(dq_machine *machine, const void *place)
{
    DIRQL_INSIDE_FROM(place);

    dirql_control_fail(machine, "dirql_abandon",
                       "dirql_abandon was called by simulated code, inside the run. It is for the "
                       "one who called dirql_run(), after a longjmp out of the run.");
}

dirql_outcome dirql_abandon(dirql_result *result)
{
    dq_machine *machine = dq_machine_here();
    dirql_outcome outcome;

    if (result != NULL) {
        *result = (dirql_result){ .outcome = DIRQL_PASSED };
    }
    if (machine == NULL && dq_self->machine == NULL) {
        return DIRQL_PASSED;
    }
    /* In mode live, simulated code has a host thread of its own, which is no run's home. */
    if (machine == NULL || is_simulated_frame(machine, __builtin_frame_address(0))) {
        refuse_to_abandon(dq_self->machine, __builtin_return_address(0));
        return DIRQL_FAILED;
    }
    machine->abandoned = true;
    /* An exploration makes the run once more, and fails it at the place. */
    if (result != NULL && ((dirql_control *)machine->control)->exploration == NULL &&
        dirql_report_blamed() != NULL) {
        dq_machine_left_by_errand(machine, dirql_report_blamed());
    }
    dq_machine_stop(machine);
    outcome = ((dirql_control *)machine->control)->exploration != NULL ?
                  dirql_explore_abandoned(machine, result) :
                  dirql_control_finish(machine, DQ_OUTCOME_FAILED, result);
    return dirql_report_end(outcome, result, result != NULL);
}

void dirql_result_free(dirql_result *result)
{
    if (result == NULL) {
        return;
    }
    free(result->report);
    free(result->schedule);
    free(result->repeat);
    free(result->coverage);
    free(result->failure);
    result->report = NULL;
    result->schedule = NULL;
    result->repeat = NULL;
    result->coverage = NULL;
    result->failure = NULL;
}

static void run_at_home(void (*errand)(void *argument), void *argument, dirql_ending ending,
                        const void *foretold, const void *place)
{
    if (errand != NULL) {
        dq_at_home_foretold(errand, argument, (dq_ending)ending, foretold);
    } else {
        DIRQL_INSIDE_FROM(place);
        dq_machine *machine = dirql_control_machine("dirql_at_home");

        if (machine != NULL) {
            dirql_control_fail(machine, "dirql_at_home", "dirql_at_home: `errand` is NULL");
        }
    }
}

void dirql_at_home(void (*errand)(void *argument), void *argument)
{
    run_at_home(errand, argument, DIRQL_ENDING_UNKNOWN, NULL, __builtin_return_address(0));
}

void dirql_at_home_foretold(void (*errand)(void *argument), void *argument, dirql_ending ending,
                            const void *place)
{
    run_at_home(errand, argument, ending, place, __builtin_return_address(0));
}

void dirql_fail(const char *file, int line, const char *text)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_fail");

    if (machine != NULL) {
        dirql_control_fail(machine, "assertion", "%s:%d: %s", file != NULL ? file : "?", line,
                           text != NULL ? text : "dirql_fail() without a text");
    }
}

int dirql_running(void)
{
    return dq_machine_here() != NULL || dq_self->machine != NULL;
}

unsigned dirql_choose(unsigned count)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_choose");

    if (machine == NULL) {
        return 0;
    }
    if (count == 0 || count > 64) {
        dirql_control_fail(machine, "dirql_choose",
                           "dirql_choose(%u): a choice has 1 to 64 options", count);
        return 0;
    }
    return dq_choose(dq_self, DQ_CHOICE_TEST, count);
}
