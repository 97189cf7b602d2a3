/*
 * block.c - memory functions that instrumented code calls.
 *
 * Newer compilers call these in place of memcpy and its kin; for the others instrumented.h renames
 * the calls, also those that compilers make for structures.
 */
#include <string.h>

#include "access/entry.h"

DQ_ENTRY(void *, __tsan_memcpy, void *to, const void *from, size_t bytes)
{
    if (bytes > 0) {
        dq_access_both(from, to, DQ_ACCESS_WRITE, bytes, DQ_CALLER);
    }
    return memcpy(to, from, bytes);
}

DQ_ENTRY(void *, __tsan_memmove, void *to, const void *from, size_t bytes)
{
    if (bytes > 0) {
        dq_access_both(from, to, DQ_ACCESS_WRITE, bytes, DQ_CALLER);
    }
    return memmove(to, from, bytes);
}

DQ_ENTRY(void *, __tsan_memset, void *to, int value, size_t bytes)
{
    if (bytes > 0) {
        dq_access(to, bytes, DQ_ACCESS_WRITE, DQ_CALLER);
    }
    return memset(to, value, bytes);
}

/* No compiler calls it so; it is named in the same way. */
DQ_ENTRY(int, __tsan_memcmp, const void *one, const void *other, size_t bytes)
{
    if (bytes > 0) {
        dq_access_both(one, other, DQ_ACCESS_READ, bytes, DQ_CALLER);
    }
    return memcmp(one, other, bytes);
}
