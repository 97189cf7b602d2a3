/*
 * leaks.h - what is left over at the end of a run: told one by one, grouped, and reported in an
 * order that does not depend on addresses.
 */
#ifndef DQ_CHECK_LEAKS_H
#define DQ_CHECK_LEAKS_H

#include "sim/machine.h"

enum { DQ_LEAK_TEXT = 192 };

/* One thing, or a group of them that were made in one place. */
typedef struct dq_leak {
    const char *rule;
    dq_severity severity;
    dq_service service; /* That made it. */
    const char *maker;  /* In place of the service: "PcNewInterruptSync"; NULL: that. */
    const void *place;  /* That called the service. */
    uint64_t bytes;     /* Of memory; 0: it is something else. */
    char text[DQ_LEAK_TEXT]; /* "pool memory with tag Uart is never freed". */
    unsigned count;
} dq_leak;

typedef struct dq_leaks {
    dq_leak *groups;
    size_t count, capacity;
} dq_leaks;

/* Adds one thing: to its group, or as the first of a new one. */
void dq_leaks_add(dq_leaks *leaks, const dq_leak *leak);

/* Writes a finding down for each group, none of them above `worst`, and forgets all. Returns. */
void dq_leaks_report(dq_leaks *leaks, dq_processor *cpu, dq_severity worst);

#endif
