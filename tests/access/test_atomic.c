/*
 * test_atomic.c - atomic operations arrive with their order, and do what they should.
 */
#include <dirql/cmocka.h>

#include <string.h>

#include "atomics.h"
#include "listener.h"

enum {
    R = DQ_ACCESS_READ,
    W = DQ_ACCESS_WRITE,
    A = DQ_ACCESS_ATOMIC,
    ACQUIRES = DQ_ACCESS_ACQUIRE,
    RELEASES = DQ_ACCESS_RELEASE
};

static listener ear;
static _Alignas(64) char memory[64];

static int start(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    listen(&ear, memory, sizeof(memory));
    return 0;
}

static void loads_and_stores_say_their_order(void **state)
{
    uint32_t *at = (uint32_t *)memory;

    (void)state;
    (void)load_relaxed(at);
    EXPECT(&ear, { .bytes = 4, .flags = A | R });
    (void)load_acquire(at);
    EXPECT(&ear, { .bytes = 4, .flags = A | R | ACQUIRES });
    (void)load_seq_cst(at);
    EXPECT(&ear, { .bytes = 4, .flags = A | R | ACQUIRES });
    store_relaxed(at, 1);
    EXPECT(&ear, { .bytes = 4, .flags = A | W });
    store_release(at, 2);
    EXPECT(&ear, { .bytes = 4, .flags = A | W | RELEASES });
    store_seq_cst(at, 3);
    EXPECT(&ear, { .bytes = 4, .flags = A | W | RELEASES });
    assert_int_equal(load_relaxed(at), 3);
}

static const uint64_t flags_relaxed = 0;
static const uint64_t flags_acquire = DQ_ACCESS_ACQUIRE;
static const uint64_t flags_release = DQ_ACCESS_RELEASE;
static const uint64_t flags_acq_rel = DQ_ACCESS_ACQUIRE | DQ_ACCESS_RELEASE;
static const uint64_t flags_seq_cst = DQ_ACCESS_ACQUIRE | DQ_ACCESS_RELEASE;

static void read_modify_writes_say_their_order(void **state)
{
    uint32_t *at = (uint32_t *)memory;

    (void)state;
#define X(name, ORDER)                                                     \
    (void)add_##name(at);                                                  \
    EXPECT(&ear, { .bytes = 4, .flags = A | R | W | flags_##name });       \
    (void)exchange_##name(at);                                             \
    EXPECT(&ear, { .bytes = 4, .flags = A | R | W | flags_##name });       \
    assert_true(replace_##name(at, 1, 2));                                 \
    EXPECT(&ear, { .bytes = 4, .flags = A | R | W | flags_##name });       \
    assert_false(replace_##name(at, 1, 2));                                \
    EXPECT(&ear, { .bytes = 4, .flags = A | R | W | flags_##name });
    FOR_EACH_ORDER(X)
#undef X
}

/* A relaxed fence is none. */
static void fences_are_accesses_of_nothing(void **state)
{
    (void)state;
    ear.wants_fences = true;
    fence_acquire();
    EXPECT(&ear, { .flags = A | ACQUIRES });
    fence_release();
    EXPECT(&ear, { .flags = A | RELEASES });
    fence_acq_rel();
    EXPECT(&ear, { .flags = A | ACQUIRES | RELEASES });
    fence_seq_cst();
    EXPECT(&ear, { .flags = A | ACQUIRES | RELEASES });
}

static void all_sizes_compute_what_they_should(void **state)
{
    (void)state;
#define X(bytes_, type)                                              \
    assert_true(try_all_##bytes_((type *)memory));                   \
    assert_int_equal(ear.count, 11);                                 \
    for (unsigned i = 0; i < ear.count; i++) {                       \
        assert_int_equal(ear.first[i].bytes, bytes_);                \
        assert_int_equal(ear.first[i].offset, 0);                    \
    }                                                                \
    ear.count = 0;
    FOR_EACH_SIZE(X)
#undef X
}

static void inline_forms_of_the_kernel_are_atomic(void **state)
{
    LONG *at = (LONG *)memory;

    (void)state;
    write_release(at, 5);
    EXPECT(&ear, { .bytes = 4, .flags = A | W | RELEASES });
    assert_int_equal(read_acquire(at), 5);
    EXPECT(&ear, { .bytes = 4, .flags = A | R | ACQUIRES });
    assert_int_equal(old_fashioned_add(at), 5);
    EXPECT(&ear, { .bytes = 4, .flags = A | R | W | ACQUIRES | RELEASES });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(loads_and_stores_say_their_order, start),
        dirql_unit_test_setup(read_modify_writes_say_their_order, start),
        dirql_unit_test_setup(fences_are_accesses_of_nothing, start),
        dirql_unit_test_setup(all_sizes_compute_what_they_should, start),
        dirql_unit_test_setup(inline_forms_of_the_kernel_are_atomic, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
