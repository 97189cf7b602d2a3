/*
 * json.h - writes JSON onto a text.
 *
 * Members and elements follow each other; the writer puts the commas. A key is NULL in an array,
 * and at the top.
 */
#ifndef DQ_REPORT_JSON_H
#define DQ_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/text.h"

typedef struct dq_json {
    dq_text *out;
    bool follows; /* Something stands before, at this level. */
} dq_json;

/* Any bytes: what is no UTF-8 becomes U+FFFD. */
void dq_json_text(dq_json *json, const char *key, const char *value);
void dq_json_number(dq_json *json, const char *key, uint64_t value);
void dq_json_bool(dq_json *json, const char *key, bool value);

/* `bracket` is '{' or '['; and its counterpart. */
void dq_json_begin(dq_json *json, const char *key, char bracket);
void dq_json_end(dq_json *json, char bracket);

/* JSON that is ready. */
void dq_json_raw(dq_json *json, const char *key, const char *value);

#endif
