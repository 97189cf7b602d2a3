/*
 * document.c - a report file: what all runs of this process have to say, rewritten after each.
 *
 * The process keeps the text of its runs, and replaces the file by the whole. So a file is
 * well-formed whenever somebody looks, and begins anew with each process. Thousands of runs that
 * pass are not worth thousands of large files: they are put off, so that writing takes a small
 * share of the time, until the next failure or the end of the process.
 */
#include "report/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"

static HOST_KEPT host_mutex *mutex;      /* Made under host_lock(). */
static HOST_KEPT dq_document *documents; /* Under the mutex. */

static bool ends_in(const char *path, const char *end)
{
    const size_t length = strlen(path), wanted = strlen(end);

    return length > wanted && strcmp(path + length - wanted, end) == 0;
}

dq_document_kind dq_document_kind_of(const char *path)
{
    if (ends_in(path, ".sarif") || ends_in(path, ".json")) {
        return DQ_DOCUMENT_SARIF;
    }
    return ends_in(path, ".xml") ? DQ_DOCUMENT_JUNIT : DQ_DOCUMENT_NONE;
}

static dq_document *find(const char *path)
{
    dq_document *document = documents;

    while (document != NULL && strcmp(document->path, path) != 0) {
        document = document->next;
    }
    if (document != NULL) {
        return document;
    }
    document = calloc(1, sizeof(*document));
    if (document == NULL || (document->path = malloc(strlen(path) + 1)) == NULL) {
        free(document);
        return NULL;
    }
    strcpy(document->path, path);
    document->kind = dq_document_kind_of(path);
    document->next = documents;
    documents = document;
    return document;
}

static void count(dq_document *document, const dq_run_facts *facts)
{
    document->tests++;
    document->failures += facts->end == DQ_RUN_FAILED;
    document->errors += facts->end == DQ_RUN_REFUSED;
    document->skipped += facts->end == DQ_RUN_SKIPPED;
    document->host_ns += facts->host_ns;
}

static bool write_file(const dq_document *document, char *reason, size_t bytes)
{
    dq_text out = { 0 };
    size_t length;
    char *text;
    bool written;

    if (document->kind == DQ_DOCUMENT_SARIF) {
        dq_sarif_write(document, &out);
    } else {
        dq_junit_write(document, &out);
    }
    length = out.length;
    text = document->body.failed || document->runs.failed ? NULL : dq_text_take(&out);
    if (text == NULL) {
        free(out.text);
        snprintf(reason, bytes, "short of memory");
        return false;
    }
    written = host_file_replace(document->path, text, length, reason, bytes);
    free(text);
    for (dq_under_way *run = document->under_way; run != NULL && written; run = run->next) {
        run->is_shown = run->process == host_process_number();
    }
    return written;
}

/* ---- What is under way ----------------------------------------------------------------------- */

const dq_under_way *dq_document_under_way(const dq_under_way *run)
{
    while (run != NULL && run->process != host_process_number()) {
        run = run->next;
    }
    return run;
}

static void enlist(dq_document *document, const void *owner, const char *name)
{
    dq_under_way *run = calloc(1, sizeof(*run));

    if (run != NULL) {
        run->owner = owner;
        run->process = host_process_number();
        run->next = document->under_way;
        snprintf(run->name, sizeof(run->name), "%s", name);
        document->under_way = run;
    }
}

/* True if the file shows it as one that has not ended. */
static bool strike_off(dq_document *document, const void *owner)
{
    bool is_shown = false;

    dq_under_way **link = &document->under_way;

    while (*link != NULL && (*link)->owner != owner) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        dq_under_way *run = *link;

        *link = run->next;
        is_shown = run->is_shown;
        free(run);
    }
    return is_shown;
}

/* ---- Putting off ----------------------------------------------------------------------------- */

static HOST_KEPT unsigned process; /* That will write what was put off. */

static void catch_up(void)
{
    char reason[256];
    bool lost = false;

    if (process != host_process_number()) {
        return; /* A child has no news of its parent's. */
    }
    for (dq_document *document = documents; document != NULL; document = document->next) {
        if (document->is_behind && !write_file(document, reason, sizeof(reason))) {
            fprintf(stderr, "dirql: the report could not be written to %s: %s\n", document->path,
                    reason);
            lost = lost || !document->is_lost; /* Else a run has failed for it. */
        }
    }
    if (lost) {
        fflush(NULL);
        _Exit(EXIT_FAILURE); /* Who reads the status would think that all is in the file. */
    }
}

static bool is_written_seldom(const dq_document *document)
{
    enum { SHARE = 10 };

    return host_clock_ns() - document->written_ns >= SHARE * document->cost_ns;
}

static bool can_wait(const dq_document *document, const dq_run_facts *facts)
{
    if (facts->end != DQ_RUN_PASSED || document->is_lost || is_written_seldom(document)) {
        return false;
    }
    if (process != host_process_number() && atexit(catch_up) == 0) {
        process = host_process_number();
    }
    return process == host_process_number();
}

static bool write_now(dq_document *document, char *reason, size_t bytes)
{
    const uint64_t began_ns = host_clock_ns();
    const bool written = write_file(document, reason, bytes);

    document->written_ns = host_clock_ns();
    document->cost_ns = document->written_ns - began_ns;
    document->is_behind = !written;
    document->is_lost = !written;
    return written;
}

static void begin(const char *path, const void *owner, const char *name)
{
    dq_document *document = find(path);
    char ignored[256];

    if (document == NULL) {
        return;
    }
    enlist(document, owner, name);
    if (!host_file_is_stream(path) && (!document->is_begun || is_written_seldom(document))) {
        document->is_begun = true;
        (void)write_now(document, ignored, sizeof(ignored)); /* Else the end will say why. */
    }
}

static bool add(const char *path, const void *owner, dq_record *record, const dq_run_facts *facts,
                char *reason, size_t bytes)
{
    dq_document *document = find(path);
    const bool is_shown = document != NULL && strike_off(document, owner);

    if (document == NULL || record->failed) {
        snprintf(reason, bytes, "short of memory");
        return false;
    }
    if (document->kind == DQ_DOCUMENT_SARIF) {
        dq_sarif_add(document, record, facts);
    } else {
        dq_junit_add(document, record, facts);
    }
    count(document, facts);
    document->is_behind = true;
    return (!is_shown && can_wait(document, facts)) || write_now(document, reason, bytes);
}

static bool lock(void)
{
    host_lock();
    mutex = mutex != NULL ? mutex : host_mutex_create();
    host_unlock();
    if (mutex != NULL) {
        host_mutex_lock(mutex);
    }
    return mutex != NULL;
}

void dq_document_begin(const char *path, const void *owner, const char *name)
{
    if (lock()) {
        begin(path, owner, name);
        host_mutex_unlock(mutex);
    }
}

void dq_document_forget(const char *path, const void *owner)
{
    if (lock()) {
        dq_document *document = find(path);

        if (document != NULL) {
            (void)strike_off(document, owner);
        }
        host_mutex_unlock(mutex);
    }
}

bool dq_document_add(const char *path, const void *owner, dq_record *record,
                     const dq_run_facts *facts, char *reason, size_t bytes)
{
    bool added;

    if (!lock()) {
        snprintf(reason, bytes, "short of memory");
        return false;
    }
    added = add(path, owner, record, facts, reason, bytes);
    host_mutex_unlock(mutex);
    return added;
}
