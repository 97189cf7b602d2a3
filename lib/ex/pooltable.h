/*
 * pooltable.h - the pool's blocks by address, those that were freed for a while longer.
 */
#ifndef DQ_POOLTABLE_H
#define DQ_POOLTABLE_H

#include "ex/pool.h"

typedef struct dq_pool dq_pool;

/* The machine's, made when first asked for. NULL: memory is short. */
dq_pool *dq_pool_of(dq_machine *machine);

/* The block at the address, in use or freed; else NULL. */
dq_pool_block *dq_pool_find(dq_pool *pool, const void *address);

/* Takes in memory that dq_poolguard_set() has made ready. The block's fields are the caller's to
 * fill in. NULL, and the memory is freed: there is no room for the block. */
dq_pool_block *dq_pool_take_in(dq_machine *machine, dq_pool *pool, void *address, size_t bytes);

/* The block is freed by `place`: what was in it is gone, but it can be found for a while. Returns the
 * one whose memory is to go back to the host instead, by dq_pool_let_go(); or NULL. */
dq_pool_block *dq_pool_retire(dq_machine *machine, dq_pool *pool, dq_pool_block *block,
                              const void *place);

void dq_pool_let_go(dq_machine *machine, dq_pool_block *block);

/* The first byte of a kept block that somebody has written to since; NULL if there is none. */
const char *dq_pool_touched(const dq_pool_block *block);

/* Calls visit() for each kept block, in the order in which they were freed. */
void dq_pool_for_each_kept(dq_machine *machine,
                           void (*visit)(void *context, const dq_pool_block *block), void *context);

#endif
