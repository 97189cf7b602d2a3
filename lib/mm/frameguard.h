/*
 * frameguard.h - memory for devices that lies in special pool.
 */
#ifndef DQ_FRAMEGUARD_H
#define DQ_FRAMEGUARD_H

#include "ex/specialpool.h"
#include "mm/frame.h"

/* The block is freed: nobody may touch its memory, nor that of the latest freed ones before it.
 * `first` of all blocks. */
void dq_frameguard_close(dq_machine *machine, const dq_frame_block *block, dq_frame_block *first);

/* The block of special pool that begins, or began, at the address. False: there is none. */
bool dq_frameguard_describe(const dq_frame_block *first, const void *address,
                            dq_special_thing *thing);

#endif
