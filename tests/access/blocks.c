/*
 * blocks.c - see blocks.h.
 */
#include "blocks.h"

void copy_large(large *to, const large *from)
{
    *to = *from;
}

void clear_large(large *to)
{
    *to = (large){ { 0 } };
}

void copy_bytes(void *to, const void *from, size_t bytes)
{
    RtlCopyMemory(to, from, bytes);
}

void move_bytes(void *to, const void *from, size_t bytes)
{
    RtlMoveMemory(to, from, bytes);
}

void fill_bytes(void *to, size_t bytes)
{
    RtlFillMemory(to, bytes, 0x22);
}

int are_equal(const void *one, const void *other, size_t bytes)
{
    return RtlEqualMemory(one, other, bytes);
}

void copy_twenty(void *to, const void *from)
{
    RtlCopyMemory(to, from, 20);
}

void clear_by_loop(char *to, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        to[i] = 0;
    }
}
