/*
 * atomics.h - instrumented atomic operations in all orders and sizes.
 */
#ifndef ATOMICS_H
#define ATOMICS_H

#include <wdm.h>

__extension__ typedef unsigned __int128 wide;

#define FOR_EACH_ORDER(X)  \
    X(relaxed, RELAXED)    \
    X(acquire, ACQUIRE)    \
    X(release, RELEASE)    \
    X(acq_rel, ACQ_REL)    \
    X(seq_cst, SEQ_CST)

#define X(name, ORDER)                        \
    uint32_t add_##name(uint32_t *at);        \
    uint32_t exchange_##name(uint32_t *at);   \
    int replace_##name(uint32_t *at, uint32_t expected, uint32_t value); \
    void fence_##name(void);
FOR_EACH_ORDER(X)
#undef X

uint32_t load_relaxed(const uint32_t *at);
uint32_t load_acquire(const uint32_t *at);
uint32_t load_seq_cst(const uint32_t *at);
void store_relaxed(uint32_t *at, uint32_t value);
void store_release(uint32_t *at, uint32_t value);
void store_seq_cst(uint32_t *at, uint32_t value);

#define FOR_EACH_SIZE(X) \
    X(1, uint8_t)        \
    X(2, uint16_t)       \
    X(4, uint32_t)       \
    X(8, uint64_t)       \
    X(16, wide)

/* All operations there are, one after the other; true if each result is as it should be. */
#define X(bytes, type) int try_all_##bytes(type *at);
FOR_EACH_SIZE(X)
#undef X

LONG read_acquire(const LONG *at);
VOID write_release(LONG *at, LONG value);
LONG old_fashioned_add(LONG *at);

#endif
