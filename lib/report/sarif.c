/*
 * sarif.c - a report file in SARIF 2.1.0: what code scanning reads.
 *
 * One SARIF run for the process, with the rules that were broken; what was run, and passed, is in
 * its properties. Its automation identifier names the program, so that files of several programs
 * can be uploaded side by side.
 */
#include "report/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"
#include "report/json.h"

/* ---- Adding ---------------------------------------------------------------------------------- */

static bool has_rule(const dq_document *document, const char *id)
{
    for (const dq_piece *rule = document->rules; rule != NULL; rule = rule->next) {
        if (strcmp(rule->id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Those that the document does not have go over to it. */
static void take_rules(dq_document *document, dq_record *record)
{
    dq_piece **link = &record->rules;

    while (*link != NULL) {
        dq_piece *rule = *link;

        if (has_rule(document, rule->id)) {
            link = &rule->next;
            continue;
        }
        *link = rule->next;
        rule->next = document->rules;
        document->rules = rule;
    }
}

static void write_exploration(dq_json *json, const dq_run_facts *facts)
{
    if (facts->coverage != NULL) {
        dq_json_number(json, "schedules", facts->schedules);
        dq_json_bool(json, "complete", facts->complete);
        dq_json_text(json, "coverage", facts->coverage);
    }
}

static void write_manner(dq_json *json, const dq_run_facts *facts)
{
    dq_json_text(json, "mode", facts->mode);
    dq_json_number(json, "seed", facts->seed);
    dq_json_number(json, "processors", facts->processors);
    if (facts->fail != NULL) {
        dq_json_text(json, "fail", facts->fail);
    }
    if (facts->schedule != NULL && facts->schedule[0] != '\0') {
        dq_json_text(json, "schedule", facts->schedule);
    }
}

static void add_results(dq_document *document, const dq_record *record, const dq_run_facts *facts)
{
    for (const dq_piece *result = record->results; result != NULL; result = result->next) {
        dq_json json = { .out = &document->body, .follows = true };

        dq_text_add(&document->body, "%s\n%s", document->body.length > 0 ? "," : "", result->text);
        write_manner(&json, facts);
        write_exploration(&json, facts);
        dq_text_add(&document->body, "}}");
    }
}

static void add_run(dq_document *document, const dq_run_facts *facts)
{
    static const char *const ends[] = { "passed", "failed", "refused", "skipped" };
    dq_json json = { .out = &document->runs };

    dq_text_add(&document->runs, "%s\n", document->runs.length > 0 ? "," : "");
    dq_json_begin(&json, NULL, '{');
    dq_json_text(&json, "test", facts->name);
    dq_json_text(&json, "outcome", ends[facts->end]);
    write_manner(&json, facts);
    dq_json_number(&json, "errors", facts->errors);
    dq_json_number(&json, "warnings", facts->warnings);
    dq_json_number(&json, "interrupts", facts->interrupts);
    dq_json_number(&json, "dpcs", facts->dpcs);
    dq_json_number(&json, "worstLatencyNs", facts->worst_latency_ns);
    dq_json_number(&json, "virtualTimeNs", facts->virtual_ns);
    write_exploration(&json, facts);
    dq_json_end(&json, '}');
}

void dq_sarif_add(dq_document *document, dq_record *record, const dq_run_facts *facts)
{
    take_rules(document, record);
    add_results(document, record, facts);
    add_run(document, facts);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void write_driver(dq_json *json, const dq_document *document)
{
    dq_json_begin(json, "tool", '{');
    dq_json_begin(json, "driver", '{');
    dq_json_text(json, "name", "dirql");
    dq_json_text(json, "version", DIRQL_VERSION);
    dq_json_text(json, "semanticVersion", DIRQL_VERSION);
    dq_json_begin(json, "rules", '[');
    for (const dq_piece *rule = document->rules; rule != NULL; rule = rule->next) {
        dq_json_raw(json, NULL, rule->text);
    }
    dq_json_end(json, ']');
    dq_json_end(json, '}');
    dq_json_end(json, '}');
}

/* A run that has not ended is an error of the tool's run, which then was no success. */
static void write_under_way(dq_json *json, const dq_under_way *first)
{
    dq_json_begin(json, "toolExecutionNotifications", '[');
    for (const dq_under_way *run = first; run != NULL; run = dq_document_under_way(run->next)) {
        char text[256];

        snprintf(text, sizeof(text), "%s: " DQ_UNDER_WAY_TEXT, run->name);
        dq_json_begin(json, NULL, '{');
        dq_json_text(json, "level", "error");
        dq_json_begin(json, "message", '{');
        dq_json_text(json, "text", text);
        dq_json_end(json, '}');
        dq_json_end(json, '}');
    }
    dq_json_end(json, ']');
}

static void write_program(dq_json *json, const dq_document *document)
{
    const dq_under_way *under_way = dq_document_under_way(document->under_way);
    char name[256], id[288];

    host_program_name(name, sizeof(name));
    snprintf(id, sizeof(id), "dirql/%s/", name);
    dq_json_begin(json, "automationDetails", '{');
    dq_json_text(json, "id", id);
    dq_json_end(json, '}');
    dq_json_begin(json, "invocations", '[');
    dq_json_begin(json, NULL, '{');
    /* Of the tool, whatever it found. */
    dq_json_bool(json, "executionSuccessful", under_way == NULL);
    dq_json_number(json, "processId", host_process_number());
    if (under_way != NULL) {
        write_under_way(json, under_way);
    }
    dq_json_end(json, '}');
    dq_json_end(json, ']');
}

static void write_root(dq_json *json)
{
    char *uri = malloc(DQ_SOURCE_URI);

    if (uri != NULL && dq_source_root_uri(uri, DQ_SOURCE_URI)) {
        dq_json_begin(json, "originalUriBaseIds", '{');
        dq_json_begin(json, "%SRCROOT%", '{');
        dq_json_text(json, "uri", uri);
        dq_json_end(json, '}');
        dq_json_end(json, '}');
    }
    free(uri);
}

void dq_sarif_write(const dq_document *document, dq_text *out)
{
    dq_json json = { .out = out };

    dq_json_begin(&json, NULL, '{');
    dq_json_text(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    dq_json_text(&json, "version", "2.1.0");
    dq_json_begin(&json, "runs", '[');
    dq_json_begin(&json, NULL, '{');
    write_driver(&json, document);
    write_program(&json, document);
    write_root(&json);
    dq_json_text(&json, "columnKind", "unicodeCodePoints");
    dq_json_begin(&json, "results", '[');
    dq_text_add(out, "%s", document->body.text != NULL ? document->body.text : "");
    dq_json_end(&json, ']');
    dq_json_begin(&json, "properties", '{');
    dq_json_begin(&json, "runs", '[');
    dq_text_add(out, "%s", document->runs.text != NULL ? document->runs.text : "");
    dq_json_end(&json, ']');
    dq_json_end(&json, '}');
    dq_json_end(&json, '}');
    dq_json_end(&json, ']');
    dq_json_end(&json, '}');
    dq_text_add(out, "\n");
}
