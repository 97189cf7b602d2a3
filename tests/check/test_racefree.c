/*
 * test_racefree.c - memory that is touched after it was freed, or while it may be.
 */
#include "race.h"

enum { TAG = 'eerF', BYTES = 64 };

static LONG *block;
static KSPIN_LOCK lock;

__attribute__((noinline)) static void give_back(void)
{
    ExFreePoolWithTag(block, TAG);
}

__attribute__((noinline)) static void use(void)
{
    WRITES(&block[4]);
}

static void allocate(void)
{
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG);
}

/* ---- After ----------------------------------------------------------------------------------- */

static void write_after_the_free(void *context)
{
    (void)context;
    allocate();
    use();
    give_back();
    use();
}

static void a_write_to_a_freed_block_is_found(void **state)
{
    (void)state;
    assert_broken(write_after_the_free, 1, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, DIRQL_ANY, 1,
                  DIRQL_ANY, 0, "PoolUsedAfterFree");
    assert_report_has("writes 4 bytes of freed pool block 'Free'+16 (64 bytes).");
    assert_report_has("It was freed by give_back");
    assert_report_has("and had been allocated by allocate");
}

static void read_after_the_free(void *context)
{
    (void)context;
    allocate();
    give_back();
    READS(&block[15]); /* The first access of all. */
}

static void the_first_access_of_all_may_be_too_late(void **state)
{
    (void)state;
    assert_broken(read_after_the_free, 1, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL,
                  DIRQL_ANY, 0, DIRQL_ANY, 0, "PoolUsedAfterFree");
}

static void use_before_the_free(void *context)
{
    (void)context;
    allocate();
    use();
    give_back();
    READS(&x);
}

static void use_what_is_new(void *context)
{
    (void)context;
    for (unsigned i = 0; i < 600; i++) { /* Until addresses come again. */
        allocate();
        use();
        give_back();
    }
}

static void a_block_in_use_may_be_touched(void **state)
{
    (void)state;
    assert_silent(use_before_the_free, 1, "PoolUsedAfterFree");
    assert_silent(use_what_is_new, 1, "PoolUsedAfterFree");
}

static void use_a_neighbour(void *context)
{
    LONG *before = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG), *after;

    (void)context;
    allocate();
    after = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG);
    give_back();
    for (unsigned i = 0; i < BYTES / sizeof(LONG); i++) {
        WRITES(&before[i]);
        WRITES(&after[i]);
    }
    ExFreePoolWithTag(before, TAG);
    ExFreePoolWithTag(after, TAG);
}

static void what_lies_beside_a_freed_block_may_be_touched(void **state)
{
    (void)state;
    assert_silent(use_a_neighbour, 1, "PoolUsedAfterFree");
}

static void count_after_the_free(void *context)
{
    (void)context;
    allocate();
    use();
    give_back();
    InterlockedIncrement(&block[0]);
}

static void an_interlocked_routine_touches_too(void **state)
{
    (void)state;
    assert_broken(count_after_the_free, 1, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, DIRQL_ANY, 1,
                  DIRQL_ANY, 0, "PoolUsedAfterFree");
}

/* ---- While it may be ------------------------------------------------------------------------- */

static void use_under_the_lock(void)
{
    KIRQL old;

    KeAcquireSpinLock(&lock, &old);
    if (block != NULL) {
        use();
    }
    KeReleaseSpinLock(&lock, old);
}

static void give_back_under_the_lock(void)
{
    KIRQL old;
    LONG *mine;

    KeAcquireSpinLock(&lock, &old);
    mine = block;
    block = NULL;
    KeReleaseSpinLock(&lock, old);
    ExFreePoolWithTag(mine, TAG);
}

static void two_at_once(void *context)
{
    allocate();
    KeInitializeSpinLock(&lock);
    race_two(context);
}

static void run_parts(race_part *first, race_part *second)
{
    race_parts[0] = first;
    race_parts[1] = second;
    race_processors[0] = 0;
    race_processors[1] = 1;
    rule_run_undisturbed(2, two_at_once);
}

static void a_free_that_nothing_orders_is_a_race(void **state)
{
    (void)state;
    run_parts(use, give_back);
    assert_race_found();
    assert_report_has("at pool block 'Free'+16, allocated by allocate");
    assert_report_has("  free ");
    assert_report_has("(nothing orders use and free)");
    assert_report_has("  fix:   free it when use has ended, or has given back its reference\n");
}

static void a_free_in_order_is_none(void **state)
{
    (void)state;
    run_parts(use_under_the_lock, give_back_under_the_lock);
    assert_no_race();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_to_a_freed_block_is_found),
        cmocka_unit_test(the_first_access_of_all_may_be_too_late),
        cmocka_unit_test(a_block_in_use_may_be_touched),
        cmocka_unit_test(what_lies_beside_a_freed_block_may_be_touched),
        cmocka_unit_test(an_interlocked_routine_touches_too),
        cmocka_unit_test(a_free_that_nothing_orders_is_a_race),
        cmocka_unit_test(a_free_in_order_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
