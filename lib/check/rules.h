/*
 * rules.h - what the rules say, by name or by bug check code.
 */
#ifndef DQ_CHECK_RULES_H
#define DQ_CHECK_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/service.h"

/* A row of rules.def. */
typedef struct dq_rule {
    const char *name;
    const char *page;   /* Where it is documented: "wdm: KeSetEvent". */
    const char *demand; /* What it demands. */
    const char *advice; /* What to do when it is broken. */
    bool warns;         /* Breaking it is a warning. */
} dq_rule;

/* All of them; `count` tells how many. */
const dq_rule *dq_rules(size_t *count);

/* NULL if no rule has this name. */
const dq_rule *dq_rule_find(const char *name);

/* True if dirql has findings of this name that are about the test, or about the machine itself: no
 * rules, so they cannot be suppressed (own.def). */
bool dq_rule_is_own(const char *name);

/* Names of rules (`own`: and of dirql's own findings) that `name` may have meant, as "A" or "A, B or
 * C"; empty if none comes near. Returns text. */
const char *dq_rule_nearest(const char *name, bool own, char *text, size_t bytes);

/* What to do about a finding, by rule or else by bug check code. NULL if there is nothing to
 * say. */
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
