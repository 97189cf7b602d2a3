/*
 * document.c - a report file: what all runs of this process have to say, rewritten after each.
 *
 * The process keeps the text of its runs, and replaces the file by the whole. So a file is complete
 * whenever somebody looks, and begins anew with each process.
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
    return written;
}

static bool add(const char *path, dq_record *record, const dq_run_facts *facts, char *reason,
                size_t bytes)
{
    dq_document *document = find(path);

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
    return write_file(document, reason, bytes);
}

bool dq_document_add(const char *path, dq_record *record, const dq_run_facts *facts, char *reason,
                     size_t bytes)
{
    bool added;

    host_lock();
    mutex = mutex != NULL ? mutex : host_mutex_create();
    host_unlock();
    if (mutex == NULL) {
        snprintf(reason, bytes, "short of memory");
        return false;
    }
    host_mutex_lock(mutex);
    added = add(path, record, facts, reason, bytes);
    host_mutex_unlock(mutex);
    return added;
}
