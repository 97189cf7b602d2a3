/*
 * test_poolrules.c - what is wrong with an allocation or a free is found, and what is right is not.
 */
#include "rule.h"

enum { TAG = 0x74736554 };

static KIRQL old;
static PVOID memory;

static void free_at_dirql(void *context)
{
    (void)context;
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    KeRaiseIrql(5, &old);
    ExFreePoolWithTag(memory, TAG);
}

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

static void allocate_paged_by_the_oldest_routine(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAllocatePool(PagedPool, 16);
}

static void allocate_paged_and_zeroed(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAllocatePoolZero(PagedPool, 16, TAG);
}

static void allocate_paged_and_not_zeroed(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAllocatePoolUninitialized(PagedPool, 16, TAG);
}

static void allocate_at_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
}

static void free_twice(void *context)
{
    (void)context;
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    ExFreePoolWithTag(memory, TAG);
    ExFreePoolWithTag(memory, TAG);
}

static void free_paged_at_dispatch_level(void *context)
{
    (void)context;
    memory = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExFreePoolWithTag(memory, TAG);
}

static PKTIMER timer;

static void free_a_set_timer(void *context)
{
    const LARGE_INTEGER due = { .QuadPart = -10000 };

    (void)context;
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64 + sizeof(KTIMER), TAG);
    timer = (PKTIMER)((char *)memory + 64); /* Not where the block begins. */
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    ExFreePoolWithTag(memory, TAG);
}

static char *inside;

static void free_inside(void *context)
{
    (void)context;
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);
    inside = (char *)memory + 16;
    ExFreePoolWithTag(inside, TAG);
}

static void do_it_right(void *context)
{
    const LARGE_INTEGER due = { .QuadPart = -10000 };
    void *paged = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);

    (void)context;
    timer = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KTIMER), TAG);
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    KeCancelTimer(timer);
    KeRaiseIrql(APC_LEVEL, &old);
    ExFreePoolWithTag(paged, TAG);
    paged = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
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
                  NonPagedPoolNx, 0, "PoolSize");
}

static void paged_memory_at_dispatch_level_is_reported(void **state)
{
    (void)state;
    assert_broken(allocate_paged_at_dispatch_level, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x01,
                  DISPATCH_LEVEL, POOL_FLAG_PAGED, 16, "IrqlExAllocatePool");
    assert_broken(allocate_paged_by_type_at_dispatch_level, 1, DRIVER_VERIFIER_DETECTED_VIOLATION,
                  0x01, DISPATCH_LEVEL, PagedPool, 16, "IrqlExAllocatePool");
}

static void every_form_of_the_allocation_is_looked_at(void **state)
{
    (void)state;
    assert_verifier(allocate_paged_by_the_oldest_routine, 0x01, DISPATCH_LEVEL, PagedPool, 16,
                    "IrqlExAllocatePool");
    assert_verifier(allocate_paged_and_zeroed, 0x01, DISPATCH_LEVEL, DIRQL_ANY, 16,
                    "IrqlExAllocatePool");
    assert_verifier(allocate_paged_and_not_zeroed, 0x01, DISPATCH_LEVEL, DIRQL_ANY, 16,
                    "IrqlExAllocatePool");
}

static void nonpaged_memory_at_dirql_is_reported(void **state)
{
    (void)state;
    assert_broken(allocate_at_dirql, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x02, 5,
                  POOL_FLAG_NON_PAGED, 16, "IrqlExAllocatePool");
}

static void nonpaged_memory_freed_at_dirql_is_reported(void **state)
{
    (void)state;
    assert_verifier(free_at_dirql, 0x12, 5, NonPagedPool, (ULONG_PTR)memory, "IrqlExFree1");
}

static void a_free_inside_a_block_is_reported(void **state)
{
    (void)state;
    assert_verifier(free_inside, 0x10, (ULONG_PTR)inside, 0, 0, "PoolForeign");
    assert_silent(do_it_right, 1, "PoolForeign");
}

static void free_null(void *context)
{
    (void)context;
    ExFreePoolWithTag(NULL, TAG);
}

static void free_null_without_a_tag(void *context)
{
    (void)context;
    ExFreePool(NULL);
}

static void a_free_of_null_is_reported_as_such(void **state)
{
    static const char text[] = "the pointer that is freed is NULL";

    (void)state;
    assert_verifier(free_null, 0x10, 0, 0, 0, "PoolForeign");
    assert_report_has(text);
    assert_verifier(free_null_without_a_tag, 0x10, 0, 0, 0, "PoolForeign");
    assert_report_has(text);
    assert_verifier(free_inside, 0x10, (ULONG_PTR)inside, 0, 0, "PoolForeign");
    assert_null(strstr(rule_result.report, text));
}

static void a_free_of_null_is_c2_46_without_the_checker(void **state)
{
    const dirql_options options = { .name = "retail", .checks = DIRQL_CHECKS_NONE };

    (void)state;
    rule_run_with(&options, free_null);
    assert_int_equal(rule_result.code, BAD_POOL_CALLER);
    assert_int_equal(rule_result.parameters[0], 0x46);
    assert_report_has("the pointer that is freed is NULL");
}

static void a_second_free_is_reported(void **state)
{
    (void)state;
    assert_verifier(free_twice, 0x13, 0, (ULONG_PTR)memory, 0, "PoolFreedTwice");
}

static void paged_memory_freed_at_dispatch_level_is_reported(void **state)
{
    (void)state;
    assert_broken(free_paged_at_dispatch_level, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x11,
                  DISPATCH_LEVEL, PagedPool, (ULONG_PTR)memory, "IrqlExFree1");
}

static void a_set_timer_in_freed_memory_is_reported(void **state)
{
    (void)state;
    assert_verifier(free_a_set_timer, 0x15, (ULONG_PTR)timer, NonPagedPool, (ULONG_PTR)memory,
                    "PoolHoldsTimer");
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
        cmocka_unit_test(every_form_of_the_allocation_is_looked_at),
        cmocka_unit_test(nonpaged_memory_at_dirql_is_reported),
        cmocka_unit_test(nonpaged_memory_freed_at_dirql_is_reported),
        cmocka_unit_test(a_free_inside_a_block_is_reported),
        cmocka_unit_test(a_free_of_null_is_reported_as_such),
        cmocka_unit_test(a_free_of_null_is_c2_46_without_the_checker),
        cmocka_unit_test(a_second_free_is_reported),
        cmocka_unit_test(paged_memory_freed_at_dispatch_level_is_reported),
        cmocka_unit_test(a_set_timer_in_freed_memory_is_reported),
        cmocka_unit_test(what_is_right_is_not_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
