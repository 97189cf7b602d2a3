/*
 * finding.h - what went wrong: written down where it is seen, drawn when the run is over.
 *
 * A finding carries a bug check code and parameters, the text that says the rule in driver words,
 * and the place. A fatal one ends the run; a warning does not. A test may expect one: then it ends
 * the run as passed.
 */
#ifndef DQ_FINDING_H
#define DQ_FINDING_H

#include "sim/processor.h"

typedef enum dq_severity { DQ_WARNING, DQ_ERROR } dq_severity;

enum { DQ_FINDING_TEXT = 768 };

typedef struct dq_finding {
    dq_severity severity;
    const char *rule; /* Short fixed name: "IrqlKeDispatchLte", "deadlock", "bug check". */
    const char *page; /* The documented page, or NULL. */
    uint32_t code;    /* Bug check code; 0: none. */
    uint64_t parameters[4];
    const void *memory; /* That it is about, or NULL. */
    size_t memory_bytes;
    char text[DQ_FINDING_TEXT];
    char *more; /* Lines that belong to the text, from malloc(), each after a new line; or NULL. The
                   finding's own from dq_find() and dq_note() on. */
    char title[256];  /* In place of the rule's name at the top; empty: that. */
    char advice[512]; /* In place of the rule's; empty: that. */
    bool expected;
    /* Filled in by dq_find(): */
    unsigned processor;
    unsigned irql;
    uint64_t time_ns;
    dq_service service;
    const void *place;
    char execution[96];
    const struct dq_suppression *suppressed; /* By what, in the list of those that were. */
    struct dq_finding *next;
} dq_finding;

typedef struct dq_expectation {
    uint32_t code;
    uint64_t parameters[4];
    unsigned parameter_mask; /* Bit n: parameters[n] must match. */
    const char *rule;        /* Or a rule by name; NULL: by code. */
    bool met;
    struct dq_expectation *next;
} dq_expectation;

typedef struct dq_suppression {
    char rule[48];
    char place[128]; /* Function name, empty: anywhere. */
    char reason[160];
    unsigned count;
    struct dq_suppression *next;
} dq_suppression;

/* Warnings that a test wants to be errors. */
typedef struct dq_escalation {
    char rule[48]; /* Empty: of all rules. */
    struct dq_escalation *next;
} dq_escalation;

typedef struct dq_finding_list {
    dq_finding *first, *last;
    dq_finding *suppressed;  /* One for each suppression and place, latest first, if they are kept. */
    bool keeps_suppressed;
    unsigned errors, warnings;
    dq_expectation *expectations;
    dq_suppression *suppressions;
    dq_escalation *escalations;
    bool crash_expected; /* An expected finding ended the run. */
} dq_finding_list;

/* Writes a finding down. An error goes home and does not return, unless it was suppressed or the
 * caller is the home context. `details` is copied; text is made from `format`. `cpu` may be a
 * refusing processor if `machine` is known through it. */
void dq_find(dq_processor *cpu, const dq_finding *details, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As dq_find(), on behalf of a processor that somebody else runs: always returns. */
void dq_note(dq_processor *cpu, const dq_finding *details, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A bug check: an error with a code, named after the Bug Check Code Reference. Never returns to its
 * caller, even if suppressed. */
_Noreturn void dq_bugcheck(dq_processor *cpu, uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3,
                           uint64_t p4, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* Writes down an error from outside simulated code (home context, foreign host thread). Returns. */
void dq_find_outside(dq_machine *machine, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "IRQL_NOT_LESS_OR_EQUAL", or NULL if the code has no name. */
const char *dq_bugcheck_name(uint32_t code);

void dq_finding_expect(dq_machine *machine, const dq_expectation *expectation);
void dq_finding_suppress(dq_machine *machine, const char *rule, const char *place,
                         const char *reason);
/* Warnings of this rule (NULL: of any) are errors from now on. */
void dq_finding_escalate(dq_machine *machine, const char *rule);

/* At the end of a run: expectations that were not met become errors. */
void dq_finding_settle(dq_machine *machine);
void dq_finding_stop(dq_machine *machine);

#endif
