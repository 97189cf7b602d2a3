/*
 * report.h - what was found, as text.
 */
#ifndef DQ_CHECK_REPORT_H
#define DQ_CHECK_REPORT_H

#include "sim/machine.h"

/* The report of everything that was found, ending in the line that replays the run; the empty
 * string when nothing was. Freed with free(). */
char *dq_report_make(dq_machine *machine, const char *how_to_repeat);

#endif
