/*
 * resume.h - option resume: where an exploration that a limit has cut goes on in the next run.
 *
 * The file holds what is finished: the passes (explore/passes.h) that are complete, and how many
 * schedules they had; and the ways (explore/frontier.h) that are left, by these and by the pass that
 * was cut, which goes on with them. Not where the search is reduced: what it branches on it has
 * found out by running, and the next process has to. Then the pass that was cut begins at the root.
 * What is complete as a whole begins anew: then the file is of no use but to say so.
 */
#ifndef DQ_CONTROL_RESUME_H
#define DQ_CONTROL_RESUME_H

#include "control/exploration.h"
#include "sim/text.h"

/* Before the first run: goes on from the file, if there is one. False, with the reason, if it
 * cannot be read, is something else's, is used by another exploration now, or cannot be written:
 * then it is as it was. */
bool dirql_resume_begin(dirql_exploration *ex, char *error, size_t bytes);

/* When the exploration is over: others may use the file. */
void dirql_resume_end(dirql_exploration *ex);

/* After a pass, and at the end. False, with the reason, if it cannot be written. */
bool dirql_resume_write(const dirql_exploration *ex, char *error, size_t bytes);

/* ---- resumeways.c ---------------------------------------------------------------------------- */

/* What the search branches on does not depend on what it has found out, so that another can go on
 * with its ways. */
bool dirql_resume_knows_ways(const dq_search *search);

/* The part of the file that holds the ways. */
void dirql_resume_write_ways(const dq_search *search, dq_text *out);

/* What reads the rest of the file, too. Moves on behind `word`. */
bool dirql_resume_skip(const char **at, const char *word);

/* Moves on behind bounds, each behind a blank and none above `most`. */
bool dirql_resume_read_bounds(const char **at, const dq_bounds *most, dq_bounds *bounds);

/* Reads that, and begins the pass. False if it is malformed. */
bool dirql_resume_read_ways(dq_search *search, const dq_bounds *limit, const char *text);

#endif
