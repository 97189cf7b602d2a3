/* Tests of lib/host/float_*.c. */
#include "host/host.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#if defined(__x86_64__) || defined(__aarch64__)

static double third(void)
{
    volatile double one = 1.0, three = 3.0;

    return one / three;
}

/* Towards plus infinity. */
static host_float upward(host_float words)
{
#if defined(__x86_64__)
    return (words & ~(uint64_t)0x6000) | 0x4000;
#else
    return (words & ~(uint64_t)(3u << 22)) | 1u << 22;
#endif
}

static void words_that_are_set_change_how_is_rounded(void **state)
{
    const host_float before = host_float_now();
    const double nearest = third();
    double up;

    (void)state;
    host_float_set(upward(before));
    up = third();
    host_float_set(before);
    assert_true(up > nearest);
    assert_true(third() == nearest);
}

static void a_reset_rounds_to_nearest(void **state)
{
    const host_float before = host_float_now();
    const double nearest = third();

    (void)state;
    host_float_set(upward(before));
    host_float_reset();
    assert_true(third() == nearest);
    host_float_set(before);
}

#endif

static void words_that_were_read_can_be_set(void **state)
{
    const host_float before = host_float_now();

    (void)state;
    host_float_set(before);
    assert_true(host_float_now() == before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_were_read_can_be_set),
#if defined(__x86_64__) || defined(__aarch64__)
        cmocka_unit_test(words_that_are_set_change_how_is_rounded),
        cmocka_unit_test(a_reset_rounds_to_nearest),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
