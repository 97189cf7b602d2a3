/*
 * storm.c - a level line that nobody silences.
 *
 * The interrupt controller counts how often a line was taken again without having been
 * deasserted; a limit (option storm_limit) says when that is a storm. The text tells the two
 * causes apart: nobody claimed, or somebody claimed and the line stayed asserted all the same.
 */
#include "ke/chain.h"
#include "ke/ki.h"

#include <stdio.h>

static void explain(const dq_chain *chain, char *text, size_t bytes)
{
    if (chain->claimed_in_row == 0) {
        snprintf(text, bytes,
                 "No ISR claimed it (%s returned FALSE each time). Is the device that asserts "
                 "the line one that no connected ISR knows, or does its ISR not believe the "
                 "interrupt status?",
                 chain->connected > 1 ? "all" : "it");
    } else if (chain->refused_in_row == 0) {
        snprintf(text, bytes,
                 "An ISR claimed it each time, and yet the line stayed asserted. Does the ISR "
                 "acknowledge the interrupt at the device before it returns TRUE%s?",
                 chain->connected > 1
                     ? ", or does it claim the interrupt of another device on the line"
                     : "");
    } else {
        snprintf(text, bytes,
                 "It was claimed %u times and refused %u times, but never silenced: the ISRs "
                 "acknowledge something else than what asserts the line.",
                 chain->claimed_in_row, chain->refused_in_row);
    }
}

static __attribute__((noinline, cold)) void end_storm(dq_processor *cpu, const dq_chain *chain,
                                                      const dq_line *line)
{
    const struct _KINTERRUPT *first = chain->first;
    char cause[320];

    explain(chain, cause, sizeof(cause));
    dq_bugcheck(cpu, HARDWARE_INTERRUPT_STORM, (uintptr_t)dq_interrupt_routine(first),
                (uintptr_t)first->context, (uintptr_t)first, chain->connected > 1 ? 2 : 1,
                "interrupt storm: the level line \"%s\" has interrupted %u times in a row (option "
                "storm_limit) without ever being deasserted. %s",
                line->name, line->refires, cause);
}

void dq_storm_check(dq_processor *cpu, dq_chain *chain, const dq_line *line)
{
    const unsigned limit = cpu->machine->options.storm_limit;

    if (line->refires == 0) {
        chain->claimed_in_row = 0;
        chain->refused_in_row = 0;
    }
    if (DQ_UNLIKELY(limit != 0 && line->refires > limit)) {
        end_storm(cpu, chain, line);
    }
}

void dq_storm_note(dq_chain *chain, bool claimed)
{
    if (claimed) {
        chain->claimed_in_row++;
    } else {
        chain->refused_in_row++;
    }
}
