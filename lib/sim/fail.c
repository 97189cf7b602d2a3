/*
 * fail.c - decides which calls fail for want of resources, and reads and writes plans for it.
 */
#include "sim/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/place.h"

enum { PLACE_TEXT = 160, TAG_CHARACTERS = 4 };

static const char *const kind_names[DQ_FAIL_KIND_COUNT] = {
#define X(name, text) text,
    DQ_FAIL_KINDS(X)
#undef X
};

/* ---- Deciding -------------------------------------------------------------------------------- */

static bool counts(const dq_fail_plan *plan, dq_fail_kind kind, uint32_t tag)
{
    return (plan->kinds == 0 || (plan->kinds >> kind & 1) != 0) &&
           (!plan->by_tag || plan->tag == tag);
}

/* In the modes that choose, the answer becomes one of the run's choices. */
static bool fails_by_chance(dq_processor *cpu, dq_failing *failing)
{
    const bool drawn = dq_choice_draw(&failing->random_state) % 100 < failing->plan.percent;

    return dq_mode_chooses(cpu->machine->options.mode)
               ? dq_choose_rarely(cpu, DQ_CHOICE_FAULT, DQ_BOUND_FAULT, drawn) != 0
               : drawn;
}

static bool is_due(dq_processor *cpu, dq_failing *failing)
{
    const dq_fail_plan *plan = &failing->plan;

    if (plan->percent != 0) {
        return fails_by_chance(cpu, failing);
    }
    return plan->onwards ? failing->asked >= plan->nth : failing->asked == plan->nth;
}

static void write_down(dq_processor *cpu, dq_failing *failing, const dq_fail_call *call)
{
    dq_emit_text(cpu, FAIL, NULL, call->caller);
    if (failing->failed++ == 0) {
        failing->first = *call;
        failing->first.number = failing->asked;
        dq_execution_describe(cpu->execution, failing->first.execution,
                              sizeof(failing->first.execution));
    }
}

bool dq_fails(dq_processor *cpu, dq_fail_kind kind, uint32_t tag, const char *caller,
              const void *place)
{
    dq_failing *failing = &cpu->machine->failing;

    if (DQ_LIKELY(!dq_fail_is_plan(&failing->plan)) || failing->paused > 0 ||
        !counts(&failing->plan, kind, tag)) {
        return false;
    }
    failing->asked++;
    if (!is_due(cpu, failing)) {
        return false;
    }
    write_down(cpu, failing,
               &(dq_fail_call){
                   .kind = kind,
                   .caller = caller != NULL ? caller : dq_service_name(cpu->execution->service),
                   .tag = tag,
                   .place = place });
    return true;
}

void dq_fail_start(dq_machine *machine, const dq_fail_plan *plan)
{
    dq_failing *failing = &machine->failing;

    failing->plan = *plan;
    failing->asked = 0;
    failing->random_state = machine->options.seed;
    for (unsigned i = 0; i < machine->processor_count && dq_fail_is_plan(plan); i++) {
        /* Only on its long way does a service say who it is. */
        dq_attend(&machine->processors[i], DQ_ATTEND_TURNS);
    }
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool refuse(const char *text, const char *why, char *error, size_t bytes)
{
    snprintf(error, bytes,
             "\"%s\" does not say which calls fail: %s. Examples: 3, 3+, 20%%, pool:3, "
             "pool,connect:1+, tag=Uart:2",
             text, why);
    return false;
}

/* As in source: 'traU' stands for "Uart" in memory. A number is taken as it is. */
static bool read_tag(const char *word, size_t length, uint32_t *tag)
{
    char digits[16];
    char *end;

    if (length == TAG_CHARACTERS) {
        memcpy(tag, word, TAG_CHARACTERS);
        return true;
    }
    if (length < 3 || length >= sizeof(digits) || word[0] != '0') {
        return false;
    }
    memcpy(digits, word, length);
    digits[length] = '\0';
    *tag = (uint32_t)strtoul(digits, &end, 16);
    return *end == '\0';
}

static bool read_word(const char *word, size_t length, dq_fail_plan *plan)
{
    if (length > 4 && memcmp(word, "tag=", 4) == 0) {
        plan->by_tag = true;
        return read_tag(word + 4, length - 4, &plan->tag);
    }
    for (unsigned kind = 0; kind < DQ_FAIL_KIND_COUNT; kind++) {
        if (strlen(kind_names[kind]) == length && memcmp(word, kind_names[kind], length) == 0) {
            plan->kinds |= 1u << kind;
            return true;
        }
    }
    return false;
}

static bool read_filter(const char *text, size_t length, dq_fail_plan *plan)
{
    const char *end = text + length;

    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma != NULL ? comma : end;

        if (!read_word(text, (size_t)(stop - text), plan)) {
            return false;
        }
        text = stop + (comma != NULL ? 1 : 0);
    }
    return true;
}

static bool read_which(const char *text, dq_fail_plan *plan)
{
    char *end;
    uint64_t number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0) {
        return false;
    }
    if (strcmp(end, "%") == 0) {
        plan->percent = (unsigned)number;
        return number >= 1 && number <= 100;
    }
    plan->nth = number;
    plan->onwards = strcmp(end, "+") == 0;
    return number > 0 && (plan->onwards || *end == '\0');
}

bool dq_fail_read(const char *text, dq_fail_plan *plan, char *error, size_t error_bytes)
{
    const char *colon = strrchr(text, ':');
    const bool digit = text[0] >= '0' && text[0] <= '9';
    const size_t filter = colon != NULL ? (size_t)(colon - text) : digit ? 0 : strlen(text);

    *plan = (dq_fail_plan){ 0 };
    if (!read_filter(text, filter, plan)) {
        return refuse(text, "there is an unknown word before the colon", error, error_bytes);
    }
    if ((colon != NULL || digit) && !read_which(colon != NULL ? colon + 1 : text, plan)) {
        return refuse(text, "the number is none, or out of range", error, error_bytes);
    }
    return true;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static bool is_printable(uint32_t tag)
{
    const unsigned char *character = (const unsigned char *)&tag;

    for (unsigned i = 0; i < TAG_CHARACTERS; i++) {
        const bool letter = (character[i] | 0x20) >= 'a' && (character[i] | 0x20) <= 'z';

        if (!letter && (character[i] < '0' || character[i] > '9')) {
            return false;
        }
    }
    return true;
}

static const char *tag_text(uint32_t tag, char text[16])
{
    if (is_printable(tag)) {
        snprintf(text, 16, "%.4s", (const char *)&tag);
    } else {
        snprintf(text, 16, "0x%08" PRIx32, tag);
    }
    return text;
}

static size_t write_filter(const dq_fail_plan *plan, char *text, size_t bytes)
{
    size_t used = 0;
    char tag[16];

    for (unsigned kind = 0; kind < DQ_FAIL_KIND_COUNT && used < bytes; kind++) {
        if ((plan->kinds >> kind & 1) != 0) {
            used += (size_t)snprintf(text + used, bytes - used, "%s%s", used > 0 ? "," : "",
                                     kind_names[kind]);
        }
    }
    if (plan->by_tag && used < bytes) {
        used += (size_t)snprintf(text + used, bytes - used, "%stag=%s", used > 0 ? "," : "",
                                 tag_text(plan->tag, tag));
    }
    return used < bytes ? used : bytes - 1;
}

const char *dq_fail_write(const dq_fail_plan *plan, char *text, size_t bytes)
{
    const size_t used = write_filter(plan, text, bytes);
    const char *colon = used > 0 ? ":" : "";

    if (plan->percent != 0) {
        snprintf(text + used, bytes - used, "%s%u%%", colon, plan->percent);
    } else {
        snprintf(text + used, bytes - used, "%s%" PRIu64 "%s", colon, plan->nth,
                 plan->onwards ? "+" : "");
    }
    return text;
}

const char *dq_fail_describe(const dq_machine *machine, char *text, size_t bytes)
{
    const dq_failing *failing = &machine->failing;
    const dq_fail_call *call = &failing->first;
    char place[PLACE_TEXT], tag[16], more[48] = "";

    if (failing->failed > 1) {
        snprintf(more, sizeof(more), ", and %" PRIu64 " more", failing->failed - 1);
    }
    snprintf(text, bytes, "call %" PRIu64 " of those that can fail, %s (%s%s%s), at %s, in %s%s",
             call->number, call->caller, kind_names[call->kind], call->tag != 0 ? ", tag " : "",
             call->tag != 0 ? tag_text(call->tag, tag) : "",
             dq_place_describe(call->place, place, sizeof(place)), call->execution, more);
    return text;
}
