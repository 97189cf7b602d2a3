/*
 * document.h - a report file: what all runs of this process have to say, rewritten after each.
 * A run that is under way stands in it as one that has not ended.
 */
#ifndef DQ_REPORT_DOCUMENT_H
#define DQ_REPORT_DOCUMENT_H

#include "report/record.h"
#include "sim/text.h"

typedef enum dq_document_kind { DQ_DOCUMENT_NONE, DQ_DOCUMENT_SARIF, DQ_DOCUMENT_JUNIT } dq_document_kind;

/* By how the path ends: .sarif or .json, .xml. */
dq_document_kind dq_document_kind_of(const char *path);

/* A run that has begun. If the process is stopped, or dies, the file says so. */
typedef struct dq_under_way {
    const void *owner; /* Tells it from others. */
    unsigned process;  /* Whose it is: a child has none of its parent's. */
    bool is_shown;     /* In the file, as it is. */
    struct dq_under_way *next;
    char name[96];
} dq_under_way;

#define DQ_UNDER_WAY_TEXT \
    "the run has not ended: its process was stopped, or died, in the middle of it"

typedef struct dq_document {
    char *path;
    dq_document_kind kind;
    dq_text body; /* SARIF: results. JUnit: test suites. */
    dq_text runs; /* SARIF: what runs there were, as JSON. */
    dq_piece *rules;
    unsigned tests, failures, errors, skipped;
    uint64_t host_ns;
    uint64_t written_ns, cost_ns; /* When the file was written, and how long that took. */
    bool is_behind;               /* The file does not have all runs yet. */
    bool is_lost;                 /* It could not be written the last time, which was said. */
    bool is_begun;                /* What another process had left there is gone. */
    dq_under_way *under_way;
    struct dq_document *next;
} dq_document;

/* A run begins, which `owner` will add or forget. With the first one the file begins, so that
 * nobody takes for new what an earlier process had left there; of many short runs, few are written.
 * What cannot be written is said by the end of the run. Any host thread. */
void dq_document_begin(const char *path, const void *owner, const char *name);
void dq_document_forget(const char *path, const void *owner);

/* Adds a run and writes the file; of runs that passed, many may be written together. False: says
 * why in `reason`. Any host thread. */
bool dq_document_add(const char *path, const void *owner, dq_record *record,
                     const dq_run_facts *facts, char *reason, size_t bytes);

/* The first of this process at or after `run`, or NULL. */
const dq_under_way *dq_document_under_way(const dq_under_way *run);

/* ---- The two kinds (sarif.c, junit.c)
 * --------------------------------------------------------- */

void dq_sarif_add(dq_document *document, dq_record *record, const dq_run_facts *facts);
void dq_sarif_write(const dq_document *document, dq_text *out);
void dq_junit_add(dq_document *document, dq_record *record, const dq_run_facts *facts);
void dq_junit_write(const dq_document *document, dq_text *out);

#endif
