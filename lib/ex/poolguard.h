/*
 * poolguard.h - memory that is given to drivers, and bytes around it that nobody may write to.
 *
 * They lie before a block and behind it; freeing looks at them. Blocks lie in a heap of the
 * machine's (sim/heap.h), so that who misses a block by far hits the guards of others. Where a
 * sanitizer watches, blocks are the host's, and AddressSanitizer's guards are better, since it sees
 * the write itself.
 */
#ifndef DQ_POOLGUARD_H
#define DQ_POOLGUARD_H

#include <stddef.h>

#include "sim/machine.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DQ_POOL_IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(DQ_POOL_IS_SANITIZED)
#define DQ_POOL_IS_SANITIZED 1
#endif
#ifndef DQ_POOL_IS_SANITIZED
#define DQ_POOL_IS_SANITIZED 0
#endif

/* A block with guards that are set. It begins on a page if it has as many bytes, else at
 * `alignment`, a power of two of at most 64. NULL when memory is short. */
void *dq_poolguard_get(dq_machine *machine, size_t bytes, size_t alignment);

/* What it returned. */
void dq_poolguard_give(dq_machine *machine, void *block, size_t bytes);

/* At the end of a run: the same, for blocks that the heap does not take with it. */
void dq_poolguard_drop(dq_machine *machine, void *block, size_t bytes);

/* The damaged byte that lies next to the block; NULL if there is none. */
const char *dq_poolguard_damage(const void *block, size_t bytes);

#endif
