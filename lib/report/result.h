/*
 * result.h - a finding as a result of SARIF 2.1.0, and its rule.
 */
#ifndef DQ_REPORT_RESULT_H
#define DQ_REPORT_RESULT_H

#include "report/record.h"

/* The identifier of a finding's rule: "IrqlKeSetEvent", "SPIN_LOCK_ALREADY_OWNED". */
const char *dq_result_rule(const dq_finding *finding);

/* Where a finding is shown. An assertion's text begins with its place; else it is `blamed`, a
 * return address of the test framework's, if there is one. */
void dq_result_locate(const dq_finding *finding, const void *blamed, dq_source *at);

/* Adds the result, open at the end, and its rule to the record. `history`: whose steps led there,
 * or NULL. */
void dq_result_write(dq_record *record, dq_machine *machine, const dq_finding *finding,
                     const dq_source *at, const dq_sink *history, const char *repeat);

/* A result that has only a text. */
void dq_result_write_plain(dq_record *record, const char *rule, const char *text);

#endif
