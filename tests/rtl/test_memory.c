/*
 * test_memory.c - memory blocks and small arithmetic, as the headers define them.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>

static void compare_memory_counts_equal_bytes(void **state)
{
    (void)state;
    assert_int_equal(RtlCompareMemory("abcd", "abxd", 4), 2);
    assert_int_equal(RtlCompareMemory("abcd", "abcd", 4), 4);
    assert_int_equal(RtlCompareMemory("a", "b", 0), 0);
    assert_true(RtlEqualMemory("abcd", "abcx", 3));
    assert_false(RtlEqualMemory("abcd", "abcx", 4));
    assert_true(RtlConstantTimeEqualMemory("abcd", "abcd", 4));
    assert_false(RtlConstantTimeEqualMemory("abcd", "xbcd", 4));
}

static void compare_memory_ulong_wants_whole_aligned_words(void **state)
{
    ULONG words[3] = { 0x01020304, 0x01020304, 0x01FF0304 };

    (void)state;
    assert_int_equal(RtlCompareMemoryUlong(words, 8, 0x01020304), 8);
    assert_int_equal(RtlCompareMemoryUlong(words, 12, 0x01020304), 10);
    assert_int_equal(RtlCompareMemoryUlong(words, 7, 0x01020304), 0);
    assert_int_equal(RtlCompareMemoryUlong((PUCHAR)words + 1, 8, 0x01020304), 0);
}

static void overlapping_memory_is_moved(void **state)
{
    char text[] = "abcdef";

    (void)state;
    RtlMoveMemory(text + 1, text, 5);
    assert_string_equal(text, "aabcde");
    RtlMoveMemory(text, text + 1, 5);
    assert_string_equal(text, "abcdee");
}

static void memory_is_filled_with_patterns(void **state)
{
    UCHAR bytes[16];
    ULONGLONG wide[2];

    (void)state;
    RtlFillMemory(bytes, sizeof(bytes), 0xAB);
    assert_int_equal(bytes[15], 0xAB);
    assert_false(RtlIsZeroMemory(bytes, sizeof(bytes)));
    RtlSecureZeroMemory(bytes, sizeof(bytes));
    assert_true(RtlIsZeroMemory(bytes, sizeof(bytes)));
    RtlFillMemoryUlong(bytes, 8, 0x11223344);
    assert_int_equal(bytes[7], 0x11);
    assert_int_equal(bytes[8], 0);
    RtlFillMemoryUlonglong(wide, sizeof(wide), 0x1122334455667788u);
    assert_true(wide[1] == 0x1122334455667788u);
    RtlFillMemoryNonTemporal(bytes, 4, 7);
    RtlCopyMemoryNonTemporal(wide, bytes, 4);
    RtlPrefetchMemoryNonTemporal(wide, sizeof(wide));
    assert_int_equal(((PUCHAR)wide)[3], 7);
}

static void bytes_are_swapped(void **state)
{
    (void)state;
    assert_int_equal(RtlUshortByteSwap(0x1234), 0x3412);
    assert_int_equal(RtlUlongByteSwap(0x12345678), 0x78563412);
    assert_true(RtlUlonglongByteSwap(0x0123456789ABCDEFu) == 0xEFCDAB8967452301u);
}

static void significant_bits_are_found(void **state)
{
    (void)state;
    assert_int_equal(RtlFindLeastSignificantBit(0), -1);
    assert_int_equal(RtlFindMostSignificantBit(0), -1);
    assert_int_equal(RtlFindLeastSignificantBit(0x8000000000000000u), 63);
    assert_int_equal(RtlFindMostSignificantBit(0x8000000000000001u), 63);
    assert_int_equal(RtlFindMostSignificantBit(1), 0);
    assert_int_equal(RtlNumberOfSetBitsUlongPtr(0xF00000000000000Fu), 8);
}

static void values_are_stored_without_alignment(void **state)
{
    UCHAR bytes[12] = { 0 };
    ULONG value;
    USHORT small;

    (void)state;
    RtlStoreUlong(bytes + 1, 0x12345678);
    RtlRetrieveUlong(&value, bytes + 1);
    assert_int_equal(value, 0x12345678);
    RtlStoreUshort(bytes + 3, 0xABCD);
    RtlRetrieveUshort(&small, bytes + 3);
    assert_int_equal(small, 0xABCD);
    RtlStoreUlongPtr(bytes + 1, (ULONG_PTR)0x1122334455667788u);
    assert_int_equal(bytes[1], 0x88);
    assert_int_equal(bytes[8], 0x11);
    RtlStoreUlonglong(bytes + 1, MAXULONGLONG);
    assert_int_equal(bytes[0], 0);
    assert_int_equal(bytes[8], 0xFF);
    assert_int_equal(bytes[9], 0);
}

static void longs_become_large_integers_with_their_sign(void **state)
{
    const LUID minus = RtlConvertLongToLuid(-2), plus = RtlConvertUlongToLuid(0xFFFFFFFE);
    const LUID zero = { 0, 0 };

    (void)state;
    assert_true(RtlConvertLongToLargeInteger(-2).QuadPart == -2);
    assert_true(RtlConvertUlongToLargeInteger(0xFFFFFFFE).QuadPart == 0xFFFFFFFELL);
    assert_int_equal(minus.HighPart, -1);
    assert_int_equal(plus.HighPart, 0);
    assert_false(RtlEqualLuid(&minus, &plus));
    assert_true(RtlIsZeroLuid(&zero));
    assert_false(RtlIsZeroLuid(&plus));
}

static void random_numbers_come_from_the_seed_alone(void **state)
{
    ULONG first = 42, second = 42, other = 43, low = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        const ULONG a = RtlRandomEx(&first);

        assert_int_equal(a, RtlRandomEx(&second));
        assert_true(a < MAXLONG);
        low += a < MAXLONG / 2;
    }
    assert_in_range(low, 400, 600);
    assert_int_not_equal(RtlRandomEx(&first), RtlRandomEx(&other));
    second = 42;
    first = 42;
    assert_int_equal(RtlRandom(&first), RtlRandom(&second));
    assert_int_not_equal(first, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(compare_memory_counts_equal_bytes),
        dirql_unit_test(compare_memory_ulong_wants_whole_aligned_words),
        dirql_unit_test(overlapping_memory_is_moved),
        dirql_unit_test(memory_is_filled_with_patterns),
        dirql_unit_test(bytes_are_swapped),
        dirql_unit_test(significant_bits_are_found),
        dirql_unit_test(values_are_stored_without_alignment),
        dirql_unit_test(longs_become_large_integers_with_their_sign),
        dirql_unit_test(random_numbers_come_from_the_seed_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
