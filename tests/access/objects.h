/*
 * objects.h - instrumented C++: objects with tables, and the standard's atomics.
 */
#ifndef OBJECTS_H
#define OBJECTS_H

#include <atomic>

struct shape {
    int sides;

    explicit shape(int count) : sides(count)
    {
    }
    virtual int corners();
};

/* Makes one at `at`. */
shape *make_shape(void *at);
int ask_corners(shape *of);
int count_up(std::atomic<int> *at);

#endif
