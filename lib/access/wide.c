/*
 * wide.c - the compiler's atomic operations of 16 bytes.
 *
 * All are made of one compare and exchange, so that they need no library: it is what x86-64 has. On
 * other processors the compiler is asked for its own.
 */
#include "access/entry.h"

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 wide;

#define SAY(at, reads_and_writes, order)                                             \
    dq_access((const void *)(at), sizeof(*(at)),                                     \
              dq_access_atomic_flags((reads_and_writes), (order) & 0xFF), DQ_CALLER)

#define READS_WRITES (DQ_ACCESS_READ | DQ_ACCESS_WRITE)

/* Puts `value` there if `*expected` is there; else says in it what is. */
static bool exchange_if(volatile wide *at, wide *expected, wide value)
{
#if defined(__x86_64__)
    uint64_t low = (uint64_t)*expected, high = (uint64_t)(*expected >> 64);
    bool done;

    __asm__ __volatile__("lock cmpxchg16b %1\n\tsetz %0"
                         : "=q"(done), "+m"(*at), "+a"(low), "+d"(high)
                         : "b"((uint64_t)value), "c"((uint64_t)(value >> 64))
                         : "cc", "memory");
    *expected = (wide)high << 64 | low;
    return done;
#else
    return __atomic_compare_exchange_n(at, expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
#endif
}

/* Writes back what is there: the memory must be writable, as it must for the processor's own
 * instruction. */
static wide load(volatile wide *at)
{
    wide value = 0;

    exchange_if(at, &value, 0);
    return value;
}

DQ_ENTRY(wide, __tsan_atomic128_load, const volatile wide *at, int order)
{
    SAY(at, DQ_ACCESS_READ, order);
    return load((volatile wide *)(uintptr_t)at);
}

#define CHANGE(name, next)                                                             \
    DQ_ENTRY(wide, __tsan_atomic128_##name, volatile wide *at, wide value, int order) \
    {                                                                                 \
        wide before;                                                                  \
                                                                                      \
        SAY(at, READS_WRITES, order);                                          \
        before = load(at);                                                            \
        while (!exchange_if(at, &before, (next))) {                                   \
        }                                                                             \
        return before;                                                                \
    }

DQ_ENTRY(void, __tsan_atomic128_store, volatile wide *at, wide value, int order)
{
    wide before;

    SAY(at, DQ_ACCESS_WRITE, order);
    before = load(at);
    while (!exchange_if(at, &before, value)) {
    }
}

CHANGE(exchange, value)
CHANGE(fetch_add, before + value)
CHANGE(fetch_sub, before - value)
CHANGE(fetch_and, before & value)
CHANGE(fetch_or, before | value)
CHANGE(fetch_xor, before ^ value)
CHANGE(fetch_nand, ~(before & value))

#define EXCHANGE(strength)                                                                     \
    DQ_ENTRY(int, __tsan_atomic128_compare_exchange_##strength, volatile wide *at,             \
             wide *expected, wide value, int order, int failure_order)                         \
    {                                                                                          \
        (void)failure_order;                                                                   \
        SAY(at, READS_WRITES, order);                                                          \
        return exchange_if(at, expected, value);                                               \
    }

EXCHANGE(strong)
EXCHANGE(weak)

DQ_ENTRY(wide, __tsan_atomic128_compare_exchange_val, volatile wide *at, wide expected, wide value,
         int order, int failure_order)
{
    (void)failure_order;
    SAY(at, READS_WRITES, order);
    exchange_if(at, &expected, value);
    return expected;
}

#endif
