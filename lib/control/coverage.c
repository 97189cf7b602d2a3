/*
 * coverage.c - how far an exploration has come, in words.
 */
#include "control/exploration.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/text.h"

static const char *const bound_names[DQ_BOUND_COUNT][2] = {
    [DQ_BOUND_PREEMPTION] = { "preemption", "preemptions" },
    [DQ_BOUND_INTERRUPT] = { "interrupt", "interrupts" },
    [DQ_BOUND_FAULT] = { "fault", "faults" },
    [DQ_BOUND_DELAY] = { "delay", "delays" },
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

static void add_share(dq_text *out, double share)
{
    if (share < 0.01) {
        dq_text_add(out, "less than 1 %%");
    } else {
        dq_text_add(out, "about %.0f %%", 100 * share);
    }
}

/* Of delays only where something was due at a time: else there are none. */
static void add_limits(dq_text *out, const dirql_exploration *ex, const dq_bounds *bounds)
{
    add_limit(out, bounds, DQ_BOUND_PREEMPTION);
    dq_text_add(out, ", ");
    add_limit(out, bounds, DQ_BOUND_INTERRUPT);
    dq_text_add(out, ", ");
    add_limit(out, bounds, DQ_BOUND_FAULT);
    if ((ex->search.searcher.noticed & DQ_NOTICE_TIMED) != 0) {
        dq_text_add(out, ", ");
        add_limit(out, bounds, DQ_BOUND_DELAY);
    }
}

static void add_shard(dq_text *out, const dirql_exploration *ex)
{
    if (ex->search.shards > 1) {
        dq_text_add(out, " (shard %u of %u)", ex->search.shard, ex->search.shards);
    }
}

/* A run that was ended in its middle, and had taken long, may be endless. */
static void add_cut(dq_text *out, const dirql_exploration *ex)
{
    const uint64_t long_ns = 1000000000u;

    if (ex->cut_short_ns == 0) {
        return;
    }
    dq_text_add(out, "; time_limit_s (%u s) was over in the middle of a run",
                ex->options.time_limit_s);
    if (ex->cut_short_ns >= long_ns) {
        dq_text_add(out, ", which had taken %.1f s: it may be endless",
                    (double)ex->cut_short_ns / 1e9);
    }
}

/* One function of a test program may be under many explorations: it is named in the first. */
static bool is_said(const char *function)
{
    static HOST_KEPT char latest[sizeof(((host_symbol *)NULL)->function)];
    bool is_same;

    host_lock();
    is_same = strcmp(latest, function) == 0;
    snprintf(latest, sizeof(latest), "%s", function);
    host_unlock();
    return is_same;
}

static void add_reduction(dq_text *out, const dirql_exploration *ex)
{
    const dq_searcher *searcher = &ex->search.searcher;
    host_symbol symbol;

    if (ex->options.unreduced) {
        return;
    }
    if (searcher->hears) {
        dq_text_add(out, "; reduced");
    }
    if ((searcher->noticed & DQ_NOTICE_UNSEEN) == 0) {
        return;
    }
    if (searcher->hears) {
        dq_text_add(out, " in part");
    }
    host_symbol_find(searcher->unseen_at, &symbol);
    if (!is_said(symbol.function)) {
        dq_text_add(out, "%s, since `%s` is not instrumented",
                    searcher->hears ? "" : "; others went on only at calls of services",
                    symbol.function);
    }
}

/* What mode pct promises of a run. */
static void add_odds(dq_text *out, const dirql_exploration *ex)
{
    const unsigned depth = ex->options.pct_depth;
    const unsigned processes = ex->processes > 0 ? ex->processes : 1;
    double odds = processes;

    for (unsigned i = 1; i < depth; i++) {
        odds *= (double)ex->job.pct_steps;
    }
    dq_text_add(out, "; each finds a bug of depth %u with a probability of at least 1 in %.3g (%u "
                "thread%s, interrupt%s and DPCs, %" PRIu64 " step%s)", depth, odds, processes,
                processes == 1 ? "" : "s", processes == 1 ? "" : "s", ex->job.pct_steps,
                ex->job.pct_steps == 1 ? "" : "s");
}

static char *runs_of(const dirql_exploration *ex)
{
    const dirql_options *options = &ex->options;
    dq_text out = { 0 };

    if (options->runs <= 1 && !ex->is_pct) {
        return NULL;
    }
    dq_text_add(&out, "ran %" PRIu64 " of %u schedules in mode %s, up to seed %" PRIu64,
                ex->schedules, options->runs,
                ex->is_pct ? "pct" : "random", options->seed);
    if (ex->is_pct) {
        add_odds(&out, ex);
    }
    if (options->shards > 1) {
        dq_text_add(&out, " (shard %u of %u)", options->shard, options->shards);
    }
    add_cut(&out, ex);
    return out.text;
}

char *dirql_coverage(const dirql_exploration *ex)
{
    dq_text out = { 0 };

    if (ex->draws) {
        return runs_of(ex);
    }
    if (ex->is_complete) {
        dq_text_add(&out, "explored %" PRIu64 " of %" PRIu64 " schedules: complete for ",
                    ex->schedules, ex->schedules);
        add_limits(&out, ex, &ex->passes.last);
        if (ex->passes.exhausted) {
            dq_text_add(&out, "; no bound left any out");
        }
        add_reduction(&out, ex);
        add_shard(&out, ex);
        return out.text;
    }
    dq_text_add(&out, "explored %" PRIu64 " schedules so far, ", ex->schedules);
    add_share(&out, ex->search.is_laid_down ? ex->share : dq_search_share(&ex->search));
    dq_text_add(&out, " of those with ");
    add_limits(&out, ex, &ex->passes.limit);
    if (ex->passes.any_done) {
        dq_text_add(&out, "; complete for ");
        add_limits(&out, ex, &ex->passes.done);
    }
    if (ex->search.left_rest) {
        dq_text_add(&out, "; of a run, only the first %zu choices are branched on",
                    DQ_CHOICES_KEPT);
    }
    add_reduction(&out, ex);
    add_shard(&out, ex);
    add_cut(&out, ex);
    return out.text;
}

static void add_used(dq_text *out, const uint64_t *used)
{
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        if (bound < DQ_BOUND_FAULT || used[bound] > 0) {
            dq_text_add(out, ", %" PRIu64 " %s", used[bound], bound_names[bound][used[bound] != 1]);
        }
    }
}

static void add_number(dq_text *out, uint64_t number)
{
    if (number > 0) {
        dq_text_add(out, "%" PRIu64, number);
    } else {
        dq_text_add(out, "none");
    }
}

void dirql_coverage_preface(dirql_exploration *ex, const dq_bounds *used,
                            const dirql_shortened *shortened)
{
    uint64_t before[DQ_BOUND_COUNT];
    dq_text out = { 0 };

    for (unsigned bound = 0; bound < DQ_BOUND_COUNT; bound++) {
        before[bound] = used->of[bound];
    }
    if (ex->draws) {
        dq_text_add(&out, "seed %" PRIu64, ex->options.seed);
    } else {
        dq_text_add(&out, "schedule %" PRIu64, ex->schedules);
    }
    if (ex->draws && ex->options.runs > 1) {
        dq_text_add(&out, ", run %" PRIu64 " of %u", ex->schedules, ex->options.runs);
    }
    if (ex->draws && shortened == NULL) {
        snprintf(ex->preface, sizeof(ex->preface), "%s.   ", out.text != NULL ? out.text : "");
        free(out.text);
        return;
    }
    add_used(&out, shortened != NULL ? shortened->after.used : before);
    if (shortened != NULL && shortened->after.answers < shortened->before.answers) {
        dq_text_add(&out, ", shortened from %" PRIu64 " choice%s to ", shortened->before.answers,
                    shortened->before.answers == 1 ? "" : "s");
        add_number(&out, shortened->after.answers);
    }
    snprintf(ex->preface, sizeof(ex->preface), "%s.   ", out.text != NULL ? out.text : "");
    free(out.text);
}
