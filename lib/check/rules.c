/*
 * rules.c - what the rules say, by name or by bug check code.
 */
#include "check/rules.h"

#include <string.h>

#include "sim/processor.h"

typedef struct named_rule {
    const char *name, *demand, *advice;
} named_rule;

static const named_rule rules[] = {
#define DQ_RULE_ROW(rule, demand, advice) { rule, demand, advice },
#define DQ_CODE_ROW(code, advice)
#include "check/rules.def"
#undef DQ_RULE_ROW
#undef DQ_CODE_ROW
};

static const named_rule *find(const char *name)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(rules[i].name, name) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

const char *dq_rule_demand(const char *rule)
{
    const named_rule *row = find(rule);

    return row != NULL ? row->demand : NULL;
}

const char *dq_rule_advice(const char *rule, uint32_t code)
{
    const named_rule *row = find(rule);

    if (row != NULL) {
        return row->advice;
    }
    switch (code) {
#define DQ_RULE_ROW(name, demand, text)
#define DQ_CODE_ROW(number, text) \
    case number:                  \
        return text;
#include "check/rules.def"
#undef DQ_RULE_ROW
#undef DQ_CODE_ROW
    default:
        return NULL;
    }
}

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
