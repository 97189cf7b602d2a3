/*
 * ntintsafe.h: conversions and arithmetic that say when the result does not fit.
 *
 * RtlULongToUShort(value, &result), RtlSizeTAdd(a, b, &result) and so on, at any IRQL. Each returns
 * STATUS_SUCCESS or STATUS_INTEGER_OVERFLOW; after the latter every bit of the result is set, so
 * that whoever uses it nevertheless asks for far too much. The tables below hold the documented
 * names ("Summary of Kernel-Mode Safe Integer Functions").
 */
#ifndef NTINTSAFE_H
#define NTINTSAFE_H

#include <ntdef.h>
#include <ntstatus.h>

EXTERN_C_START

/* What the names of types mean in the names of functions. */
typedef UCHAR NTINTSAFE_Byte;
typedef CHAR NTINTSAFE_Char;
typedef UCHAR NTINTSAFE_UChar;
typedef INT8 NTINTSAFE_Int8;
typedef UINT8 NTINTSAFE_UInt8;
typedef INT16 NTINTSAFE_Int16;
typedef UINT16 NTINTSAFE_UInt16;
typedef SHORT NTINTSAFE_Short;
typedef USHORT NTINTSAFE_UShort;
typedef INT NTINTSAFE_Int;
typedef UINT NTINTSAFE_UInt;
typedef INT_PTR NTINTSAFE_IntPtr;
typedef UINT_PTR NTINTSAFE_UIntPtr;
typedef LONG NTINTSAFE_Long;
typedef ULONG NTINTSAFE_ULong;
typedef LONG_PTR NTINTSAFE_LongPtr;
typedef ULONG_PTR NTINTSAFE_ULongPtr;
typedef DWORD_PTR NTINTSAFE_DWordPtr;
typedef LONGLONG NTINTSAFE_LongLong;
typedef ULONGLONG NTINTSAFE_ULongLong;
typedef SIZE_T NTINTSAFE_SizeT;
typedef SSIZE_T NTINTSAFE_SSIZET;
typedef ptrdiff_t NTINTSAFE_PtrdiffT;

#define NTINTSAFE_FUNCTION(name, parameters, overflows, To)                       \
    _Must_inspect_result_ WDK_INLINE NTSTATUS name(parameters, _Out_ To *Result) \
    {                                                                             \
        if (overflows) {                                                          \
            *Result = (To)-1;                                                     \
            return STATUS_INTEGER_OVERFLOW;                                       \
        }                                                                         \
        return STATUS_SUCCESS;                                                    \
    }

#define NTINTSAFE_COMMA ,

/* -- Conversions ------------------------------------------------------------------------------ */

#define NTINTSAFE_CONVERT(From, Target)                                              \
    NTINTSAFE_FUNCTION(Rtl##From##To##Target, _In_ NTINTSAFE_##From Operand,         \
                       __builtin_add_overflow(Operand, (NTINTSAFE_##From)0, Result), \
                       NTINTSAFE_##Target)

NTINTSAFE_CONVERT(Byte, Char) NTINTSAFE_CONVERT(Byte, Int8)

NTINTSAFE_CONVERT(Int8, UChar) NTINTSAFE_CONVERT(Int8, UInt) NTINTSAFE_CONVERT(Int8, UInt8)
NTINTSAFE_CONVERT(Int8, UIntPtr) NTINTSAFE_CONVERT(Int8, ULong) NTINTSAFE_CONVERT(Int8, ULongLong)
NTINTSAFE_CONVERT(Int8, ULongPtr) NTINTSAFE_CONVERT(Int8, UShort)

NTINTSAFE_CONVERT(UInt8, Char) NTINTSAFE_CONVERT(UInt8, Int8)

NTINTSAFE_CONVERT(Short, Char) NTINTSAFE_CONVERT(Short, DWordPtr) NTINTSAFE_CONVERT(Short, Int8)
NTINTSAFE_CONVERT(Short, UChar) NTINTSAFE_CONVERT(Short, UInt) NTINTSAFE_CONVERT(Short, UInt8)
NTINTSAFE_CONVERT(Short, UIntPtr) NTINTSAFE_CONVERT(Short, ULong)
NTINTSAFE_CONVERT(Short, ULongLong) NTINTSAFE_CONVERT(Short, ULongPtr)
NTINTSAFE_CONVERT(Short, UShort)

NTINTSAFE_CONVERT(UShort, Char) NTINTSAFE_CONVERT(UShort, Int8) NTINTSAFE_CONVERT(UShort, Short)
NTINTSAFE_CONVERT(UShort, UChar) NTINTSAFE_CONVERT(UShort, UInt8)

NTINTSAFE_CONVERT(Int, Char) NTINTSAFE_CONVERT(Int, Int8) NTINTSAFE_CONVERT(Int, Short)
NTINTSAFE_CONVERT(Int, UChar) NTINTSAFE_CONVERT(Int, UInt) NTINTSAFE_CONVERT(Int, UInt8)
NTINTSAFE_CONVERT(Int, ULong) NTINTSAFE_CONVERT(Int, ULongLong) NTINTSAFE_CONVERT(Int, UShort)

NTINTSAFE_CONVERT(UInt, Char) NTINTSAFE_CONVERT(UInt, Int) NTINTSAFE_CONVERT(UInt, Int8)
NTINTSAFE_CONVERT(UInt, IntPtr) NTINTSAFE_CONVERT(UInt, Long) NTINTSAFE_CONVERT(UInt, LongPtr)
NTINTSAFE_CONVERT(UInt, Short) NTINTSAFE_CONVERT(UInt, UChar) NTINTSAFE_CONVERT(UInt, UInt8)
NTINTSAFE_CONVERT(UInt, UShort)

NTINTSAFE_CONVERT(IntPtr, Char) NTINTSAFE_CONVERT(IntPtr, Int) NTINTSAFE_CONVERT(IntPtr, Int8)
NTINTSAFE_CONVERT(IntPtr, Long) NTINTSAFE_CONVERT(IntPtr, LongPtr) NTINTSAFE_CONVERT(IntPtr, Short)
NTINTSAFE_CONVERT(IntPtr, UChar) NTINTSAFE_CONVERT(IntPtr, UInt) NTINTSAFE_CONVERT(IntPtr, UInt8)
NTINTSAFE_CONVERT(IntPtr, UIntPtr) NTINTSAFE_CONVERT(IntPtr, ULong)
NTINTSAFE_CONVERT(IntPtr, ULongLong) NTINTSAFE_CONVERT(IntPtr, ULongPtr)
NTINTSAFE_CONVERT(IntPtr, UShort)

NTINTSAFE_CONVERT(UIntPtr, Char) NTINTSAFE_CONVERT(UIntPtr, Int) NTINTSAFE_CONVERT(UIntPtr, Int16)
NTINTSAFE_CONVERT(UIntPtr, Int8) NTINTSAFE_CONVERT(UIntPtr, IntPtr)
NTINTSAFE_CONVERT(UIntPtr, Long) NTINTSAFE_CONVERT(UIntPtr, LongLong)
NTINTSAFE_CONVERT(UIntPtr, LongPtr) NTINTSAFE_CONVERT(UIntPtr, Short)
NTINTSAFE_CONVERT(UIntPtr, UChar) NTINTSAFE_CONVERT(UIntPtr, UInt)
NTINTSAFE_CONVERT(UIntPtr, UInt16) NTINTSAFE_CONVERT(UIntPtr, UInt8)
NTINTSAFE_CONVERT(UIntPtr, ULong) NTINTSAFE_CONVERT(UIntPtr, UShort)

NTINTSAFE_CONVERT(Long, Char) NTINTSAFE_CONVERT(Long, Int) NTINTSAFE_CONVERT(Long, Int8)
NTINTSAFE_CONVERT(Long, IntPtr) NTINTSAFE_CONVERT(Long, Short) NTINTSAFE_CONVERT(Long, UChar)
NTINTSAFE_CONVERT(Long, UInt) NTINTSAFE_CONVERT(Long, UInt8) NTINTSAFE_CONVERT(Long, UIntPtr)
NTINTSAFE_CONVERT(Long, ULong) NTINTSAFE_CONVERT(Long, ULongLong) NTINTSAFE_CONVERT(Long, ULongPtr)
NTINTSAFE_CONVERT(Long, UShort)

NTINTSAFE_CONVERT(ULong, Char) NTINTSAFE_CONVERT(ULong, Int) NTINTSAFE_CONVERT(ULong, Int8)
NTINTSAFE_CONVERT(ULong, IntPtr) NTINTSAFE_CONVERT(ULong, Long) NTINTSAFE_CONVERT(ULong, LongPtr)
NTINTSAFE_CONVERT(ULong, Short) NTINTSAFE_CONVERT(ULong, UChar) NTINTSAFE_CONVERT(ULong, UInt)
NTINTSAFE_CONVERT(ULong, UInt8) NTINTSAFE_CONVERT(ULong, UIntPtr) NTINTSAFE_CONVERT(ULong, UShort)

NTINTSAFE_CONVERT(LongPtr, Char) NTINTSAFE_CONVERT(LongPtr, Int) NTINTSAFE_CONVERT(LongPtr, Int8)
NTINTSAFE_CONVERT(LongPtr, IntPtr) NTINTSAFE_CONVERT(LongPtr, Long)
NTINTSAFE_CONVERT(LongPtr, Short) NTINTSAFE_CONVERT(LongPtr, UChar)
NTINTSAFE_CONVERT(LongPtr, UInt) NTINTSAFE_CONVERT(LongPtr, UInt8)
NTINTSAFE_CONVERT(LongPtr, UIntPtr) NTINTSAFE_CONVERT(LongPtr, ULong)
NTINTSAFE_CONVERT(LongPtr, ULongLong) NTINTSAFE_CONVERT(LongPtr, ULongPtr)
NTINTSAFE_CONVERT(LongPtr, UShort)

NTINTSAFE_CONVERT(ULongPtr, Char) NTINTSAFE_CONVERT(ULongPtr, Int)
NTINTSAFE_CONVERT(ULongPtr, Int8) NTINTSAFE_CONVERT(ULongPtr, IntPtr)
NTINTSAFE_CONVERT(ULongPtr, Long) NTINTSAFE_CONVERT(ULongPtr, LongLong)
NTINTSAFE_CONVERT(ULongPtr, LongPtr) NTINTSAFE_CONVERT(ULongPtr, Short)
NTINTSAFE_CONVERT(ULongPtr, UChar) NTINTSAFE_CONVERT(ULongPtr, UInt)
NTINTSAFE_CONVERT(ULongPtr, UInt8) NTINTSAFE_CONVERT(ULongPtr, UIntPtr)
NTINTSAFE_CONVERT(ULongPtr, ULong) NTINTSAFE_CONVERT(ULongPtr, UShort)

NTINTSAFE_CONVERT(LongLong, Char) NTINTSAFE_CONVERT(LongLong, Int)
NTINTSAFE_CONVERT(LongLong, Int8) NTINTSAFE_CONVERT(LongLong, IntPtr)
NTINTSAFE_CONVERT(LongLong, Long) NTINTSAFE_CONVERT(LongLong, LongPtr)
NTINTSAFE_CONVERT(LongLong, Short) NTINTSAFE_CONVERT(LongLong, UChar)
NTINTSAFE_CONVERT(LongLong, UInt) NTINTSAFE_CONVERT(LongLong, UInt8)
NTINTSAFE_CONVERT(LongLong, ULong) NTINTSAFE_CONVERT(LongLong, ULongLong)
NTINTSAFE_CONVERT(LongLong, UShort)

NTINTSAFE_CONVERT(ULongLong, Char) NTINTSAFE_CONVERT(ULongLong, Int)
NTINTSAFE_CONVERT(ULongLong, Int8) NTINTSAFE_CONVERT(ULongLong, Long)
NTINTSAFE_CONVERT(ULongLong, LongLong) NTINTSAFE_CONVERT(ULongLong, LongPtr)
NTINTSAFE_CONVERT(ULongLong, Short) NTINTSAFE_CONVERT(ULongLong, UChar)
NTINTSAFE_CONVERT(ULongLong, UInt) NTINTSAFE_CONVERT(ULongLong, UInt8)
NTINTSAFE_CONVERT(ULongLong, UIntPtr) NTINTSAFE_CONVERT(ULongLong, ULong)
NTINTSAFE_CONVERT(ULongLong, ULongPtr) NTINTSAFE_CONVERT(ULongLong, UShort)

/* -- Arithmetic ------------------------------------------------------------------------------- */

#define NTINTSAFE_ARITHMETIC(Type)                                                             \
    NTINTSAFE_FUNCTION(Rtl##Type##Add,                                                         \
                       _In_ NTINTSAFE_##Type Augend NTINTSAFE_COMMA                            \
                           _In_ NTINTSAFE_##Type Addend,                                       \
                       __builtin_add_overflow(Augend, Addend, Result), NTINTSAFE_##Type)       \
    NTINTSAFE_FUNCTION(Rtl##Type##Sub,                                                         \
                       _In_ NTINTSAFE_##Type Minuend NTINTSAFE_COMMA                           \
                           _In_ NTINTSAFE_##Type Subtrahend,                                   \
                       __builtin_sub_overflow(Minuend, Subtrahend, Result), NTINTSAFE_##Type)  \
    NTINTSAFE_FUNCTION(Rtl##Type##Mult,                                                        \
                       _In_ NTINTSAFE_##Type Multiplicand NTINTSAFE_COMMA                      \
                           _In_ NTINTSAFE_##Type Multiplier,                                   \
                       __builtin_mul_overflow(Multiplicand, Multiplier, Result),               \
                       NTINTSAFE_##Type)

NTINTSAFE_ARITHMETIC(Int8)
NTINTSAFE_ARITHMETIC(UInt8)
NTINTSAFE_ARITHMETIC(Short)
NTINTSAFE_ARITHMETIC(UShort)
NTINTSAFE_ARITHMETIC(Int)
NTINTSAFE_ARITHMETIC(UInt)
NTINTSAFE_ARITHMETIC(IntPtr)
NTINTSAFE_ARITHMETIC(UIntPtr)
NTINTSAFE_ARITHMETIC(Long)
NTINTSAFE_ARITHMETIC(ULong)
NTINTSAFE_ARITHMETIC(LongPtr)
NTINTSAFE_ARITHMETIC(ULongPtr)
NTINTSAFE_ARITHMETIC(DWordPtr)
NTINTSAFE_ARITHMETIC(LongLong)
NTINTSAFE_ARITHMETIC(ULongLong)
NTINTSAFE_ARITHMETIC(SizeT)
NTINTSAFE_ARITHMETIC(SSIZET)
NTINTSAFE_ARITHMETIC(PtrdiffT)

#include <ntintsafe_names.h>

EXTERN_C_END

#endif
