/*
 * frameguard.h - what lies around memory for devices, also in special pool.
 */
#ifndef DQ_FRAMEGUARD_H
#define DQ_FRAMEGUARD_H

#include "ex/specialpool.h"
#include "mm/frame.h"

/* The block is freed: nobody may touch its memory, nor that of the latest freed ones before it.
 * `first` of all blocks. */
void dq_frameguard_close(dq_machine *machine, const dq_frame_block *block, dq_frame_block *first);

/* What its last page holds behind its end. */
enum { DQ_FRAME_PADDING = 0x0F };

/* It in words, and whether somebody has written next to it. */
dq_special_thing dq_frameguard_thing(const dq_frame_block *block);

/* The block of special pool that begins, or began, at the address. False: there is none. */
bool dq_frameguard_describe(const dq_frame_block *first, const void *address,
                            dq_special_thing *thing);

#endif
