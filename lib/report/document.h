/*
 * document.h - a report file: what all runs of this process have to say, rewritten after each.
 */
#ifndef DQ_REPORT_DOCUMENT_H
#define DQ_REPORT_DOCUMENT_H

#include "report/record.h"
#include "sim/text.h"

typedef enum dq_document_kind { DQ_DOCUMENT_NONE, DQ_DOCUMENT_SARIF, DQ_DOCUMENT_JUNIT } dq_document_kind;

/* By how the path ends: .sarif or .json, .xml. */
dq_document_kind dq_document_kind_of(const char *path);

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
    struct dq_document *next;
} dq_document;

/* Adds a run and writes the file; of runs that passed, many may be written together. False: says
 * why in `reason`. Any host thread. */
bool dq_document_add(const char *path, dq_record *record, const dq_run_facts *facts, char *reason,
                     size_t bytes);

/* ---- The two kinds (sarif.c, junit.c)
 * --------------------------------------------------------- */

void dq_sarif_add(dq_document *document, dq_record *record, const dq_run_facts *facts);
void dq_sarif_write(const dq_document *document, dq_text *out);
void dq_junit_add(dq_document *document, dq_record *record, const dq_run_facts *facts);
void dq_junit_write(const dq_document *document, dq_text *out);

#endif
