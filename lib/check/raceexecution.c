/*
 * raceexecution.c - executions by ordinal, and their lanes.
 */
#include "check/raceexecution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dq_raceexecution **bucket_of(dq_raceexecutions *executions, uint32_t ordinal)
{
    return &executions->buckets[ordinal % 256];
}

dq_raceexecution *dq_raceexecution_find(const dq_raceexecutions *executions, uint32_t ordinal)
{
    dq_raceexecution *e = executions->buckets[ordinal % 256];

    while (e != NULL && e->ordinal != ordinal) {
        e = e->next;
    }
    return e;
}

dq_raceexecution *dq_raceexecution_make(dq_raceexecutions *executions, uint32_t ordinal)
{
    dq_raceexecution **bucket = bucket_of(executions, ordinal);
    dq_raceexecution *e = executions->unused;

    if (e != NULL) {
        executions->unused = e->next;
    } else {
        e = calloc(1, sizeof(*e));
        if (e == NULL) {
            return NULL;
        }
    }
    e->ordinal = ordinal;
    e->lane = DQ_RACE_NO_LANE;
    e->touched = false;
    e->epoch = 0;
    e->loading = 0;
    dq_raceclock_clear(&e->clock);
    e->next = *bucket;
    *bucket = e;
    return e;
}

/* ---- Lanes ----------------------------------------------------------------------------------- */

static bool can_take_over(const dq_racelane *lane, unsigned number, const dq_raceshadow *shadow,
                          const dq_raceexecution *execution, const dq_execution *who)
{
    if (lane->live) {
        return false;
    }
    return shadow->refs[number] == 0 ||
           (lane->object == who->object && lane->kind == who->kind &&
            lane->epoch <= dq_raceclock_get(&execution->clock, number));
}

static bool is_dead(const void *owner, unsigned lane)
{
    const dq_raceexecutions *executions = owner;

    return !executions->lanes[lane].live;
}

static unsigned search(const dq_raceexecutions *executions, const dq_raceshadow *shadow,
                       const dq_raceexecution *execution, const dq_execution *who)
{
    for (unsigned i = 0; i < executions->lane_count; i++) {
        if (can_take_over(&executions->lanes[i], i, shadow, execution, who)) {
            return i;
        }
    }
    return DQ_RACE_NO_LANE;
}

/* With all in use, what those that have ended did is forgotten. */
static unsigned choose(dq_raceexecutions *executions, dq_raceshadow *shadow,
                       const dq_raceexecution *execution, const dq_execution *who)
{
    unsigned lane = search(executions, shadow, execution, who);

    if (lane != DQ_RACE_NO_LANE) {
        return lane;
    }
    if (executions->lane_count < DQ_RACE_LANES) {
        return executions->lane_count++;
    }
    dq_raceshadow_sweep(shadow, is_dead, executions);
    return search(executions, shadow, execution, who);
}

static void describe(dq_racelane *lane, const dq_execution *who)
{
    const dq_execution *below = who->below;

    lane->ordinal = who->ordinal;
    lane->kind = who->kind;
    lane->routine = who->routine;
    lane->object = who->object;
    snprintf(lane->name, sizeof(lane->name), "%s", who->name != NULL ? who->name : "");
    for (unsigned i = 0; i < DQ_RACE_BELOW; i++) {
        lane->below[i] = below != NULL ? below->ordinal : 0;
        below = below != NULL ? below->below : NULL;
    }
}

void dq_raceexecution_give_lane(dq_raceexecutions *executions, dq_raceshadow *shadow,
                                dq_raceexecution *execution, const dq_execution *who)
{
    unsigned number;
    dq_racelane *lane;

    if (execution->lane != DQ_RACE_NO_LANE) {
        return;
    }
    number = choose(executions, shadow, execution, who);
    if (number == DQ_RACE_NO_LANE) {
        return;
    }
    lane = &executions->lanes[number];
    lane->live = true;
    lane->first_epoch = ++lane->epoch;
    describe(lane, who);
    execution->lane = (uint16_t)number;
    execution->epoch = lane->epoch;
}

const dq_racelane *dq_raceexecution_of(const dq_raceexecutions *executions,
                                       const dq_raceslot *slot)
{
    const dq_racelane *lane = &executions->lanes[slot->lane];

    return slot->epoch >= lane->first_epoch ? lane : NULL;
}

/* ---- The end --------------------------------------------------------------------------------- */

void dq_raceexecution_end(dq_raceexecutions *executions, dq_raceexecution *execution)
{
    dq_raceexecution **link = bucket_of(executions, execution->ordinal);

    while (*link != execution) {
        link = &(*link)->next;
    }
    *link = execution->next;
    if (execution->lane != DQ_RACE_NO_LANE) {
        executions->lanes[execution->lane].live = false;
        executions->lanes[execution->lane].epoch = execution->epoch;
    }
    for (unsigned i = 0; i < DQ_PROCESSORS_MAX; i++) {
        if (executions->latest[i] == execution) {
            executions->latest[i] = NULL;
        }
    }
    execution->next = executions->unused;
    executions->unused = execution;
}

static void free_list(dq_raceexecution *e)
{
    while (e != NULL) {
        dq_raceexecution *next = e->next;

        dq_raceclock_free(&e->clock);
        free(e);
        e = next;
    }
}

void dq_raceexecution_clear(dq_raceexecutions *executions)
{
    for (unsigned i = 0; i < 256; i++) {
        while (executions->buckets[i] != NULL) {
            dq_raceexecution *e = executions->buckets[i];

            executions->buckets[i] = e->next;
            e->next = executions->unused;
            executions->unused = e;
        }
    }
    memset(executions->latest, 0, sizeof(executions->latest));
    memset(executions->lanes, 0, executions->lane_count * sizeof(executions->lanes[0]));
    executions->lane_count = 0;
}

void dq_raceexecution_free_all(dq_raceexecutions *executions)
{
    for (unsigned i = 0; i < 256; i++) {
        free_list(executions->buckets[i]);
        executions->buckets[i] = NULL;
    }
    free_list(executions->unused);
    executions->unused = NULL;
}
