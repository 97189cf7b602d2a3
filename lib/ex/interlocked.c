/*
 * interlocked.c - the Interlocked functions: one atomic step each, at any IRQL and for anybody.
 *
 * In simulated code each is a schedule point, reported as a call of "Interlocked" with its address,
 * its size in bytes and its order (the compiler's __ATOMIC_ number). Device callbacks and foreign
 * host threads may use them too: for these they are just atomic. Processors are sequentially
 * consistent, so that the forms without a fence are as strong as the others; their order is only
 * what a race detector may conclude from them.
 */
#include <wdm.h>

#include "sim/access.h"
#include "sim/finding.h"
#include "sim/machine.h"

#define COLD __attribute__((noinline, cold))

static inline bool somebody_listens(const dq_processor *cpu)
{
    return dq_attends(cpu, DQ_ATTEND_SINKS) || dq_choice_watches(&cpu->machine->choices);
}

static inline void step(const volatile void *address, unsigned bytes, unsigned access, int order,
                        const void *place)
{
    dq_processor *cpu = dq_self;

    if (dq_must_look(cpu, cpu->irql) && !dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        cpu = dq_enter(DQ_SERVICE_Interlocked, place, (const void *)address, bytes,
                       (uint64_t)order, 0);
        DQ_LEAVES(cpu);
        if (cpu != NULL && somebody_listens(cpu)) {
            dq_access_by_service(cpu, address, bytes, dq_access_atomic_flags(access, order));
        }
    }
}

enum { CHANGES = DQ_ACCESS_READ | DQ_ACCESS_WRITE };

#define STEP(address, order) \
    step((address), sizeof(*(address)), CHANGES, (order), __builtin_return_address(0))

/* A name and its forms: full fence, acquire, release, none. `infix` and `suffix` are where the
 * width stands. */
#define FORMS(MAKE, type, name, infix, suffix)                 \
    MAKE(type, name##infix##suffix, __ATOMIC_SEQ_CST)          \
    MAKE(type, name##infix##Acquire##suffix, __ATOMIC_ACQUIRE) \
    MAKE(type, name##infix##Release##suffix, __ATOMIC_RELEASE) \
    MAKE(type, name##infix##NoFence##suffix, __ATOMIC_RELAXED)

#define INCREMENT(type, name, order)                                  \
    type NTAPI name(type volatile *Addend)                            \
    {                                                                 \
        STEP(Addend, order);                                          \
        return __atomic_add_fetch(Addend, (type)1, __ATOMIC_SEQ_CST); \
    }
#define DECREMENT(type, name, order)                                  \
    type NTAPI name(type volatile *Addend)                            \
    {                                                                 \
        STEP(Addend, order);                                          \
        return __atomic_sub_fetch(Addend, (type)1, __ATOMIC_SEQ_CST); \
    }
#define ADD(type, name, order)                                      \
    type NTAPI name(type volatile *Addend, type Value)              \
    {                                                               \
        STEP(Addend, order);                                        \
        return __atomic_add_fetch(Addend, Value, __ATOMIC_SEQ_CST); \
    }
#define EXCHANGE_ADD(type, name, order)                             \
    type NTAPI name(type volatile *Addend, type Value)              \
    {                                                               \
        STEP(Addend, order);                                        \
        return __atomic_fetch_add(Addend, Value, __ATOMIC_SEQ_CST); \
    }
#define EXCHANGE(type, name, order)                                  \
    type NTAPI name(type volatile *Target, type Value)               \
    {                                                                \
        STEP(Target, order);                                         \
        return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST); \
    }
/* One that will change nothing is a read; drivers use it as such. */
#define COMPARE_EXCHANGE(type, name, order)                                                 \
    type NTAPI name(type volatile *Destination, type ExChange, type Comperand)              \
    {                                                                                       \
        const bool keeps = ExChange == Comperand ||                                         \
                           __atomic_load_n(Destination, __ATOMIC_RELAXED) != Comperand;     \
        step(Destination, sizeof(*Destination), keeps ? DQ_ACCESS_READ : CHANGES, order,    \
             __builtin_return_address(0));                                                  \
        __atomic_compare_exchange_n(Destination, &Comperand, ExChange, 0, __ATOMIC_SEQ_CST, \
                                    __ATOMIC_SEQ_CST);                                      \
        return Comperand;                                                                   \
    }
#define AND(type, name, order)                                           \
    type NTAPI name(type volatile *Destination, type Value)              \
    {                                                                    \
        STEP(Destination, order);                                        \
        return __atomic_fetch_and(Destination, Value, __ATOMIC_SEQ_CST); \
    }
#define OR(type, name, order)                                           \
    type NTAPI name(type volatile *Destination, type Value)             \
    {                                                                   \
        STEP(Destination, order);                                       \
        return __atomic_fetch_or(Destination, Value, __ATOMIC_SEQ_CST); \
    }
#define XOR(type, name, order)                                           \
    type NTAPI name(type volatile *Destination, type Value)              \
    {                                                                    \
        STEP(Destination, order);                                        \
        return __atomic_fetch_xor(Destination, Value, __ATOMIC_SEQ_CST); \
    }

/* ---- Bits: counted from Base on, also beyond its own word ------------------------------------ */

/* Splits a bit's number into the word and the bit in it. */
#define BIT_STEP(type, order)                                              \
    type volatile *word = Base + (Bit >> (sizeof(type) == 8 ? 6 : 5));     \
    const type mask = (type)(1ull << (Bit & (8 * (int)sizeof(type) - 1))); \
    STEP(word, order)

#define BIT_SET(type, name, order)                                                     \
    UCHAR NTAPI name(type volatile *Base, type Bit)                                    \
    {                                                                                  \
        BIT_STEP(type, order);                                                         \
        return (UCHAR)((__atomic_fetch_or(word, mask, __ATOMIC_SEQ_CST) & mask) != 0); \
    }
#define BIT_RESET(type, name, order)                                                     \
    UCHAR NTAPI name(type volatile *Base, type Bit)                                      \
    {                                                                                    \
        BIT_STEP(type, order);                                                           \
        return (UCHAR)((__atomic_fetch_and(word, ~mask, __ATOMIC_SEQ_CST) & mask) != 0); \
    }
#define BIT_COMPLEMENT(type, name, order)                                               \
    UCHAR NTAPI name(type volatile *Base, type Bit)                                     \
    {                                                                                   \
        BIT_STEP(type, order);                                                          \
        return (UCHAR)((__atomic_fetch_xor(word, mask, __ATOMIC_SEQ_CST) & mask) != 0); \
    }

/* ---- 32 bits --------------------------------------------------------------------------------- */

FORMS(INCREMENT, LONG, InterlockedIncrement, , )
FORMS(DECREMENT, LONG, InterlockedDecrement, , )
FORMS(ADD, LONG, InterlockedAdd, , )
FORMS(EXCHANGE_ADD, LONG, InterlockedExchangeAdd, , )
FORMS(EXCHANGE, LONG, InterlockedExchange, , )
FORMS(COMPARE_EXCHANGE, LONG, InterlockedCompareExchange, , )
FORMS(AND, LONG, InterlockedAnd, , )
FORMS(OR, LONG, InterlockedOr, , )
FORMS(XOR, LONG, InterlockedXor, , )
FORMS(BIT_SET, LONG, InterlockedBitTestAndSet, , )
FORMS(BIT_RESET, LONG, InterlockedBitTestAndReset, , )
BIT_COMPLEMENT(LONG, InterlockedBitTestAndComplement, __ATOMIC_SEQ_CST)

/* ---- 64 bits --------------------------------------------------------------------------------- */

FORMS(INCREMENT, LONG64, InterlockedIncrement, , 64)
FORMS(DECREMENT, LONG64, InterlockedDecrement, , 64)
FORMS(ADD, LONG64, InterlockedAdd, , 64)
FORMS(EXCHANGE_ADD, LONG64, InterlockedExchangeAdd, , 64)
FORMS(EXCHANGE, LONG64, InterlockedExchange, , 64)
FORMS(COMPARE_EXCHANGE, LONG64, InterlockedCompareExchange, , 64)
FORMS(AND, LONG64, InterlockedAnd, 64, )
FORMS(OR, LONG64, InterlockedOr, 64, )
FORMS(XOR, LONG64, InterlockedXor, 64, )
FORMS(BIT_SET, LONG64, InterlockedBitTestAndSet, 64, )
FORMS(BIT_RESET, LONG64, InterlockedBitTestAndReset, 64, )
BIT_COMPLEMENT(LONG64, InterlockedBitTestAndComplement64, __ATOMIC_SEQ_CST)

/* ---- 8 and 16 bits --------------------------------------------------------------------------- */

INCREMENT(SHORT, InterlockedIncrement16, __ATOMIC_SEQ_CST)
DECREMENT(SHORT, InterlockedDecrement16, __ATOMIC_SEQ_CST)
EXCHANGE(SHORT, InterlockedExchange16, __ATOMIC_SEQ_CST)
EXCHANGE_ADD(SHORT, InterlockedExchangeAdd16, __ATOMIC_SEQ_CST)
COMPARE_EXCHANGE(SHORT, InterlockedCompareExchange16, __ATOMIC_SEQ_CST)
AND(SHORT, InterlockedAnd16, __ATOMIC_SEQ_CST)
OR(SHORT, InterlockedOr16, __ATOMIC_SEQ_CST)
XOR(SHORT, InterlockedXor16, __ATOMIC_SEQ_CST)

EXCHANGE(CHAR, InterlockedExchange8, __ATOMIC_SEQ_CST)
EXCHANGE_ADD(CHAR, InterlockedExchangeAdd8, __ATOMIC_SEQ_CST)
AND(CHAR, InterlockedAnd8, __ATOMIC_SEQ_CST)
OR(CHAR, InterlockedOr8, __ATOMIC_SEQ_CST)
XOR(CHAR, InterlockedXor8, __ATOMIC_SEQ_CST)

/* ---- Pointers -------------------------------------------------------------------------------- */

FORMS(EXCHANGE, PVOID, InterlockedExchangePointer, , )
FORMS(COMPARE_EXCHANGE, PVOID, InterlockedCompareExchangePointer, , )

/* ---- 128 bits -------------------------------------------------------------------------------- */

static COLD void refuse_alignment(const volatile void *address, const void *place)
{
    dq_processor *cpu;

    DQ_INSIDE(dq_self->live);
    cpu = dq_self;
    if (!dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "InterlockedAlignment",
                               .service = DQ_SERVICE_Interlocked,
                               .place = place },
                "InterlockedCompareExchange128 at %p, which is no multiple of 16: on a PC that is a "
                "general protection fault",
                (const void *)address);
    }
}

static inline void step_128(const volatile void *address, const void *place)
{
    step(address, 16, CHANGES, __ATOMIC_SEQ_CST, place);
    if (DQ_UNLIKELY((uintptr_t)address % 16 != 0)) {
        refuse_alignment(address, place);
    }
}

#if defined(__x86_64__)

/* Returns 1 if the exchange was made; what was there goes into ComparandResult (low, high). */
UCHAR NTAPI InterlockedCompareExchange128(LONG64 volatile *Destination, LONG64 ExchangeHigh,
                                          LONG64 ExchangeLow, LONG64 *ComparandResult)
{
    UCHAR exchanged;

    step_128(Destination, DQ_CALL_PLACE);
    __asm__ __volatile__("lock cmpxchg16b %1\n\tsetz %0"
                         : "=q"(exchanged), "+m"(*(LONG64 volatile(*)[2])Destination),
                           "+a"(ComparandResult[0]), "+d"(ComparandResult[1])
                         : "b"(ExchangeLow), "c"(ExchangeHigh)
                         : "cc", "memory");
    return exchanged;
}

#else

/* Where the processor has no such step, all users take turns. */
UCHAR NTAPI InterlockedCompareExchange128(LONG64 volatile *Destination, LONG64 ExchangeHigh,
                                          LONG64 ExchangeLow, LONG64 *ComparandResult)
{
    UCHAR exchanged;

    step_128(Destination, DQ_CALL_PLACE);
    host_lock();
    exchanged = Destination[0] == ComparandResult[0] && Destination[1] == ComparandResult[1];
    ComparandResult[0] = Destination[0];
    ComparandResult[1] = Destination[1];
    if (exchanged) {
        Destination[0] = ExchangeLow;
        Destination[1] = ExchangeHigh;
    }
    host_unlock();
    return exchanged;
}

#endif
