/*
 * flow.c - places, and the steps that led to a finding, as SARIF has them.
 */
#include "report/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/history.h"

/* ---- Places ---------------------------------------------------------------------------------- */

static void write_physical(dq_json *json, const dq_source *at)
{
    char *uri = malloc(DQ_SOURCE_URI);

    if (uri == NULL) {
        json->out->failed = true;
        return;
    }
    dq_json_begin(json, "physicalLocation", '{');
    dq_json_begin(json, "artifactLocation", '{');
    dq_json_text(json, "uri", dq_source_uri(at, uri, DQ_SOURCE_URI));
    if (at->is_relative) {
        dq_json_text(json, "uriBaseId", "%SRCROOT%");
    }
    dq_json_end(json, '}');
    dq_json_begin(json, "region", '{');
    dq_json_number(json, "startLine", at->line);
    dq_json_end(json, '}');
    dq_json_end(json, '}');
    free(uri);
}

static void write_function(dq_json *json, const char *function)
{
    dq_json_begin(json, "logicalLocations", '[');
    dq_json_begin(json, NULL, '{');
    dq_json_text(json, "name", function);
    dq_json_text(json, "kind", "function");
    dq_json_end(json, '}');
    dq_json_end(json, ']');
}

void dq_flow_location(dq_json *json, const char *key, const dq_source *at, const char *message)
{
    dq_json_begin(json, key, '{');
    if (at->line != 0) {
        write_physical(json, at);
    }
    if (at->function[0] != '\0') {
        write_function(json, at->function);
    }
    if (message != NULL) {
        dq_json_begin(json, "message", '{');
        dq_json_text(json, "text", message);
        dq_json_end(json, '}');
    }
    dq_json_end(json, '}');
}

/* ---- Steps ----------------------------------------------------------------------------------- */

typedef struct flow {
    dq_json *json;
    unsigned processor;
    uint64_t order; /* Of the step among all. */
    const dq_source *before;
    dq_source place[2]; /* The one before, and the present one. */
    unsigned turn;
} flow;

static const dq_source *locate(flow *this, const dq_step *step)
{
    dq_source *place = &this->place[this->turn];

    dq_source_find(dq_step_place(step), place);
    if (place->line != 0) {
        this->before = place;
        this->turn ^= 1;
    }
    return this->before;
}

static void write_step(void *context, const dq_step *step, const char *newcomer)
{
    flow *this = context;
    char text[DQ_CELL_BYTES];

    this->order++;
    if (step->processor != this->processor) {
        return;
    }
    dq_step_tell(step, newcomer, text, sizeof(text));
    dq_json_begin(this->json, NULL, '{');
    dq_flow_location(this->json, "location", locate(this, step), text);
    dq_json_number(this->json, "executionOrder", this->order);
    dq_json_begin(this->json, "properties", '{');
    dq_json_number(this->json, "irql", step->irql);
    dq_json_number(this->json, "virtualTimeNs", step->time_ns);
    dq_json_end(this->json, '}');
    dq_json_end(this->json, '}');
}

static void note_processor(void *context, const dq_step *step, const char *newcomer)
{
    uint64_t *processors = context;

    (void)newcomer;
    *processors |= 1ull << step->processor;
}

static void write_thread(flow *this, const dq_sink *history, unsigned processor,
                         const dq_source *at)
{
    char name[16];

    snprintf(name, sizeof(name), "CPU%u", processor);
    this->processor = processor;
    this->order = 0;
    this->before = at;
    dq_json_begin(this->json, NULL, '{');
    dq_json_text(this->json, "id", name);
    dq_json_begin(this->json, "locations", '[');
    dq_history_visit(history, write_step, this);
    dq_json_end(this->json, ']');
    dq_json_end(this->json, '}');
}

void dq_flow_write(dq_json *json, const dq_sink *history, const dq_source *at)
{
    flow *this = calloc(1, sizeof(*this));
    uint64_t processors = 0;

    dq_history_visit(history, note_processor, &processors);
    if (this == NULL || processors == 0) {
        free(this);
        return;
    }
    this->json = json;
    dq_json_begin(json, "codeFlows", '[');
    dq_json_begin(json, NULL, '{');
    dq_json_begin(json, "threadFlows", '[');
    for (unsigned processor = 0; processor < DQ_PROCESSORS_MAX; processor++) {
        if ((processors >> processor & 1) != 0) {
            write_thread(this, history, processor, at);
        }
    }
    dq_json_end(json, ']');
    dq_json_end(json, '}');
    dq_json_end(json, ']');
    free(this);
}
