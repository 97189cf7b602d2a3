/*
 * record.c - what a report file will say of one run.
 */
#include "report/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/report.h"
#include "report/result.h"

/* ---- Pieces ---------------------------------------------------------------------------------- */

static dq_piece *make_piece(dq_record *record, const char *id, char *text)
{
    dq_piece *piece = text != NULL ? calloc(1, sizeof(*piece)) : NULL;

    if (piece == NULL) {
        record->failed = true;
        free(text);
        return NULL;
    }
    snprintf(piece->id, sizeof(piece->id), "%s", id);
    piece->text = text;
    return piece;
}

void dq_record_add_result(dq_record *record, char *text)
{
    dq_piece *piece = make_piece(record, "", text);

    if (piece != NULL) {
        *record->results_end = piece;
        record->results_end = &piece->next;
    }
}

bool dq_record_has_rule(const dq_record *record, const char *id)
{
    for (const dq_piece *piece = record->rules; piece != NULL; piece = piece->next) {
        if (strcmp(piece->id, id) == 0) {
            return true;
        }
    }
    return false;
}

void dq_record_add_rule(dq_record *record, const char *id, char *text)
{
    dq_piece *piece = make_piece(record, id, text);

    if (piece != NULL) {
        piece->next = record->rules;
        record->rules = piece;
    }
}

/* ---- What failed ----------------------------------------------------------------------------- */

static void set_headline(dq_record *record, const char *rule, const char *text)
{
    const size_t length = strcspn(text, "\n");
    dq_text line = { 0 };

    dq_text_add(&line, "%.*s", (int)length, text);
    record->headline = dq_text_take(&line);
    record->failed = record->failed || record->headline == NULL;
    snprintf(record->rule, sizeof(record->rule), "%s", rule);
}

static void add_finding(dq_record *record, dq_machine *machine, const dq_finding *finding,
                        const dq_sink *history, const char *repeat)
{
    const bool is_first_error = finding->severity == DQ_ERROR && record->headline == NULL;
    dq_source *at = calloc(1, sizeof(*at));
    dq_text title = { 0 };
    char *text;

    if (at == NULL) {
        record->failed = true;
        return;
    }
    dq_result_locate(finding, record->blamed, at);
    if (at->line == 0) {
        dq_source_find(record->fallback, at);
    }
    dq_result_write(record, machine, finding, at, is_first_error ? history : NULL, repeat);
    if (!is_first_error || finding->suppressed != NULL) {
        free(at);
        return;
    }
    dq_report_title(&title, finding);
    title.length -= title.length > 0; /* The new line. */
    dq_text_add(&title, ": %s%s", finding->text, finding->more != NULL ? finding->more : "");
    text = dq_text_take(&title);
    if (text != NULL) {
        set_headline(record, dq_result_rule(finding), text);
    }
    free(text);
    record->at = at;
}

static void add_findings(dq_record *record, dq_machine *machine, const dq_sink *history,
                         const char *repeat)
{
    for (const dq_finding *f = machine->findings.first; f != NULL; f = f->next) {
        if (!f->expected) {
            add_finding(record, machine, f, history, repeat);
        }
    }
    for (const dq_finding *f = machine->findings.suppressed; f != NULL; f = f->next) {
        add_finding(record, machine, f, NULL, repeat);
    }
}

/* The test framework failed the run, and has said why by its own means. */
static void add_blame(dq_record *record, dq_machine *machine, const dq_sink *history,
                      const char *repeat)
{
    dq_finding *finding = calloc(1, sizeof(*finding));

    if (finding == NULL) {
        record->failed = true;
        return;
    }
    finding->severity = DQ_ERROR;
    finding->rule = "assertion";
    finding->irql = DQ_LEVELS;
    finding->time_ns = machine->clock.now_ns;
    snprintf(finding->text, sizeof(finding->text),
             "the test framework failed the test; its own output says why");
    add_finding(record, machine, finding, history, repeat);
    free(finding);
}

void dq_record_take(dq_record *record, dq_machine *machine, const dq_sink *history,
                    const char *repeat, bool has_failed, const void *blamed)
{
    const void *fallback = record->fallback;

    dq_record_end(record);
    record->fallback = fallback;
    record->blamed = blamed;
    add_findings(record, machine, history, repeat);
    if (has_failed && record->headline == NULL) {
        add_blame(record, machine, history, repeat);
    }
    record->warnings = dq_report_warnings(machine);
}

void dq_record_complain(dq_record *record, const char *rule, const char *text)
{
    const char *body = strchr(text, '\n');

    if (record->headline != NULL) {
        return;
    }
    body = body != NULL && body[1] != '\0' ? body + 1 + strspn(body + 1, " ") : text;
    set_headline(record, rule, body);
    record->at = calloc(1, sizeof(*record->at));
    if (record->at == NULL) {
        record->failed = true;
        return;
    }
    dq_source_find(record->fallback, record->at);
    dq_result_write_plain(record, rule, body);
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

void dq_record_begin(dq_record *record)
{
    *record = (dq_record){ 0 };
    record->results_end = &record->results;
}

static void free_pieces(dq_piece *piece)
{
    while (piece != NULL) {
        dq_piece *next = piece->next;

        free(piece->text);
        free(piece);
        piece = next;
    }
}

void dq_record_end(dq_record *record)
{
    free_pieces(record->results);
    free_pieces(record->rules);
    free(record->headline);
    free(record->at);
    free(record->warnings);
    dq_record_begin(record);
}
