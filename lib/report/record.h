/*
 * record.h - what a report file will say of one run: taken down while the machine is there, and
 * written when the whole is over. An exploration is one run here: that of the schedule that failed,
 * with what the exploration knows in the end.
 */
#ifndef DQ_REPORT_RECORD_H
#define DQ_REPORT_RECORD_H

#include "report/source.h"
#include "sim/machine.h"

typedef enum dq_run_end { DQ_RUN_PASSED, DQ_RUN_FAILED, DQ_RUN_REFUSED, DQ_RUN_SKIPPED } dq_run_end;

/* Of a run, when it is over. Texts may be NULL where there is nothing to say. */
typedef struct dq_run_facts {
    const char *name;
    const char *mode;
    const char *fail; /* The plan by which calls failed. */
    uint64_t seed;
    unsigned processors;
    dq_run_end end;
    unsigned errors, warnings;
    uint64_t virtual_ns, host_ns, worst_latency_ns;
    uint64_t interrupts, dpcs;
    uint64_t schedules; /* Of an exploration; else 0. */
    bool complete;
    const char *coverage, *report, *repeat, *schedule;
} dq_run_facts;

/* A piece of JSON. */
typedef struct dq_piece {
    char id[128]; /* Of a rule. */
    char *text;
    struct dq_piece *next;
} dq_piece;

typedef struct dq_record {
    dq_piece *results, **results_end; /* SARIF results, each open at the end: in its properties. */
    dq_piece *rules;
    char *headline;  /* What failed the run, in a line; NULL: nothing did. */
    char rule[128];  /* Its rule. */
    dq_source *at;   /* Where. */
    char *warnings;  /* Text of all, or NULL. */
    const void *fallback; /* A return address, for what has no place. */
    const void *blamed;   /* That of the test framework, see dq_record_take(). */
    bool failed;     /* Memory was short. */
} dq_record;

void dq_record_begin(dq_record *record);
void dq_record_end(dq_record *record);

/* Everything that was found, but for what was expected. `history` and `repeat` may be NULL.
 * `blamed` is a return address: where the test framework saw a failure, if nothing was found. In
 * place of what the record had so far. */
void dq_record_take(dq_record *record, dq_machine *machine, const dq_sink *history,
                    const char *repeat, bool has_failed, const void *blamed);

/* A failure that no machine knows of, with its text. If there is an error already: nothing. */
void dq_record_complain(dq_record *record, const char *rule, const char *text);

/* For result.c: takes over `text`. */
void dq_record_add_result(dq_record *record, char *text);
void dq_record_add_rule(dq_record *record, const char *id, char *text);
bool dq_record_has_rule(const dq_record *record, const char *id);

#endif
