/*
 * objects.cpp - see objects.h.
 */
#include "objects.h"

#include <new>

int shape::corners()
{
    return sides;
}

shape *make_shape(void *at)
{
    return new (at) shape(3);
}

int ask_corners(shape *of)
{
    return of->corners();
}

int count_up(std::atomic<int> *at)
{
    return at->fetch_add(1, std::memory_order_acq_rel);
}
