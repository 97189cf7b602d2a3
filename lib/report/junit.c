/*
 * junit.c - a report file as test reporters of CI read it.
 *
 * A test suite for each run, since properties are a suite's, with the run as its one test case.
 */
#include "report/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"
#include "report/xml.h"

static void add_number(dq_text *out, const char *name, uint64_t value)
{
    dq_text_add(out, " %s=\"%" PRIu64 "\"", name, value);
}

static void add_seconds(dq_text *out, uint64_t ns)
{
    dq_text_add(out, " time=\"%" PRIu64 ".%06u\"", ns / 1000000000u,
                (unsigned)(ns / 1000u % 1000000u));
}

/* ---- Properties ------------------------------------------------------------------------------ */

static void add_property(dq_text *out, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        dq_text_add(out, "<property");
        dq_xml_attribute(out, "name", name);
        dq_xml_attribute(out, "value", value);
        dq_text_add(out, "/>\n");
    }
}

static void add_count(dq_text *out, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    add_property(out, name, text);
}

static void add_properties(dq_text *out, const dq_run_facts *facts)
{
    dq_text_add(out, "<properties>\n");
    add_count(out, "processors", facts->processors);
    add_property(out, "mode", facts->mode);
    add_count(out, "seed", facts->seed);
    add_property(out, "fail", facts->fail);
    if (facts->coverage != NULL) {
        add_count(out, "schedules", facts->schedules);
        add_property(out, "complete", facts->complete ? "true" : "false");
        add_property(out, "coverage", facts->coverage);
    }
    add_count(out, "interrupts", facts->interrupts);
    add_count(out, "dpcs", facts->dpcs);
    add_count(out, "worst_latency_ns", facts->worst_latency_ns);
    add_count(out, "virtual_ns", facts->virtual_ns);
    add_property(out, "schedule", facts->schedule);
    add_property(out, "repeat", facts->repeat);
    dq_text_add(out, "</properties>\n");
}

/* ---- The test case --------------------------------------------------------------------------- */

static void add_failure(dq_text *out, const char *element, const dq_record *record,
                        const dq_run_facts *facts)
{
    const bool is_told = facts->report != NULL && facts->report[0] != '\0';

    dq_text_add(out, "<%s", element);
    dq_xml_attribute(out, "message", record->headline != NULL ? record->headline : "failed");
    dq_xml_attribute(out, "type", record->rule[0] != '\0' ? record->rule : "failure");
    dq_text_add(out, ">");
    if (is_told) {
        dq_xml_text(out, facts->report);
    } else if (record->headline != NULL) {
        dq_xml_text(out, record->headline);
        dq_text_add(out, "\n");
        dq_xml_text(out, facts->repeat != NULL ? facts->repeat : "");
    }
    dq_text_add(out, "</%s>\n", element);
}

static void add_end(dq_text *out, const dq_record *record, const dq_run_facts *facts)
{
    switch (facts->end) {
    case DQ_RUN_FAILED:
        add_failure(out, "failure", record, facts);
        break;
    case DQ_RUN_REFUSED:
        add_failure(out, "error", record, facts);
        break;
    case DQ_RUN_SKIPPED:
        dq_text_add(out, "<skipped/>\n");
        break;
    default:
        break;
    }
}

/* A call that is made to fail makes another case of the test. */
static void add_name(dq_text *out, const dq_run_facts *facts)
{
    dq_text name = { 0 };
    char *text;

    dq_text_add(&name, "%s", facts->name);
    if (facts->fail != NULL) {
        dq_text_add(&name, " (fail %s)", facts->fail);
    }
    text = dq_text_take(&name);
    dq_xml_attribute(out, "name", text != NULL ? text : facts->name);
    free(text);
}

static void add_case(dq_text *out, const char *program, const dq_record *record,
                     const dq_run_facts *facts)
{
    dq_text_add(out, "<testcase");
    add_name(out, facts);
    dq_xml_attribute(out, "classname", program);
    add_seconds(out, facts->host_ns);
    if (record->at != NULL && record->at->line != 0) {
        dq_xml_attribute(out, "file", record->at->path);
        add_number(out, "line", record->at->line);
    }
    dq_text_add(out, ">\n");
    add_end(out, record, facts);
    if (record->warnings != NULL && record->warnings[0] != '\0') {
        dq_text_add(out, "<system-out>");
        dq_xml_text(out, record->warnings);
        dq_text_add(out, "</system-out>\n");
    }
    dq_text_add(out, "</testcase>\n");
}

void dq_junit_add(dq_document *document, dq_record *record, const dq_run_facts *facts)
{
    dq_text *out = &document->body;
    char program[256];

    host_program_name(program, sizeof(program));
    dq_text_add(out, "<testsuite");
    dq_xml_attribute(out, "name", program);
    add_number(out, "id", document->tests);
    add_number(out, "tests", 1);
    add_number(out, "failures", facts->end == DQ_RUN_FAILED);
    add_number(out, "errors", facts->end == DQ_RUN_REFUSED);
    add_number(out, "skipped", facts->end == DQ_RUN_SKIPPED);
    add_seconds(out, facts->host_ns);
    dq_text_add(out, ">\n");
    add_properties(out, facts);
    add_case(out, program, record, facts);
    dq_text_add(out, "</testsuite>\n");
}

static unsigned count_under_way(const dq_document *document)
{
    unsigned count = 0;

    for (const dq_under_way *run = dq_document_under_way(document->under_way); run != NULL;
         run = dq_document_under_way(run->next)) {
        count++;
    }
    return count;
}

static void add_under_way(dq_text *out, const dq_under_way *run, const char *program, unsigned id)
{
    dq_text_add(out, "<testsuite");
    dq_xml_attribute(out, "name", program);
    add_number(out, "id", id);
    dq_text_add(out, " tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0\">\n");
    dq_text_add(out, "<testcase");
    dq_xml_attribute(out, "name", run->name);
    dq_xml_attribute(out, "classname", program);
    dq_text_add(out, " time=\"0\">\n<error message=\"" DQ_UNDER_WAY_TEXT
                     "\" type=\"not ended\"/>\n</testcase>\n</testsuite>\n");
}

void dq_junit_write(const dq_document *document, dq_text *out)
{
    const unsigned under_way = count_under_way(document);
    unsigned id = document->tests;
    char program[256];

    dq_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    dq_xml_attribute(out, "name", host_program_name(program, sizeof(program)));
    add_number(out, "tests", document->tests + under_way);
    add_number(out, "failures", document->failures);
    add_number(out, "errors", document->errors + under_way);
    add_number(out, "skipped", document->skipped);
    add_seconds(out, document->host_ns);
    dq_text_add(out, ">\n%s", document->body.text != NULL ? document->body.text : "");
    for (const dq_under_way *run = dq_document_under_way(document->under_way); run != NULL;
         run = dq_document_under_way(run->next)) {
        add_under_way(out, run, program, id++);
    }
    dq_text_add(out, "</testsuites>\n");
}
