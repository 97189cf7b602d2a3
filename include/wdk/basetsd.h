/*
 * basetsd.h: integer types of a stated size, and conversions between them and pointers.
 *
 * A pointer has 64 bits and LONG has 32, whatever the host compiler's own `long` is.
 */
#ifndef BASETSD_H
#define BASETSD_H

#include <stddef.h>
#include <stdint.h>

#ifndef _WIN64
#define _WIN64 1
#endif

#ifndef _AMD64_
#define _AMD64_ 1
#endif

typedef signed char INT8, *PINT8;
typedef signed short INT16, *PINT16;
typedef signed int INT32, *PINT32;
typedef signed long long INT64, *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
typedef unsigned long long UINT64, *PUINT64;

typedef signed int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32;
typedef unsigned int DWORD32, *PDWORD32;
typedef signed long long LONG64, *PLONG64;
typedef unsigned long long ULONG64, *PULONG64;
typedef unsigned long long DWORD64, *PDWORD64;

typedef signed long long INT_PTR, *PINT_PTR;
typedef unsigned long long UINT_PTR, *PUINT_PTR;
typedef signed long long LONG_PTR, *PLONG_PTR;
typedef unsigned long long ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef signed int HALF_PTR, *PHALF_PTR;
typedef unsigned int UHALF_PTR, *PUHALF_PTR;

typedef size_t SIZE_T, *PSIZE_T;
typedef ptrdiff_t SSIZE_T, *PSSIZE_T;

/* One bit for each processor of a group. */
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;

#define MAXUINT_PTR (~((UINT_PTR)0))
#define MAXINT_PTR  ((INT_PTR)(MAXUINT_PTR >> 1))
#define MININT_PTR  (~MAXINT_PTR)
#define MAXULONG_PTR (~((ULONG_PTR)0))
#define MAXLONG_PTR  ((LONG_PTR)(MAXULONG_PTR >> 1))
#define MINLONG_PTR  (~MAXLONG_PTR)
#define MAXSIZE_T    (~((SIZE_T)0))
#define MAXUINT8  ((UINT8)~((UINT8)0))
#define MAXUINT16 ((UINT16)~((UINT16)0))
#define MAXUINT32 ((UINT32)~((UINT32)0))
#define MAXUINT64 ((UINT64)~((UINT64)0))
#define MAXULONG32 ((ULONG32)~((ULONG32)0))
#define MAXULONG64 ((ULONG64)~((ULONG64)0))
#define MAXLONG64  ((LONG64)(MAXULONG64 >> 1))
#define MINLONG64  ((LONG64)~MAXLONG64)

#define HandleToULong(h)   ((UINT32)(ULONG_PTR)(h))
#define HandleToLong(h)    ((INT32)(LONG_PTR)(h))
#define ULongToHandle(ul)  ((void *)(ULONG_PTR)(UINT32)(ul))
#define LongToHandle(l)    ((void *)(LONG_PTR)(INT32)(l))
#define PtrToUlong(p)      ((UINT32)(ULONG_PTR)(p))
#define PtrToULong         PtrToUlong
#define PtrToLong(p)       ((INT32)(LONG_PTR)(p))
#define PtrToUint(p)       ((UINT32)(ULONG_PTR)(p))
#define PtrToUInt          PtrToUint
#define PtrToInt(p)        ((INT32)(LONG_PTR)(p))
#define PtrToUshort(p)     ((UINT16)(ULONG_PTR)(p))
#define ULongToPtr(ul)     ((void *)(ULONG_PTR)(UINT32)(ul))
#define UlongToPtr         ULongToPtr
#define LongToPtr(l)       ((void *)(LONG_PTR)(INT32)(l))
#define IntToPtr(i)        ((void *)(INT_PTR)(INT32)(i))
#define UIntToPtr(ui)      ((void *)(UINT_PTR)(UINT32)(ui))
#define UintToPtr          UIntToPtr

#endif
