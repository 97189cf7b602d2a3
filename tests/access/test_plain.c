/*
 * test_plain.c - each load and store arrives once, before it takes effect, with its address, size
 * and flags.
 */
#include <dirql/cmocka.h>
#include <dirql/line.h>

#include <string.h>

#include "listener.h"
#include "plains.h"

enum {
    R = DQ_ACCESS_READ,
    W = DQ_ACCESS_WRITE,
    V = DQ_ACCESS_VOLATILE
};

static listener ear;
static _Alignas(64) char memory[256];

static int start(void **state)
{
    (void)state;
    memset(memory, 0x11, sizeof(memory));
    listen(&ear, memory, sizeof(memory));
    return 0;
}

static void every_size_is_loaded_and_stored_once(void **state)
{
    (void)state;
#define X(bytes_, type)                                             \
    (void)load_##bytes_((type *)(memory + 64));                     \
    EXPECT(&ear, { .offset = 64, .bytes = bytes_, .flags = R });    \
    store_##bytes_((type *)(memory + 32), 1);                       \
    EXPECT(&ear, { .offset = 32, .bytes = bytes_, .flags = W });    \
    assert_int_equal(memory[32], 1);
    FOR_EACH_SIZE(X)
#undef X
}

static void what_is_changed_in_place_is_read_and_written(void **state)
{
    (void)state;
#define X(bytes_, type)                                      \
    add_##bytes_((type *)memory, 2);                         \
    EXPECT(&ear, { .offset = 0, .bytes = bytes_, .flags = R }, \
           { .offset = 0, .bytes = bytes_, .flags = W });
    FOR_EACH_SIZE(X)
#undef X
}

static void volatile_accesses_say_so(void **state)
{
    (void)state;
#define X(bytes_, type)                                              \
    (void)load_volatile_##bytes_((type *)(memory + 16));             \
    EXPECT(&ear, { .offset = 16, .bytes = bytes_, .flags = R | V }); \
    store_volatile_##bytes_((type *)(memory + 16), 3);               \
    EXPECT(&ear, { .offset = 16, .bytes = bytes_, .flags = W | V });
    FOR_EACH_SIZE(X)
#undef X
}

static void unaligned_accesses_are_whole(void **state)
{
    packed *p = (packed *)memory;

    (void)state;
    (void)load_packed_2(p);
    EXPECT(&ear, { .offset = 1, .bytes = 2, .flags = R });
    (void)load_packed_4(p);
    EXPECT(&ear, { .offset = 3, .bytes = 4, .flags = R });
    (void)load_packed_8(p);
    EXPECT(&ear, { .offset = 7, .bytes = 8, .flags = R });
    store_packed_2(p, 2);
    EXPECT(&ear, { .offset = 1, .bytes = 2, .flags = W });
    store_packed_4(p, 4);
    EXPECT(&ear, { .offset = 3, .bytes = 4, .flags = W });
    store_packed_8(p, 8);
    EXPECT(&ear, { .offset = 7, .bytes = 8, .flags = W });
    assert_int_equal(p->eight, 8);
}

/* Compilers differ in how many bytes around it they take, and whether they say that a store reads
 * them first. */
static void bit_fields_are_covered(void **state)
{
    const heard *last;

    (void)state;
    (void)load_field((fields *)memory);
    last = &ear.first[0];
    assert_int_equal(ear.count, 1);
    assert_int_equal(last->flags, R);
    assert_true(last->offset == 0 && last->bytes >= 2 && last->bytes <= 4);
    store_field((fields *)memory, 0x155);
    last = &ear.first[ear.count - 1];
    assert_in_range(ear.count, 2, 3);
    assert_int_equal(last->flags, W);
    assert_true(last->offset == 0 && last->bytes >= 2 && last->bytes <= 4);
}

static void an_event_comes_before_its_access(void **state)
{
    (void)state;
    store_4((uint32_t *)memory, 5);
    assert_int_equal(ear.first[0].value, 0x11111111);
    assert_int_equal(*(uint32_t *)memory, 5);
    (void)load_4((uint32_t *)memory);
    assert_int_equal(ear.first[1].value, 5);
}

static void a_place_is_in_the_code_that_touches(void **state)
{
    const uintptr_t function = (uintptr_t)store_4;

    (void)state;
    store_4((uint32_t *)memory, 5);
    assert_true((uintptr_t)ear.first[0].place > function);
    assert_true((uintptr_t)ear.first[0].place < function + 128);
}

static BOOLEAN touch_under_the_lock(PVOID context)
{
    store_4(context, 7);
    return TRUE;
}

static BOOLEAN never(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt, (void)context;
    return FALSE;
}

static void the_enclosing_call_is_kept(void **state)
{
    dirql_line *line = dirql_line_create(NULL);
    PKINTERRUPT interrupt;
    const void *place;

    (void)state;
    assert_int_equal(IoConnectInterrupt(&interrupt, never, NULL, NULL, dirql_line_vector(line),
                                        dirql_line_irql(line), dirql_line_irql(line),
                                        dirql_line_mode(line), FALSE, dirql_line_processors(line),
                                        FALSE),
                     STATUS_SUCCESS);
    ear.count = 0;
    KeSynchronizeExecution(interrupt, touch_under_the_lock, memory);
    EXPECT(&ear, { .offset = 0, .bytes = 4, .flags = W });
    place = dq_self->execution->place;
    assert_int_equal(dq_self->execution->service, DQ_SERVICE_KeSynchronizeExecution);
    store_4((uint32_t *)memory, 5);
    assert_ptr_equal(dq_self->execution->place, place);
    assert_int_equal(dq_self->execution->service, DQ_SERVICE_KeSynchronizeExecution);
    IoDisconnectInterrupt(interrupt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(every_size_is_loaded_and_stored_once, start),
        dirql_unit_test_setup(what_is_changed_in_place_is_read_and_written, start),
        dirql_unit_test_setup(volatile_accesses_say_so, start),
        dirql_unit_test_setup(unaligned_accesses_are_whole, start),
        dirql_unit_test_setup(bit_fields_are_covered, start),
        dirql_unit_test_setup(an_event_comes_before_its_access, start),
        dirql_unit_test_setup(a_place_is_in_the_code_that_touches, start),
        dirql_unit_test_setup(the_enclosing_call_is_kept, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
