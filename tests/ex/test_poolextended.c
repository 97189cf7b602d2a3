/* Tests of lib/ex/poolextended.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <ntddk.h>

enum { TAG = 0x74736554, BYTES = 64 };

static const unsigned char zeros[BYTES];

static void give_back(void *memory)
{
    assert_non_null(memory);
    ExFreePoolWithTag(memory, TAG);
}

/* ---- ExAllocatePool3 ------------------------------------------------------------------------- */

static void *allocate_with(POOL_FLAGS flags, POOL_EXTENDED_PARAMETER parameter)
{
    return ExAllocatePool3(flags, BYTES, TAG, &parameter, 1);
}

static void without_parameters_it_is_as_pool2(void **state)
{
    void *memory = ExAllocatePool3(POOL_FLAG_NON_PAGED, BYTES, TAG, NULL, 0);

    (void)state;
    assert_non_null(memory);
    assert_memory_equal(memory, zeros, BYTES);
    give_back(memory);
}

static void a_priority_is_heeded(void **state)
{
    (void)state;
    give_back(allocate_with(POOL_FLAG_PAGED,
                            (POOL_EXTENDED_PARAMETER){ .Type = PoolExtendedParameterPriority,
                                                       .Priority = HighPoolPriority }));
}

static void a_priority_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    assert_null(allocate_with(POOL_FLAG_PAGED,
                              (POOL_EXTENDED_PARAMETER){ .Type = PoolExtendedParameterPriority,
                                                         .Priority = (EX_POOL_PRIORITY)17 }));
}

static void the_machines_node_has_nonpaged_memory(void **state)
{
    POOL_EXTENDED_PARAMETER node = { .Type = PoolExtendedParameterNumaNode, .PreferredNode = 0 };

    (void)state;
    give_back(allocate_with(POOL_FLAG_NON_PAGED, node));
    assert_null(allocate_with(POOL_FLAG_PAGED, node));
}

static void another_node_is_refused_unless_any_will_do(void **state)
{
    POOL_EXTENDED_PARAMETER node = { .Type = PoolExtendedParameterNumaNode, .PreferredNode = 1 };

    (void)state;
    assert_null(allocate_with(POOL_FLAG_NON_PAGED, node));
    node.PreferredNode |= MM_ANY_NODE_OK;
    give_back(allocate_with(POOL_FLAG_NON_PAGED, node));
}

static void a_secure_pool_is_refused_unless_it_is_optional(void **state)
{
    POOL_EXTENDED_PARAMETER secure = { .Type = PoolExtendedParameterSecurePool };

    (void)state;
    assert_null(allocate_with(POOL_FLAG_NON_PAGED, secure));
    secure.Optional = 1;
    give_back(allocate_with(POOL_FLAG_NON_PAGED, secure));
}

static void parameters_that_are_missing_or_unknown_are_refused(void **state)
{
    (void)state;
    assert_null(ExAllocatePool3(POOL_FLAG_NON_PAGED, BYTES, TAG, NULL, 1));
    assert_null(allocate_with(POOL_FLAG_NON_PAGED, (POOL_EXTENDED_PARAMETER){ .Type = 0 }));
    assert_null(allocate_with(POOL_FLAG_NON_PAGED,
                              (POOL_EXTENDED_PARAMETER){ .Type = PoolExtendedParameterMax }));
    give_back(allocate_with(
        POOL_FLAG_NON_PAGED,
        (POOL_EXTENDED_PARAMETER){ .Type = PoolExtendedParameterMax, .Optional = 1 }));
}

static void flags_are_those_of_pool2(void **state)
{
    (void)state;
    assert_null(ExAllocatePool3(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, BYTES, TAG, NULL, 0));
    assert_null(ExAllocatePool3(POOL_FLAG_NON_PAGED, BYTES, 0, NULL, 0));
}

static void what_raises_is_bug_check_1e(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_INVALID_PARAMETER,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    (void)allocate_with(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE,
                        (POOL_EXTENDED_PARAMETER){ .Type = PoolExtendedParameterSecurePool });
}

static void it_fails_on_demand(void **state)
{
    (void)state;
    dirql_fail_set("pool:1");
    assert_null(ExAllocatePool3(POOL_FLAG_NON_PAGED, BYTES, TAG, NULL, 0));
}

static void paged_memory_at_dispatch_level_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("IrqlExAllocatePool");
    (void)!ExAllocatePool3(POOL_FLAG_PAGED, BYTES, TAG, NULL, 0);
}

static void no_bytes_are_reported(void **state)
{
    (void)state;
    dirql_expect_finding("PoolSize");
    (void)!ExAllocatePool3(POOL_FLAG_PAGED, 0, TAG, NULL, 0);
}

/* ---- Priorities and quotas ------------------------------------------------------------------- */

static void priorities_and_quotas_give_memory(void **state)
{
    void *zeroed;

    (void)state;
    give_back(ExAllocatePoolWithTagPriority(NonPagedPoolNx, BYTES, TAG, LowPoolPriority));
    give_back(ExAllocatePoolPriorityUninitialized(PagedPool, BYTES, TAG, NormalPoolPriority));
    give_back(ExAllocatePoolWithQuotaTag(PagedPool, BYTES, TAG));
    give_back(ExAllocatePoolQuotaUninitialized(NonPagedPoolNx, BYTES, TAG));
    ExFreePool(ExAllocatePoolWithQuota(PagedPool, BYTES));
    zeroed = ExAllocatePoolPriorityZero(NonPagedPoolNx, BYTES, TAG, HighPoolPriority);
    assert_memory_equal(zeroed, zeros, BYTES);
    give_back(zeroed);
    zeroed = ExAllocatePoolQuotaZero(NonPagedPoolNx, BYTES, TAG);
    assert_memory_equal(zeroed, zeros, BYTES);
    give_back(zeroed);
}

static void a_priority_without_memory_is_null(void **state)
{
    (void)state;
    dirql_fail_set("pool:1");
    assert_null(ExAllocatePoolWithTagPriority(PagedPool, BYTES, TAG, LowPoolPriority));
}

static void a_quota_without_memory_raises(void **state)
{
    (void)state;
    dirql_fail_set("pool:1");
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_INSUFFICIENT_RESOURCES,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    (void)ExAllocatePoolWithQuotaTag(PagedPool, BYTES, TAG);
}

static void a_type_that_raises_does(void **state)
{
    const ULONG type = (ULONG)NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE;

    (void)state;
    give_back(ExAllocatePoolWithTag((POOL_TYPE)type, BYTES, TAG));
    dirql_fail_set("pool:1");
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_INSUFFICIENT_RESOURCES,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    (void)ExAllocatePoolWithTag((POOL_TYPE)type, BYTES, TAG);
}

static void a_type_that_is_cold_is_memory(void **state)
{
    const ULONG type = (ULONG)PagedPool | POOL_COLD_ALLOCATION;

    (void)state;
    give_back(ExAllocatePoolWithTag((POOL_TYPE)type, BYTES, TAG));
    give_back(ExAllocatePoolZero((POOL_TYPE)type, BYTES, TAG));
}

static void a_quota_that_fails_instead_is_null(void **state)
{
    const ULONG type = (ULONG)PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;

    (void)state;
    dirql_fail_set("pool:1");
    assert_null(ExAllocatePoolWithQuotaTag((POOL_TYPE)type, BYTES, TAG));
}

static void the_drivers_runtime_is_initialised(void **state)
{
    (void)state;
    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(without_parameters_it_is_as_pool2),
        dirql_unit_test(a_priority_is_heeded),
        dirql_unit_test(a_priority_that_nobody_knows_is_refused),
        dirql_unit_test(the_machines_node_has_nonpaged_memory),
        dirql_unit_test(another_node_is_refused_unless_any_will_do),
        dirql_unit_test(a_secure_pool_is_refused_unless_it_is_optional),
        dirql_unit_test(parameters_that_are_missing_or_unknown_are_refused),
        dirql_unit_test(flags_are_those_of_pool2),
        dirql_unit_test(what_raises_is_bug_check_1e),
        dirql_unit_test(it_fails_on_demand),
        dirql_unit_test(paged_memory_at_dispatch_level_is_reported),
        dirql_unit_test(no_bytes_are_reported),
        dirql_unit_test(priorities_and_quotas_give_memory),
        dirql_unit_test(a_priority_without_memory_is_null),
        dirql_unit_test(a_quota_without_memory_raises),
        dirql_unit_test(a_type_that_raises_does),
        dirql_unit_test(a_type_that_is_cold_is_memory),
        dirql_unit_test(a_quota_that_fails_instead_is_null),
        dirql_unit_test(the_drivers_runtime_is_initialised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
