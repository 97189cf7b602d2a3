/*
 * shard.h - which schedules of a search are whose, where several processes share it.
 *
 * Early choices are those of a run before which there were not many ways to go: their answers
 * other than 0 decide together, and where all of these are 0, the first later one. So a schedule is
 * one shard's, without anything to be agreed on, and each has about as many: the ways that begin in
 * the same manner are not all one shard's, though most may begin so. The price is that all run what
 * differs only in early answers, for what comes behind; it counts in one.
 */
#ifndef DQ_SHARD_H
#define DQ_SHARD_H

#include <stdbool.h>
#include <stddef.h>

struct dq_search;

/* True if the shard makes runs that give that answer (not 0) to the choice at that place, after
 * those that are given. */
bool dq_shard_goes(const struct dq_search *search, size_t at, unsigned answer);

/* True if the present run is its own, and counts. */
bool dq_shard_counts(const struct dq_search *search);

/* True if all ways from where the present run has come to are its own. */
bool dq_shard_has_all(const struct dq_search *search);

#endif
