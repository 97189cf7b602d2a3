/*
 * test_interlocked.c - the Interlocked functions: results, and that each is one step.
 */
#include "../check/rule.h"
#include "host/host.h"

/* ---- Results --------------------------------------------------------------------------------- */

static void increment_decrement_and_add_return_the_new_value(void **state)
{
    LONG value = 5;
    LONG64 wide = 5;
    SHORT half = 5;

    (void)state;
    assert_int_equal(InterlockedIncrement(&value), 6);
    assert_int_equal(InterlockedDecrement(&value), 5);
    assert_int_equal(InterlockedAdd(&value, -7), -2);
    assert_int_equal(InterlockedIncrement64(&wide), 6);
    assert_int_equal(InterlockedDecrement64(&wide), 5);
    assert_int_equal(InterlockedAdd64(&wide, 1ll << 40), (1ll << 40) + 5);
    assert_int_equal(InterlockedIncrement16(&half), 6);
    assert_int_equal(InterlockedDecrement16(&half), 5);
    assert_int_equal(InterlockedIncrementAcquire(&value), -1);
    assert_int_equal(InterlockedDecrementRelease(&value), -2);
    assert_int_equal(InterlockedAddNoFence(&value, 2), 0);
}

static void increment_wraps_around(void **state)
{
    LONG value = 0x7FFFFFFF;

    (void)state;
    assert_int_equal(InterlockedIncrement(&value), -2147483647 - 1);
    assert_int_equal(InterlockedDecrement(&value), 2147483647);
}

static void exchange_forms_return_the_value_before(void **state)
{
    LONG value = 1;
    LONG64 wide = 1;
    CHAR byte = 1;
    PVOID pointer = &value;

    (void)state;
    assert_int_equal(InterlockedExchange(&value, 2), 1);
    assert_int_equal(InterlockedExchangeAdd(&value, 3), 2);
    assert_int_equal(value, 5);
    assert_int_equal(InterlockedCompareExchange(&value, 9, 4), 5);
    assert_int_equal(value, 5);
    assert_int_equal(InterlockedCompareExchange(&value, 9, 5), 5);
    assert_int_equal(value, 9);
    assert_int_equal(InterlockedExchange64(&wide, 1ll << 33), 1);
    assert_int_equal(InterlockedCompareExchange64(&wide, 3, 1ll << 33), 1ll << 33);
    assert_int_equal(wide, 3);
    assert_int_equal(InterlockedExchange8(&byte, 7), 1);
    assert_ptr_equal(InterlockedExchangePointer(&pointer, &wide), &value);
    assert_ptr_equal(InterlockedCompareExchangePointer(&pointer, NULL, &value), &wide);
    assert_ptr_equal(InterlockedCompareExchangePointer(&pointer, NULL, &wide), &wide);
    assert_null(pointer);
}

static void bit_operations_return_the_value_before(void **state)
{
    LONG value = 0xC;
    LONG64 wide = 0xC;

    (void)state;
    assert_int_equal(InterlockedAnd(&value, 0x6), 0xC);
    assert_int_equal(InterlockedOr(&value, 0x3), 0x4);
    assert_int_equal(InterlockedXor(&value, 0xF), 0x7);
    assert_int_equal(value, 0x8);
    assert_int_equal(InterlockedAnd64(&wide, 0x6), 0xC);
    assert_int_equal(InterlockedOr64(&wide, 1ll << 40), 0x4);
    assert_int_equal(InterlockedXor64(&wide, 4), (1ll << 40) + 4);
    assert_int_equal(wide, 1ll << 40);
}

static void single_bits_are_counted_from_the_base(void **state)
{
    LONG words[2] = { 0, 0 };
    LONG64 wide = 0;

    (void)state;
    assert_int_equal(InterlockedBitTestAndSet(words, 31), 0);
    assert_int_equal(InterlockedBitTestAndSet(words, 31), 1);
    assert_int_equal(words[0], -2147483647 - 1);
    assert_int_equal(InterlockedBitTestAndSet(words, 33), 0);
    assert_int_equal(words[1], 2);
    assert_int_equal(InterlockedBitTestAndReset(words, 33), 1);
    assert_int_equal(words[1], 0);
    assert_int_equal(InterlockedBitTestAndSet(&words[1], -1), 1);
    assert_int_equal(InterlockedBitTestAndComplement(words, 31), 1);
    assert_int_equal(words[0], 0);
    assert_int_equal(InterlockedBitTestAndSet64(&wide, 63), 0);
    assert_int_equal(InterlockedBitTestAndReset64(&wide, 63), 1);
}

static void double_word_is_exchanged_whole(void **state)
{
    DECLSPEC_ALIGN(16) LONG64 pair[2] = { 1, 2 };
    LONG64 expected[2] = { 1, 3 };

    (void)state;
    assert_int_equal(InterlockedCompareExchange128(pair, 20, 10, expected), 0);
    assert_int_equal(expected[0], 1);
    assert_int_equal(expected[1], 2);
    assert_int_equal(InterlockedCompareExchange128(pair, 20, 10, expected), 1);
    assert_int_equal(pair[0], 10);
    assert_int_equal(pair[1], 20);
}

static DECLSPEC_ALIGN(16) LONG64 quads[4];
static size_t first_quad;

static void exchange_a_double_word(void *context)
{
    LONG64 expected[2] = { 0, 0 };

    (void)context;
    (void)InterlockedCompareExchange128(&quads[first_quad], 0, 0, expected);
}

static void a_double_word_is_aligned(void **state)
{
    (void)state;
    first_quad = 1;
    assert_error(exchange_a_double_word, 1, "InterlockedAlignment");
    assert_report_has("Interlocked, at exchange_a_double_word");
    first_quad = 2;
    assert_silent(exchange_a_double_word, 1, "InterlockedAlignment");
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static LONG shared;
static LONG plain;

static void count(void *context)
{
    (void)context;
    for (int i = 0; i < 100; i++) {
        InterlockedIncrement(&shared);
    }
}

static void processors_count_without_loss(void **state)
{
    dirql_thread *thread;

    (void)state;
    shared = 0;
    thread = dirql_thread_start("second", 1, count, NULL);
    count(NULL);
    dirql_thread_join(thread);
    assert_int_equal(shared, 200);
}

/* Two steps where one was meant: whether the other processor comes in between shows that each is a
 * schedule point. */
static void count_in_two_steps(void *context)
{
    (void)context;
    for (int i = 0; i < 20; i++) {
        const LONG before = InterlockedCompareExchange(&plain, 0, 0);

        InterlockedExchange(&plain, before + 1);
    }
}

static void count_on_both(void *context)
{
    dirql_thread *thread = dirql_thread_start("second", 1, count_in_two_steps, NULL);

    count_in_two_steps(NULL);
    dirql_thread_join(thread);
    *(LONG *)context = plain;
}

static void other_processor_may_come_between_two_calls(void **state)
{
    LONG fewest = 40;

    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        const dirql_options options = {
            .processors = 2, .mode = DIRQL_MODE_RANDOM, .seed = seed, .fixed = 1
        };
        LONG counted = 0;

        plain = 0;
        assert_int_equal(dirql_run(&options, count_on_both, &counted, NULL), DIRQL_PASSED);
        fewest = counted < fewest ? counted : fewest;
    }
    assert_true(fewest < 40);
}

static uint64_t count_in_the_device(void *context, uint64_t offset, unsigned bytes)
{
    (void)offset;
    (void)bytes;
    return (uint64_t)InterlockedIncrement(context);
}

static void device_callback_may_use_them(void **state)
{
    const dirql_device device = { .name = "counter",
                                  .read = count_in_the_device,
                                  .context = &shared };

    (void)state;
    shared = 40;
    dirql_device_add_ports(&device, 0x300, 4);
    assert_int_equal(READ_PORT_ULONG((PULONG)(ULONG_PTR)0x300), 41);
}

static void count_on_a_host_thread(void *context)
{
    for (int i = 0; i < 1000; i++) {
        InterlockedIncrement(context);
    }
}

static void foreign_host_thread_may_use_them(void **state)
{
    host_thread *thread;

    (void)state;
    shared = 0;
    thread = host_thread_start(count_on_a_host_thread, &shared);
    for (int i = 0; i < 1000; i++) {
        InterlockedIncrement(&shared);
    }
    host_thread_join(thread);
    assert_int_equal(shared, 2000);
}

static void high_level_is_no_hindrance(void **state)
{
    LONG value = 0;
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    assert_int_equal(InterlockedIncrement(&value), 1);
    KeLowerIrql(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(increment_decrement_and_add_return_the_new_value),
        dirql_unit_test(increment_wraps_around),
        dirql_unit_test(exchange_forms_return_the_value_before),
        dirql_unit_test(bit_operations_return_the_value_before),
        dirql_unit_test(single_bits_are_counted_from_the_base),
        dirql_unit_test(double_word_is_exchanged_whole),
        cmocka_unit_test(a_double_word_is_aligned),
        dirql_unit_test(processors_count_without_loss, .processors = 2),
        dirql_unit_test(processors_count_without_loss, .processors = 2, .mode = DIRQL_MODE_RANDOM),
        cmocka_unit_test(other_processor_may_come_between_two_calls),
        dirql_unit_test(device_callback_may_use_them),
        dirql_unit_test(foreign_host_thread_may_use_them),
        dirql_unit_test(high_level_is_no_hindrance),
        cmocka_unit_test(
            increment_decrement_and_add_return_the_new_value), /* Outside any machine. */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
