/*
 * plains.c - see plains.h.
 */
#include "plains.h"

#define X(bytes, type)                                          \
    type load_##bytes(const type *at)                           \
    {                                                           \
        return *at;                                             \
    }                                                           \
    void store_##bytes(type *at, type value)                    \
    {                                                           \
        *at = value;                                            \
    }                                                           \
    void add_##bytes(type *at, type value)                      \
    {                                                           \
        *at = (type)(*at + value);                              \
    }                                                           \
    type load_volatile_##bytes(const volatile type *at)         \
    {                                                           \
        return *at;                                             \
    }                                                           \
    void store_volatile_##bytes(volatile type *at, type value)  \
    {                                                           \
        *at = value;                                            \
    }
FOR_EACH_SIZE(X)
#undef X

uint16_t load_packed_2(const packed *at)
{
    return at->two;
}

uint32_t load_packed_4(const packed *at)
{
    return at->four;
}

uint64_t load_packed_8(const packed *at)
{
    return at->eight;
}

void store_packed_2(packed *at, uint16_t value)
{
    at->two = value;
}

void store_packed_4(packed *at, uint32_t value)
{
    at->four = value;
}

void store_packed_8(packed *at, uint64_t value)
{
    at->eight = value;
}

unsigned load_field(const fields *at)
{
    return at->middle;
}

void store_field(fields *at, unsigned value)
{
    at->middle = value & 0x1FF;
}

void count_up(uint32_t *at, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        *(volatile uint32_t *)at = *(volatile uint32_t *)at + 1;
    }
}
