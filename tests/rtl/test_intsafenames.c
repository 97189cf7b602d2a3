/*
 * test_intsafenames.c - every conversion and every sum, difference and product of ntintsafe.h, at
 * the edges of its types, against arithmetic that is wide enough.
 */
#include "intsafe.h"

/* ---- Conversions ----------------------------------------------------------------------------- */

static void bytes_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(Byte, Char);
    CONVERTS(Byte, Int8);
}

static void signed_bytes_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(Int8, UChar);
    CONVERTS(Int8, UInt);
    CONVERTS(Int8, UInt8);
    CONVERTS(Int8, UIntPtr);
    CONVERTS(Int8, ULong);
    CONVERTS(Int8, ULongLong);
    CONVERTS(Int8, ULongPtr);
    CONVERTS(Int8, UShort);
}

static void unsigned_bytes_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(UInt8, Char);
    CONVERTS(UInt8, Int8);
}

static void shorts_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(Short, Char);
    CONVERTS(Short, DWordPtr);
    CONVERTS(Short, Int8);
    CONVERTS(Short, UChar);
    CONVERTS(Short, UInt);
    CONVERTS(Short, UInt8);
    CONVERTS(Short, UIntPtr);
    CONVERTS(Short, ULong);
    CONVERTS(Short, ULongLong);
    CONVERTS(Short, ULongPtr);
    CONVERTS(Short, UShort);
}

static void unsigned_shorts_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(UShort, Char);
    CONVERTS(UShort, Int8);
    CONVERTS(UShort, Short);
    CONVERTS(UShort, UChar);
    CONVERTS(UShort, UInt8);
}

static void ints_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(Int, Char);
    CONVERTS(Int, Int8);
    CONVERTS(Int, Short);
    CONVERTS(Int, UChar);
    CONVERTS(Int, UInt);
    CONVERTS(Int, UInt8);
    CONVERTS(Int, ULong);
    CONVERTS(Int, ULongLong);
    CONVERTS(Int, UShort);
}

static void unsigned_ints_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(UInt, Char);
    CONVERTS(UInt, Int);
    CONVERTS(UInt, Int8);
    CONVERTS(UInt, IntPtr);
    CONVERTS(UInt, Long);
    CONVERTS(UInt, LongPtr);
    CONVERTS(UInt, Short);
    CONVERTS(UInt, UChar);
    CONVERTS(UInt, UInt8);
    CONVERTS(UInt, UShort);
}

static void int_pointers_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(IntPtr, Char);
    CONVERTS(IntPtr, Int);
    CONVERTS(IntPtr, Int8);
    CONVERTS(IntPtr, Long);
    CONVERTS(IntPtr, LongPtr);
    CONVERTS(IntPtr, Short);
    CONVERTS(IntPtr, UChar);
    CONVERTS(IntPtr, UInt);
    CONVERTS(IntPtr, UInt8);
    CONVERTS(IntPtr, UIntPtr);
    CONVERTS(IntPtr, ULong);
    CONVERTS(IntPtr, ULongLong);
    CONVERTS(IntPtr, ULongPtr);
    CONVERTS(IntPtr, UShort);
}

static void unsigned_int_pointers_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(UIntPtr, Char);
    CONVERTS(UIntPtr, Int);
    CONVERTS(UIntPtr, Int16);
    CONVERTS(UIntPtr, Int8);
    CONVERTS(UIntPtr, IntPtr);
    CONVERTS(UIntPtr, Long);
    CONVERTS(UIntPtr, LongLong);
    CONVERTS(UIntPtr, LongPtr);
    CONVERTS(UIntPtr, Short);
    CONVERTS(UIntPtr, UChar);
    CONVERTS(UIntPtr, UInt);
    CONVERTS(UIntPtr, UInt16);
    CONVERTS(UIntPtr, UInt8);
    CONVERTS(UIntPtr, ULong);
    CONVERTS(UIntPtr, UShort);
}

static void longs_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(Long, Char);
    CONVERTS(Long, Int);
    CONVERTS(Long, Int8);
    CONVERTS(Long, IntPtr);
    CONVERTS(Long, Short);
    CONVERTS(Long, UChar);
    CONVERTS(Long, UInt);
    CONVERTS(Long, UInt8);
    CONVERTS(Long, UIntPtr);
    CONVERTS(Long, ULong);
    CONVERTS(Long, ULongLong);
    CONVERTS(Long, ULongPtr);
    CONVERTS(Long, UShort);
}

static void unsigned_longs_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(ULong, Char);
    CONVERTS(ULong, Int);
    CONVERTS(ULong, Int8);
    CONVERTS(ULong, IntPtr);
    CONVERTS(ULong, Long);
    CONVERTS(ULong, LongPtr);
    CONVERTS(ULong, Short);
    CONVERTS(ULong, UChar);
    CONVERTS(ULong, UInt);
    CONVERTS(ULong, UInt8);
    CONVERTS(ULong, UIntPtr);
    CONVERTS(ULong, UShort);
}

static void long_pointers_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(LongPtr, Char);
    CONVERTS(LongPtr, Int);
    CONVERTS(LongPtr, Int8);
    CONVERTS(LongPtr, IntPtr);
    CONVERTS(LongPtr, Long);
    CONVERTS(LongPtr, Short);
    CONVERTS(LongPtr, UChar);
    CONVERTS(LongPtr, UInt);
    CONVERTS(LongPtr, UInt8);
    CONVERTS(LongPtr, UIntPtr);
    CONVERTS(LongPtr, ULong);
    CONVERTS(LongPtr, ULongLong);
    CONVERTS(LongPtr, ULongPtr);
    CONVERTS(LongPtr, UShort);
}

static void unsigned_long_pointers_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(ULongPtr, Char);
    CONVERTS(ULongPtr, Int);
    CONVERTS(ULongPtr, Int8);
    CONVERTS(ULongPtr, IntPtr);
    CONVERTS(ULongPtr, Long);
    CONVERTS(ULongPtr, LongLong);
    CONVERTS(ULongPtr, LongPtr);
    CONVERTS(ULongPtr, Short);
    CONVERTS(ULongPtr, UChar);
    CONVERTS(ULongPtr, UInt);
    CONVERTS(ULongPtr, UInt8);
    CONVERTS(ULongPtr, UIntPtr);
    CONVERTS(ULongPtr, ULong);
    CONVERTS(ULongPtr, UShort);
}

static void long_longs_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(LongLong, Char);
    CONVERTS(LongLong, Int);
    CONVERTS(LongLong, Int8);
    CONVERTS(LongLong, IntPtr);
    CONVERTS(LongLong, Long);
    CONVERTS(LongLong, LongPtr);
    CONVERTS(LongLong, Short);
    CONVERTS(LongLong, UChar);
    CONVERTS(LongLong, UInt);
    CONVERTS(LongLong, UInt8);
    CONVERTS(LongLong, ULong);
    CONVERTS(LongLong, ULongLong);
    CONVERTS(LongLong, UShort);
}

static void unsigned_long_longs_are_converted_if_they_fit(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    CONVERTS(ULongLong, Char);
    CONVERTS(ULongLong, Int);
    CONVERTS(ULongLong, Int8);
    CONVERTS(ULongLong, Long);
    CONVERTS(ULongLong, LongLong);
    CONVERTS(ULongLong, LongPtr);
    CONVERTS(ULongLong, Short);
    CONVERTS(ULongLong, UChar);
    CONVERTS(ULongLong, UInt);
    CONVERTS(ULongLong, UInt8);
    CONVERTS(ULongLong, UIntPtr);
    CONVERTS(ULongLong, ULong);
    CONVERTS(ULongLong, ULongPtr);
    CONVERTS(ULongLong, UShort);
}

/* ---- Arithmetic ------------------------------------------------------------------------------ */

static void sums_differences_and_products_fit_or_are_refused(void **state)
{
    wide edges[EDGES];
    const unsigned count = list_edges(edges);

    (void)state;
    COUNTS(Int8);
    COUNTS(UInt8);
    COUNTS(Short);
    COUNTS(UShort);
    COUNTS(Int);
    COUNTS(UInt);
    COUNTS(IntPtr);
    COUNTS(UIntPtr);
    COUNTS(Long);
    COUNTS(ULong);
    COUNTS(LongPtr);
    COUNTS(ULongPtr);
    COUNTS(DWordPtr);
    COUNTS(LongLong);
    COUNTS(ULongLong);
    COUNTS(SizeT);
    COUNTS(SSIZET);
    COUNTS(PtrdiffT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_converted_if_they_fit),
        cmocka_unit_test(signed_bytes_are_converted_if_they_fit),
        cmocka_unit_test(unsigned_bytes_are_converted_if_they_fit),
        cmocka_unit_test(shorts_are_converted_if_they_fit),
        cmocka_unit_test(unsigned_shorts_are_converted_if_they_fit),
        cmocka_unit_test(ints_are_converted_if_they_fit),
        cmocka_unit_test(unsigned_ints_are_converted_if_they_fit),
        cmocka_unit_test(int_pointers_are_converted_if_they_fit),
        cmocka_unit_test(unsigned_int_pointers_are_converted_if_they_fit),
        cmocka_unit_test(longs_are_converted_if_they_fit),
        cmocka_unit_test(unsigned_longs_are_converted_if_they_fit),
        cmocka_unit_test(long_pointers_are_converted_if_they_fit),
        cmocka_unit_test(unsigned_long_pointers_are_converted_if_they_fit),
        cmocka_unit_test(long_longs_are_converted_if_they_fit),
        cmocka_unit_test(unsigned_long_longs_are_converted_if_they_fit),
        cmocka_unit_test(sums_differences_and_products_fit_or_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
