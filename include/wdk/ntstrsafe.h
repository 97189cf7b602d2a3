/*
 * ntstrsafe.h: string routines that know the size of their destination. PASSIVE_LEVEL.
 *
 * RtlStringCbCopyA and so on: Cb counts bytes, Cch characters; A is for bytes, W for 16-bit
 * characters. All end the result with a null, and return STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW
 * when they cut it off, or STATUS_INVALID_PARAMETER. The routines of RtlUnicodeString do the same
 * for counted strings, which they do not end with a null. Ex forms take flags and tell where the
 * result ends. "Summary of Kernel-Mode Safe String Functions", and a page for each name.
 */
#ifndef NTSTRSAFE_H
#define NTSTRSAFE_H

#include <ntdef.h>
#include <ntstatus.h>

EXTERN_C_START

typedef CHAR *NTSTRSAFE_PSTR;
typedef const CHAR *NTSTRSAFE_PCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR;
typedef const WCHAR UNALIGNED *NTSTRSAFE_PCUWSTR;
typedef const CHAR *STRSAFE_PCNZCH;
typedef const WCHAR *STRSAFE_PCNZWCH;

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))

/* -- Flags of the Ex forms, and a byte to fill with ------------------------------------------- */

#define STRSAFE_IGNORE_NULLS           0x00000100 /* A NULL source is empty. */
#define STRSAFE_FILL_BEHIND_NULL       0x00000200 /* On success: fill what follows. */
#define STRSAFE_FILL_BEHIND            0x00000200
#define STRSAFE_FILL_ON_FAILURE        0x00000400 /* Fill all of it. */
#define STRSAFE_NULL_ON_FAILURE        0x00000800 /* Empty it. */
#define STRSAFE_ZERO_LENGTH_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION          0x00001000 /* Copy nothing, append nothing. */

#define STRSAFE_VALID_FLAGS                                                                   \
    (0x000000FF | STRSAFE_IGNORE_NULLS | STRSAFE_FILL_BEHIND_NULL | STRSAFE_FILL_ON_FAILURE | \
     STRSAFE_NULL_ON_FAILURE | STRSAFE_NO_TRUNCATION)
#define STRSAFE_UNICODE_STRING_VALID_FLAGS STRSAFE_VALID_FLAGS

#define STRSAFE_FILL_BYTE(x) ((ULONG)(((x) & 0x000000FF) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(x) ((ULONG)(((x) & 0x000000FF) | STRSAFE_FILL_ON_FAILURE))
#define STRSAFE_GET_FILL_PATTERN(dwFlags) ((int)((dwFlags) & 0x000000FF))

/* -- Strings that end with a null ------------------------------------------------------------- */

#define NTSTRSAFE_NTSTATUS _Must_inspect_result_ NTSYSAPI NTSTATUS

/* Copy, CopyN, Cat and CatN, each with its Ex form. "ntstrsafe: RtlStringCbCopyA" and so on. */
#define NTSTRSAFE_TEXT(Verb, Suffix, Char, Dest, Size, Src, Limit, Remaining)                   \
    NTSTRSAFE_NTSTATUS NTAPI RtlString##Verb##Suffix(_Out_ Char *Dest, _In_ size_t Size,        \
                                                     _In_ const Char *Src);                     \
    NTSTRSAFE_NTSTATUS NTAPI RtlString##Verb##Ex##Suffix(                                       \
        _Out_opt_ Char *Dest, _In_ size_t Size, _In_opt_ const Char *Src,                       \
        _Outptr_opt_ Char **ppszDestEnd, _Out_opt_ size_t *Remaining, _In_ ULONG dwFlags);      \
    NTSTRSAFE_NTSTATUS NTAPI RtlString##Verb##N##Suffix(_Out_ Char *Dest, _In_ size_t Size,     \
                                                        _In_ const Char *Src,                   \
                                                        _In_ size_t Limit);                     \
    NTSTRSAFE_NTSTATUS NTAPI RtlString##Verb##NEx##Suffix(                                      \
        _Out_opt_ Char *Dest, _In_ size_t Size, _In_opt_ const Char *Src, _In_ size_t Limit,    \
        _Outptr_opt_ Char **ppszDestEnd, _Out_opt_ size_t *Remaining, _In_ ULONG dwFlags);

/* Printf and VPrintf, each with its Ex form, and Length. `l` means 32 bits; no floating point. */
#define NTSTRSAFE_FORMAT(Unit, Suffix, Char, Size, Remaining, Max, Chars)                       \
    NTSTRSAFE_NTSTATUS RtlString##Unit##Printf##Suffix(                                         \
        _Out_ Char *pszDest, _In_ size_t Size, _In_ const Char *pszFormat, ...);                \
    NTSTRSAFE_NTSTATUS RtlString##Unit##PrintfEx##Suffix(                                       \
        _Out_opt_ Char *pszDest, _In_ size_t Size, _Outptr_opt_ Char **ppszDestEnd,             \
        _Out_opt_ size_t *Remaining, _In_ ULONG dwFlags, _In_opt_ const Char *pszFormat, ...);  \
    NTSTRSAFE_NTSTATUS NTAPI RtlString##Unit##VPrintf##Suffix(                                  \
        _Out_ Char *pszDest, _In_ size_t Size, _In_ const Char *pszFormat,                      \
        _In_ va_list argList);                                                                  \
    NTSTRSAFE_NTSTATUS NTAPI RtlString##Unit##VPrintfEx##Suffix(                                \
        _Out_opt_ Char *pszDest, _In_ size_t Size, _Outptr_opt_ Char **ppszDestEnd,             \
        _Out_opt_ size_t *Remaining, _In_ ULONG dwFlags, _In_opt_ const Char *pszFormat,        \
        _In_ va_list argList);                                                                  \
    NTSTRSAFE_NTSTATUS NTAPI RtlString##Unit##Length##Suffix(                                   \
        _In_ const Char *psz, _In_ size_t Max, _Out_opt_ size_t *Chars);

#define NTSTRSAFE_BYTES(Suffix, Char)                                                          \
    NTSTRSAFE_TEXT(CbCopy, Suffix, Char, pszDest, cbDest, pszSrc, cbToCopy, pcbRemaining)      \
    NTSTRSAFE_TEXT(CbCat, Suffix, Char, pszDest, cbDest, pszSrc, cbToAppend, pcbRemaining)     \
    NTSTRSAFE_FORMAT(Cb, Suffix, Char, cbDest, pcbRemaining, cbMax, pcbLength)

#define NTSTRSAFE_CHARACTERS(Suffix, Char)                                                     \
    NTSTRSAFE_TEXT(CchCopy, Suffix, Char, pszDest, cchDest, pszSrc, cchToCopy, pcchRemaining)  \
    NTSTRSAFE_TEXT(CchCat, Suffix, Char, pszDest, cchDest, pszSrc, cchToAppend, pcchRemaining) \
    NTSTRSAFE_FORMAT(Cch, Suffix, Char, cchDest, pcchRemaining, cchMax, pcchLength)

#ifndef NTSTRSAFE_NO_CB_FUNCTIONS
NTSTRSAFE_BYTES(A, CHAR)
NTSTRSAFE_BYTES(W, WCHAR)

NTSTRSAFE_NTSTATUS NTAPI RtlUnalignedStringCbLengthW(_In_ NTSTRSAFE_PCUWSTR psz, _In_ size_t cbMax,
                                                     _Out_opt_ size_t *pcbLength);
#endif

#ifndef NTSTRSAFE_NO_CCH_FUNCTIONS
NTSTRSAFE_CHARACTERS(A, CHAR)
NTSTRSAFE_CHARACTERS(W, WCHAR)

NTSTRSAFE_NTSTATUS NTAPI RtlUnalignedStringCchLengthW(_In_ NTSTRSAFE_PCUWSTR psz,
                                                      _In_ size_t cchMax,
                                                      _Out_opt_ size_t *pcchLength);
#endif

/* -- Counted strings -------------------------------------------------------------------------- */

#ifndef NTSTRSAFE_NO_UNICODE_STRING_FUNCTIONS

#ifndef NTSTRSAFE_NO_CB_FUNCTIONS
NTSTRSAFE_NTSTATUS NTAPI RtlStringCbCopyUnicodeString(_Out_ NTSTRSAFE_PWSTR pszDest,
                                                      _In_ size_t cbDest,
                                                      _In_ PCUNICODE_STRING SourceString);
NTSTRSAFE_NTSTATUS NTAPI RtlStringCbCopyUnicodeStringEx(
    _Out_opt_ NTSTRSAFE_PWSTR pszDest, _In_ size_t cbDest, _In_opt_ PCUNICODE_STRING SourceString,
    _Outptr_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ size_t *pcbRemaining, _In_ ULONG dwFlags);
#endif

#ifndef NTSTRSAFE_NO_CCH_FUNCTIONS
NTSTRSAFE_NTSTATUS NTAPI RtlStringCchCopyUnicodeString(_Out_ NTSTRSAFE_PWSTR pszDest,
                                                       _In_ size_t cchDest,
                                                       _In_ PCUNICODE_STRING SourceString);
NTSTRSAFE_NTSTATUS NTAPI RtlStringCchCopyUnicodeStringEx(
    _Out_opt_ NTSTRSAFE_PWSTR pszDest, _In_ size_t cchDest, _In_opt_ PCUNICODE_STRING SourceString,
    _Outptr_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ size_t *pcchRemaining, _In_ ULONG dwFlags);
#endif

/* The text itself is what Buffer points to. "ntstrsafe: RtlUnicodeStringInit". */
NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeStringInit(_Out_ PUNICODE_STRING DestinationString,
                                              _In_opt_ NTSTRSAFE_PCWSTR pszSrc);
NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeStringInitEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                                _In_opt_ NTSTRSAFE_PCWSTR pszSrc,
                                                _In_ ULONG dwFlags);
NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeStringValidate(_In_ PCUNICODE_STRING SourceString);
NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeStringValidateEx(_In_opt_ PCUNICODE_STRING SourceString,
                                                    _In_ ULONG dwFlags);

/* Copy, CopyString, Cat and CatString, each with its Ex form; then those with a limit in bytes or
 * characters. "ntstrsafe: RtlUnicodeStringCopy" and so on. */
#define NTSTRSAFE_WHOLE(Verb, Source, Src)                                                      \
    NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeString##Verb(_Inout_ PUNICODE_STRING DestinationString,  \
                                                    _In_ Source Src);                           \
    NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeString##Verb##Ex(                                        \
        _Inout_opt_ PUNICODE_STRING DestinationString, _In_opt_ Source Src,                     \
        _Out_opt_ PUNICODE_STRING RemainingString, _In_ ULONG dwFlags);

#define NTSTRSAFE_PART(Verb, Source, Src, Limit)                                                \
    NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeString##Verb##N(                                         \
        _Inout_ PUNICODE_STRING DestinationString, _In_ Source Src, _In_ size_t Limit);         \
    NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeString##Verb##NEx(                                       \
        _Inout_opt_ PUNICODE_STRING DestinationString, _In_opt_ Source Src, _In_ size_t Limit,  \
        _Out_opt_ PUNICODE_STRING RemainingString, _In_ ULONG dwFlags);

NTSTRSAFE_WHOLE(Copy, PCUNICODE_STRING, SourceString)
NTSTRSAFE_WHOLE(CopyString, NTSTRSAFE_PCWSTR, pszSrc)
NTSTRSAFE_WHOLE(Cat, PCUNICODE_STRING, SourceString)
NTSTRSAFE_WHOLE(CatString, NTSTRSAFE_PCWSTR, pszSrc)

#ifndef NTSTRSAFE_NO_CB_FUNCTIONS
NTSTRSAFE_PART(CbCopy, PCUNICODE_STRING, SourceString, cbToCopy)
NTSTRSAFE_PART(CbCopyString, NTSTRSAFE_PCWSTR, pszSrc, cbToCopy)
NTSTRSAFE_PART(CbCat, PCUNICODE_STRING, SourceString, cbToAppend)
NTSTRSAFE_PART(CbCatString, NTSTRSAFE_PCWSTR, pszSrc, cbToAppend)
#endif

#ifndef NTSTRSAFE_NO_CCH_FUNCTIONS
NTSTRSAFE_PART(CchCopy, PCUNICODE_STRING, SourceString, cchToCopy)
NTSTRSAFE_PART(CchCopyString, NTSTRSAFE_PCWSTR, pszSrc, cchToCopy)
NTSTRSAFE_PART(CchCat, PCUNICODE_STRING, SourceString, cchToAppend)
NTSTRSAFE_PART(CchCatString, NTSTRSAFE_PCWSTR, pszSrc, cchToAppend)
#endif

/* "ntstrsafe: RtlUnicodeStringPrintf" and its neighbours. */
NTSTRSAFE_NTSTATUS RtlUnicodeStringPrintf(_Out_ PUNICODE_STRING DestinationString,
                                          _In_ NTSTRSAFE_PCWSTR pszFormat, ...);
NTSTRSAFE_NTSTATUS RtlUnicodeStringPrintfEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                            _Out_opt_ PUNICODE_STRING RemainingString,
                                            _In_ ULONG dwFlags,
                                            _In_opt_ NTSTRSAFE_PCWSTR pszFormat, ...);
NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeStringVPrintf(_Out_ PUNICODE_STRING DestinationString,
                                                 _In_ NTSTRSAFE_PCWSTR pszFormat,
                                                 _In_ va_list argList);
NTSTRSAFE_NTSTATUS NTAPI RtlUnicodeStringVPrintfEx(_Out_opt_ PUNICODE_STRING DestinationString,
                                                   _Out_opt_ PUNICODE_STRING RemainingString,
                                                   _In_ ULONG dwFlags,
                                                   _In_opt_ NTSTRSAFE_PCWSTR pszFormat,
                                                   _In_ va_list argList);

#endif

EXTERN_C_END

#endif
