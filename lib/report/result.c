/*
 * result.c - a finding as a result of SARIF 2.1.0, and its rule.
 *
 * A result is a piece of JSON that ends in its properties, without the brackets: what only the end
 * of an exploration knows is still to come.
 */
#include "report/result.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/report.h"
#include "check/rules.h"
#include "host/file.h"
#include "report/flow.h"
#include "report/json.h"
#include "report/page.h"

enum { PAGE_BYTES = 64, ADDRESS_BYTES = 256 };

/* ---- The rule -------------------------------------------------------------------------------- */

const char *dq_result_rule(const dq_finding *finding)
{
    const char *name = dq_bugcheck_name(finding->code);

    return strcmp(finding->rule, "bug check") == 0 && name != NULL ? name : finding->rule;
}

/* Of the rule, as against that of the service that was called; NULL: none. */
static const char *page_of(const dq_finding *finding, char *text, size_t bytes)
{
    const dq_rule *rule = dq_rule_find(finding->rule);

    if (rule != NULL) {
        return rule->page;
    }
    if (dq_bugcheck_name(finding->code) != NULL) {
        snprintf(text, bytes, "debugger: bug check 0x%" PRIX32, finding->code);
        return text;
    }
    return finding->page;
}

static const char *advice_of(const dq_finding *finding)
{
    return finding->advice[0] != '\0' ? finding->advice
                                      : dq_rule_advice(finding->rule, finding->code);
}

static void write_message(dq_json *json, const char *key, const char *text)
{
    dq_json_begin(json, key, '{');
    dq_json_text(json, "text", text);
    dq_json_end(json, '}');
}

/* A rule that is in no table is told by its name: "deadlock", "assertion". */
static void write_demand(dq_json *json, const dq_finding *finding, const char *page)
{
    const dq_rule *rule = dq_rule_find(finding->rule);
    const char *name = dq_bugcheck_name(finding->code);
    dq_text text = { 0 };
    char *whole;

    if (rule != NULL) {
        dq_text_add(&text, "%s", rule->demand);
    } else if (name != NULL) {
        dq_text_add(&text, "bug check 0x%08" PRIX32 " %s", finding->code, name);
    } else {
        dq_text_add(&text, "%s", finding->rule);
    }
    write_message(json, "shortDescription", text.text != NULL ? text.text : "");
    if (page != NULL) {
        dq_text_add(&text, " (page \"%s\")", page);
    }
    whole = dq_text_take(&text);
    write_message(json, "fullDescription", whole != NULL ? whole : "");
    free(whole);
}

static void write_rule(dq_record *record, const dq_finding *finding)
{
    const char *id = dq_result_rule(finding);
    const dq_rule *rule = dq_rule_find(finding->rule);
    const char *advice = dq_rule_advice(finding->rule, finding->code);
    char text[PAGE_BYTES], address[ADDRESS_BYTES];
    const char *page = page_of(finding, text, sizeof(text));
    dq_text out = { 0 };
    dq_json json = { .out = &out };

    if (dq_record_has_rule(record, id)) {
        return;
    }
    dq_json_begin(&json, NULL, '{');
    dq_json_text(&json, "id", id);
    write_demand(&json, finding, page);
    write_message(&json, "help",
                  advice != NULL ? advice : "The message of each result says what to do.");
    if (page != NULL && dq_page_address(page, address, sizeof(address))) {
        dq_json_text(&json, "helpUri", address);
    }
    dq_json_begin(&json, "defaultConfiguration", '{');
    dq_json_text(&json, "level", rule != NULL && rule->warns ? "warning" : "error");
    dq_json_end(&json, '}');
    dq_json_end(&json, '}');
    dq_record_add_rule(record, id, dq_text_take(&out));
}

/* ---- The place ------------------------------------------------------------------------------- */

/* "uart.c:41: ..." */
static bool read_place(const char *text, dq_source *at)
{
    for (const char *colon = strchr(text, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
        char path[DQ_FINDING_TEXT];
        char *end;
        const unsigned long line = strtoul(colon + 1, &end, 10);

        if (colon[1] >= '1' && colon[1] <= '9' && end[0] == ':' && end[1] == ' ') {
            snprintf(path, sizeof(path), "%.*s", (int)(colon - text), text);
            dq_source_set(path, (unsigned)line, at);
            return true;
        }
    }
    return false;
}

void dq_result_locate(const dq_finding *finding, const void *blamed, dq_source *at)
{
    const bool is_assertion = strcmp(finding->rule, "assertion") == 0;

    if (!is_assertion || !read_place(finding->text, at)) {
        dq_source_find(is_assertion && blamed != NULL ? blamed : finding->place, at);
    }
}

/* Code scanning refuses a file with a result that has no place: at worst that is the program. */
static void write_location(dq_json *json, const dq_source *at)
{
    char program[256];

    dq_json_begin(json, "locations", '[');
    if (at->line != 0) {
        dq_flow_location(json, NULL, at, NULL);
    } else {
        dq_json_begin(json, NULL, '{');
        dq_json_begin(json, "physicalLocation", '{');
        dq_json_begin(json, "artifactLocation", '{');
        dq_json_text(json, "uri", host_program_name(program, sizeof(program)));
        dq_json_end(json, '}');
        dq_json_end(json, '}');
        dq_json_end(json, '}');
    }
    dq_json_end(json, ']');
}

/* The same wherever in the function the finding is, so that it stays known when lines move. */
static void write_fingerprint(dq_json *json, const char *rule, const dq_source *at)
{
    const char *const parts[] = { rule, at->function, at->path };
    uint64_t hash = 0xCBF29CE484222325u;
    char text[24];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (const char *c = parts[i]; *c != '\0'; c++) {
            hash = (hash ^ (unsigned char)*c) * 0x100000001B3u;
        }
        hash = (hash ^ 0xFFu) * 0x100000001B3u;
    }
    snprintf(text, sizeof(text), "%016" PRIx64, hash);
    dq_json_begin(json, "partialFingerprints", '{');
    dq_json_text(json, "dirqlFinding/v1", text);
    dq_json_end(json, '}');
}

/* ---- The result ------------------------------------------------------------------------------ */

static void write_text(dq_json *json, const dq_finding *finding, const char *repeat)
{
    const char *advice = advice_of(finding);
    dq_text text = { 0 };
    char *whole;

    dq_report_title(&text, finding);
    dq_text_add(&text, "%s%s", finding->text, finding->more != NULL ? finding->more : "");
    if (advice != NULL) {
        dq_text_add(&text, "\nfix: %s", advice);
    }
    if (repeat != NULL) {
        dq_text_add(&text, "\n%s", repeat);
    }
    whole = dq_text_take(&text);
    write_message(json, "message", whole != NULL ? whole : finding->text);
    free(whole);
}

static void write_suppression(dq_json *json, const dq_suppression *suppression)
{
    dq_json_begin(json, "suppressions", '[');
    dq_json_begin(json, NULL, '{');
    dq_json_text(json, "kind", "inSource");
    dq_json_text(json, "justification", suppression->reason);
    dq_json_end(json, '}');
    dq_json_end(json, ']');
}

static void write_bug_check(dq_json *json, const dq_finding *finding)
{
    char number[24];

    snprintf(number, sizeof(number), "0x%08" PRIX32, finding->code);
    dq_json_text(json, "bugCheckCode", number);
    dq_json_begin(json, "bugCheckParameters", '[');
    for (unsigned i = 0; i < 4; i++) {
        snprintf(number, sizeof(number), "0x%" PRIx64, finding->parameters[i]);
        dq_json_text(json, NULL, number);
    }
    dq_json_end(json, ']');
}

static void write_properties(dq_json *json, dq_machine *machine, const dq_finding *finding,
                             const char *repeat, bool with_explanation)
{
    char text[PAGE_BYTES];
    const char *page = finding->page != NULL ? finding->page :
                                               page_of(finding, text, sizeof(text));

    dq_json_text(json, "test", machine->options.name);
    if (page != NULL) {
        dq_json_text(json, "page", page);
    }
    if (finding->code != 0) {
        write_bug_check(json, finding);
    }
    if (finding->irql < DQ_LEVELS && strcmp(finding->execution, "outside the machine") != 0) {
        dq_json_number(json, "processor", finding->processor);
        dq_json_number(json, "irql", finding->irql);
        dq_json_text(json, "irqlName", dq_irql_name(finding->irql));
    }
    if (finding->execution[0] != '\0') {
        dq_json_text(json, "execution", finding->execution);
    }
    dq_json_number(json, "virtualTimeNs", finding->time_ns);
    if (finding->service != DQ_SERVICE_NONE) {
        dq_json_text(json, "service", dq_service_name(finding->service));
    }
    if (repeat != NULL) {
        dq_json_text(json, "repeat", repeat);
    }
    if (with_explanation) {
        dq_text drawn = { 0 };
        char *whole;

        dq_report_explain(&drawn, machine);
        whole = dq_text_take(&drawn);
        dq_json_text(json, "explanation", whole != NULL ? whole : "");
        free(whole);
    }
}

void dq_result_write(dq_record *record, dq_machine *machine, const dq_finding *finding,
                     const dq_source *at, const dq_sink *history, const char *repeat)
{
    const char *rule = dq_result_rule(finding);
    dq_text out = { 0 };
    dq_json json = { .out = &out };

    write_rule(record, finding);
    dq_json_begin(&json, NULL, '{');
    dq_json_text(&json, "ruleId", rule);
    dq_json_text(&json, "level", finding->severity == DQ_ERROR ? "error" : "warning");
    write_text(&json, finding, repeat);
    write_location(&json, at);
    if (history != NULL) {
        dq_flow_write(&json, history, at);
    }
    if (finding->suppressed != NULL) {
        write_suppression(&json, finding->suppressed);
    }
    write_fingerprint(&json, rule, at);
    dq_json_begin(&json, "properties", '{');
    write_properties(&json, machine, finding, repeat, history != NULL);
    dq_record_add_result(record, dq_text_take(&out));
}

void dq_result_write_plain(dq_record *record, const char *rule, const char *text)
{
    dq_finding *finding = calloc(1, sizeof(*finding));
    dq_text out = { 0 };
    dq_json json = { .out = &out };

    if (finding == NULL) {
        record->failed = true;
        return;
    }
    finding->rule = rule;
    finding->severity = DQ_ERROR;
    write_rule(record, finding);
    free(finding);
    dq_json_begin(&json, NULL, '{');
    dq_json_text(&json, "ruleId", rule);
    dq_json_text(&json, "level", "error");
    write_message(&json, "message", text);
    write_location(&json, record->at);
    write_fingerprint(&json, rule, record->at);
    dq_json_begin(&json, "properties", '{');
    dq_json_text(&json, "kind", rule);
    dq_record_add_result(record, dq_text_take(&out));
}
