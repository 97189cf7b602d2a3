/*
 * atomics.c - see atomics.h.
 */
#include "atomics.h"

#define FAILURE_RELAXED __ATOMIC_RELAXED
#define FAILURE_ACQUIRE __ATOMIC_ACQUIRE
#define FAILURE_RELEASE __ATOMIC_RELAXED
#define FAILURE_ACQ_REL __ATOMIC_ACQUIRE
#define FAILURE_SEQ_CST __ATOMIC_SEQ_CST

#define X(name, ORDER)                                                                         \
    uint32_t add_##name(uint32_t *at)                                                          \
    {                                                                                          \
        return __atomic_fetch_add(at, 1, __ATOMIC_##ORDER);                                    \
    }                                                                                          \
    uint32_t exchange_##name(uint32_t *at)                                                     \
    {                                                                                          \
        return __atomic_exchange_n(at, 1, __ATOMIC_##ORDER);                                   \
    }                                                                                          \
    int replace_##name(uint32_t *at, uint32_t expected, uint32_t value)                        \
    {                                                                                          \
        return __atomic_compare_exchange_n(at, &expected, value, 0, __ATOMIC_##ORDER,          \
                                           FAILURE_##ORDER);                                   \
    }                                                                                          \
    void fence_##name(void)                                                                    \
    {                                                                                          \
        __atomic_thread_fence(__ATOMIC_##ORDER);                                               \
    }
FOR_EACH_ORDER(X)
#undef X

uint32_t load_relaxed(const uint32_t *at)
{
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

uint32_t load_acquire(const uint32_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

uint32_t load_seq_cst(const uint32_t *at)
{
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

void store_relaxed(uint32_t *at, uint32_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

void store_release(uint32_t *at, uint32_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
}

void store_seq_cst(uint32_t *at, uint32_t value)
{
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);
}

#define ORDER __ATOMIC_SEQ_CST

#define X(bytes, type)                                                          \
    int try_all_##bytes(type *at)                                               \
    {                                                                           \
        const type top = (type)((type)1 << (8 * bytes - 1));                    \
        type expected = (type)(top | 2);                                        \
        int ok = 1;                                                             \
                                                                                \
        __atomic_store_n(at, (type)(top | 1), ORDER);                           \
        ok &= __atomic_fetch_add(at, (type)6, ORDER) == (type)(top | 1);        \
        ok &= __atomic_fetch_sub(at, (type)2, ORDER) == (type)(top | 7);        \
        ok &= __atomic_fetch_and(at, (type)(top | 4), ORDER) == (type)(top | 5); \
        ok &= __atomic_fetch_or(at, (type)8, ORDER) == (type)(top | 4);         \
        ok &= __atomic_fetch_xor(at, (type)14, ORDER) == (type)(top | 12);      \
        ok &= __atomic_compare_exchange_n(at, &expected, (type)9, 0, ORDER, ORDER); \
        ok &= __atomic_compare_exchange_n(at, &expected, (type)8, 0, ORDER, ORDER) == 0; \
        ok &= expected == (type)9;                                              \
        ok &= __atomic_fetch_nand(at, (type)1, ORDER) == (type)9;               \
        ok &= __atomic_exchange_n(at, (type)(top | 3), ORDER) == (type)~(type)1; \
        ok &= __atomic_load_n(at, ORDER) == (type)(top | 3);                    \
        return ok;                                                              \
    }
FOR_EACH_SIZE(X)
#undef X

LONG read_acquire(const LONG *at)
{
    return ReadAcquire(at);
}

VOID write_release(LONG *at, LONG value)
{
    WriteRelease(at, value);
}

LONG old_fashioned_add(LONG *at)
{
    return __sync_fetch_and_add(at, 1);
}
