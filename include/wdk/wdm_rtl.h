/*
 * wdm_rtl.h: memory blocks. Any IRQL, when the memory is resident.
 */
#ifndef WDM_RTL_H
#define WDM_RTL_H

#include <wdm_base.h>

EXTERN_C_START

/* What the C library offers under other names. "wdm: RtlCopyMemory" and its neighbours. */
#define RtlCopyMemory(Destination, Source, Length) \
    ((void)memcpy((Destination), (Source), (Length)))
#define RtlMoveMemory(Destination, Source, Length) \
    ((void)memmove((Destination), (Source), (Length)))
#define RtlFillMemory(Destination, Length, Fill) ((void)memset((Destination), (Fill), (Length)))
#define RtlZeroMemory(Destination, Length) ((void)memset((Destination), 0, (Length)))
#define RtlEqualMemory(Source1, Source2, Length) (!memcmp((Source1), (Source2), (Length)))
#define RtlCopyBytes RtlCopyMemory
#define RtlZeroBytes RtlZeroMemory
#define RtlFillBytes RtlFillMemory

/* The cache is not modelled. "wdm: RtlCopyMemoryNonTemporal", "wdm: RtlFillMemoryNonTemporal". */
#define RtlCopyMemoryNonTemporal RtlCopyMemory
#define RtlFillMemoryNonTemporal RtlFillMemory

/* Only a hint. "wdm: RtlPrefetchMemoryNonTemporal". */
WDK_INLINE VOID RtlPrefetchMemoryNonTemporal(_In_ const VOID *Source, _In_ SIZE_T Length)
{
    if (Length > 0) {
        __builtin_prefetch(Source, 0, 0);
    }
}

/* How many bytes agree from the start on. "wdm: RtlCompareMemory". */
WDK_INLINE SIZE_T RtlCompareMemory(_In_ const VOID *Source1, _In_ const VOID *Source2,
                                    _In_ SIZE_T Length)
{
    const UCHAR *First = (const UCHAR *)Source1;
    const UCHAR *Second = (const UCHAR *)Source2;
    SIZE_T Equal = 0;

    while (Equal < Length && First[Equal] == Second[Equal]) {
        Equal++;
    }
    return Equal;
}

/* How many bytes agree with the pattern; 0 if Source or Length is no multiple of 4.
 * "ntifs: RtlCompareMemoryUlong". */
WDK_INLINE SIZE_T RtlCompareMemoryUlong(_In_ PVOID Source, _In_ SIZE_T Length, _In_ ULONG Pattern)
{
    const UCHAR *Byte = (const UCHAR *)Source;
    const UCHAR *Expected = (const UCHAR *)&Pattern;
    SIZE_T Equal = 0;

    if (((ULONG_PTR)Source | Length) % sizeof(ULONG) != 0) {
        return 0;
    }
    while (Equal < Length && Byte[Equal] == Expected[Equal % sizeof(ULONG)]) {
        Equal++;
    }
    return Equal;
}

/* Length is a multiple of 4, of 8. "ntifs: RtlFillMemoryUlong", "ntifs: RtlFillMemoryUlonglong". */
WDK_INLINE VOID RtlFillMemoryUlong(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ ULONG Pattern)
{
    SIZE_T Done;

    for (Done = 0; Done < Length / sizeof(Pattern); Done++) {
        memcpy((PUCHAR)Destination + Done * sizeof(Pattern), &Pattern, sizeof(Pattern));
    }
}

WDK_INLINE VOID RtlFillMemoryUlonglong(_Out_ PVOID Destination, _In_ SIZE_T Length,
                                        _In_ ULONGLONG Pattern)
{
    SIZE_T Done;

    for (Done = 0; Done < Length / sizeof(Pattern); Done++) {
        memcpy((PUCHAR)Destination + Done * sizeof(Pattern), &Pattern, sizeof(Pattern));
    }
}

/* "ntddk: RtlIsZeroMemory". */
WDK_INLINE BOOLEAN RtlIsZeroMemory(_In_ PVOID Buffer, _In_ SIZE_T Length)
{
    const UCHAR *Byte = (const UCHAR *)Buffer;
    SIZE_T Zeros = 0;

    while (Zeros < Length && Byte[Zeros] == 0) {
        Zeros++;
    }
    return Zeros == Length;
}

/* Looks at every byte, whatever the first ones are. "wdm: RtlConstantTimeEqualMemory". */
WDK_INLINE int RtlConstantTimeEqualMemory(_In_ const VOID *v1, _In_ const VOID *v2, _In_ ULONG len)
{
    const volatile UCHAR *First = (const volatile UCHAR *)v1;
    const volatile UCHAR *Second = (const volatile UCHAR *)v2;
    UCHAR Difference = 0;
    ULONG i;

    for (i = 0; i < len; i++) {
        Difference = (UCHAR)(Difference | (First[i] ^ Second[i]));
    }
    return Difference == 0;
}

/* The compiler does not leave it out. "wdm: RtlSecureZeroMemory". */
WDK_INLINE PVOID RtlSecureZeroMemory(_Out_ PVOID Pointer, _In_ SIZE_T Size)
{
    volatile UCHAR *Byte = (volatile UCHAR *)Pointer;

    while (Size-- > 0) {
        *Byte++ = 0;
    }
    return Pointer;
}

EXTERN_C_END

#endif
