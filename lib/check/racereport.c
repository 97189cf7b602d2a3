/*
 * racereport.c - a data race in words: both accesses with their IRQLs, and what would keep them
 * apart.
 *
 * A pair of places is told once. The earlier access comes first; what it was part of may have ended
 * since.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/race_state.h"
#include "check/rules.h"
#include "sim/access.h"
#include "sim/place.h"

enum { PLACE_TEXT = 300, NAME_TEXT = 136, WHO_TEXT = 96, NOTE_TEXT = 48, MEMORY_TEXT = 200 };

static const char rule_name[] = "data race";

/* One of the two. */
typedef struct side {
    const dq_raceslot *slot;
    dq_execution_kind kind;
    const void *object; /* KINTERRUPT of an ISR. */
    char function[NAME_TEXT], source[NAME_TEXT];
    char who[WHO_TEXT];
    char note[NOTE_TEXT];
} side;

/* ---- Who ------------------------------------------------------------------------------------- */

static const char *level_name(unsigned irql)
{
    static const char *const names[] = { "PASSIVE", "APC", "DISPATCH" };

    return irql <= DQ_LEVEL_DISPATCH ? names[irql] : dq_irql_name(irql);
}

/* "uart_isr" and "uart.c:41", or "uart_isr+0x1c" and nothing. */
static void name_place(side *s)
{
    char place[PLACE_TEXT], *space;

    dq_place_describe(s->slot->place, place, sizeof(place));
    space = strrchr(place, ' ');
    if (space != NULL && s->slot->place != NULL) {
        *space = '\0';
        snprintf(s->source, sizeof(s->source), "%.*s", NAME_TEXT - 1, space + 1);
    } else {
        s->source[0] = '\0';
    }
    snprintf(s->function, sizeof(s->function), "%.*s", NAME_TEXT - 1, place);
}

static void describe_lane(side *s, const dq_racelane *lane)
{
    const dq_execution execution = { .kind = lane->kind,
                                     .routine = lane->routine,
                                     .name = lane->name[0] != '\0' ? lane->name : NULL };

    s->kind = lane->kind;
    s->object = lane->object;
    dq_execution_describe(&execution, s->who, sizeof(s->who));
}

static bool had_interrupted(const dq_racelane *lane, uint32_t ordinal)
{
    for (unsigned i = 0; i < DQ_RACE_BELOW; i++) {
        if (lane->below[i] == ordinal) {
            return true;
        }
    }
    return false;
}

/* Where they ran on one processor, a reader wonders what does not keep them apart. */
static bool are_dpcs(const side *a, const side *b)
{
    return a->kind == DQ_EXECUTION_DPC && b->kind == DQ_EXECUTION_DPC;
}

/* The one that ran on top of the other, on one processor; or that another one was free. */
static void note_interruption(side *earlier, const dq_racelane *first, side *later,
                              const dq_racelane *second)
{
    side *upper = NULL;

    if (first == NULL || second == NULL || earlier->slot->cpu != later->slot->cpu) {
        return;
    }
    if (had_interrupted(second, first->ordinal)) {
        upper = later;
    } else if (had_interrupted(first, second->ordinal)) {
        upper = earlier;
    }
    if (upper != NULL) {
        snprintf(upper->note, sizeof(upper->note), ", interrupted CPU%u here",
                 (unsigned)upper->slot->cpu);
    } else if (are_dpcs(earlier, later)) {
        snprintf(later->note, sizeof(later->note), ", may run on another CPU");
    }
}

static void describe(side *s, const dq_raceslot *slot, const dq_race *race)
{
    *s = (side){ .slot = slot };
    name_place(s);
    describe_lane(s, &race->executions.lanes[slot->lane]);
}

/* ---- What would keep them apart -------------------------------------------------------------- */

static bool is_isr(const side *s)
{
    return s->kind == DQ_EXECUTION_ISR || s->kind == DQ_EXECUTION_PASSIVE_ISR;
}

static bool is_dpc(const side *s)
{
    return s->kind == DQ_EXECUTION_DPC || s->kind == DQ_EXECUTION_THREADED_DPC;
}

static const char *line_of(const dq_race *race, const side *isr)
{
    for (size_t i = race->connection_count; i > 0; i--) {
        if (race->connections[i - 1].interrupt == isr->object) {
            const dq_line *line =
                dq_intc_line(race->machine, race->connections[i - 1].vector);

            return line != NULL ? line->name : "?";
        }
    }
    return "?";
}

static void advise_isr(const dq_race *race, const side *isr, const side *other, char *text,
                       size_t bytes)
{
    if (is_isr(other)) {
        snprintf(text, bytes,
                 "give the interrupts of lines \"%s\" and \"%s\" one SpinLock when they are "
                 "connected, and the higher of their levels as SynchronizeIrql",
                 line_of(race, isr), line_of(race, other));
    } else if (isr->kind == DQ_EXECUTION_PASSIVE_ISR) {
        snprintf(text, bytes,
                 "in %s, touch it inside KeSynchronizeExecution of line \"%s\", which keeps its "
                 "passive-level ISR out",
                 other->function, line_of(race, isr));
    } else {
        snprintf(text, bytes,
                 "in %s, touch it inside KeSynchronizeExecution (PortCls: CallSynchronizedRoutine), "
                 "or hold the interrupt lock of line \"%s\"",
                 other->function, line_of(race, isr));
    }
}

static void advise_free(const side *user, char *text, size_t bytes)
{
    if (is_isr(user)) {
        snprintf(text, bytes, "free it after IoDisconnectInterrupt has returned: then %s has ended",
                 user->function);
    } else if (is_dpc(user)) {
        snprintf(text, bytes,
                 "free it when %s cannot run any more: after IoDisconnectInterrupt or "
                 "KeCancelTimer, and then KeFlushQueuedDpcs", user->function);
    } else {
        snprintf(text, bytes,
                 "free it when %s has ended, or has given back its reference", user->function);
    }
}

static void advise(const dq_race *race, const side *a, const side *b, char *text, size_t bytes)
{
    const bool one_is_free = ((a->slot->flags | b->slot->flags) & DQ_RACE_FREES) != 0;
    const bool one_is_atomic = ((a->slot->flags ^ b->slot->flags) & DQ_ACCESS_ATOMIC) != 0;

    if (one_is_free) {
        advise_free((a->slot->flags & DQ_RACE_FREES) != 0 ? b : a, text, bytes);
    } else if (one_is_atomic) {
        const side *plain = (a->slot->flags & DQ_ACCESS_ATOMIC) != 0 ? b : a;

        snprintf(text, bytes,
                 "the access in %s is not atomic: use an Interlocked routine there, too, or "
                 "one lock in both",
                 plain->function);
    } else if (is_isr(a) || is_isr(b)) {
        advise_isr(race, is_isr(a) ? a : b, is_isr(a) ? b : a, text, bytes);
    } else if (is_dpc(a) && is_dpc(b)) {
        snprintf(text, bytes,
                 "DPCs run on several processors at once: hold one spin lock in both "
                 "(KeAcquireSpinLockAtDpcLevel), or bind them to one processor "
                 "(KeSetTargetProcessorDpc)");
    } else if (is_dpc(a) || is_dpc(b)) {
        snprintf(text, bytes,
                 "hold one spin lock in both: KeAcquireSpinLock in %s, KeAcquireSpinLockAtDpcLevel "
                 "in %s",
                 is_dpc(a) ? b->function : a->function, is_dpc(a) ? a->function : b->function);
    } else if (a->slot->irql >= DQ_LEVEL_DISPATCH || b->slot->irql >= DQ_LEVEL_DISPATCH) {
        snprintf(text, bytes,
                 "a raised IRQL keeps nobody out on another processor: hold one spin lock in both");
    } else {
        snprintf(text, bytes,
                 "hold one lock in both (a mutex, a fast mutex, a spin lock), or use Interlocked "
                 "routines");
    }
}

/* ---- The finding ----------------------------------------------------------------------------- */

static const char *verb(const dq_raceslot *slot)
{
    const bool writes = (slot->flags & DQ_ACCESS_WRITE) != 0;

    if ((slot->flags & DQ_RACE_FREES) != 0) {
        return "free";
    }
    if ((slot->flags & DQ_ACCESS_ATOMIC) != 0) {
        return writes ? "atomic write" : "atomic read";
    }
    return writes ? "write" : "read";
}

static unsigned longer(const char *a, const char *b)
{
    const size_t first = strlen(a), second = strlen(b);

    return (unsigned)(first > second ? first : second);
}

static int draw(const side *s, const side *other, char *text, size_t bytes)
{
    return snprintf(text, bytes, "CPU%u  %-8s  %-*s  %-*s%s%-*s  %s%s", (unsigned)s->slot->cpu,
                    level_name(s->slot->irql), (int)longer(s->function, other->function),
                    s->function, (int)longer(s->source, other->source), s->source,
                    s->source[0] != '\0' || other->source[0] != '\0' ? "  " : "",
                    (int)longer(verb(s->slot), verb(other->slot)), verb(s->slot), s->who, s->note);
}

static bool was_told(dq_race *race, const void *first, const void *second)
{
    for (unsigned i = 0; i < race->pair_count; i++) {
        const dq_racepair *pair = &race->pairs[i];

        if ((pair->first == first && pair->second == second) ||
            (pair->first == second && pair->second == first)) {
            return true;
        }
    }
    if (race->pair_count < DQ_RACE_PAIRS) {
        race->pairs[race->pair_count++] = (dq_racepair){ first, second };
    }
    return false;
}

static bool is_ignored(const dq_race *race, uintptr_t address, unsigned bytes)
{
    for (unsigned i = 0; i < race->ignore_count; i++) {
        if (address < race->ignores[i].to && address + bytes > race->ignores[i].from) {
            return true;
        }
    }
    return false;
}

/* A suppression may name the function of either access; a finding has one place. */
static const void *place_of(const dq_machine *machine, const side *earlier, const side *later)
{
    for (const dq_suppression *s = machine->findings.suppressions; s != NULL; s = s->next) {
        if (strcmp(s->rule, rule_name) == 0 && strcmp(s->place, earlier->function) == 0) {
            return earlier->slot->place;
        }
    }
    return later->slot->place;
}

static void write_down(dq_race *race, dq_processor *cpu, const side *earlier, const side *later,
                       uintptr_t address, unsigned bytes)
{
    dq_finding finding = { .severity = DQ_ERROR,
                           .rule = rule_name,
                           .memory = (const void *)address,
                           .memory_bytes = bytes,
                           .place = place_of(race->machine, earlier, later) };
    const bool one_frees = ((earlier->slot->flags | later->slot->flags) & DQ_RACE_FREES) != 0;
    const char *rule = one_frees ? NULL : dq_racememory_advice(race->machine, address);
    char first[DQ_FINDING_TEXT / 2], second[DQ_FINDING_TEXT / 2], memory[MEMORY_TEXT];

    dq_racememory_describe(&race->memory, race->machine, address, memory, sizeof(memory));
    snprintf(finding.title, sizeof(finding.title), "DATA RACE on %u byte%s at %s (%s)",
             bytes, bytes == 1 ? "" : "s", memory,
             one_frees ? "nothing orders use and free" : "no common lock");
    if (rule != NULL) {
        snprintf(finding.advice, sizeof(finding.advice), "%s", rule);
    } else {
        advise(race, earlier, later, finding.advice, sizeof(finding.advice));
    }
    draw(earlier, later, first, sizeof(first));
    draw(later, earlier, second, sizeof(second));
    dq_find(cpu, &finding, "%s\n  %s", first, second);
}

void dq_racereport_tell(dq_race *race, dq_processor *cpu, const dq_raceaccess *access,
                        const dq_raceslot *other, uintptr_t cell, unsigned mask)
{
    const dq_raceslot before = *other; /* Sinks that hear of the finding may look around. */
    const unsigned offset = (unsigned)__builtin_ctz(mask);
    const unsigned bytes = (unsigned)__builtin_popcount(mask);
    side earlier, later;

    if (is_ignored(race, cell + offset, bytes) ||
        was_told(race, before.place, access->slot.place)) {
        return;
    }
    describe(&earlier, &before, race);
    describe(&later, &access->slot, race);
    note_interruption(&earlier, dq_raceexecution_of(&race->executions, &before), &later,
                      dq_raceexecution_of(&race->executions, &access->slot));
    write_down(race, cpu, &earlier, &later, cell + offset, bytes);
}

/* ---- Freed memory ---------------------------------------------------------------------------- */

bool dq_racereport_freed(dq_race *race, dq_processor *cpu, const dq_raceaccess *access)
{
    const dq_raceblock *block = dq_racememory_freed(&race->memory, access->address);
    const bool writes = (access->slot.flags & DQ_ACCESS_WRITE) != 0;
    char where[PLACE_TEXT / 2], freed[PLACE_TEXT / 2], allocated[PLACE_TEXT / 2];
    char memory[MEMORY_TEXT];
    dq_finding finding = { .severity = DQ_ERROR,
                           .rule = "PoolUsedAfterFree",
                           .code = 0xD5, /* DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL. */
                           .parameters = { access->address, writes,
                                           (uintptr_t)access->slot.place, 0 },
                           .place = access->slot.place };

    if (block == NULL || was_told(race, block->freed_place, access->slot.place)) {
        return false;
    }
    finding.memory = (const void *)block->address;
    finding.memory_bytes = block->bytes;
    dq_racememory_name(&race->memory, race->machine, access->address, memory, sizeof(memory));
    dq_find(cpu, &finding,
            "%s %s %zu byte%s of %s (%" PRIu64 " bytes).\n  It was freed by %s,\n"
            "  and had been allocated by %s.",
            dq_place_describe(access->slot.place, where, sizeof(where)),
            writes ? "writes" : "reads", access->bytes, access->bytes == 1 ? "" : "s", memory,
            block->bytes, dq_place_describe(block->freed_place, freed, sizeof(freed)),
            dq_place_describe(block->place, allocated, sizeof(allocated)));
    return true;
}
