/*
 * make.c - the machine of a run: joins it with the kernel, the checkers and the recorder.
 */
#include "control/control.h"
#include "control/environment.h"

#include "check/contract.h"
#include "check/history.h"
#include "check/race.h"
#include "ex/pool.h"
#include "io/memoryname.h"
#include "ke/ki.h"
#include "trace/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- Options --------------------------------------------------------------------------------- */

/* Of what must be equal for a schedule text to make sense: the test and the shape
 * of its machine. */
static uint64_t fingerprint(const dirql_options *options)
{
    uint64_t hash = 0xCBF29CE484222325u;
    char text[160];

    snprintf(text, sizeof(text), "%s/%u/%u/%s", options->name, options->processors,
             options->access_cost_ns, DIRQL_VERSION);
    for (const char *at = text; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 0x100000001B3u;
    }
    return hash ^ (hash >> 32) ^ (hash >> 16);
}

static uint64_t scaled(unsigned value, uint64_t unit_ns)
{
    return value == DIRQL_NEVER ? 0 : value * unit_ns;
}

static dq_machine_options machine_options(const dirql_options *options)
{
    static const dq_mode modes[] = { DQ_MODE_FIRST,  DQ_MODE_FIRST, DQ_MODE_RANDOM,
                                     DQ_MODE_REPLAY, DQ_MODE_LIVE,  DQ_MODE_EXPLORE, DQ_MODE_PCT };
    static const dq_special_pool special_pools[] = { DQ_SPECIAL_OFF, DQ_SPECIAL_OFF,
                                                     DQ_SPECIAL_OVERRUNS, DQ_SPECIAL_UNDERRUNS };

    return (dq_machine_options){
        .name = options->name,
        .processors = options->processors,
        .mode = modes[options->mode],
        .seed = options->seed,
        .pct_depth = options->pct_depth,
        .replay = options->replay,
        .stack_bytes = options->stack_bytes,
        .access_cost_ns = options->access_cost_ns,
        .watchdog_ns = scaled(options->watchdog_ms, 1000000u),
        .busy_limit_ns = scaled(options->busy_limit_s, 1000000000u),
        .storm_limit = options->storm_limit,
        .fingerprint = fingerprint(options),
        .clock_percent = options->clock_percent,
        .special_pool = special_pools[options->special_pool],
        .delays = options->delays == DIRQL_NONE ? 0 : options->delays,
    };
}

/* ---- Checkers and recorder ------------------------------------------------------------------- */

static bool add_sink(dq_machine *machine, dq_sink *sink)
{
    if (sink != NULL) {
        dq_sink_add(machine, sink);
    }
    return sink != NULL;
}

/* What a search runs is drawn by nobody: a schedule that fails is run again. */
static bool add_sinks(dq_machine *machine, const dirql_job *job)
{
    const dirql_options *options = job->options;
    dirql_control *control = machine->control;

    if (options->trace != NULL) {
        control->trace_path = options->trace;
        control->recorder = dq_recorder_create(machine);
        if (!add_sink(machine, control->recorder)) {
            return false;
        }
        dq_recorder_listen(control->recorder, true);
    }
    if (options->checks == DIRQL_CHECKS_NONE) {
        return true;
    }
    control->race = dq_race_create(machine, options->iso_volatile != 0);
    if (job->searcher == NULL) {
        control->history = dq_history_create(machine, dq_race_memory(control->race));
        if (!add_sink(machine, control->history)) {
            return false;
        }
    }
    return add_sink(machine, dq_contract_create(machine)) && add_sink(machine, control->race);
}

static void start_failing(dq_machine *machine, const dirql_options *options)
{
    dirql_control *control = machine->control;
    dq_fail_plan plan;
    char text[160];

    if (options->fail == NULL || !dq_fail_read(options->fail, &plan, text, sizeof(text))) {
        return;
    }
    dq_fail_start(machine, &plan);
    dq_fail_write(&plan, text, sizeof(text));
    if (plan.percent != 0) {
        snprintf(control->variables, sizeof(control->variables),
                 "DIRQL_SEED=%" PRIu64 " DIRQL_FAIL=%s ", options->seed, text);
    } else {
        snprintf(control->variables, sizeof(control->variables), "DIRQL_FAIL=%s ", text);
    }
}

static void note_special_pool(dq_machine *machine)
{
    static const char *const notes[] = { "", "DIRQL_SPECIAL_POOL=overruns ",
                                         "DIRQL_SPECIAL_POOL=underruns " };
    dirql_control *control = machine->control;
    const size_t used = strlen(control->variables);

    if (machine->options.special_pool == DQ_SPECIAL_OFF) {
        return;
    }
    snprintf(control->variables + used, sizeof(control->variables) - used, "%s",
             notes[machine->options.special_pool]);
}

/* In mode live the line has their number anyhow. */
static void note_processors(dq_machine *machine, const dirql_options *options)
{
    dirql_control *control = machine->control;
    const size_t used = strlen(control->variables);

    if (options->fixed || options->mode == DIRQL_MODE_LIVE ||
        dirql_environment("DIRQL_PROCESSORS") == NULL) {
        return;
    }
    snprintf(control->variables + used, sizeof(control->variables) - used, "DIRQL_PROCESSORS=%u ",
             options->processors);
}

static void note_delays(dq_machine *machine, const dirql_options *options)
{
    dirql_control *control = machine->control;
    const size_t used = strlen(control->variables);

    if (!options->fixed && dirql_environment("DIRQL_DELAYS") != NULL) {
        snprintf(control->variables + used, sizeof(control->variables) - used, "DIRQL_DELAYS=%u ",
                 options->delays);
    }
}

/* ---- The machine ----------------------------------------------------------------------------- */

static dq_machine *make_machine(const dirql_job *job)
{
    const dirql_options *options = job->options;
    dq_machine_options raw = machine_options(options);
    dirql_control *control = dq_arena_get(job->arena, sizeof(*control));
    dq_machine *machine;

    raw.searcher = job->searcher;
    raw.arena = job->arena;
    raw.deadline_ns = job->deadline_ns;
    raw.loops_since = job->loops_since;
    raw.stalls = job->stalls;
    raw.put_back = job->put_back;
    machine = control != NULL ? dq_machine_create(&raw, &dq_kernel_hooks_table) : NULL;
    if (machine == NULL) {
        dq_arena_give(job->arena, control);
        return NULL;
    }
    snprintf(control->name, sizeof(control->name), "%s", options->name);
    machine->options.name = control->name;
    machine->control = control;
    machine->name_memory = dq_io_name_memory;
    machine->findings.keeps_suppressed = options->report_file != NULL;
    start_failing(machine, options);
    note_special_pool(machine);
    note_processors(machine, options);
    note_delays(machine, options);
    if (options->checks != DIRQL_CHECKS_NONE) {
        machine->body_done =
            options->leaks != DIRQL_LEAKS_IGNORED ? dirql_leftovers : dq_pool_check_end;
        control->leaks = options->leaks == DIRQL_LEAKS_WARNINGS ? DQ_WARNING : DQ_ERROR;
    }
    if (!add_sinks(machine, job)) {
        dq_machine_destroy(machine);
        dq_arena_give(job->arena, control);
        return NULL;
    }
    return machine;
}

dq_machine *dirql_control_make(const dirql_job *job)
{
    dq_machine *machine = make_machine(job);

    if (machine != NULL) {
        machine->home_frame = job->frame;
        machine->options.guide = job->guide;
        machine->options.tries = job->tries;
        machine->options.pct_steps = job->pct_steps;
        dirql_control_count(+1);
    }
    return machine;
}
