/*
 * reportfile.h - option report_file: what the runs of this host thread say to report files.
 */
#ifndef DQ_CONTROL_REPORTFILE_H
#define DQ_CONTROL_REPORTFILE_H

#include "control/control.h"

/* False if no report file can be meant by `pattern` (NULL is good): then says why. */
bool dirql_report_check(const char *pattern, char *error, size_t bytes);

/* Before a run, or an exploration. False: no report is wanted. */
bool dirql_report_begin(const dirql_options *options, void (*body)(void *context));

/* A machine is over, and not yet destroyed; `result` is filled in. */
void dirql_report_take(dq_machine *machine, dq_outcome outcome, const dirql_result *result);

/* All is over: writes. `result` NULL: the run was left, and nothing is said of it. `is_told`: the
 * caller of the run reads the result. Returns the outcome, which is DIRQL_FAILED where a file could
 * not be written. */
dirql_outcome dirql_report_end(dirql_outcome outcome, dirql_result *result, bool is_told);

/* The process is about to end in the middle of all runs that are under way: writes that. */
void dirql_report_exit(const char *text);

/* What dirql_blame() was told, or NULL. */
const void *dirql_report_blamed(void);

#endif
