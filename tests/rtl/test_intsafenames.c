/*
 * test_intsafenames.c - every conversion and every sum, difference and product of ntintsafe.h, at
 * the edges of its types, against arithmetic that is wide enough.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>
#include <ntintsafe.h>

__extension__ typedef __int128 wide;

/* ---- The edges of types ---------------------------------------------------------------------- */

#define IS_SIGNED(type) ((type)-1 < (type)1)
#define MOST(type) \
    ((wide)(IS_SIGNED(type) ? ~0ull >> (65 - 8 * sizeof(type)) : ~0ull >> (64 - 8 * sizeof(type))))
#define LEAST(type)       (IS_SIGNED(type) ? -MOST(type) - 1 : (wide)0)
#define FITS(type, value) ((value) >= LEAST(type) && (value) <= MOST(type))

/* What a type is tried with: its own edges and those of the types that it may become. */
enum { EDGES = 3 * 9 * 2 };

static unsigned list_edges(wide *edges)
{
    static const unsigned bits[] = { 0, 7, 8, 15, 16, 31, 32, 63, 64 };
    unsigned count = 0;

    for (unsigned i = 0; i < RTL_NUMBER_OF(bits); i++) {
        for (int step = -1; step <= 1; step++) {
            edges[count++] = ((wide)1 << bits[i]) + step;
            edges[count++] = -((wide)1 << bits[i]) + step;
        }
    }
    return count;
}

/* ---- Conversions ----------------------------------------------------------------------------- */

#define CONVERTS(From, Target)                                       \
    do {                                                             \
        typedef NTINTSAFE_##From from;                               \
        typedef NTINTSAFE_##Target to;                               \
                                                                     \
        for (unsigned i = 0; i < count; i++) {                       \
            to result = (to)0x55;                                    \
            NTSTATUS status;                                         \
                                                                     \
            if (!FITS(from, edges[i])) {                             \
                continue;                                            \
            }                                                        \
            status = Rtl##From##To##Target((from)edges[i], &result); \
            if (FITS(to, edges[i])) {                                \
                assert_int_equal(status, STATUS_SUCCESS);            \
                assert_true((wide)result == edges[i]);               \
            } else {                                                 \
                assert_int_equal(status, STATUS_INTEGER_OVERFLOW);   \
                assert_true(result == (to)-1);                       \
            }                                                        \
        }                                                            \
    } while (0)

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

/* A product of two values of 64 bits may be too wide for the exact result; then it overflows. */
static bool multiply(wide a, wide b, wide *exact)
{
    return !__builtin_mul_overflow(a, b, exact);
}

static bool add(wide a, wide b, wide *exact)
{
    return !__builtin_add_overflow(a, b, exact);
}

static bool subtract(wide a, wide b, wide *exact)
{
    return !__builtin_sub_overflow(a, b, exact);
}

#define CALCULATES(Type, Operation, in_full)                          \
    do {                                                              \
        typedef NTINTSAFE_##Type type;                                \
                                                                      \
        for (unsigned i = 0; i < count * count; i++) {                \
            const wide a = edges[i / count], b = edges[i % count];    \
            type result = (type)0x55;                                 \
            NTSTATUS status;                                          \
            wide exact;                                               \
                                                                      \
            if (!FITS(type, a) || !FITS(type, b)) {                   \
                continue;                                             \
            }                                                         \
            status = Rtl##Type##Operation((type)a, (type)b, &result); \
            if (in_full(a, b, &exact) && FITS(type, exact)) {         \
                assert_int_equal(status, STATUS_SUCCESS);             \
                assert_true((wide)result == exact);                   \
            } else {                                                  \
                assert_int_equal(status, STATUS_INTEGER_OVERFLOW);    \
                assert_true(result == (type)-1);                      \
            }                                                         \
        }                                                             \
    } while (0)

#define COUNTS(Type)                      \
    do {                                  \
        CALCULATES(Type, Add, add);       \
        CALCULATES(Type, Sub, subtract);  \
        CALCULATES(Type, Mult, multiply); \
    } while (0)

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
