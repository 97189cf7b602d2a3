/*
 * rules.h - what the rules say, by name or by bug check code.
 */
#ifndef DQ_CHECK_RULES_H
#define DQ_CHECK_RULES_H

#include <stdint.h>

#include "sim/service.h"

/* What the rule demands, and what to do when it is broken. NULL if there is nothing to say. */
const char *dq_rule_demand(const char *rule);
const char *dq_rule_advice(const char *rule, uint32_t code);

/* A service's row in service.def. */
typedef struct dq_service_rule {
    uint8_t lowest, highest;
    uint16_t subcode; /* Of 0xC4. */
    const char *rule;
    const char *page;
} dq_service_rule;

extern const dq_service_rule dq_service_rules[DQ_SERVICE_COUNT];

/* "DISPATCH_LEVEL", "DIRQL 7". */
const char *dq_irql_name(unsigned irql);

#endif
