/*
 * test_interlockedforms.c - what each form of each Interlocked function returns and leaves, also
 * under the compiler's names for it.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

/* ---- Every form ------------------------------------------------------------------------------ */

/* What stands around the value: a form that is too wide changes it. */
enum { GUARD = 0x5A };

#define INTERLOCKED_ROW(type, name, order, arguments, before, result, after)  \
    static void name##_is_right(void **state)                                 \
    {                                                                         \
        DECLSPEC_ALIGN(16) UCHAR memory[3 * sizeof(type)];                    \
        type volatile *at = (type volatile *)(void *)(memory + sizeof(type)); \
                                                                              \
        (void)state;                                                          \
        for (unsigned i = 0; i < sizeof(memory); i++) {                       \
            memory[i] = GUARD;                                                \
        }                                                                     \
        *at = (before);                                                       \
        assert_true(name arguments == (result));                              \
        assert_true(*at == (after));                                          \
        for (unsigned i = 0; i < sizeof(type); i++) {                         \
            assert_int_equal(memory[i], GUARD);                               \
            assert_int_equal(memory[2 * sizeof(type) + i], GUARD);            \
        }                                                                     \
    }
#include "interlocked.def"
#undef INTERLOCKED_ROW

/* ---- A comparison that fails ----------------------------------------------------------------- */

#define KEEPS(type, name)                                       \
    do {                                                        \
        type value = (type)5;                                   \
                                                                \
        assert_true(name(&value, (type)9, (type)4) == (type)5); \
        assert_true(value == (type)5);                          \
    } while (0)

static void what_does_not_compare_equal_is_kept(void **state)
{
    (void)state;
    KEEPS(LONG, InterlockedCompareExchange);
    KEEPS(LONG, InterlockedCompareExchangeAcquire);
    KEEPS(LONG, InterlockedCompareExchangeRelease);
    KEEPS(LONG, InterlockedCompareExchangeNoFence);
    KEEPS(LONG64, InterlockedCompareExchange64);
    KEEPS(LONG64, InterlockedCompareExchangeAcquire64);
    KEEPS(LONG64, InterlockedCompareExchangeRelease64);
    KEEPS(LONG64, InterlockedCompareExchangeNoFence64);
    KEEPS(SHORT, InterlockedCompareExchange16);
    KEEPS(PVOID, InterlockedCompareExchangePointer);
    KEEPS(PVOID, InterlockedCompareExchangePointerAcquire);
    KEEPS(PVOID, InterlockedCompareExchangePointerRelease);
    KEEPS(PVOID, InterlockedCompareExchangePointerNoFence);
}

/* ---- Bits beyond the first word -------------------------------------------------------------- */

static void bits_of_64_bit_words_are_counted_from_the_base(void **state)
{
    LONG64 words[3] = { 0, 0, 0 };

    (void)state;
    assert_int_equal(InterlockedBitTestAndSet64(&words[1], 64 + 3), 0);
    assert_true(words[2] == 8);
    assert_int_equal(InterlockedBitTestAndSet64(&words[1], -1), 0);
    assert_true(words[0] == (LONG64)(1ull << 63));
    assert_int_equal(InterlockedBitTestAndComplement64(&words[1], -1), 1);
    assert_int_equal(InterlockedBitTestAndReset64(&words[1], 64 + 3), 1);
    assert_true(words[0] == 0 && words[1] == 0 && words[2] == 0);
}

/* ---- The compiler's names -------------------------------------------------------------------- */

/* The intrinsics have an underscore in front. */
#define IS_INTRINSIC(name) assert_ptr_equal((void *)(ULONG_PTR)_##name, (void *)(ULONG_PTR)name)

static void the_intrinsics_are_the_same_functions(void **state)
{
    (void)state;
    IS_INTRINSIC(InterlockedIncrement);
    IS_INTRINSIC(InterlockedDecrement);
    IS_INTRINSIC(InterlockedAdd);
    IS_INTRINSIC(InterlockedExchangeAdd);
    IS_INTRINSIC(InterlockedExchange);
    IS_INTRINSIC(InterlockedCompareExchange);
    IS_INTRINSIC(InterlockedAnd);
    IS_INTRINSIC(InterlockedOr);
    IS_INTRINSIC(InterlockedXor);
    IS_INTRINSIC(InterlockedBitTestAndSet);
    IS_INTRINSIC(InterlockedBitTestAndReset);
    IS_INTRINSIC(InterlockedBitTestAndComplement);
    IS_INTRINSIC(InterlockedIncrement64);
    IS_INTRINSIC(InterlockedDecrement64);
    IS_INTRINSIC(InterlockedAdd64);
    IS_INTRINSIC(InterlockedExchangeAdd64);
    IS_INTRINSIC(InterlockedExchange64);
    IS_INTRINSIC(InterlockedCompareExchange64);
    IS_INTRINSIC(InterlockedAnd64);
    IS_INTRINSIC(InterlockedOr64);
    IS_INTRINSIC(InterlockedXor64);
    IS_INTRINSIC(InterlockedBitTestAndSet64);
    IS_INTRINSIC(InterlockedBitTestAndReset64);
    IS_INTRINSIC(InterlockedBitTestAndComplement64);
    IS_INTRINSIC(InterlockedIncrement16);
    IS_INTRINSIC(InterlockedDecrement16);
    IS_INTRINSIC(InterlockedExchange16);
    IS_INTRINSIC(InterlockedExchangeAdd16);
    IS_INTRINSIC(InterlockedCompareExchange16);
    IS_INTRINSIC(InterlockedAnd16);
    IS_INTRINSIC(InterlockedOr16);
    IS_INTRINSIC(InterlockedXor16);
    IS_INTRINSIC(InterlockedExchange8);
    IS_INTRINSIC(InterlockedExchangeAdd8);
    IS_INTRINSIC(InterlockedAnd8);
    IS_INTRINSIC(InterlockedOr8);
    IS_INTRINSIC(InterlockedXor8);
    IS_INTRINSIC(InterlockedExchangePointer);
    IS_INTRINSIC(InterlockedCompareExchangePointer);
    IS_INTRINSIC(InterlockedCompareExchange128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define INTERLOCKED_ROW(type, name, order, arguments, before, result, after) \
    dirql_unit_test(name##_is_right),
#include "interlocked.def"
#undef INTERLOCKED_ROW
        dirql_unit_test(what_does_not_compare_equal_is_kept),
        dirql_unit_test(bits_of_64_bit_words_are_counted_from_the_base),
        dirql_unit_test(the_intrinsics_are_the_same_functions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
