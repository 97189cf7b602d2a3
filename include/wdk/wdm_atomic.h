/*
 * wdm_atomic.h: single reads and writes with a stated order.
 *
 * Acquire: no later access moves before the read. Release: no earlier access moves after the
 * write. NoFence: atomic only. Raw: a plain volatile access. Any IRQL; any memory.
 * Pages: "wdm: ReadUInt32Acquire" and its neighbours.
 */
#ifndef WDM_ATOMIC_H
#define WDM_ATOMIC_H

#include <wdm_base.h>

EXTERN_C_START

#define WDK_READ_WRITE(Read, Write, Type) \
    WDK_INLINE Type Read##Acquire(_In_ Type const volatile *Source) \
    { \
        return __atomic_load_n(Source, __ATOMIC_ACQUIRE); \
    } \
    WDK_INLINE Type Read##NoFence(_In_ Type const volatile *Source) \
    { \
        return __atomic_load_n(Source, __ATOMIC_RELAXED); \
    } \
    WDK_INLINE Type Read##Raw(_In_ Type const volatile *Source) \
    { \
        return *Source; \
    } \
    WDK_INLINE VOID Write##Release(_Out_ Type volatile *Destination, _In_ Type Value) \
    { \
        __atomic_store_n(Destination, Value, __ATOMIC_RELEASE); \
    } \
    WDK_INLINE VOID Write##NoFence(_Out_ Type volatile *Destination, _In_ Type Value) \
    { \
        __atomic_store_n(Destination, Value, __ATOMIC_RELAXED); \
    } \
    WDK_INLINE VOID Write##Raw(_Out_ Type volatile *Destination, _In_ Type Value) \
    { \
        *Destination = Value; \
    }

/* The names, by operation: ReadAcquire, ReadNoFence, ReadRaw, WriteRelease and so on. */
WDK_READ_WRITE(Read, Write, LONG)
WDK_READ_WRITE(ReadLong, WriteLong, LONG)
WDK_READ_WRITE(ReadULong, WriteULong, ULONG)
WDK_READ_WRITE(ReadULong64, WriteULong64, ULONG64)
WDK_READ_WRITE(ReadUChar, WriteUChar, UCHAR)
WDK_READ_WRITE(ReadUShort, WriteUShort, USHORT)
WDK_READ_WRITE(ReadBoolean, WriteBoolean, BOOLEAN)
WDK_READ_WRITE(ReadLongPtr, WriteLongPtr, LONG_PTR)
WDK_READ_WRITE(ReadULongPtr, WriteULongPtr, ULONG_PTR)
WDK_READ_WRITE(ReadInt8, WriteInt8, INT8)
WDK_READ_WRITE(ReadInt16, WriteInt16, INT16)
WDK_READ_WRITE(ReadInt32, WriteInt32, INT32)
WDK_READ_WRITE(ReadInt64, WriteInt64, INT64)
WDK_READ_WRITE(ReadUInt8, WriteUInt8, UINT8)
WDK_READ_WRITE(ReadUInt16, WriteUInt16, UINT16)
WDK_READ_WRITE(ReadUInt32, WriteUInt32, UINT32)
WDK_READ_WRITE(ReadUInt64, WriteUInt64, UINT64)

#undef WDK_READ_WRITE

/* The forms with the width after the order. */
#define ReadAcquire8 ReadInt8Acquire
#define ReadNoFence8 ReadInt8NoFence
#define ReadRaw8 ReadInt8Raw
#define WriteRelease8 WriteInt8Release
#define WriteNoFence8 WriteInt8NoFence
#define WriteRaw8 WriteInt8Raw
#define ReadAcquire16 ReadInt16Acquire
#define ReadNoFence16 ReadInt16NoFence
#define ReadRaw16 ReadInt16Raw
#define WriteRelease16 WriteInt16Release
#define WriteNoFence16 WriteInt16NoFence
#define WriteRaw16 WriteInt16Raw
#define ReadAcquire64 ReadInt64Acquire
#define ReadNoFence64 ReadInt64NoFence
#define ReadRaw64 ReadInt64Raw
#define WriteRelease64 WriteInt64Release
#define WriteNoFence64 WriteInt64NoFence
#define WriteRaw64 WriteInt64Raw

WDK_INLINE PVOID ReadPointerAcquire(_In_ PVOID const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

WDK_INLINE PVOID ReadPointerNoFence(_In_ PVOID const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}

WDK_INLINE PVOID ReadPointerRaw(_In_ PVOID const volatile *Source)
{
    return *Source;
}

WDK_INLINE VOID WritePointerRelease(_Out_ PVOID volatile *Destination, _In_ PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

WDK_INLINE VOID WritePointerNoFence(_Out_ PVOID volatile *Destination, _In_ PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

WDK_INLINE VOID WritePointerRaw(_Out_ PVOID volatile *Destination, _In_ PVOID Value)
{
    *Destination = Value;
}

EXTERN_C_END

#endif
