/*
 * listener.h - a sink that keeps the accesses within a range of memory.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "sim/access.h"
#include "sim/emit.h"

typedef struct heard {
    size_t offset; /* From the start of the range. */
    uint64_t bytes;
    uint64_t flags;
    dq_service service;
    const void *place;
    uint64_t value; /* What was there, up to 8 bytes of it. */
    uint8_t processor;
} heard;

enum { HEARD_MAX = 256 };

typedef struct listener {
    dq_sink sink;
    const char *from;
    size_t bytes;
    bool wants_fences;
    unsigned count;
    heard first[HEARD_MAX];
} listener;

/* Inside a run: from now on, what touches the range is kept, until the run ends. */
void listen(listener *this, const volatile void *from, size_t bytes);

/* Fails unless exactly this was heard since the last call. */
void expect_heard(listener *this, unsigned count, const heard *expected);

#define EXPECT(listener_, ...)                                                             \
    do {                                                                                   \
        const heard expected_[] = { __VA_ARGS__ };                                         \
        expect_heard((listener_), sizeof(expected_) / sizeof(expected_[0]), expected_);    \
    } while (0)

#endif
