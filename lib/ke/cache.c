/*
 * cache.c - processor caches: no mode models them, so that nothing is in them to be flushed.
 */
#include "ke/ki.h"

BOOLEAN NTAPI KeInvalidateAllCaches(VOID)
{
    DQ_ENTER(KeInvalidateAllCaches, NULL, 0, 0, 0, FALSE);
    return TRUE;
}

VOID NTAPI KeInvalidateRangeAllCaches(PVOID BaseAddress, ULONG Length)
{
    DQ_ENTER(KeInvalidateRangeAllCaches, BaseAddress, BaseAddress, Length, 0, DQ_VOID);
}

ULONG NTAPI KeGetRecommendedSharedDataAlignment(VOID)
{
    DQ_ENTER(KeGetRecommendedSharedDataAlignment, NULL, 0, 0, 0, SYSTEM_CACHE_ALIGNMENT_SIZE);
    return SYSTEM_CACHE_ALIGNMENT_SIZE;
}
