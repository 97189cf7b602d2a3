/*
 * random.c - numbers from a seed, and from nothing else: a run can be repeated.
 *
 * The seed counts on by a constant; the number is the seed with its bits well mixed.
 */
#include "rtl/rtl.h"

static ULONG mix(ULONG value)
{
    value = (value ^ value >> 16) * 0x7FEB352Du;
    value = (value ^ value >> 15) * 0x846CA68Bu;
    return value ^ value >> 16;
}

ULONG NTAPI RtlRandom(PULONG Seed)
{
    DQ_RTL_ENTER(RtlRandom, Seed);
    *Seed += 0x9E3779B9u;
    return mix(*Seed) % MAXLONG;
}

ULONG NTAPI RtlRandomEx(PULONG Seed)
{
    DQ_RTL_ENTER(RtlRandomEx, Seed);
    *Seed += 0x6A09E667u;
    return mix(*Seed) % MAXLONG;
}
