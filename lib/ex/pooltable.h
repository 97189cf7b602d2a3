/*
 * pooltable.h - the pool's blocks by address, those that were freed for a while longer.
 */
#ifndef DQ_POOLTABLE_H
#define DQ_POOLTABLE_H

#include "ex/pool.h"
#include "ex/specialpool.h"

typedef struct dq_pool dq_pool;

/* The machine's, made when first asked for. NULL: memory is short. */
dq_pool *dq_pool_of(dq_machine *machine);

/* The block at the address, in use or freed; else NULL. */
dq_pool_block *dq_pool_find(dq_pool *pool, const void *address);

/* Its special pool, or NULL. */
dq_special *dq_pool_special(const dq_pool *pool);

/* specialfault.c: dq_kernel_hooks.fault. */
void dq_special_fault(dq_processor *cpu, const host_fault *fault);
bool dq_special_owns(const dq_machine *machine, const void *address);

/* Memory of a block to be, in special pool. NULL: there is none, or no room in it. */
void *dq_pool_special_memory(dq_pool *pool, size_t bytes, size_t alignment, dq_special_pool side);

/* Takes in memory that dq_poolguard_get() has made ready, or that is special. The block's other
 * fields are the caller's to fill in. NULL, and the memory is freed: there is no room for the
 * block. */
dq_pool_block *dq_pool_take_in(dq_machine *machine, dq_pool *pool, void *address, size_t bytes);

/* The block is freed by `place`: what was in it is gone, but it can be found for a while. Returns
 * the one whose memory is to go back to the host instead, by dq_pool_let_go(); or NULL. */
dq_pool_block *dq_pool_retire(dq_machine *machine, dq_pool *pool, dq_pool_block *block,
                              const void *place);

void dq_pool_let_go(dq_machine *machine, dq_pool_block *block);

/* The first byte of a kept block that somebody has written to since; NULL if there is none. */
const char *dq_pool_touched(const dq_pool_block *block);

/* Calls visit() for each kept block, in the order in which they were freed. */
void dq_pool_for_each_kept(dq_machine *machine,
                           void (*visit)(void *context, const dq_pool_block *block), void *context);

#endif
