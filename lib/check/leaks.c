/*
 * leaks.c - groups what is left over at the end of a run by rule and place, and writes it down.
 *
 * Bug check codes are those that Windows would have for it: the Driver Verifier's 0xC4/0x62 for
 * memory, 0xCB for locked pages, and 0xCE for what would still run after the driver is gone.
 */
#include "check/leaks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/contract_state.h"
#include "sim/place.h"

enum {
    CODE_VERIFIER = 0xC4,
    SUBCODE_NOT_FREED = 0x62,
    CODE_LOCKED = 0xCB,
    CODE_NOT_CANCELLED = 0xCE,
    PLACE_TEXT = 160
};

/* In the order in which they are reported. */
static const struct kind {
    const char *rule;
    uint32_t code;
} kinds[] = {
    { "InterruptLeft", CODE_NOT_CANCELLED },
    { "TimerLeft", CODE_NOT_CANCELLED },
    { "DpcLeft", CODE_NOT_CANCELLED },
    { "WorkItemLeft", CODE_NOT_CANCELLED },
    { "ThreadLeft", CODE_NOT_CANCELLED },
    { "CallbackLeft", CODE_NOT_CANCELLED },
    { "LookasideLeft", CODE_NOT_CANCELLED },
    { "ResourceLeft", 0 },
    { "RemoveLockLeft", 0 },
    { "MappingLeft", 0 },
    { "LockedPagesLeft", CODE_LOCKED },
    { "MdlMappingLeft", 0 },
    { "MapRegistersLeft", 0 },
    { "CommonBufferLeft", 0 },
    { "DmaAdapterLeft", 0 },
    { "ContiguousMemoryLeft", 0 },
    { "MdlMemoryLeft", 0 },
    { "HandleLeak", 0 },
    { "ReferenceLeak", 0 },
    { "PoolLeak", CODE_VERIFIER },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static size_t rank_of(const char *rule)
{
    size_t rank = 0;

    while (rank < KINDS && strcmp(kinds[rank].rule, rule) != 0) {
        rank++;
    }
    return rank;
}

static bool is_of(const dq_leak *group, const dq_leak *leak)
{
    return group->place == leak->place && group->service == leak->service &&
           strcmp(group->rule, leak->rule) == 0 && strcmp(group->text, leak->text) == 0;
}

void dq_leaks_add(dq_leaks *leaks, const dq_leak *leak)
{
    size_t i = 0;

    while (i < leaks->count && !is_of(&leaks->groups[i], leak)) {
        i++;
    }
    if (i < leaks->count) {
        leaks->groups[i].bytes += leak->bytes;
        leaks->groups[i].count++;
        return;
    }
    if (dq_contract_grow((void **)&leaks->groups, &leaks->capacity, leaks->count,
                         sizeof(*leaks->groups))) {
        leaks->groups[leaks->count] = *leak;
        leaks->groups[leaks->count++].count = 1;
    }
}

static const char *describe(const dq_leak *group, char *text, size_t bytes)
{
    char place[PLACE_TEXT], amount[80] = "";

    if (group->bytes > 0) {
        snprintf(amount, sizeof(amount), ": %" PRIu64 " bytes in %u block%s", group->bytes,
                 group->count, group->count > 1 ? "s" : "");
    } else if (group->count > 1) {
        snprintf(amount, sizeof(amount), ": %u of them", group->count);
    }
    snprintf(text, bytes, "%s%s. %s was called at %s.", group->text, amount,
             group->maker != NULL ? group->maker : dq_service_name(group->service),
             dq_place_describe(group->place, place, sizeof(place)));
    return text;
}

static int compare(const void *a, const void *b)
{
    const dq_leak *first = a, *second = b;
    const size_t first_rank = rank_of(first->rule), second_rank = rank_of(second->rule);
    char first_text[DQ_FINDING_TEXT], second_text[DQ_FINDING_TEXT];

    if (first_rank != second_rank) {
        return first_rank < second_rank ? -1 : 1;
    }
    return strcmp(describe(first, first_text, sizeof(first_text)),
                  describe(second, second_text, sizeof(second_text)));
}

static void write_down(dq_processor *cpu, const dq_leak *group, dq_severity worst)
{
    const size_t rank = rank_of(group->rule);
    const uint32_t code = rank < KINDS ? kinds[rank].code : 0;
    dq_finding finding = { .severity = group->severity < worst ? group->severity : worst,
                           .rule = group->rule,
                           .service = group->maker != NULL ? DQ_SERVICE_NONE : group->service,
                           .place = group->place };
    char text[DQ_FINDING_TEXT];

    if (finding.severity == DQ_ERROR) {
        finding.code = code;
        finding.parameters[0] = code == CODE_VERIFIER ? SUBCODE_NOT_FREED : 0;
        finding.parameters[3] = code == CODE_VERIFIER ? group->count : 0;
    }
    dq_note(cpu, &finding, "%s", describe(group, text, sizeof(text)));
}

void dq_leaks_report(dq_leaks *leaks, dq_processor *cpu, dq_severity worst)
{
    if (leaks->count > 0) {
        qsort(leaks->groups, leaks->count, sizeof(*leaks->groups), compare);
    }
    for (size_t i = 0; i < leaks->count; i++) {
        write_down(cpu, &leaks->groups[i], worst);
    }
    free(leaks->groups);
    *leaks = (dq_leaks){ 0 };
}
