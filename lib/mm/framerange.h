/*
 * framerange.h - which page frames are free, and which of them a wish gets.
 */
#ifndef DQ_FRAMERANGE_H
#define DQ_FRAMERANGE_H

#include "mm/frame.h"

enum { DQ_FRAME_ZONES = 3 };

/* 1 GB to 3 GB: pages that get their frame by being asked for. */
enum { DQ_FRAME_ASKED_FIRST = 0x40000, DQ_FRAME_ASKED_END = 0xC0000 };

/* One run for all pages that are wished for. `next`: where each zone is searched from, which this
 * moves on. False: there is none. */
bool dq_framerange_find(dq_machine *machine, const dq_frame_block *blocks,
                        uint64_t next[DQ_FRAME_ZONES], const dq_frame_wish *wish,
                        dq_frame_run *run);

/* As many of the pages as there are, upwards, in any number of runs: returns how many. `runs` NULL:
 * they are only counted. */
size_t dq_framerange_collect(dq_machine *machine, const dq_frame_block *blocks,
                             const dq_frame_wish *wish, dq_frame_run *runs, size_t *pages);

/* True if the frame is a device's memory. */
bool dq_framerange_is_devices(dq_machine *machine, uint64_t number);

#endif
