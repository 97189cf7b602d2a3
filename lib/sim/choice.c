/*
 * choice.c - answers choices: option 0, drawn, or read back; and keeps the log.
 */
#include "sim/machine.h"

#include <stdio.h>
#include <stdlib.h>

/* Sebastiano Vigna's splitmix64 generator: the same numbers on every host. */
uint64_t dq_choice_draw(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static bool keep(dq_choice_log *log, dq_choice choice)
{
    if (log->count == log->capacity) {
        size_t capacity = log->capacity == 0 ? 256 : 2 * log->capacity;
        dq_choice *entries = realloc(log->entries, capacity * sizeof(dq_choice));

        if (entries == NULL) {
            return false;
        }
        log->entries = entries;
        log->capacity = capacity;
    }
    log->entries[log->count++] = choice;
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

static void diverged(dq_processor *cpu, const dq_choice *scripted, dq_choice_kind kind,
                     unsigned options)
{
    const char *service = dq_service_name(cpu->execution->service);

    cpu->machine->choices.script_count = 0;
    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "replay" },
            "the replay diverged at choice %zu, in %s: the text says %s (%c, %u options), this run "
            "asks "
            "%s (%c, %u options). Likely causes: the test or the driver was changed, or it depends "
            "on the "
            "host's clock, on uninitialised memory, or on the order of addresses.",
            cpu->machine->choices.asked, service[0] != '\0' ? service : "the test's own code",
            dq_choice_meaning(scripted->kind), dq_choice_letter(scripted->kind), scripted->options,
            dq_choice_meaning(kind), dq_choice_letter(kind), options);
}

static unsigned scripted_answer(dq_processor *cpu, dq_choice_kind kind, unsigned options)
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

/* `drawn`: the answer of mode random, if it is drawn already; else NULL. */
static unsigned choose(dq_processor *cpu, dq_choice_kind kind, unsigned options,
                       const unsigned *drawn)
{
    dq_machine *machine = cpu->machine;
    dq_choice_log *log;
    unsigned answer = 0;

    if (options <= 1 || machine == NULL || !dq_mode_chooses(machine->options.mode)) {
        return 0;
    }
    log = &machine->choices;
    log->asked++;
    if (machine->options.mode == DQ_MODE_REPLAY) {
        answer = scripted_answer(cpu, kind, options);
    } else {
        answer = drawn != NULL ? *drawn : random_answer(log, options);
    }
    if (!keep(log, (dq_choice){ (uint8_t)kind, (uint8_t)options, (uint8_t)answer })) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "short of memory for the log of choices, after %zu", log->count);
    }
    dq_emit(cpu, CHOICE, NULL, kind, options, answer);
    return answer;
}

unsigned dq_choose(dq_processor *cpu, dq_choice_kind kind, unsigned options)
{
    return choose(cpu, kind, options, NULL);
}

unsigned dq_choose_drawn(dq_processor *cpu, dq_choice_kind kind, unsigned options, unsigned drawn)
{
    return choose(cpu, kind, options, &drawn);
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
    case DQ_MODE_REPLAY:
        if (machine->options.replay == NULL) {
            snprintf(error, error_bytes, "mode replay needs a text to follow (option replay)");
            return false;
        }
        return dq_schedule_read(machine->options.replay, machine->options.fingerprint, &log->script,
                                &log->script_count, error, error_bytes);
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
             "the replay diverged: the run ended after %zu choices, and the text has %zu (the next "
             "is %s)",
             log->asked, log->script_count, dq_choice_meaning(log->script[log->asked].kind));
    return false;
}

size_t dq_choice_text(const dq_machine *machine, char *text, size_t bytes)
{
    return dq_schedule_write(machine->choices.entries, machine->choices.count,
                             machine->options.fingerprint, text, bytes);
}

void dq_choice_stop(dq_machine *machine)
{
    free(machine->choices.entries);
    free(machine->choices.script);
    machine->choices = (dq_choice_log){ 0 };
}
