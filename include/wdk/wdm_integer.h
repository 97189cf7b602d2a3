/*
 * wdm_integer.h: small arithmetic: bytes swapped, bits found, values of 64 bits, LUIDs, values at
 * addresses that are not aligned, and random numbers. Any IRQL but for the last.
 */
#ifndef WDM_INTEGER_H
#define WDM_INTEGER_H

#include <wdm_base.h>

EXTERN_C_START

/* "wdm: RtlUshortByteSwap", "wdm: RtlUlongByteSwap", "wdm: RtlUlonglongByteSwap". */
#define RtlUshortByteSwap(_x) __builtin_bswap16((USHORT)(_x))
#define RtlUlongByteSwap(_x) __builtin_bswap32((ULONG)(_x))
#define RtlUlonglongByteSwap(_x) ((ULONGLONG)__builtin_bswap64((ULONGLONG)(_x)))

/* Zero-based; -1 if no bit is set. "wdm: RtlFindLeastSignificantBit" and its neighbour. */
WDK_INLINE CCHAR RtlFindLeastSignificantBit(_In_ ULONGLONG Set)
{
    return (CCHAR)(Set != 0 ? __builtin_ctzll(Set) : -1);
}

WDK_INLINE CCHAR RtlFindMostSignificantBit(_In_ ULONGLONG Set)
{
    return (CCHAR)(Set != 0 ? 63 - __builtin_clzll(Set) : -1);
}

/* "wdm: RtlNumberOfSetBitsUlongPtr". */
WDK_INLINE ULONG RtlNumberOfSetBitsUlongPtr(_In_ ULONG_PTR Target)
{
    return (ULONG)__builtin_popcountll(Target);
}

/* "wdm: RtlConvertLongToLargeInteger", "wdm: RtlConvertUlongToLargeInteger". */
WDK_INLINE LARGE_INTEGER RtlConvertLongToLargeInteger(_In_ LONG SignedInteger)
{
    LARGE_INTEGER Large;

    Large.QuadPart = SignedInteger;
    return Large;
}

WDK_INLINE LARGE_INTEGER RtlConvertUlongToLargeInteger(_In_ ULONG UnsignedInteger)
{
    LARGE_INTEGER Large;

    Large.QuadPart = UnsignedInteger;
    return Large;
}

/* "ntddk: RtlConvertLongToLuid", "ntddk: RtlConvertUlongToLuid", "wdm: RtlEqualLuid". */
WDK_INLINE LUID RtlConvertLongToLuid(_In_ LONG Long)
{
    LUID Luid;

    Luid.LowPart = (ULONG)Long;
    Luid.HighPart = Long < 0 ? -1 : 0;
    return Luid;
}

WDK_INLINE LUID RtlConvertUlongToLuid(_In_ ULONG Ulong)
{
    LUID Luid;

    Luid.LowPart = Ulong;
    Luid.HighPart = 0;
    return Luid;
}

#define RtlEqualLuid(L1, L2) \
    (((L1)->LowPart == (L2)->LowPart) && ((L1)->HighPart == (L2)->HighPart))
#define RtlIsZeroLuid(L1) ((BOOLEAN)(((L1)->LowPart | (ULONG)(L1)->HighPart) == 0))

/* ADDRESS need not be aligned. "wdm: RtlRetrieveUlong", "wdm: RtlStoreUlong" and the like. */
#define RtlRetrieveUshort(DEST_ADDRESS, SRC_ADDRESS) \
    ((void)memcpy((DEST_ADDRESS), (SRC_ADDRESS), sizeof(USHORT)))
#define RtlRetrieveUlong(DEST_ADDRESS, SRC_ADDRESS) \
    ((void)memcpy((DEST_ADDRESS), (SRC_ADDRESS), sizeof(ULONG)))

WDK_INLINE VOID RtlStoreUshort(_Out_ PVOID ADDRESS, _In_ USHORT VALUE)
{
    memcpy(ADDRESS, &VALUE, sizeof(VALUE));
}

WDK_INLINE VOID RtlStoreUlong(_Out_ PVOID ADDRESS, _In_ ULONG VALUE)
{
    memcpy(ADDRESS, &VALUE, sizeof(VALUE));
}

WDK_INLINE VOID RtlStoreUlonglong(_Out_ PVOID ADDRESS, _In_ ULONGLONG VALUE)
{
    memcpy(ADDRESS, &VALUE, sizeof(VALUE));
}

WDK_INLINE VOID RtlStoreUlongPtr(_Out_ PVOID ADDRESS, _In_ ULONG_PTR VALUE)
{
    memcpy(ADDRESS, &VALUE, sizeof(VALUE));
}

/* IRQL <= APC_LEVEL. 0 to MAXLONG - 1, from the seed alone: the same seed gives the same row in
 * every run. "ntifs: RtlRandom", "ntifs: RtlRandomEx". */
NTSYSAPI ULONG NTAPI RtlRandom(_Inout_ PULONG Seed);
NTSYSAPI ULONG NTAPI RtlRandomEx(_Inout_ PULONG Seed);

EXTERN_C_END

#endif
