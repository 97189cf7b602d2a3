/*
 * chain.c - walks the ISRs of a vector when an interrupt is taken.
 */
#include "ke/chain.h"

#include <stdio.h>

#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/spinlock.h"

/* ---- One ISR --------------------------------------------------------------------------------- */

/* Sinks hear of the return first, so that a checker can say it in its own words. */
static bool call_watched(dq_processor *cpu, PKINTERRUPT interrupt, const dq_line *line)
{
    const unsigned irql = cpu->irql;
    const bool asserted = line->asserted;
    bool claimed;

    dq_emit(cpu, ISR_BEGIN, interrupt, irql, 0, 0);
    claimed = dq_interrupt_call(interrupt);
    cpu = dq_self;
    dq_emit(cpu, ISR_END, interrupt, irql, claimed, asserted);
    if (DQ_UNLIKELY(cpu->irql != irql)) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | irql << 8 | 3,
                    (uintptr_t)dq_interrupt_routine(interrupt), (uintptr_t)interrupt, 0,
                    "the ISR of line \"%s\" was called at IRQL %u and returned at IRQL %u",
                    line->name, irql, cpu->irql);
    }
    return claimed;
}

/* Runs an ISR on top of what the processor does: at its own IRQL, under its lock. */
static bool run(dq_processor *cpu, PKINTERRUPT interrupt, dq_line *line)
{
    const unsigned level = cpu->irql;
    const unsigned irql = interrupt->synchronize_irql > interrupt->irql
                              ? interrupt->synchronize_irql
                              : interrupt->irql;
    dq_execution execution;
    bool claimed = false;

    interrupt->running++;
    dq_execution_begin(cpu, &execution, DQ_EXECUTION_ISR, interrupt->irql,
                       dq_interrupt_routine(interrupt), interrupt, NULL);
    execution.processors =
        interrupt->processors & (line->affinity != 0 ? line->affinity : UINT64_MAX);
    if (irql > level) {
        dq_irql_raise(cpu, irql);
    }
    /* Places are return addresses: one past the routine's first byte stands for the routine. */
    dq_spinlock_acquire(cpu, interrupt->lock, DQ_LOCK_INTERRUPT, level, false,
                        (const char *)dq_interrupt_routine(interrupt) + 1);
    if (DQ_LIKELY(dq_interrupt_is_callable(interrupt))) {
        claimed = call_watched(cpu, interrupt, line);
    }
    dq_spinlock_release(cpu, interrupt->lock, DQ_LOCK_INTERRUPT, level);
    dq_execution_end(cpu, &execution);
    if (--interrupt->running == 0) {
        dq_spin_released(cpu, &interrupt->drained);
    }
    if (irql > level) {
        dq_irql_lower(cpu, level);
    }
    return claimed;
}

/* ---- The walk -------------------------------------------------------------------------------- */

/* One pass. True if an ISR claimed; with `stop`, the first to do so ends it. */
static bool pass(dq_chain *chain, dq_line *line, dq_chain_call *call, bool stop)
{
    bool claimed = false;

    for (PKINTERRUPT i = chain->first; i != NULL && !(stop && claimed); i = i->next_in_chain) {
        if (dq_interrupt_is_callable(i) && call(dq_self, i, line)) {
            claimed = true;
        }
    }
    return claimed;
}

static void describe_chain(const dq_chain *chain, char *text, size_t bytes)
{
    size_t used = 0;

    text[0] = '\0';
    for (PKINTERRUPT i = chain->first; i != NULL && used < bytes; i = i->next_in_chain) {
        host_symbol symbol;

        host_symbol_find(dq_interrupt_routine(i), &symbol);
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", used == 0 ? "" : ", ",
                                 symbol.function[0] != '\0' ? symbol.function : "an unnamed ISR");
    }
}

static void report_endless_walk(const dq_chain *chain, const dq_line *line, unsigned passes)
{
    char names[256];

    describe_chain(chain, names, sizeof(names));
    dq_find(
        dq_self, &(dq_finding){ .severity = DQ_ERROR, .rule = "livelock" },
        "livelock on the latched line \"%s\": after %u passes through its ISRs (%s), one of them "
        "still claims the interrupt. A latched vector that is shared is walked until nobody "
        "claims; an ISR must return FALSE when its device needs no service.",
        line->name, passes, names);
}

bool dq_chain_walk(dq_processor *cpu, dq_chain *chain, dq_line *line, dq_chain_call *call)
{
    const unsigned limit = cpu->machine->options.storm_limit;
    bool claimed = false;

    if (chain->active < 2 || chain->first->mode == LevelSensitive) {
        return pass(chain, line, call, true);
    }
    for (unsigned passes = 1; pass(chain, line, call, false); passes++) {
        claimed = true;
        if (limit != 0 && passes >= limit) {
            report_endless_walk(chain, line, passes);
            break;
        }
    }
    return claimed;
}

/* What the interrupt controller calls, at the line's level. */
static bool dispatch(dq_processor *cpu, dq_vector *vector, dq_line *line)
{
    dq_chain *chain = vector->kernel;
    bool claimed;

    if (!line->edge) {
        dq_storm_check(cpu, chain, line);
    }
    if (chain->first->passive) {
        return dq_passive_dispatch(cpu, chain, line);
    }
    if (DQ_LIKELY(chain->connected == 1)) {
        claimed = dq_interrupt_is_callable(chain->first) && run(cpu, chain->first, line);
    } else {
        claimed = dq_chain_walk(cpu, chain, line, run);
    }
    dq_storm_note(chain, claimed);
    return claimed;
}

/* ---- Who is in it ---------------------------------------------------------------------------- */

dq_chain *dq_chain_of(dq_machine *machine, dq_vector *vector)
{
    if (vector->kernel == NULL) {
        dq_chain *chain = dq_keep(machine, sizeof(*chain));

        if (chain != NULL) {
            chain->vector = vector;
            vector->kernel = chain;
        }
    }
    return vector->kernel;
}

static uint64_t agreed(const dq_chain *chain)
{
    uint64_t processors = UINT64_MAX;

    for (PKINTERRUPT i = chain->first; i != NULL; i = i->next_in_chain) {
        processors &= i->processors;
    }
    return processors;
}

uint64_t dq_chain_processors(dq_machine *machine, const dq_chain *chain, uint64_t more)
{
    const unsigned count = machine->processor_count;
    uint64_t processors = agreed(chain) & more & (count == 64 ? UINT64_MAX : (1ull << count) - 1);

    for (dq_line *line = machine->intc.lines; line != NULL; line = line->next) {
        if (line->vector == chain->vector && line->affinity != 0) {
            processors &= line->affinity;
        }
    }
    return processors;
}

void dq_chain_update(dq_chain *chain)
{
    chain->vector->dispatch = chain->active > 0 ? dispatch : NULL;
    chain->vector->processors = chain->first != NULL ? agreed(chain) : 0;
}

void dq_chain_append(dq_chain *chain, PKINTERRUPT interrupt)
{
    PKINTERRUPT *end = &chain->first;

    while (*end != NULL) {
        end = &(*end)->next_in_chain;
    }
    *end = interrupt;
    chain->connected++;
    chain->active++;
    dq_chain_update(chain);
}

void dq_chain_remove(dq_chain *chain, PKINTERRUPT interrupt)
{
    PKINTERRUPT *link = &chain->first;

    while (*link != interrupt) {
        link = &(*link)->next_in_chain;
    }
    *link = interrupt->next_in_chain;
    chain->connected--;
    chain->active -= interrupt->active ? 1 : 0;
    dq_chain_update(chain);
}
