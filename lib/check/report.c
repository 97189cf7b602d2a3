/*
 * report.c - what was found, as text: rule, reason, place, the steps that led there, and how to
 * repeat it.
 */
#include "check/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/rules.h"
#include "sim/place.h"
#include "sim/text.h"

enum { PLACE_TEXT = 160, EXPLANATION_BYTES = 16384 };

/* ---- One finding ----------------------------------------------------------------------------- */

void dq_report_title(dq_text *out, const dq_finding *finding)
{
    const char *name = dq_bugcheck_name(finding->code);

    dq_text_add(out, "%s", finding->severity == DQ_WARNING ? "warning: " : "");
    if (finding->title[0] != '\0') {
        dq_text_add(out, "%s\n", finding->title);
        return;
    }
    if (finding->code != 0) {
        dq_text_add(out,
                    "bug check 0x%08" PRIX32 " %s (0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64
                    ", 0x%" PRIx64 ")\n",
                    finding->code, name != NULL ? name : "without a documented name",
                    finding->parameters[0], finding->parameters[1], finding->parameters[2],
                    finding->parameters[3]);
    } else {
        dq_text_add(out, "%s\n", finding->rule);
    }
}

static void add_rule(dq_text *out, const dq_finding *finding)
{
    const dq_rule *rule = dq_rule_find(finding->rule);
    const char *advice = finding->advice[0] != '\0'
                             ? finding->advice
                             : dq_rule_advice(finding->rule, finding->code);
    const char *page = finding->page != NULL || rule == NULL ? finding->page : rule->page;

    if (rule != NULL) {
        dq_text_add(out, "  rule:  %s: %s (page \"%s\")\n", rule->name, rule->demand, page);
    } else if (page != NULL) {
        dq_text_add(out, "  page:  %s\n", page);
    } else if (dq_bugcheck_name(finding->code) != NULL) {
        dq_text_add(out, "  page:  debugger: bug check 0x%" PRIX32 "\n", finding->code);
    }
    if (advice != NULL) {
        dq_text_add(out, "  fix:   %s\n", advice);
    }
}

static void add_where(dq_text *out, const dq_finding *finding)
{
    char place[PLACE_TEXT];

    dq_text_add(out, "  where: %s", finding->execution);
    if (finding->irql < DQ_LEVELS && strcmp(finding->execution, "outside the machine") != 0) {
        dq_text_add(out, " on CPU%u at %s", finding->processor, dq_irql_name(finding->irql));
    }
    dq_text_add(out, ", %" PRIu64 ".%03u us", finding->time_ns / 1000,
                (unsigned)(finding->time_ns % 1000));
    if (finding->service != DQ_SERVICE_NONE) {
        dq_text_add(out, ", %s", dq_service_name(finding->service));
    }
    if (finding->place != NULL) {
        dq_text_add(out, ", at %s", dq_place_describe(finding->place, place, sizeof(place)));
    }
    dq_text_add(out, "\n");
}

static void add_finding(dq_text *out, const dq_finding *finding)
{
    dq_report_title(out, finding);
    dq_text_add(out, "  %s%s\n", finding->text, finding->more != NULL ? finding->more : "");
    add_rule(out, finding);
    add_where(out, finding);
}

/* Whoever has misspelt the function of a suppression looks for why it does nothing. */
static void add_other_suppressions(dq_text *out, const dq_machine *machine,
                                   const dq_finding *finding)
{
    host_symbol symbol = { .function = "" };

    for (const dq_suppression *s = machine->findings.suppressions; s != NULL; s = s->next) {
        if (strcmp(s->rule, finding->rule) != 0 || s->place[0] == '\0') {
            continue;
        }
        if (finding->place != NULL && symbol.function[0] == '\0') {
            host_symbol_find((const char *)finding->place - 1, &symbol);
        }
        dq_text_add(out, "  note:  dirql_suppress() leaves it out in `%s`, but this is in `%s`\n",
                    s->place, symbol.function[0] != '\0' ? symbol.function : "?");
    }
}

/* ---- The whole ------------------------------------------------------------------------------- */

void dq_report_explain(dq_text *out, dq_machine *machine)
{
    char *text = malloc(EXPLANATION_BYTES);

    for (unsigned i = 0; i < machine->sink_count && text != NULL; i++) {
        dq_sink *sink = machine->sinks[i];

        if (sink->explain != NULL && sink->explain(sink, text, EXPLANATION_BYTES) > 0) {
            dq_text_add(out, "%s", text);
        }
    }
    free(text);
}

static bool add_findings(dq_text *out, const dq_machine *machine, dq_severity severity)
{
    bool any = false;

    for (const dq_finding *finding = machine->findings.first; finding != NULL;
         finding = finding->next) {
        if (!finding->expected && finding->severity == severity) {
            add_finding(out, finding);
            add_other_suppressions(out, machine, finding);
            any = true;
        }
    }
    return any;
}

/* A call that was made to fail explains most of what follows. */
static void add_failure(dq_text *out, const dq_machine *machine)
{
    char text[512];

    if (machine->failing.failed > 0) {
        dq_text_add(out, "made to fail: %s\n", dq_fail_describe(machine, text, sizeof(text)));
    }
}

/* What failed the run comes first, with its history; what was only odd, after it. */
char *dq_report_make(dq_machine *machine, const char *how_to_repeat)
{
    dq_text out = { 0 };
    bool any;

    any = add_findings(&out, machine, DQ_ERROR);
    if (any) {
        dq_report_explain(&out, machine);
    }
    any = add_findings(&out, machine, DQ_WARNING) || any;
    if (any) {
        add_failure(&out, machine);
    }
    if (any && how_to_repeat != NULL) {
        dq_text_add(&out, "%s\n", how_to_repeat);
    }
    if (out.text == NULL) {
        return calloc(1, 1);
    }
    return out.text; /* As far as memory went. */
}

char *dq_report_warnings(const dq_machine *machine)
{
    dq_text out = { 0 };

    (void)add_findings(&out, machine, DQ_WARNING);
    return dq_text_take(&out);
}
