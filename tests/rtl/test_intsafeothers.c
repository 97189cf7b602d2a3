/*
 * test_intsafeothers.c - the alternate names of ntintsafe.h: conversions, sums, differences and
 * products by the other names of the types, at their edges.
 */
#include "intsafe.h"

#define IS(name, type) C_ASSERT(__builtin_types_compatible_p(NTINTSAFE_##name, type))

IS(Word, USHORT);
IS(DWord, ULONG);
IS(DWord64, ULONG64);
IS(DWordLong, ULONGLONG);
IS(Int16, SHORT);
IS(UInt16, USHORT);
IS(Int32, INT);
IS(UInt32, UINT);
IS(Long32, LONG);
IS(Int64, LONGLONG);
IS(UInt64, ULONGLONG);
IS(Long64, LONG64);
IS(ULong64, ULONG64);
IS(SIZET, SIZE_T);

static void words_by_other_names_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(Short, Byte); CONVERTS(Short, DWord); CONVERTS(Short, DWord64);
    CONVERTS(Short, DWordLong); CONVERTS(Short, SIZET); CONVERTS(Short, SizeT);
    CONVERTS(Short, UInt16); CONVERTS(Short, UInt32); CONVERTS(Short, UInt64);
    CONVERTS(Short, ULong64); CONVERTS(Short, Word);
    CONVERTS(Int16, Byte); CONVERTS(Int16, Char); CONVERTS(Int16, DWord); CONVERTS(Int16, DWord64);
    CONVERTS(Int16, DWordLong); CONVERTS(Int16, DWordPtr); CONVERTS(Int16, Int8);
    CONVERTS(Int16, SIZET); CONVERTS(Int16, SizeT); CONVERTS(Int16, UChar); CONVERTS(Int16, UInt);
    CONVERTS(Int16, UInt16); CONVERTS(Int16, UInt32); CONVERTS(Int16, UInt64);
    CONVERTS(Int16, UInt8); CONVERTS(Int16, UIntPtr); CONVERTS(Int16, ULong);
    CONVERTS(Int16, ULong64); CONVERTS(Int16, ULongLong); CONVERTS(Int16, ULongPtr);
    CONVERTS(Int16, UShort); CONVERTS(Int16, Word);
    CONVERTS(Int8, Byte); CONVERTS(Int8, DWord); CONVERTS(Int8, DWord64); CONVERTS(Int8, DWordLong);
    CONVERTS(Int8, DWordPtr); CONVERTS(Int8, SIZET); CONVERTS(Int8, SizeT); CONVERTS(Int8, UInt16);
    CONVERTS(Int8, UInt32); CONVERTS(Int8, UInt64); CONVERTS(Int8, ULong64); CONVERTS(Int8, Word);
}

static void double_words_by_other_names_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(Int, Byte); CONVERTS(Int, DWord); CONVERTS(Int, DWord64); CONVERTS(Int, DWordLong);
    CONVERTS(Int, DWordPtr); CONVERTS(Int, Int16); CONVERTS(Int, SIZET); CONVERTS(Int, SizeT);
    CONVERTS(Int, UInt16); CONVERTS(Int, UInt64); CONVERTS(Int, UIntPtr); CONVERTS(Int, ULong64);
    CONVERTS(Int, ULongPtr); CONVERTS(Int, Word);
    CONVERTS(Int32, Byte); CONVERTS(Int32, Char); CONVERTS(Int32, DWord); CONVERTS(Int32, DWord64);
    CONVERTS(Int32, DWordLong); CONVERTS(Int32, DWordPtr); CONVERTS(Int32, Int16);
    CONVERTS(Int32, Int8); CONVERTS(Int32, SIZET); CONVERTS(Int32, Short); CONVERTS(Int32, SizeT);
    CONVERTS(Int32, UChar); CONVERTS(Int32, UInt); CONVERTS(Int32, UInt16); CONVERTS(Int32, UInt32);
    CONVERTS(Int32, UInt64); CONVERTS(Int32, UInt8); CONVERTS(Int32, UIntPtr);
    CONVERTS(Int32, ULong); CONVERTS(Int32, ULong64); CONVERTS(Int32, ULongLong);
    CONVERTS(Int32, ULongPtr); CONVERTS(Int32, UShort); CONVERTS(Int32, Word);
    CONVERTS(Long, Byte); CONVERTS(Long, DWord); CONVERTS(Long, DWord64); CONVERTS(Long, DWordLong);
    CONVERTS(Long, DWordPtr); CONVERTS(Long, Int16); CONVERTS(Long, Int32);
    CONVERTS(Long, PtrdiffT); CONVERTS(Long, SIZET); CONVERTS(Long, SizeT); CONVERTS(Long, UInt16);
    CONVERTS(Long, UInt32); CONVERTS(Long, UInt64); CONVERTS(Long, ULong64); CONVERTS(Long, Word);
    CONVERTS(UInt, Byte); CONVERTS(UInt, Int16); CONVERTS(UInt, SSIZET); CONVERTS(UInt, UInt16);
    CONVERTS(UInt, Word);
    CONVERTS(UInt32, Char); CONVERTS(UInt32, Int16); CONVERTS(UInt32, Long);
    CONVERTS(UInt32, LongPtr); CONVERTS(UInt32, Short); CONVERTS(UInt32, UInt16);
    CONVERTS(UInt32, UInt8); CONVERTS(UInt32, UShort); CONVERTS(UInt32, Word);
}

static void pointers_by_other_names_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(IntPtr, Byte); CONVERTS(IntPtr, DWord); CONVERTS(IntPtr, DWord64);
    CONVERTS(IntPtr, DWordLong); CONVERTS(IntPtr, DWordPtr); CONVERTS(IntPtr, Int16);
    CONVERTS(IntPtr, Int32); CONVERTS(IntPtr, SIZET); CONVERTS(IntPtr, SizeT);
    CONVERTS(IntPtr, UInt16); CONVERTS(IntPtr, UInt32); CONVERTS(IntPtr, UInt64);
    CONVERTS(IntPtr, ULong64); CONVERTS(IntPtr, Word);
    CONVERTS(UIntPtr, Byte); CONVERTS(UIntPtr, DWord); CONVERTS(UIntPtr, Int32);
    CONVERTS(UIntPtr, Int64); CONVERTS(UIntPtr, Long64); CONVERTS(UIntPtr, PtrdiffT);
    CONVERTS(UIntPtr, SSIZET); CONVERTS(UIntPtr, UInt32); CONVERTS(UIntPtr, Word);
    CONVERTS(LongPtr, Byte); CONVERTS(LongPtr, DWord); CONVERTS(LongPtr, DWord64);
    CONVERTS(LongPtr, DWordLong); CONVERTS(LongPtr, DWordPtr); CONVERTS(LongPtr, Int16);
    CONVERTS(LongPtr, Int32); CONVERTS(LongPtr, SIZET); CONVERTS(LongPtr, SizeT);
    CONVERTS(LongPtr, UInt16); CONVERTS(LongPtr, UInt32); CONVERTS(LongPtr, UInt64);
    CONVERTS(LongPtr, ULong64); CONVERTS(LongPtr, Word);
    CONVERTS(ULongPtr, Int64); CONVERTS(ULongPtr, Long64); CONVERTS(ULongPtr, UInt16);
    CONVERTS(ULongPtr, Word);
    CONVERTS(DWordPtr, Int64); CONVERTS(DWordPtr, Long64); CONVERTS(DWordPtr, LongLong);
    CONVERTS(DWordPtr, UInt16); CONVERTS(DWordPtr, UShort); CONVERTS(DWordPtr, Word);
    CONVERTS(SIZET, Int64); CONVERTS(SIZET, Long64); CONVERTS(SIZET, LongLong);
    CONVERTS(SIZET, UInt16); CONVERTS(SIZET, UShort); CONVERTS(SIZET, Word);
    CONVERTS(SizeT, Byte); CONVERTS(SizeT, Char); CONVERTS(SizeT, DWord); CONVERTS(SizeT, Int);
    CONVERTS(SizeT, Int16); CONVERTS(SizeT, Int32); CONVERTS(SizeT, Int64); CONVERTS(SizeT, Int8);
    CONVERTS(SizeT, IntPtr); CONVERTS(SizeT, Long); CONVERTS(SizeT, Long64);
    CONVERTS(SizeT, LongLong); CONVERTS(SizeT, LongPtr); CONVERTS(SizeT, PtrdiffT);
    CONVERTS(SizeT, SSIZET); CONVERTS(SizeT, Short); CONVERTS(SizeT, UChar); CONVERTS(SizeT, UInt);
    CONVERTS(SizeT, UInt16); CONVERTS(SizeT, UInt32); CONVERTS(SizeT, UInt8);
    CONVERTS(SizeT, ULong); CONVERTS(SizeT, UShort); CONVERTS(SizeT, Word);
    CONVERTS(SSIZET, Byte); CONVERTS(SSIZET, Char); CONVERTS(SSIZET, DWord);
    CONVERTS(SSIZET, DWord64); CONVERTS(SSIZET, DWordLong); CONVERTS(SSIZET, DWordPtr);
    CONVERTS(SSIZET, Int); CONVERTS(SSIZET, Int16); CONVERTS(SSIZET, Int32); CONVERTS(SSIZET, Int8);
    CONVERTS(SSIZET, IntPtr); CONVERTS(SSIZET, Long); CONVERTS(SSIZET, SIZET);
    CONVERTS(SSIZET, Short); CONVERTS(SSIZET, SizeT); CONVERTS(SSIZET, UChar);
    CONVERTS(SSIZET, UInt); CONVERTS(SSIZET, UInt16); CONVERTS(SSIZET, UInt32);
    CONVERTS(SSIZET, UInt64); CONVERTS(SSIZET, UInt8); CONVERTS(SSIZET, UIntPtr);
    CONVERTS(SSIZET, ULong); CONVERTS(SSIZET, ULong64); CONVERTS(SSIZET, ULongLong);
    CONVERTS(SSIZET, ULongPtr); CONVERTS(SSIZET, UShort); CONVERTS(SSIZET, Word);
    CONVERTS(PtrdiffT, Byte); CONVERTS(PtrdiffT, Char); CONVERTS(PtrdiffT, DWord);
    CONVERTS(PtrdiffT, DWord64); CONVERTS(PtrdiffT, DWordLong); CONVERTS(PtrdiffT, DWordPtr);
    CONVERTS(PtrdiffT, Int); CONVERTS(PtrdiffT, Int16); CONVERTS(PtrdiffT, Int32);
    CONVERTS(PtrdiffT, Int8); CONVERTS(PtrdiffT, Long); CONVERTS(PtrdiffT, LongPtr);
    CONVERTS(PtrdiffT, SIZET); CONVERTS(PtrdiffT, Short); CONVERTS(PtrdiffT, SizeT);
    CONVERTS(PtrdiffT, UChar); CONVERTS(PtrdiffT, UInt); CONVERTS(PtrdiffT, UInt16);
    CONVERTS(PtrdiffT, UInt32); CONVERTS(PtrdiffT, UInt64); CONVERTS(PtrdiffT, UInt8);
    CONVERTS(PtrdiffT, UIntPtr); CONVERTS(PtrdiffT, ULong); CONVERTS(PtrdiffT, ULong64);
    CONVERTS(PtrdiffT, ULongLong); CONVERTS(PtrdiffT, ULongPtr); CONVERTS(PtrdiffT, UShort);
    CONVERTS(PtrdiffT, Word);
}

static void quad_words_by_other_names_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(Int64, Byte); CONVERTS(Int64, Char); CONVERTS(Int64, DWord); CONVERTS(Int64, DWord64);
    CONVERTS(Int64, DWordLong); CONVERTS(Int64, DWordPtr); CONVERTS(Int64, Int);
    CONVERTS(Int64, Int16); CONVERTS(Int64, Int32); CONVERTS(Int64, Int8); CONVERTS(Int64, IntPtr);
    CONVERTS(Int64, Long); CONVERTS(Int64, LongPtr); CONVERTS(Int64, PtrdiffT);
    CONVERTS(Int64, SIZET); CONVERTS(Int64, SSIZET); CONVERTS(Int64, Short); CONVERTS(Int64, SizeT);
    CONVERTS(Int64, UChar); CONVERTS(Int64, UInt); CONVERTS(Int64, UInt16); CONVERTS(Int64, UInt32);
    CONVERTS(Int64, UInt64); CONVERTS(Int64, UInt8); CONVERTS(Int64, UIntPtr);
    CONVERTS(Int64, ULong); CONVERTS(Int64, ULong64); CONVERTS(Int64, ULongLong);
    CONVERTS(Int64, ULongPtr); CONVERTS(Int64, UShort); CONVERTS(Int64, Word);
    CONVERTS(Long64, Byte); CONVERTS(Long64, Char); CONVERTS(Long64, DWord);
    CONVERTS(Long64, DWordPtr); CONVERTS(Long64, Int); CONVERTS(Long64, Int16);
    CONVERTS(Long64, Int32); CONVERTS(Long64, Int8); CONVERTS(Long64, IntPtr);
    CONVERTS(Long64, Long); CONVERTS(Long64, LongPtr); CONVERTS(Long64, PtrdiffT);
    CONVERTS(Long64, SIZET); CONVERTS(Long64, SSIZET); CONVERTS(Long64, Short);
    CONVERTS(Long64, SizeT); CONVERTS(Long64, UChar); CONVERTS(Long64, UInt);
    CONVERTS(Long64, UInt16); CONVERTS(Long64, UInt32); CONVERTS(Long64, UInt8);
    CONVERTS(Long64, UIntPtr); CONVERTS(Long64, ULong); CONVERTS(Long64, ULongLong);
    CONVERTS(Long64, ULongPtr); CONVERTS(Long64, UShort); CONVERTS(Long64, Word);
    CONVERTS(LongLong, Byte); CONVERTS(LongLong, DWord); CONVERTS(LongLong, DWord64);
    CONVERTS(LongLong, DWordLong); CONVERTS(LongLong, DWordPtr); CONVERTS(LongLong, Int16);
    CONVERTS(LongLong, Int32); CONVERTS(LongLong, PtrdiffT); CONVERTS(LongLong, SIZET);
    CONVERTS(LongLong, SSIZET); CONVERTS(LongLong, SizeT); CONVERTS(LongLong, UInt16);
    CONVERTS(LongLong, UInt32); CONVERTS(LongLong, UInt64); CONVERTS(LongLong, UIntPtr);
    CONVERTS(LongLong, ULong64); CONVERTS(LongLong, ULongPtr); CONVERTS(LongLong, Word);
    CONVERTS(UInt64, DWord); CONVERTS(UInt64, Int64); CONVERTS(UInt64, Long64);
    CONVERTS(UInt64, LongLong); CONVERTS(UInt64, LongPtr); CONVERTS(UInt64, SSIZET);
    CONVERTS(UInt64, UInt16); CONVERTS(UInt64, UShort); CONVERTS(UInt64, Word);
    CONVERTS(ULong64, Int64); CONVERTS(ULong64, Long64); CONVERTS(ULong64, LongLong);
    CONVERTS(ULong64, LongPtr); CONVERTS(ULong64, SSIZET); CONVERTS(ULong64, UInt16);
    CONVERTS(ULong64, UShort); CONVERTS(ULong64, Word);
    CONVERTS(ULongLong, Int64); CONVERTS(ULongLong, IntPtr); CONVERTS(ULongLong, Long64);
    CONVERTS(ULongLong, SSIZET); CONVERTS(ULongLong, UInt16); CONVERTS(ULongLong, Word);
    CONVERTS(DWord64, Int64); CONVERTS(DWord64, Long64); CONVERTS(DWord64, LongLong);
    CONVERTS(DWord64, LongPtr); CONVERTS(DWord64, SSIZET); CONVERTS(DWord64, UInt16);
    CONVERTS(DWord64, UShort); CONVERTS(DWord64, Word);
    CONVERTS(DWordLong, Int64); CONVERTS(DWordLong, Long64); CONVERTS(DWordLong, LongLong);
    CONVERTS(DWordLong, LongPtr); CONVERTS(DWordLong, SSIZET); CONVERTS(DWordLong, UInt16);
    CONVERTS(DWordLong, UShort); CONVERTS(DWordLong, Word);
}

static void arithmetic_by_other_names_says_what_does_not_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    COUNTS(DWord64);
    COUNTS(DWord);
    COUNTS(DWordLong);
    COUNTS(Int16);
    COUNTS(Int32);
    COUNTS(Int64);
    COUNTS(Long32);
    COUNTS(Long64);
    COUNTS(SIZET);
    COUNTS(UInt32);
    COUNTS(UInt64);
    COUNTS(ULong64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_by_other_names_are_converted_if_they_fit),
        cmocka_unit_test(double_words_by_other_names_are_converted_if_they_fit),
        cmocka_unit_test(pointers_by_other_names_are_converted_if_they_fit),
        cmocka_unit_test(quad_words_by_other_names_are_converted_if_they_fit),
        cmocka_unit_test(arithmetic_by_other_names_says_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
