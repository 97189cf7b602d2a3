/*
 * rules.c - what the rules say, by name or by bug check code.
 */
#include "check/rules.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/processor.h"

static const dq_rule rules[] = {
#define DQ_RULE_ROW(rule, page, demand, advice) { rule, page, demand, advice, false },
#define DQ_WARNING_ROW(rule, page, demand, advice) { rule, page, demand, advice, true },
#define DQ_CODE_ROW(code, advice)
#include "check/rules.def"
#undef DQ_RULE_ROW
#undef DQ_WARNING_ROW
#undef DQ_CODE_ROW
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

const dq_rule *dq_rules(size_t *count)
{
    *count = RULES;
    return rules;
}

const dq_rule *dq_rule_find(const char *name)
{
    for (size_t i = 0; i < RULES; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

static const char *const own[] = {
#define DQ_OWN_ROW(name) name,
#include "check/own.def"
#undef DQ_OWN_ROW
};

enum { OWN = sizeof(own) / sizeof(own[0]) };

bool dq_rule_is_own(const char *name)
{
    for (size_t i = 0; i < OWN; i++) {
        if (strcmp(own[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const char *dq_rule_advice(const char *rule, uint32_t code)
{
    const dq_rule *row = dq_rule_find(rule);

    if (row != NULL) {
        return row->advice;
    }
    switch (code) {
#define DQ_RULE_ROW(name, page, demand, text)
#define DQ_WARNING_ROW(name, page, demand, text)
#define DQ_CODE_ROW(number, text) \
    case number:                  \
        return text;
#include "check/rules.def"
#undef DQ_RULE_ROW
#undef DQ_WARNING_ROW
#undef DQ_CODE_ROW
    default:
        return NULL;
    }
}

/* ---- Names that come near -------------------------------------------------------------------- */

enum { NAME_MOST = 48, NEAREST_MOST = 3 };

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, taken out or exchanged to make one of the other (Levenshtein),
 * whatever their case. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MOST + 1];
    const size_t length = strlen(b);

    if (length > NAME_MOST) {
        return NAME_MOST;
    }
    for (size_t j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            const size_t exchanged = diagonal + !same_letter(a[i - 1], b[j - 1]);

            diagonal = row[j];
            row[j] = least(exchanged, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[length];
}

static bool begins_with(const char *text, const char *begin)
{
    while (*begin != '\0' && same_letter(*text, *begin)) {
        text++;
        begin++;
    }
    return *begin == '\0';
}

static size_t farness(const char *wanted, const char *name)
{
    const size_t changes = distance(wanted, name);

    return strlen(wanted) >= 4 && begins_with(name, wanted) ? least(changes, 1) : changes;
}

const char *dq_rule_nearest(const char *name, bool own_too, char *text, size_t bytes)
{
    const size_t limit = 2 + strlen(name) / 4;
    const size_t count = RULES + (own_too ? OWN : 0);
    unsigned found = 0;
    size_t used = 0;

    text[0] = '\0';
    for (size_t far = 0; far <= limit; far++) {
        for (size_t i = 0; i < count && found < NEAREST_MOST && used < bytes; i++) {
            const char *other = i < RULES ? rules[i].name : own[i - RULES];

            if (farness(name, other) == far) {
                used += (size_t)snprintf(text + used, bytes - used, "%s\"%s\"",
                                         found > 0 ? " or " : "", other);
                found++;
            }
        }
    }
    return text;
}

/* ---- Services and levels --------------------------------------------------------------------- */

enum { DQ_LEVEL_DEVICE = DQ_LEVEL_DISPATCH + 1 };

const dq_service_rule dq_service_rules[DQ_SERVICE_COUNT] = {
    [DQ_SERVICE_NONE] = { DQ_LEVEL_PASSIVE, DQ_LEVEL_HIGH, 0, "", NULL },
#define DQ_SERVICE_ROW(name, lowest, highest, subcode, rule, header) \
    [DQ_SERVICE_##                                                   \
        name] = { DQ_LEVEL_##lowest, DQ_LEVEL_##highest, subcode, #rule, #header ": " #name },
#include "sim/service.def"
#undef DQ_SERVICE_ROW
};

const char *dq_irql_name(unsigned irql)
{
    static const char *const names[DQ_LEVELS] = {
        "PASSIVE_LEVEL", "APC_LEVEL",   "DISPATCH_LEVEL", "DIRQL 3",    "DIRQL 4",  "DIRQL 5",
        "DIRQL 6",       "DIRQL 7",     "DIRQL 8",        "DIRQL 9",    "DIRQL 10", "DIRQL 11",
        "DIRQL 12",      "CLOCK_LEVEL", "IPI_LEVEL",      "HIGH_LEVEL",
    };

    return irql < DQ_LEVELS ? names[irql] : "an impossible IRQL";
}
