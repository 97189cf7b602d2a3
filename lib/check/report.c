/*
 * report.c - what was found, as text: rule, reason, place, the steps that led there, and how to
 * repeat it.
 */
#include "check/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/rules.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160, EXPLANATION_BYTES = 16384 };

/* A string that grows. When memory is short it stays as it is. */
typedef struct builder {
    char *text;
    size_t used, capacity;
} builder;

static void add(builder *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(builder *out, const char *format, ...)
{
    va_list arguments, again;
    int length;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length > 0 && out->used + (size_t)length + 1 > out->capacity) {
        const size_t wanted = (out->used + (size_t)length + 1) * 2;
        char *grown = realloc(out->text, wanted);

        if (grown == NULL) {
            va_end(arguments);
            return;
        }
        out->text = grown;
        out->capacity = wanted;
    }
    if (length > 0) {
        vsnprintf(out->text + out->used, out->capacity - out->used, format, arguments);
        out->used += (size_t)length;
    }
    va_end(arguments);
}

/* ---- One finding ----------------------------------------------------------------------------- */

static void add_title(builder *out, const dq_finding *finding)
{
    const char *name = dq_bugcheck_name(finding->code);

    add(out, "%s", finding->severity == DQ_WARNING ? "warning: " : "");
    if (finding->code != 0) {
        add(out,
            "bug check 0x%08" PRIX32 " %s (0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64
            ")\n",
            finding->code, name != NULL ? name : "without a documented name",
            finding->parameters[0], finding->parameters[1], finding->parameters[2],
            finding->parameters[3]);
    } else {
        add(out, "%s\n", finding->rule);
    }
}

static void add_rule(builder *out, const dq_finding *finding)
{
    const char *demand = dq_rule_demand(finding->rule);
    const char *advice = dq_rule_advice(finding->rule, finding->code);

    if (demand != NULL) {
        add(out, "  rule:  %s: %s%s%s%s\n", finding->rule, demand,
            finding->page != NULL ? " (page \"" : "", finding->page != NULL ? finding->page : "",
            finding->page != NULL ? "\")" : "");
    } else if (finding->page != NULL) {
        add(out, "  page:  %s\n", finding->page);
    }
    if (advice != NULL) {
        add(out, "  fix:   %s\n", advice);
    }
}

static void add_where(builder *out, const dq_finding *finding)
{
    char place[PLACE_TEXT];

    add(out, "  where: %s", finding->execution);
    if (finding->irql < DQ_LEVELS && strcmp(finding->execution, "outside the machine") != 0) {
        add(out, " on CPU%u at %s", finding->processor, dq_irql_name(finding->irql));
    }
    add(out, ", %" PRIu64 ".%03u us", finding->time_ns / 1000, (unsigned)(finding->time_ns % 1000));
    if (finding->service != DQ_SERVICE_NONE) {
        add(out, ", %s", dq_service_name(finding->service));
    }
    if (finding->place != NULL) {
        add(out, ", at %s", dq_place_describe(finding->place, place, sizeof(place)));
    }
    add(out, "\n");
}

static void add_finding(builder *out, const dq_finding *finding)
{
    add_title(out, finding);
    add(out, "  %s\n", finding->text);
    add_rule(out, finding);
    add_where(out, finding);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void add_explanations(builder *out, dq_machine *machine)
{
    char *text = malloc(EXPLANATION_BYTES);

    for (dq_sink *sink = machine->sinks; sink != NULL && text != NULL; sink = sink->next) {
        if (sink->explain != NULL && sink->explain(sink, text, EXPLANATION_BYTES) > 0) {
            add(out, "%s", text);
        }
    }
    free(text);
}

static bool add_findings(builder *out, const dq_machine *machine, dq_severity severity)
{
    bool any = false;

    for (const dq_finding *finding = machine->findings.first; finding != NULL;
         finding = finding->next) {
        if (!finding->expected && finding->severity == severity) {
            add_finding(out, finding);
            any = true;
        }
    }
    return any;
}

/* What failed the run comes first, with its history; what was only odd, after it. */
char *dq_report_make(dq_machine *machine, const char *replay_line)
{
    builder out = { .text = calloc(1, 1), .capacity = 1 };
    bool any;

    if (out.text == NULL) {
        return NULL;
    }
    any = add_findings(&out, machine, DQ_ERROR);
    if (any) {
        add_explanations(&out, machine);
    }
    any = add_findings(&out, machine, DQ_WARNING) || any;
    if (any && replay_line != NULL) {
        add(&out, "replay: %s\n", replay_line);
    }
    return out.text;
}
