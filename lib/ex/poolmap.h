/*
 * poolmap.h - which addresses are pool memory, in all machines of the process.
 *
 * C++ has one delete for everything, so it must know of any address, at any time, whether a pool
 * gave it out: also of one whose block was freed, or whose machine has gone. An address is struck
 * off when the host's allocator gives it out for something else.
 */
#ifndef DQ_POOLMAP_H
#define DQ_POOLMAP_H

#include <stdbool.h>

/* A pool gave it out. `owner` tells the pools apart. False when memory is short. */
bool dq_poolmap_add(const void *address, const void *owner);

/* The pool no longer remembers the block. No effect if another pool has given the address out
 * since. */
void dq_poolmap_remove(const void *address, const void *owner);

/* The pool goes away while the block is in use: somebody may still want to free it. Only the
 * latest few thousand are kept. */
void dq_poolmap_orphan(const void *address, const void *owner);

/* It is something else's memory now. Any host thread. */
void dq_poolmap_strike_off(const void *address);

/* Any host thread. */
bool dq_poolmap_has(const void *address);

#endif
