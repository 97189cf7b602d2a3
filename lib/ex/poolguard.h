/*
 * poolguard.h - bytes around a pool block that nobody may write to.
 *
 * They lie before it and behind it; freeing looks at them. They are wide enough to keep what the
 * host's allocator notes next to its memory from a driver that misses a block by some fields. Where
 * AddressSanitizer is there its own are better, since it sees the write itself.
 */
#ifndef DQ_POOLGUARD_H
#define DQ_POOLGUARD_H

#include <stddef.h>

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

/* What a block of so many bytes takes of the host, with its guards. */
size_t dq_poolguard_room(size_t bytes);

/* The block inside of such memory, with guards that are set. */
void *dq_poolguard_set(void *memory, size_t bytes);

/* The memory that the block is in. */
void *dq_poolguard_memory(void *block, size_t bytes);

/* The damaged byte that lies next to the block; NULL if there is none. */
const char *dq_poolguard_damage(const void *block, size_t bytes);

#endif
