/*
 * report.h - what was found, as text.
 */
#ifndef DQ_CHECK_REPORT_H
#define DQ_CHECK_REPORT_H

#include "sim/machine.h"
#include "sim/text.h"

/* The report of everything that was found, ending in the line that replays the run; the empty
 * string when nothing was. Freed with free(). */
char *dq_report_make(dq_machine *machine, const char *how_to_repeat);

/* Only the warnings, and no history. Freed with free(); NULL if memory was short. */
char *dq_report_warnings(const dq_machine *machine);

/* What a finding is called: the first line about it. */
void dq_report_title(dq_text *out, const dq_finding *finding);

/* What explains an error: the history and what other checkers have to tell. */
void dq_report_explain(dq_text *out, dq_machine *machine);

#endif
