/*
 * ntdef.h: the base types of NT, its string and list structures, and how things are declared.
 *
 * Sizes are those of the x64 WDK whatever the host is: LONG and NTSTATUS have 32 bits and
 * pointers 64. WCHAR has 16 bits; build with -fshort-wchar so that L"..." agrees with it.
 */
#ifndef NTDEF_H
#define NTDEF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <ntcompiler.h>
#include <sdkddkver.h>
#include <basetsd.h>
#include <guiddef.h>
#include <driverspecs.h>

/* A checked build is the default: ASSERT, PAGED_CODE and KdPrint work. -DDBG=0 turns them off. */
#ifndef DBG
#define DBG 1
#endif

/* -- Declaration ------------------------------------------------------------------------------ */

#ifdef __cplusplus
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C_START
#define EXTERN_C_END
#endif

#ifdef __ELF__
#define DECLSPEC_IMPORT __attribute__((visibility("default")))
#else
#define DECLSPEC_IMPORT
#endif
#define DECLSPEC_EXPORT DECLSPEC_IMPORT

#define NTSYSAPI DECLSPEC_IMPORT
#define NTSYSCALLAPI DECLSPEC_IMPORT
#define NTKERNELAPI DECLSPEC_IMPORT
#define NTHALAPI DECLSPEC_IMPORT

#define NTAPI
#define FASTCALL
#define DDKAPI
#define DDKFASTAPI
#define CALLBACK
#define WINAPI
#define APIENTRY
#define STDMETHODCALLTYPE
#define STDMETHODVCALLTYPE
#define STDAPICALLTYPE

#define DECLSPEC_ALIGN(x) __attribute__((aligned(x)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_NOINLINE __attribute__((noinline))
#define DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_NOVTABLE
#define DECLSPEC_UUID(x)
#define DECLSPEC_NOTHROW __attribute__((nothrow))

/* Not static, so that a driver may write `static FORCEINLINE`; it always is inlined. */
#ifndef FORCEINLINE
#ifdef __cplusplus
#define FORCEINLINE inline __attribute__((always_inline))
#else
#define FORCEINLINE __inline__ __attribute__((always_inline))
#endif
#endif
#define CFORCEINLINE FORCEINLINE

/* The functions of these headers: a debugger, and dirql's reports, are with their caller
 * instead. */
#define WDK_INLINE FORCEINLINE __attribute__((artificial))

#define RESTRICTED_POINTER
#undef UNALIGNED
#define UNALIGNED
#define POINTER_64
#define POINTER_32
#define FAR
#define NEAR
#define CONST const

#define IN
#define OUT
#define OPTIONAL

#ifdef __cplusplus
#define DEFINE_ENUM_FLAG_OPERATORS(type) \
    extern "C++" { \
    inline constexpr type operator|(type a, type b) { return type(int(a) | int(b)); } \
    inline constexpr type operator&(type a, type b) { return type(int(a) & int(b)); } \
    inline constexpr type operator^(type a, type b) { return type(int(a) ^ int(b)); } \
    inline constexpr type operator~(type a) { return type(~int(a)); } \
    inline type &operator|=(type &a, type b) { return a = a | b; } \
    inline type &operator&=(type &a, type b) { return a = a & b; } \
    inline type &operator^=(type &a, type b) { return a = a ^ b; } \
    }
#else
#define DEFINE_ENUM_FLAG_OPERATORS(type)
#endif

/* -- Scalars ---------------------------------------------------------------------------------- */

#ifndef VOID
#define VOID void
#endif

typedef void *PVOID, **PPVOID;
typedef void *LPVOID;
typedef const void *PCVOID;

typedef char CHAR, *PCHAR, *LPCH, *PCH;
typedef char CCHAR, *PCCHAR;
typedef short SHORT, *PSHORT;
typedef short CSHORT, *PCSHORT;
typedef int LONG, *PLONG;
typedef int INT, *PINT;
typedef long long LONGLONG, *PLONGLONG;

typedef unsigned char UCHAR, *PUCHAR;
typedef unsigned short USHORT, *PUSHORT;
typedef unsigned int ULONG, *PULONG;
typedef unsigned int UINT, *PUINT;
typedef unsigned long long ULONGLONG, *PULONGLONG;
typedef ULONG CLONG, *PCLONG;
typedef signed char SCHAR, *PSCHAR;

typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef ULONG LOGICAL, *PLOGICAL;

typedef LONGLONG USN;
typedef LONG HRESULT;
typedef _Return_type_success_(return >= 0) LONG NTSTATUS, *PNTSTATUS;

#if defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#else
typedef unsigned short WCHAR;
#endif

typedef WCHAR *PWCHAR, *LPWCH, *PWCH;
typedef const WCHAR *LPCWCH, *PCWCH;
typedef WCHAR *PWSTR, *LPWSTR, *NWPSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR;
typedef PWSTR PZZWSTR;
typedef PCWSTR PCZZWSTR;

typedef const CHAR *LPCCH, *PCCH;
typedef CHAR *PSTR, *LPSTR, *NPSTR;
typedef const CHAR *PCSTR, *LPCSTR;
typedef CHAR *PSZ;
typedef const CHAR *PCSZ;

typedef void *HANDLE, **PHANDLE;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;

#define FALSE 0
#define TRUE 1

#define MINCHAR   0x80
#define MAXCHAR   0x7f
#define MAXUCHAR  0xff
#define MINSHORT  0x8000
#define MAXSHORT  0x7fff
#define MAXUSHORT 0xffff
#define MINLONG   ((LONG)0x80000000)
#define MAXLONG   0x7fffffff
#define MAXULONG  0xffffffffU
#define MAXLONGLONG  0x7fffffffffffffffLL
#define MAXULONGLONG 0xffffffffffffffffULL

#define ANSI_NULL ((CHAR)0)
#define UNICODE_NULL ((WCHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)

#define BOOLEAN_TO_STRING(b) ((b) ? "TRUE" : "FALSE")

#define LOBYTE(w) ((UCHAR)((ULONG_PTR)(w) & 0xff))
#define HIBYTE(w) ((UCHAR)(((ULONG_PTR)(w) >> 8) & 0xff))
#define LOWORD(l) ((USHORT)((ULONG_PTR)(l) & 0xffff))
#define HIWORD(l) ((USHORT)(((ULONG_PTR)(l) >> 16) & 0xffff))

/* -- Status values ---------------------------------------------------------------------------- */

#define APPLICATION_ERROR_MASK       0x20000000
#define ERROR_SEVERITY_SUCCESS       0x00000000
#define ERROR_SEVERITY_INFORMATIONAL 0x40000000
#define ERROR_SEVERITY_WARNING       0x80000000U
#define ERROR_SEVERITY_ERROR         0xC0000000U

#define NT_SUCCESS(Status)     (((NTSTATUS)(Status)) >= 0)
#define NT_INFORMATION(Status) ((((ULONG)(Status)) >> 30) == 1)
#define NT_WARNING(Status)     ((((ULONG)(Status)) >> 30) == 2)
#define NT_ERROR(Status)       ((((ULONG)(Status)) >> 30) == 3)

/* -- Places of members ------------------------------------------------------------------------ */

#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG)offsetof(type, field))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define FIELD_SIZE(type, field) RTL_FIELD_SIZE(type, field)
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(Struct, Size, Field) \
    ((((PCHAR)(&(Struct)->Field)) + sizeof((Struct)->Field)) <= (((PCHAR)(Struct)) + (Size)))
#define RTL_NUMBER_OF(A) (sizeof(A) / sizeof((A)[0]))
#define RTL_NUMBER_OF_FIELD(type, field) RTL_NUMBER_OF(((type *)0)->field)
#define ARRAYSIZE(A) RTL_NUMBER_OF(A)
#define _ARRAYSIZE(A) RTL_NUMBER_OF(A)
#define RTL_BITS_OF(sizeOfArg) (sizeof(sizeOfArg) * 8)

#define CONTAINING_RECORD(address, type, field) \
    ((type *)((ULONG_PTR)(address) - (ULONG_PTR)offsetof(type, field)))

#define TYPE_ALIGNMENT(t) ((ULONG)__alignof__(t))

#ifdef __cplusplus
#define C_ASSERT(e) static_assert(e, #e)
#else
#define C_ASSERT(e) _Static_assert(e, #e)
#endif

#define UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(V) ((void)(V))
#define DEFAULT_UNREACHABLE default: __builtin_unreachable()

/* -- Rounding --------------------------------------------------------------------------------- */

#define ALIGN_DOWN_BY(length, alignment) \
    ((ULONG_PTR)(length) & ~((ULONG_PTR)(alignment) - 1))
#define ALIGN_UP_BY(length, alignment) \
    (ALIGN_DOWN_BY(((ULONG_PTR)(length) + (alignment) - 1), alignment))
#define ALIGN_DOWN(length, type) ALIGN_DOWN_BY(length, sizeof(type))
#define ALIGN_UP(length, type) ALIGN_UP_BY(length, sizeof(type))
#define ALIGN_DOWN_POINTER_BY(address, alignment) ((PVOID)ALIGN_DOWN_BY(address, alignment))
#define ALIGN_UP_POINTER_BY(address, alignment) ((PVOID)ALIGN_UP_BY(address, alignment))
#define ALIGN_DOWN_POINTER(address, type) ALIGN_DOWN_POINTER_BY(address, sizeof(type))
#define ALIGN_UP_POINTER(address, type) ALIGN_UP_POINTER_BY(address, sizeof(type))

#define MEMORY_ALLOCATION_ALIGNMENT 16
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#define MAX_NATURAL_ALIGNMENT sizeof(ULONGLONG)

/* -- 64-bit values in two halves -------------------------------------------------------------- */

typedef union _LARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

#define Int32x32To64(a, b) (((LONGLONG)(LONG)(a)) * ((LONGLONG)(LONG)(b)))
#define UInt32x32To64(a, b) (((ULONGLONG)(ULONG)(a)) * ((ULONGLONG)(ULONG)(b)))
#define Int64ShllMod32(a, b) ((ULONGLONG)(a) << ((b) & 31))
#define Int64ShraMod32(a, b) (((LONGLONG)(a)) >> ((b) & 31))
#define Int64ShrlMod32(a, b) (((ULONGLONG)(a)) >> ((b) & 31))

/* -- Lists ------------------------------------------------------------------------------------ */

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *RESTRICTED_POINTER PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

/* -- Strings. Lengths are in bytes and leave out the terminating null. ------------------------ */

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING;

typedef STRING UTF8_STRING, *PUTF8_STRING;

typedef const STRING *PCSTRING;
typedef const ANSI_STRING *PCANSI_STRING;
typedef const OEM_STRING *PCOEM_STRING;
typedef const UTF8_STRING *PCUTF8_STRING;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;

typedef const UNICODE_STRING *PCUNICODE_STRING;

#ifdef __cplusplus
extern "C++" {
template <class T> constexpr T *RtlConstantStringBuffer(const T *s)
{
    return const_cast<T *>(s);
}
}
#else
#define RtlConstantStringBuffer(s) ((void *)(s))
#endif

#define RTL_CONSTANT_STRING(s) \
    {(USHORT)(sizeof(s) - sizeof((s)[0])), (USHORT)sizeof(s), RtlConstantStringBuffer(s)}

#define DECLARE_CONST_UNICODE_STRING(_var, _string) \
    const WCHAR _var##_buffer[] = _string; \
    __extension__ const UNICODE_STRING _var = { \
        (USHORT)(sizeof(_string) - sizeof(WCHAR)), (USHORT)sizeof(_string), (PWCH)_var##_buffer}

#ifdef __cplusplus
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(_var, _str) \
    extern "C" const UNICODE_STRING _var; \
    extern "C" const UNICODE_STRING DECLSPEC_SELECTANY _var = RTL_CONSTANT_STRING(_str)
#else
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(_var, _str) \
    extern const UNICODE_STRING _var; \
    const UNICODE_STRING DECLSPEC_SELECTANY _var = RTL_CONSTANT_STRING(_str)
#endif

#define DECLARE_UNICODE_STRING_SIZE(_var, _size) \
    WCHAR _var##_buffer[_size]; \
    __extension__ UNICODE_STRING _var = {0, (USHORT)((_size) * sizeof(WCHAR)), _var##_buffer}

/* -- Objects ---------------------------------------------------------------------------------- */

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT            0x00000002U
#define OBJ_PERMANENT          0x00000010U
#define OBJ_EXCLUSIVE          0x00000020U
#define OBJ_CASE_INSENSITIVE   0x00000040U
#define OBJ_OPENIF             0x00000080U
#define OBJ_OPENLINK           0x00000100U
#define OBJ_KERNEL_HANDLE      0x00000200U
#define OBJ_FORCE_ACCESS_CHECK 0x00000400U
#define OBJ_VALID_ATTRIBUTES   0x00001FF2U

#define InitializeObjectAttributes(p, n, a, r, s) \
    do { \
        (p)->Length = (ULONG)sizeof(OBJECT_ATTRIBUTES); \
        (p)->RootDirectory = (r); \
        (p)->Attributes = (a); \
        (p)->ObjectName = (n); \
        (p)->SecurityDescriptor = (s); \
        (p)->SecurityQualityOfService = NULL; \
    } while (0)

#define RTL_CONSTANT_OBJECT_ATTRIBUTES(n, a) \
    {(ULONG)sizeof(OBJECT_ATTRIBUTES), NULL, (PUNICODE_STRING)(n), (a), NULL, NULL}

typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

/* -- Kinds of events, timers and waits -------------------------------------------------------- */

typedef enum _EVENT_TYPE {
    NotificationEvent,
    SynchronizationEvent
} EVENT_TYPE;

typedef enum _TIMER_TYPE {
    NotificationTimer,
    SynchronizationTimer
} TIMER_TYPE;

typedef enum _WAIT_TYPE {
    WaitAll,
    WaitAny
} WAIT_TYPE;

/* -- Processors ------------------------------------------------------------------------------- */

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

#define ANYSIZE_ARRAY 1

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

#define ALL_PROCESSOR_GROUPS 0xffff
#define MAXIMUM_PROC_PER_GROUP 64
#define MAXIMUM_PROCESSORS MAXIMUM_PROC_PER_GROUP

#endif
