/*
 * hear.c - see hear.h.
 */
#include "hear.h"

#include "listener.h"

static listener ear;

_Static_assert((int)HEARD_READ_WRITE_ATOMIC_BOTH ==
                   (DQ_ACCESS_READ | DQ_ACCESS_WRITE | DQ_ACCESS_ATOMIC | DQ_ACCESS_ACQUIRE |
                    DQ_ACCESS_RELEASE),
               "the numbers are those of sim/access.h");

void hear_from(const void *from, size_t bytes)
{
    listen(&ear, from, bytes);
}

size_t heard_bytes(unsigned flags)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < ear.count; i++) {
        bytes += ear.first[i].flags == flags ? (size_t)ear.first[i].bytes : 0;
    }
    return bytes;
}

void forget_heard(void)
{
    ear.count = 0;
}
