/*
 * test_poolrules.c - what is wrong with an allocation or a free is found, and what is right is not.
 */
#include "rule.h"

enum { TAG = 0x74736554 };

static KIRQL old;

static void allocate_nothing(void *context)
{
    (void)context;
    (void)ExAllocatePoolWithTag(NonPagedPoolNx, 0, TAG);
}

static void allocate_paged_at_dispatch_level(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
}

static void allocate_paged_by_type_at_dispatch_level(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAllocatePoolWithTag(PagedPool, 16, TAG);
}

static void allocate_at_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
}

static void free_twice(void *context)
{
    void *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);

    (void)context;
    ExFreePoolWithTag(memory, TAG);
    ExFreePoolWithTag(memory, TAG);
}

static void free_paged_at_dispatch_level(void *context)
{
    void *memory = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExFreePoolWithTag(memory, TAG);
}

static void free_a_set_timer(void *context)
{
    const LARGE_INTEGER due = { .QuadPart = -10000 };
    PKTIMER timer = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KTIMER), TAG);

    (void)context;
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    ExFreePoolWithTag(timer, TAG);
}

static char *inside;

static void free_inside(void *context)
{
    char *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);

    (void)context;
    inside = memory + 16;
    ExFreePoolWithTag(inside, TAG);
}

static void do_it_right(void *context)
{
    const LARGE_INTEGER due = { .QuadPart = -10000 };
    PKTIMER timer = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KTIMER), TAG);
    void *paged = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
    void *memory;

    (void)context;
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    KeCancelTimer(timer);
    KeRaiseIrql(APC_LEVEL, &old);
    ExFreePoolWithTag(paged, TAG);
    KeLowerIrql(old);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    ExFreePoolWithTag(memory, TAG);
    ExFreePoolWithTag(timer, TAG);
    KeLowerIrql(old);
}

static void an_allocation_of_nothing_is_reported(void **state)
{
    (void)state;
    assert_broken(allocate_nothing, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x00, PASSIVE_LEVEL,
                  "PoolSize");
}

static void paged_memory_at_dispatch_level_is_reported(void **state)
{
    (void)state;
    assert_broken(allocate_paged_at_dispatch_level, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x01,
                  DISPATCH_LEVEL, "IrqlExAllocatePool");
    assert_broken(allocate_paged_by_type_at_dispatch_level, 1, DRIVER_VERIFIER_DETECTED_VIOLATION,
                  0x01, DISPATCH_LEVEL, "IrqlExAllocatePool");
}

static void nonpaged_memory_at_dirql_is_reported(void **state)
{
    (void)state;
    assert_broken(allocate_at_dirql, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x02, 5,
                  "IrqlExAllocatePool");
}

static void a_free_inside_a_block_is_reported(void **state)
{
    (void)state;
    rule_run(1, free_inside);
    assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
    assert_int_equal(rule_result.parameters[0], 0x10);
    assert_int_equal(rule_result.parameters[1], (ULONG_PTR)inside);
    assert_report_has("rule:  PoolForeign:");
    assert_silent(do_it_right, 1, "PoolForeign");
}

static void a_second_free_is_reported(void **state)
{
    (void)state;
    rule_run(1, free_twice);
    assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
    assert_int_equal(rule_result.parameters[0], 0x13);
    assert_report_has("rule:  PoolFreedTwice:");
}

static void paged_memory_freed_at_dispatch_level_is_reported(void **state)
{
    (void)state;
    assert_broken(free_paged_at_dispatch_level, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x11,
                  DISPATCH_LEVEL, "IrqlExFree1");
}

static void a_set_timer_in_freed_memory_is_reported(void **state)
{
    (void)state;
    rule_run(1, free_a_set_timer);
    assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
    assert_int_equal(rule_result.parameters[0], 0x15);
    assert_report_has("rule:  PoolHoldsTimer:");
}

static void what_is_right_is_not_reported(void **state)
{
    (void)state;
    rule_run(1, do_it_right);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(rule_result.warnings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_of_nothing_is_reported),
        cmocka_unit_test(paged_memory_at_dispatch_level_is_reported),
        cmocka_unit_test(nonpaged_memory_at_dirql_is_reported),
        cmocka_unit_test(a_free_inside_a_block_is_reported),
        cmocka_unit_test(a_second_free_is_reported),
        cmocka_unit_test(paged_memory_freed_at_dispatch_level_is_reported),
        cmocka_unit_test(a_set_timer_in_freed_memory_is_reported),
        cmocka_unit_test(what_is_right_is_not_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
