/*
 * test_intsafe.c - conversions and arithmetic that say when the result does not fit.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>
#include <ntintsafe.h>

#define assert_fits(call, result, value)        \
    do {                                        \
        assert_int_equal(call, STATUS_SUCCESS); \
        assert_true((result) == (value));       \
    } while (0)

#define assert_too_large(call) assert_int_equal(call, STATUS_INTEGER_OVERFLOW)

static void conversions_know_the_edges(void **state)
{
    USHORT u16;
    SHORT s16;
    UCHAR u8;
    INT8 s8;
    ULONG u32;
    LONG s32;

    (void)state;
    assert_fits(RtlULongToUShort(65535, &u16), u16, 65535);
    assert_too_large(RtlULongToUShort(65536, &u16));
    assert_int_equal(u16, 0xFFFF);
    assert_fits(RtlUShortToShort(32767, &s16), s16, 32767);
    assert_too_large(RtlUShortToShort(32768, &s16));
    assert_fits(RtlLongToUChar(255, &u8), u8, 255);
    assert_too_large(RtlLongToUChar(-1, &u8));
    assert_fits(RtlLongLongToInt8(-128, &s8), s8, -128);
    assert_too_large(RtlLongLongToInt8(-129, &s8));
    assert_fits(RtlULongLongToULong(0xFFFFFFFF, &u32), u32, 0xFFFFFFFF);
    assert_too_large(RtlULongLongToULong(0x100000000, &u32));
    assert_int_equal(u32, 0xFFFFFFFF);
    assert_fits(RtlLongLongToLong(MINLONG, &s32), s32, MINLONG);
    assert_too_large(RtlULongToLong(0x80000000, &s32));
    assert_int_equal(s32, -1);
}

static void signs_do_not_pass(void **state)
{
    ULONGLONG u64;
    LONGLONG s64;
    UINT_PTR pointer;

    (void)state;
    assert_too_large(RtlIntToULongLong(-1, &u64));
    assert_fits(RtlIntToULongLong(7, &u64), u64, 7);
    assert_too_large(RtlULongLongToLongLong(1ull << 63, &s64));
    assert_fits(RtlULongLongToLongLong(MAXLONGLONG, &s64), s64, MAXLONGLONG);
    assert_too_large(RtlLongPtrToUIntPtr(-1, &pointer));
    assert_too_large(RtlInt8ToUIntPtr(-1, &pointer));
}

static void characters_are_of_the_compilers_kind(void **state)
{
    CHAR c;

    (void)state;
    assert_fits(RtlByteToChar(127, &c), c, 127);
    assert_int_equal(RtlByteToChar(200, &c),
                     (CHAR)-1 < 0 ? STATUS_INTEGER_OVERFLOW : STATUS_SUCCESS);
}

static void sums_know_the_edges(void **state)
{
    ULONG u32;
    LONG s32;
    USHORT u16;
    INT8 s8;
    SIZE_T size;
    SSIZE_T signed_size;

    (void)state;
    assert_fits(RtlULongAdd(0xFFFFFFFE, 1, &u32), u32, 0xFFFFFFFF);
    assert_too_large(RtlULongAdd(0xFFFFFFFF, 1, &u32));
    assert_fits(RtlULongSub(1, 1, &u32), u32, 0);
    assert_too_large(RtlULongSub(0, 1, &u32));
    assert_fits(RtlLongSub(0, MAXLONG, &s32), s32, -MAXLONG);
    assert_too_large(RtlLongSub(0, MINLONG, &s32));
    assert_too_large(RtlLongAdd(MAXLONG, 1, &s32));
    assert_fits(RtlUShortAdd(65534, 1, &u16), u16, 65535);
    assert_too_large(RtlUShortAdd(65535, 1, &u16));
    assert_fits(RtlInt8Sub(-128, -1, &s8), s8, -127);
    assert_too_large(RtlInt8Add(-128, -1, &s8));
    assert_too_large(RtlSizeTAdd(MAXSIZE_T, 1, &size));
    assert_true(size == MAXSIZE_T);
    assert_too_large(RtlSSIZETSub(PTRDIFF_MIN, 1, &signed_size));
}

static void products_know_the_edges(void **state)
{
    ULONG u32;
    INT s32;
    SIZE_T size;
    LONGLONG s64;
    UINT8 u8;
    ptrdiff_t difference;

    (void)state;
    assert_fits(RtlULongMult(0xFFFF, 0x10001, &u32), u32, 0xFFFFFFFF);
    assert_too_large(RtlULongMult(0x10000, 0x10000, &u32));
    assert_fits(RtlIntMult(-0x8000, 0x10000, &s32), s32, MINLONG);
    assert_too_large(RtlIntMult(MINLONG, -1, &s32));
    assert_too_large(RtlSizeTMult(MAXSIZE_T / 2, 3, &size));
    assert_fits(RtlLongLongMult(-3, 5, &s64), s64, -15);
    assert_too_large(RtlLongLongMult(MAXLONGLONG, 2, &s64));
    assert_fits(RtlUInt8Mult(15, 17, &u8), u8, 255);
    assert_too_large(RtlUInt8Mult(16, 16, &u8));
    assert_too_large(RtlPtrdiffTMult(PTRDIFF_MAX, 2, &difference));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions_know_the_edges),
        cmocka_unit_test(signs_do_not_pass),
        cmocka_unit_test(characters_are_of_the_compilers_kind),
        cmocka_unit_test(sums_know_the_edges),
        cmocka_unit_test(products_know_the_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
