/*
 * atomic.c - the compiler's atomic operations of 1 to 8 bytes: said, and then done.
 *
 * They are done sequentially consistent, whatever order was asked for: processors here are. The
 * order is what is said.
 */
#include "access/entry.h"

/* The lowest bits are the __ATOMIC_ number; gcc has marks of its own above. */
static inline int plain(int order)
{
    return order & 0xFF;
}

#define SAY(address, reads_and_writes, order)                                              \
    dq_access((const void *)(address), sizeof(*(address)),                                 \
              dq_access_atomic_flags((reads_and_writes), plain(order)), DQ_CALLER)

#define READS_WRITES (DQ_ACCESS_READ | DQ_ACCESS_WRITE)

#define LOAD_STORE(bits, type)                                                         \
    DQ_ENTRY(type, __tsan_atomic##bits##_load, const volatile type *at, int order)     \
    {                                                                                  \
        SAY(at, DQ_ACCESS_READ, order);                                                \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                  \
    }                                                                                  \
    DQ_ENTRY(void, __tsan_atomic##bits##_store, volatile type *at, type value, int order) \
    {                                                                                  \
        SAY(at, DQ_ACCESS_WRITE, order);                                               \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                 \
    }

#define CHANGE(bits, type, name, builtin)                                                   \
    DQ_ENTRY(type, __tsan_atomic##bits##_##name, volatile type *at, type value, int order) \
    {                                                                                       \
        SAY(at, READS_WRITES, order);                                                       \
        return builtin(at, value, __ATOMIC_SEQ_CST);                                        \
    }

#define EXCHANGE(bits, type, strength)                                                        \
    DQ_ENTRY(int, __tsan_atomic##bits##_compare_exchange_##strength, volatile type *at,       \
             type *expected, type value, int order, int failure_order)                        \
    {                                                                                         \
        (void)failure_order;                                                                  \
        SAY(at, READS_WRITES, order);                                                         \
        return __atomic_compare_exchange_n(at, expected, value, 0, __ATOMIC_SEQ_CST,          \
                                           __ATOMIC_SEQ_CST);                                 \
    }

#define EXCHANGE_VALUE(bits, type)                                                            \
    DQ_ENTRY(type, __tsan_atomic##bits##_compare_exchange_val, volatile type *at,             \
             type expected, type value, int order, int failure_order)                         \
    {                                                                                         \
        (void)failure_order;                                                                  \
        SAY(at, READS_WRITES, order);                                                         \
        __atomic_compare_exchange_n(at, &expected, value, 0, __ATOMIC_SEQ_CST,                \
                                    __ATOMIC_SEQ_CST);                                        \
        return expected;                                                                      \
    }

#define ALL(bits, type)                                     \
    LOAD_STORE(bits, type)                                  \
    CHANGE(bits, type, exchange, __atomic_exchange_n)       \
    CHANGE(bits, type, fetch_add, __atomic_fetch_add)       \
    CHANGE(bits, type, fetch_sub, __atomic_fetch_sub)       \
    CHANGE(bits, type, fetch_and, __atomic_fetch_and)       \
    CHANGE(bits, type, fetch_or, __atomic_fetch_or)         \
    CHANGE(bits, type, fetch_xor, __atomic_fetch_xor)       \
    CHANGE(bits, type, fetch_nand, __atomic_fetch_nand)     \
    EXCHANGE(bits, type, strong)                            \
    EXCHANGE(bits, type, weak)                              \
    EXCHANGE_VALUE(bits, type)

ALL(8, uint8_t)
ALL(16, uint16_t)
ALL(32, uint32_t)
ALL(64, uint64_t)

/* ---- Fences ---------------------------------------------------------------------------------- */

DQ_ENTRY(void, __tsan_atomic_thread_fence, int order)
{
    dq_access(NULL, 0, dq_access_atomic_flags(READS_WRITES, plain(order)) & ~READS_WRITES,
              DQ_CALLER);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Against the compiler only, which has obeyed by calling. */
DQ_ENTRY(void, __tsan_atomic_signal_fence, int order)
{
    (void)order;
}
