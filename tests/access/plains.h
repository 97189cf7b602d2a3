/*
 * plains.h - instrumented loads and stores, each in a function of its own.
 */
#ifndef PLAINS_H
#define PLAINS_H

#include <stdint.h>

__extension__ typedef unsigned __int128 wide;

#pragma pack(push, 1)
typedef struct packed {
    uint8_t shift;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
} packed;
#pragma pack(pop)

typedef struct fields {
    unsigned low : 3;
    unsigned middle : 9;
    unsigned high : 20;
} fields;

#define FOR_EACH_SIZE(X) \
    X(1, uint8_t)        \
    X(2, uint16_t)       \
    X(4, uint32_t)       \
    X(8, uint64_t)       \
    X(16, wide)

#define X(bytes, type)                                   \
    type load_##bytes(const type *at);                   \
    void store_##bytes(type *at, type value);            \
    void add_##bytes(type *at, type value);              \
    type load_volatile_##bytes(const volatile type *at); \
    void store_volatile_##bytes(volatile type *at, type value);
FOR_EACH_SIZE(X)
#undef X

uint16_t load_packed_2(const packed *at);
uint32_t load_packed_4(const packed *at);
uint64_t load_packed_8(const packed *at);
void store_packed_2(packed *at, uint16_t value);
void store_packed_4(packed *at, uint32_t value);
void store_packed_8(packed *at, uint64_t value);

unsigned load_field(const fields *at);
void store_field(fields *at, unsigned value);

/* Adds one, `times` times. */
void count_up(uint32_t *at, unsigned times);

#endif
