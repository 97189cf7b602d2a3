/*
 * flow.h - places, and the steps that led to a finding, as SARIF has them.
 */
#ifndef DQ_REPORT_FLOW_H
#define DQ_REPORT_FLOW_H

#include "report/json.h"
#include "report/source.h"
#include "sim/machine.h"

/* A location object; `message` says what happens there, or is NULL. */
void dq_flow_location(dq_json *json, const char *key, const dq_source *at, const char *message);

/* The member "codeFlows": one flow, with a thread flow for each processor. A step that has no place
 * of its own (a line is asserted) is shown at the place before it on its processor, the first ones
 * at `at`: viewers leave out what has none. */
void dq_flow_write(dq_json *json, const dq_sink *history, const dq_source *at);

#endif
