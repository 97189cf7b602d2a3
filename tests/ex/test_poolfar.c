/*
 * test_poolfar.c - who writes far outside of a pool block hits the guards of others, and the report
 * tells whose.
 */
#include "../check/rule.h"

#include "../watched.h"

enum { TAG = 'raFT', OTHER = 'htoT', BYTES = 100, AT_ONCE = 40 };

#define GUEST __attribute__((noinline))

GUEST static volatile char *get_first(void)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG);
}

GUEST static volatile char *get_second(void)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, OTHER);
}

static void fill(volatile char *from, volatile char *end)
{
    while (from < end) {
        *from++ = 1;
    }
}

/* Two blocks that are neighbours: what is got one after the other, of one size. */
static void with_neighbours(void (*use)(volatile char *lower, volatile char *upper))
{
    volatile char *first = get_first(), *second = get_second();

    use(first < second ? first : second, first < second ? second : first);
    ExFreePoolWithTag((PVOID)first, TAG);
    ExFreePoolWithTag((PVOID)second, OTHER);
}

/* ---- Found when a block is freed ------------------------------------------------------------- */

static void leave_a_gap(volatile char *lower, volatile char *upper)
{
    fill(lower + BYTES + 70, upper + 10);
}

static void write_over_a_gap(void *context)
{
    (void)context;
    with_neighbours(leave_a_gap);
}

/* Its own guard is 64 bytes at least; the next block's comes behind it. */
static void a_write_that_leaves_out_the_first_bytes_is_found(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, write_over_a_gap);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
}

static void run_over(volatile char *lower, volatile char *upper)
{
    fill(lower + BYTES, upper + BYTES + 5);
}

static void write_over_the_next(void *context)
{
    (void)context;
    with_neighbours(run_over);
}

static void the_damaged_block_and_its_neighbour_are_named(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, write_over_the_next);
    assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
    assert_int_equal(rule_result.parameters[3], 0x24);
    assert_report_has("somebody has written behind the end of a pool block of 100 bytes");
    assert_report_has("(tag TFar), allocated at get_first test_poolfar.c:");
    assert_report_has("a pool block of 100 bytes (tag Toth), allocated by get_second");
}

static void go_back(volatile char *lower, volatile char *upper)
{
    (void)lower;
    fill(upper - 30, upper);
}

static void write_before(void *context)
{
    (void)context;
    with_neighbours(go_back);
}

static void who_writes_before_a_block_is_told_what_ends_there(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, write_before);
    assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
    assert_int_equal(rule_result.parameters[3], 0x23);
    assert_report_has("(tag Toth), allocated at get_second test_poolfar.c:");
    assert_report_has("a pool block of 100 bytes (tag TFar), freed by with_neighbours");
}

/* ---- Found at the end ------------------------------------------------------------------------ */

static void write_behind_all(void *context)
{
    volatile char *block = get_first();

    (void)context;
    block[BYTES + 300] = 1;
    ExFreePoolWithTag((PVOID)block, TAG);
}

static void a_write_to_memory_that_nobody_has_is_found_at_the_end(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, write_behind_all);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
    assert_report_has("somebody has written to memory that nobody has: 301 bytes behind the end of "
                      "a pool block of 100 bytes (tag T");
}

static void leave_a_damaged_one(void *context)
{
    (void)context;
    get_first()[-1] = 1;
}

static void a_block_that_is_never_freed_is_looked_at_too(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, leave_a_damaged_one);
    assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
    assert_report_has("byte -1 is damaged");
    assert_report_has("was never freed");
}

static void write_at_most_to_the_ends(void *context)
{
    volatile char *blocks[AT_ONCE];

    (void)context;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < AT_ONCE; i++) {
            const size_t bytes = 1 + i * i * 20;

            blocks[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG);
            fill(blocks[i], blocks[i] + bytes);
        }
        for (size_t i = 0; i < AT_ONCE; i++) {
            ExFreePoolWithTag((PVOID)blocks[i], TAG);
        }
    }
}

static void who_stays_inside_hears_nothing(void **state)
{
    (void)state;
    assert_kept(write_at_most_to_the_ends, 1);
}

/* ---- No harm to others ----------------------------------------------------------------------- */

static void ruin_everything(volatile char *lower, volatile char *upper)
{
    fill(lower + BYTES, upper);
    fill(upper + BYTES, upper + BYTES + 1000);
}

static void write_far_and_allocate(void *context)
{
    (void)context;
    with_neighbours(ruin_everything);
}

/* The host's heap lies elsewhere: reports can be made, and the next run is not touched. */
static void the_process_goes_on_as_if_nothing_had_been(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    for (int i = 0; i < 10; i++) {
        rule_run(1, write_far_and_allocate);
        assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
        assert_kept(write_at_most_to_the_ends, 1);
    }
}

static void fill_for_ever(void *context)
{
    volatile char *block = get_first();

    (void)context;
    fill(block, block + ((size_t)1 << 40));
}

static void who_never_stops_faults_where_memory_ends(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, fill_for_ever);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(rule_result.code, PAGE_FAULT_IN_NONPAGED_AREA);
    assert_report_has("somebody has written behind the end of a pool block of 100 bytes");
    assert_report_has("at fill test_poolfar.c:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_leaves_out_the_first_bytes_is_found),
        cmocka_unit_test(the_damaged_block_and_its_neighbour_are_named),
        cmocka_unit_test(who_writes_before_a_block_is_told_what_ends_there),
        cmocka_unit_test(a_write_to_memory_that_nobody_has_is_found_at_the_end),
        cmocka_unit_test(a_block_that_is_never_freed_is_looked_at_too),
        cmocka_unit_test(who_stays_inside_hears_nothing),
        cmocka_unit_test(the_process_goes_on_as_if_nothing_had_been),
        cmocka_unit_test(who_never_stops_faults_where_memory_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
