/*
 * race.c - finds data races: two accesses to the same bytes, one of them a write, that nothing
 * keeps apart.
 *
 * Two executions are kept apart by order (one handed over to the other, raceedges.c) or by
 * exclusion: code that can run only on one processor is not interrupted by what its IRQL masks, and
 * never runs beside what runs there at its own level. A masked interrupt is kept out, not ordered;
 * so what did not happen in this run, but could, is found all the same. Nothing is done before the
 * first access comes.
 */
#include "check/race.h"

#include <stdio.h>
#include <stdlib.h>

#include "check/contract_state.h"
#include "check/race_state.h"
#include "sim/access.h"
#include "sim/instrumented.h"

/* ---- Whether two accesses are kept apart ----------------------------------------------------- */

/* Neither can happen while the other is under way. */
static bool is_excluded(const dq_raceslot *a, const dq_raceslot *b)
{
    if (a->base > b->base) {
        const dq_raceslot *swap = a;

        a = b;
        b = swap;
    }
    if (a->only == DQ_RACE_ANYWHERE || a->only != b->only) {
        return false;
    }
    if (a->base < b->base) {
        return a->irql >= b->base;
    }
    return a->base >= DQ_LEVEL_DISPATCH ||
           (a->base == DQ_LEVEL_PASSIVE && a->irql >= DQ_LEVEL_DISPATCH &&
            b->irql >= DQ_LEVEL_DISPATCH);
}

/* True if what the slot says happened before what the execution does now. */
static bool is_ordered(const void *who, const dq_raceslot *slot)
{
    const dq_raceexecution *execution = who;

    return slot->lane == execution->lane ||
           slot->epoch <= dq_raceclock_get(&execution->clock, slot->lane);
}

static bool conflict(const dq_raceslot *a, const dq_raceslot *b)
{
    return (a->mask & b->mask) != 0 && ((a->flags | b->flags) & DQ_ACCESS_WRITE) != 0 &&
           (a->flags & b->flags & DQ_ACCESS_ATOMIC) == 0;
}

static const dq_raceslot *find_race(const dq_racecell *cell, const dq_raceaccess *access)
{
    for (unsigned i = 0; i < DQ_RACE_SLOTS; i++) {
        const dq_raceslot *slot = &cell->slots[i];

        if (conflict(slot, &access->slot) && !is_ordered(access->execution, slot) &&
            !is_excluded(slot, &access->slot)) {
            return slot;
        }
    }
    return NULL;
}

/* ---- An access ------------------------------------------------------------------------------- */

/* A work item's routine runs where its thread may run. */
static uint64_t processors_of(const dq_execution *who)
{
    while (who->processors == 0 && who->kind == DQ_EXECUTION_THREAD && who->below != NULL) {
        who = who->below;
    }
    return who->processors;
}

static uint8_t only_processor(const dq_processor *cpu, const dq_execution *who)
{
    const unsigned count = cpu->machine->processor_count;
    const uint64_t all = count == 64 ? UINT64_MAX : (1ull << count) - 1;
    const bool is_told = who->kind == DQ_EXECUTION_IPI || who->kind == DQ_EXECUTION_NMI;
    const uint64_t allowed = is_told ? 1ull << cpu->number : processors_of(who);
    const uint64_t set = (allowed & all) != 0 ? allowed & all : all;

    return (set & (set - 1)) == 0 ? (uint8_t)__builtin_ctzll(set) : DQ_RACE_ANYWHERE;
}

/* Volatile accesses that one instruction makes are atomic, and ordered as MSVC has it on x64. */
static unsigned flags_of(const dq_race *race, const dq_event *event)
{
    const uint64_t bytes = event->a;
    unsigned flags = (unsigned)event->b;

    if ((flags & DQ_ACCESS_VOLATILE) != 0 && bytes != 0 && bytes <= 8 &&
        (bytes & (bytes - 1)) == 0 && ((uintptr_t)event->object & (bytes - 1)) == 0) {
        flags |= DQ_ACCESS_ATOMIC;
        if (!race->iso) {
            flags |= (flags & DQ_ACCESS_READ) != 0 ? DQ_ACCESS_ACQUIRE : 0;
            flags |= (flags & DQ_ACCESS_WRITE) != 0 ? DQ_ACCESS_RELEASE : 0;
        }
    }
    return flags;
}

static void touch_cell(dq_race *race, dq_processor *cpu, dq_raceaccess *access, uintptr_t at,
                       unsigned mask, bool *told)
{
    dq_racecell *cell = dq_raceshadow_cell(&race->shadow, at);
    const dq_raceslot *other;

    if (cell == NULL) {
        return;
    }
    if (DQ_UNLIKELY(dq_raceshadow_is_freed(&race->shadow, at)) && !*told) {
        *told = dq_racereport_freed(race, cpu, access);
    }
    access->slot.mask = (uint8_t)mask;
    other = *told || race->blind ? NULL : find_race(cell, access);
    if (other != NULL) {
        *told = true;
        dq_racereport_tell(race, cpu, access, other, at, mask & other->mask);
    }
    dq_raceshadow_store(&race->shadow, cell, &access->slot, is_ordered, access->execution);
}

static void touch_all(dq_race *race, dq_processor *cpu, dq_raceaccess *access)
{
    const uintptr_t end = access->address + access->bytes;
    bool told = false;

    for (uintptr_t at = access->address & ~(uintptr_t)7; at < end; at += 8) {
        unsigned mask = 0xFF;

        if (at < access->address) {
            mask &= 0xFFu << (access->address - at);
        }
        if (end - at < 8) {
            mask &= 0xFFu >> (8 - (end - at));
        }
        touch_cell(race, cpu, access, at, mask & 0xFF, &told);
    }
}

static dq_raceslot slot_of(const dq_processor *cpu, const void *place,
                           const dq_raceexecution *execution, unsigned flags)
{
    const dq_execution *who = cpu->execution;

    return (dq_raceslot){ .place = place,
                          .epoch = execution->epoch,
                          .lane = execution->lane,
                          .flags = (uint8_t)flags,
                          .irql = cpu->irql,
                          .base = who->base_level,
                          .only = only_processor(cpu, who),
                          .cpu = cpu->number };
}

static void on_access(dq_race *race, dq_processor *cpu, const dq_event *event)
{
    const dq_execution *who = cpu->execution;
    dq_raceexecution *execution = dq_raceedges_execution(race, cpu, who);
    const unsigned flags = flags_of(race, event);
    dq_raceaccess access = { .address = (uintptr_t)event->object,
                             .bytes = (size_t)event->a,
                             .execution = execution,
                             .who = who };

    if (execution == NULL || race->blind) {
        return;
    }
    dq_raceexecution_give_lane(&race->executions, &race->shadow, execution, who);
    if (execution->lane == DQ_RACE_NO_LANE) {
        return; /* More threads at once than there are lanes. */
    }
    access.slot = slot_of(cpu, event->place, execution,
                          flags & (DQ_ACCESS_READ | DQ_ACCESS_WRITE | DQ_ACCESS_ATOMIC));
    execution->touched = true;
    if ((flags & DQ_ACCESS_ATOMIC) != 0) {
        dq_raceedges_atomic_before(race, execution, access.address, flags);
    }
    touch_all(race, cpu, &access);
    if ((flags & DQ_ACCESS_ATOMIC) != 0) {
        dq_raceedges_atomic_after(race, execution, access.address, flags);
    }
}

/* Against those who have touched the block. */
static void free_all(dq_race *race, dq_processor *cpu, const dq_raceaccess *access)
{
    const uintptr_t end = access->address + access->bytes;

    for (uintptr_t at = access->address & ~(uintptr_t)7; at < end; at += 8) {
        const dq_racecell *cell = dq_raceshadow_look(&race->shadow, at);
        const dq_raceslot *other = cell != NULL ? find_race(cell, access) : NULL;

        if (other != NULL) {
            dq_racereport_tell(race, cpu, access, other, at, other->mask);
            return;
        }
    }
}

static void on_free(dq_race *race, dq_processor *cpu, const dq_event *event)
{
    const dq_execution *who = cpu->execution;
    dq_raceexecution *execution = dq_raceedges_execution(race, cpu, who);
    dq_raceaccess access = { .address = (uintptr_t)event->object,
                             .bytes = (size_t)event->a,
                             .execution = execution,
                             .who = who };

    if (execution == NULL) {
        return;
    }
    dq_raceexecution_give_lane(&race->executions, &race->shadow, execution, who);
    if (execution->lane != DQ_RACE_NO_LANE) {
        access.slot = slot_of(cpu, event->place, execution, DQ_ACCESS_WRITE | DQ_RACE_FREES);
        access.slot.mask = 0xFF;
        free_all(race, cpu, &access);
    }
}

/* ---- The sink -------------------------------------------------------------------------------- */

static const uint64_t sleeping_kinds = DQ_EVENT_BIT(ACCESS) | DQ_EVENT_BIT(CONNECT) |
                                       DQ_EVENT_BIT(POOL_ALLOCATE) | DQ_EVENT_BIT(POOL_FREE);

static bool is_stack(const void *owner, uintptr_t address)
{
    const dq_machine *machine = owner;

    for (const dq_task *task = machine->tasks; task != NULL; task = task->next) {
        if (address - (uintptr_t)task->context.stack < task->context.stack_bytes) {
            return true;
        }
    }
    return false;
}

static void remember_freed(dq_race *race)
{
    for (unsigned i = 0; i < DQ_RACE_FREED && !race->blind; i++) {
        const dq_raceblock *block = &race->memory.freed[i];

        dq_raceshadow_free(&race->shadow, block->address, block->address + block->bytes);
    }
}

/* Until now there was nothing to order. */
static void wake(dq_race *race)
{
    dq_machine *machine = race->machine;

    race->awake = true;
    race->blind = race->blind || !dq_raceshadow_start(&race->shadow, is_stack, machine);
    remember_freed(race);
    host_freed_listen(&race->freed);
    dq_sink_listen(machine, &race->sink, race->sink.kinds | DQ_RACE_EDGE_KINDS);
}

static void connect(dq_race *race, const dq_event *event)
{
    if (!dq_contract_grow((void **)&race->connections, &race->connection_capacity,
                          race->connection_count, sizeof(*race->connections))) {
        race->blind = true;
        return;
    }
    race->connections[race->connection_count++] =
        (dq_raceconnection){ event->object, (uint32_t)event->a };
}

/* What is remembered of a freed block is only that it is freed: who touches it then is wrong in any
 * order. */
static void on_memory(dq_race *race, dq_processor *cpu, const dq_event *event)
{
    const uintptr_t from = (uintptr_t)event->object, to = from + (uintptr_t)event->a;
    const bool frees = event->kind == DQ_EVENT_POOL_FREE;

    if (frees && event->c != 0) {
        return;
    }
    if (frees && race->awake && !race->blind) {
        on_free(race, cpu, event);
    }
    if (frees) {
        dq_racememory_release(&race->memory, event);
    } else {
        dq_racememory_allocate(&race->memory, event);
    }
    if (!race->awake || race->blind) {
        return;
    }
    if (frees && event->a <= DQ_POOL_KEPT_BYTES) {
        dq_raceshadow_free(&race->shadow, from, to);
    } else {
        dq_raceshadow_forget(&race->shadow, from, to);
    }
    dq_racesync_forget(&race->syncs, from, to);
}

/* Blocks of the host's heap begin anew; in doubt, all memory does. */
static void hear_of_freed(dq_race *race)
{
    host_range ranges[32];
    unsigned count;

    do {
        if (!host_freed_read(&race->freed, ranges, 32, &count)) {
            dq_raceshadow_forget(&race->shadow, 0, UINTPTR_MAX);
            remember_freed(race);
        }
        for (unsigned i = 0; i < count; i++) {
            dq_raceshadow_forget(&race->shadow, ranges[i].from, ranges[i].to);
            dq_racesync_forget(&race->syncs, ranges[i].from, ranges[i].to);
        }
    } while (count > 0);
}

/* Interlocked routines are all that is ever said where no code is instrumented. */
static bool is_worth_waking(const dq_event *event)
{
    return event->service != DQ_SERVICE_Interlocked || dq_instrumented_is_there();
}

static void on_event(dq_sink *sink, dq_processor *cpu, const dq_event *event)
{
    dq_race *race = (dq_race *)sink;

    if (race->awake && !race->blind && host_freed_has_more(&race->freed)) {
        hear_of_freed(race);
    }
    switch (event->kind) {
    case DQ_EVENT_ACCESS:
        if (!race->awake && is_worth_waking(event)) {
            wake(race);
        }
        if (race->awake) {
            on_access(race, cpu, event);
        } else {
            dq_raceedges_atomic_early(race, cpu->execution, (uintptr_t)event->object,
                                      flags_of(race, event));
        }
        break;
    case DQ_EVENT_POOL_ALLOCATE:
    case DQ_EVENT_POOL_FREE:
        on_memory(race, cpu, event);
        break;
    case DQ_EVENT_CONNECT:
        connect(race, event);
        if (race->awake) {
            dq_raceedges_event(race, cpu, event);
        }
        break;
    default:
        dq_raceedges_event(race, cpu, event);
        break;
    }
}

static void free_race(dq_race *race)
{
    if (race->awake) {
        host_freed_ignore();
    }
    dq_raceexecution_free_all(&race->executions);
    dq_racesync_free_all(&race->syncs);
    dq_raceshadow_stop(&race->shadow);
    dq_racememory_free_all(&race->memory);
    free(race->connections);
    free(race);
}

static void stop(dq_sink *sink, dq_machine *machine)
{
    (void)machine;
    free_race((dq_race *)sink);
}

/* Asleep again. */
static void begin_anew(dq_sink *sink, dq_machine *machine)
{
    dq_race *race = (dq_race *)sink;

    dq_sink_listen(machine, sink, sleeping_kinds);
    if (race->awake) {
        host_freed_ignore();
        dq_raceexecution_clear(&race->executions);
        dq_racesync_clear(&race->syncs);
        dq_raceshadow_clear(&race->shadow);
    }
    dq_racememory_clear(&race->memory);
    race->sink.kinds = sleeping_kinds;
    race->awake = false;
    race->blind = false;
    race->expired = NULL;
    race->stimulus = NULL;
    race->connection_count = 0;
    race->pair_count = 0;
    race->ignore_count = 0;
}

dq_sink *dq_race_create(dq_machine *machine, bool iso)
{
    dq_race *race = calloc(1, sizeof(*race));

    if (race == NULL) {
        return NULL;
    }
    race->machine = machine;
    race->iso = iso;
    race->sink.name = "race";
    race->sink.kinds = sleeping_kinds;
    race->sink.event = on_event;
    race->sink.stop = stop;
    race->sink.rewind = begin_anew;
    return &race->sink;
}

const dq_racememory *dq_race_memory(const dq_sink *sink)
{
    return sink != NULL ? &((const dq_race *)sink)->memory : NULL;
}

bool dq_race_ignore(dq_sink *sink, const volatile void *address, size_t bytes,
                    const char *reason)
{
    dq_race *race = (dq_race *)sink;
    dq_raceignore *ignore = &race->ignores[race->ignore_count];

    if (race->ignore_count == DQ_RACE_IGNORES) {
        return false;
    }
    race->ignore_count++;
    ignore->from = (uintptr_t)address;
    ignore->to = (uintptr_t)address + bytes;
    snprintf(ignore->reason, sizeof(ignore->reason), "%s", reason);
    return true;
}
