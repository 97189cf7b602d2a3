/*
 * choice.c - answers choices: option 0, drawn, or read back; and keeps the log.
 */
#include "sim/machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/order.h"

/* Sebastiano Vigna's splitmix64 generator: the same numbers on every host. */
uint64_t dq_choice_draw(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static __attribute__((noinline)) bool enlarge(dq_choice_log *log)
{
    const size_t capacity = log->capacity == 0 ? 256 : 2 * log->capacity;
    dq_choice *entries = realloc(log->entries, capacity * sizeof(*entries));

    if (entries != NULL) {
        log->entries = entries;
        log->capacity = capacity;
    }
    return entries != NULL;
}

/* A run that loops must not take all memory before it is found out: nobody replays so many. */
static bool keep(dq_choice_log *log, const dq_choice *choice)
{
    if (log->count == DQ_CHOICES_KEPT) {
        return true;
    }
    if (log->count == log->capacity && !enlarge(log)) {
        return false;
    }
    log->entries[log->count++] = *choice;
    return true;
}

static unsigned random_answer(dq_choice_log *log, unsigned options)
{
    const uint64_t number = dq_choice_draw(&log->random_state);

    if ((number & 63) < log->keep_64ths) {
        return 0;
    }
    return 1 + (unsigned)((number >> 8) % (options - 1));
}

#define CAUSES                                                                               \
    "Likely causes: the test or the driver was changed, or it depends on the host's clock, on " \
    "uninitialised memory, or on the order of addresses."

static const char *call_of(unsigned service)
{
    const char *name = dq_service_name((dq_service)service);

    return name[0] != '\0' ? name : "the test's own code";
}

static void diverged(dq_processor *cpu, const dq_choice *scripted, unsigned kind, unsigned options)
{
    cpu->machine->choices.script_count = 0;
    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "replay" },
            "the replay diverged at choice %zu, in %s: the text says %s (%c, %u options), this run "
            "asks %s (%c, %u options). " CAUSES,
            cpu->machine->choices.asked, call_of(cpu->execution->service),
            dq_choice_meaning(scripted->kind), dq_choice_letter(scripted->kind), scripted->options,
            dq_choice_meaning(kind), dq_choice_letter(kind), options);
}

static unsigned scripted_answer(dq_processor *cpu, unsigned kind, unsigned options)
{
    dq_choice_log *log = &cpu->machine->choices;
    const dq_choice *scripted;

    if (log->asked > log->script_count) {
        return 0;
    }
    scripted = &log->script[log->asked - 1];
    if (scripted->kind != kind || scripted->options != options) {
        diverged(cpu, scripted, kind, options);
        return 0;
    }
    return scripted->answer;
}

static int compare_deviations(const void *first, const void *second)
{
    const dq_deviation *a = first, *b = second;

    if (a->ordinal != b->ordinal) {
        return a->ordinal < b->ordinal ? -1 : 1;
    }
    return a->nth < b->nth ? -1 : a->nth > b->nth;
}

static unsigned guided_answer(const dq_guide *guide, const dq_choice *choice, uint32_t nth)
{
    const dq_deviation key = { .ordinal = choice->ordinal, .nth = nth };
    const dq_deviation *found = guide->count > 0 ? bsearch(&key, guide->of, guide->count,
                                                           sizeof(key), compare_deviations)
                                                 : NULL;

    return found != NULL && found->kind == choice->kind && found->answer < choice->options
               ? found->answer
               : 0;
}

/* What else than the schedule makes an answer, or NULL. */
typedef struct hints {
    const unsigned *drawn;     /* The answer of modes that draw, if it is drawn already. */
    const uint64_t *processes; /* One for each option. */
} hints;

static unsigned drawn_answer(const dq_processor *cpu, const dq_choice *choice, const hints *given)
{
    dq_choice_log *log = &cpu->machine->choices;

    if (given->drawn != NULL) {
        return *given->drawn;
    }
    if (cpu->machine->options.mode == DQ_MODE_PCT && given->processes != NULL) {
        return dq_pct_choose(log->pct, given->processes, choice->options);
    }
    return random_answer(log, choice->options);
}

static void decide(dq_processor *cpu, dq_choice *choice, const hints *given)
{
    dq_choice_log *log = &cpu->machine->choices;
    uint32_t nth;

    log->asked++;
    nth = cpu->execution->choices++;
    log->latest_service = (uint16_t)cpu->execution->service;
    if (log->paused > 0 && log->searcher != NULL) {
        return;
    }
    if (cpu->execution->pinned && log->searcher != NULL) {
        choice->answer = choice->kind == DQ_CHOICE_ARRIVAL   ? 1 /* Not here. */
                         : choice->kind == DQ_CHOICE_PROCESSOR ? cpu->execution->pinned_answer
                                                               : 0;
        return;
    }
    switch (cpu->machine->options.mode) {
    case DQ_MODE_EXPLORE:
        log->searcher->answer(log->searcher, cpu, choice);
        break;
    case DQ_MODE_REPLAY:
        choice->answer = (uint8_t)(log->guide != NULL
                                       ? guided_answer(log->guide, choice, nth)
                                       : scripted_answer(cpu, choice->kind, choice->options));
        break;
    default:
        choice->answer = (uint8_t)drawn_answer(cpu, choice, given);
        break;
    }
}

/* Whose turn it is, what is pending, and what time it is, is seen otherwise. */
static bool is_learnt(dq_choice_kind kind)
{
    return kind != DQ_CHOICE_PROCESSOR && kind != DQ_CHOICE_ARRIVAL && kind != DQ_CHOICE_ROUTE &&
           kind != DQ_CHOICE_DELAY;
}

static unsigned choose(dq_processor *cpu, dq_choice *choice, const hints *given)
{
    dq_machine *machine = cpu->machine;

    if (choice->options <= 1 || machine == NULL || !dq_mode_chooses(machine->options.mode)) {
        return 0;
    }
    choice->ordinal = cpu->execution->ordinal;
    decide(cpu, choice, given);
    if (is_learnt((dq_choice_kind)choice->kind)) {
        dq_order_learn(machine, cpu->execution, choice->answer);
    }
    if (!keep(&machine->choices, choice)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "short of memory for the log of choices, after %zu", machine->choices.count);
    }
    dq_emit(cpu, CHOICE, NULL, choice->kind, choice->options, choice->answer);
    return choice->answer;
}

void dq_notice_of(dq_machine *machine, dq_notice what)
{
    dq_searcher *searcher = machine->choices.searcher;

    /* Once there is unseen code, it is all the same what masks. */
    const unsigned enough =
        what == DQ_NOTICE_SLICED || what == DQ_NOTICE_TRIED ? 0 : DQ_NOTICE_UNSEEN;

    if (searcher != NULL && (searcher->noticed & ((unsigned)what | enough)) == 0) {
        searcher->notice(searcher, what);
    }
}

void dq_notice_tried(dq_machine *machine)
{
    if (machine->choices.paused == 0) {
        dq_notice_of(machine, DQ_NOTICE_TRIED);
    }
}

unsigned dq_choose(dq_processor *cpu, dq_choice_kind kind, unsigned options)
{
    return dq_choose_within(cpu, kind, options, DQ_BOUND_FREE, 0);
}

unsigned dq_choose_within(dq_processor *cpu, dq_choice_kind kind, unsigned options, dq_bound bound,
                          uint64_t costly)
{
    dq_choice choice = { .kind = (uint8_t)kind,
                         .options = (uint8_t)options,
                         .bound = (uint8_t)bound,
                         .costly = costly & ~1ull };

    return choose(cpu, &choice, &(hints){ .drawn = NULL });
}

unsigned dq_choose_among(dq_processor *cpu, dq_choice_kind kind, const uint64_t *processes,
                         unsigned options, dq_bound bound, uint64_t costly)
{
    dq_choice choice = { .kind = (uint8_t)kind,
                         .options = (uint8_t)options,
                         .bound = (uint8_t)bound,
                         .costly = costly & ~1ull };

    return choose(cpu, &choice, &(hints){ .processes = processes });
}

uint64_t dq_process_on(const dq_processor *cpu)
{
    const uint32_t above = cpu->attention & DQ_ATTEND_LEVELS & (~1u << cpu->irql);
    const unsigned level = above != 0 ? 31u - (unsigned)__builtin_clz(above) : 0;

    if (level > DQ_LEVEL_DISPATCH && cpu->pending_first[level] != NULL) {
        return dq_pct_line(cpu->pending_first[level]->vector->number);
    }
    if (level != 0 || cpu->idle || cpu->execution->kind == DQ_EXECUTION_IDLE) {
        return dq_pct_dispatch(cpu->number);
    }
    return dq_pct_execution(cpu->execution->ordinal);
}

unsigned dq_choose_rarely(dq_processor *cpu, dq_choice_kind kind, dq_bound bound, unsigned drawn)
{
    dq_choice choice = {
        .kind = (uint8_t)kind, .options = 2, .bound = (uint8_t)bound, .costly = 2
    };

    return choose(cpu, &choice, &(hints){ .drawn = &drawn });
}

static bool read_script(dq_machine *machine, char *error, size_t error_bytes)
{
    dq_schedule schedule;

    if (!dq_schedule_read(machine->options.replay, machine->options.fingerprint, &schedule, error,
                          error_bytes)) {
        return false;
    }
    machine->choices.script = schedule.script;
    machine->choices.script_count = schedule.count;
    machine->choices.sparse = schedule.dialect != DQ_DIALECT_FULL;
    machine->choices.releases = schedule.dialect == DQ_DIALECT_RELEASES;
    return true;
}

bool dq_choice_start(dq_machine *machine, char *error, size_t error_bytes)
{
    static const unsigned shares[] = { 16, 32, 48, 60 };
    dq_choice_log *log = &machine->choices;

    switch (machine->options.mode) {
    case DQ_MODE_RANDOM:
        log->random_state = machine->options.seed;
        log->keep_64ths = shares[dq_choice_draw(&log->random_state) % 4];
        return true;
    case DQ_MODE_PCT:
        log->random_state = machine->options.seed;
        log->keep_64ths = 32;
        log->pct = dq_machine_get(machine, sizeof(*log->pct));
        if (log->pct == NULL) {
            snprintf(error, error_bytes, "short of memory for mode pct");
            return false;
        }
        dq_pct_start(log->pct, machine->options.seed, machine->options.pct_depth,
                     machine->options.pct_steps);
        return true;
    case DQ_MODE_REPLAY:
        if (machine->options.guide != NULL) {
            log->guide = machine->options.guide;
            log->sparse = log->guide->sparse;
            log->releases = log->guide->releases;
            return true;
        }
        if (machine->options.replay == NULL) {
            snprintf(error, error_bytes, "mode replay needs a text to follow (option replay)");
            return false;
        }
        return read_script(machine, error, error_bytes);
    case DQ_MODE_EXPLORE:
        log->searcher = machine->options.searcher;
        log->sparse = true;
        return true;
    default:
        return true;
    }
}

bool dq_choice_settle(const dq_machine *machine, char *error, size_t error_bytes)
{
    const dq_choice_log *log = &machine->choices;

    if (machine->options.mode != DQ_MODE_REPLAY || log->asked >= log->script_count) {
        return true;
    }
    snprintf(error, error_bytes,
             "the replay diverged: the run ended after %zu choices, the last one in %s, and the "
             "text has %zu (the next is %s). " CAUSES,
             log->asked, log->asked > 0 ? call_of(log->latest_service) : "no call",
             log->script_count, dq_choice_meaning(log->script[log->asked].kind));
    return false;
}

size_t dq_choice_text(const dq_machine *machine, char *text, size_t bytes)
{
    const dq_choice_log *log = &machine->choices;
    const dq_dialect dialect = !log->sparse                ? DQ_DIALECT_FULL
                               : dq_choice_at_releases(log) ? DQ_DIALECT_RELEASES
                                                            : DQ_DIALECT_SPARSE;

    return dq_schedule_write(log->entries, log->count, dialect, machine->options.fingerprint, text,
                             bytes);
}

void dq_choice_stop(dq_machine *machine)
{
    free(machine->choices.entries);
    free(machine->choices.script);
    dq_machine_give(machine, machine->choices.pct);
    machine->choices = (dq_choice_log){ 0 };
}
