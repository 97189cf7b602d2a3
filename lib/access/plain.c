/*
 * plain.c - loads and stores: plain, unaligned, volatile, of any length, and of C++'s table
 * pointers.
 */
#include "access/entry.h"

#define ACCESS(name, bytes, flags)                 \
    DQ_ENTRY(void, __tsan_##name, void *address)   \
    {                                              \
        dq_access(address, bytes, flags, DQ_CALLER); \
    }

/* A name for each size. */
#define SIZES(name, flags)     \
    ACCESS(name##1, 1, flags)  \
    ACCESS(name##2, 2, flags)  \
    ACCESS(name##4, 4, flags)  \
    ACCESS(name##8, 8, flags)  \
    ACCESS(name##16, 16, flags)

SIZES(read, DQ_ACCESS_READ)
SIZES(write, DQ_ACCESS_WRITE)
SIZES(unaligned_read, DQ_ACCESS_READ)
SIZES(unaligned_write, DQ_ACCESS_WRITE)
SIZES(volatile_read, DQ_ACCESS_READ | DQ_ACCESS_VOLATILE)
SIZES(volatile_write, DQ_ACCESS_WRITE | DQ_ACCESS_VOLATILE)
SIZES(unaligned_volatile_read, DQ_ACCESS_READ | DQ_ACCESS_VOLATILE)
SIZES(unaligned_volatile_write, DQ_ACCESS_WRITE | DQ_ACCESS_VOLATILE)

/* clang says a load and the store that follows it at once, if it is asked to. */
SIZES(read_write, DQ_ACCESS_READ | DQ_ACCESS_WRITE)
SIZES(unaligned_read_write, DQ_ACCESS_READ | DQ_ACCESS_WRITE)

DQ_ENTRY(void, __tsan_read_range, void *address, size_t bytes)
{
    dq_access(address, bytes, DQ_ACCESS_READ, DQ_CALLER);
}

DQ_ENTRY(void, __tsan_write_range, void *address, size_t bytes)
{
    dq_access(address, bytes, DQ_ACCESS_WRITE, DQ_CALLER);
}

DQ_ENTRY(void, __tsan_vptr_read, void **address)
{
    dq_access(address, sizeof(*address), DQ_ACCESS_READ, DQ_CALLER);
}

DQ_ENTRY(void, __tsan_vptr_update, void **address, void *value)
{
    (void)value;
    dq_access(address, sizeof(*address), DQ_ACCESS_WRITE, DQ_CALLER);
}

/* Who called whom is told by nothing here: places are enough. */
DQ_ENTRY(void, __tsan_func_entry, void *caller)
{
    (void)caller;
}

DQ_ENTRY(void, __tsan_func_exit, void)
{
}
