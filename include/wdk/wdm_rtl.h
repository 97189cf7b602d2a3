/*
 * wdm_rtl.h: memory blocks. They are what the C library offers under other names.
 */
#ifndef WDM_RTL_H
#define WDM_RTL_H

#include <wdm_base.h>

EXTERN_C_START

/* Any IRQL when the memory is resident. "wdm: RtlCopyMemory" and its neighbours. */
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

/* Any IRQL. How many bytes agree from the start on. "wdm: RtlCompareMemory". */
FORCEINLINE SIZE_T RtlCompareMemory(_In_ const VOID *Source1, _In_ const VOID *Source2,
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

/* Any IRQL. The compiler does not leave it out. "wdm: RtlSecureZeroMemory". */
FORCEINLINE PVOID RtlSecureZeroMemory(_Out_ PVOID Pointer, _In_ SIZE_T Size)
{
    volatile UCHAR *Byte = (volatile UCHAR *)Pointer;

    while (Size-- > 0) {
        *Byte++ = 0;
    }
    return Pointer;
}

/* Any IRQL. The string must stay where it is. "wdm: RtlInitUnicodeString". */
FORCEINLINE VOID RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                      _In_opt_ PCWSTR SourceString)
{
    SIZE_T Chars = 0;

    if (SourceString == NULL) {
        DestinationString->Length = 0;
        DestinationString->MaximumLength = 0;
    } else {
        while (Chars < UNICODE_STRING_MAX_CHARS - 1 && SourceString[Chars] != UNICODE_NULL) {
            Chars++;
        }
        DestinationString->Length = (USHORT)(Chars * sizeof(WCHAR));
        DestinationString->MaximumLength = (USHORT)((Chars + 1) * sizeof(WCHAR));
    }
    DestinationString->Buffer = (PWCH)SourceString;
}

EXTERN_C_END

#endif
