/* Tests of lib/ex/pool.c. */
#include <stdint.h>
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

#include "ex/pool.h"
#include "ke/ki.h"
#include "../watched.h"

enum { TAG = 0x74736554, OTHER_TAG = 0x7268744F }; /* "Test" and "Othr". */

static void *get(size_t bytes)
{
    void *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG);

    assert_non_null(memory);
    return memory;
}

static bool is_zero(const unsigned char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (memory[i] != 0) {
            return false;
        }
    }
    return true;
}

static void memory_is_zeroed_unless_asked_otherwise(void **state)
{
    unsigned char *memory = get(100);

    (void)state;
    assert_true(is_zero(memory, 100));
    ExFreePoolWithTag(memory, TAG);
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 100, TAG);
    assert_false(is_zero(memory, 100));
    ExFreePool(memory);
    memory = ExAllocatePoolZero(NonPagedPoolNx, 100, TAG);
    assert_true(is_zero(memory, 100));
    ExFreePool(memory);
    memory = ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG);
    assert_false(is_zero(memory, 100));
    ExFreePool(memory);
}

static void a_block_of_a_page_begins_on_a_page(void **state)
{
    void *page = get(PAGE_SIZE);
    void *small = get(24);

    (void)state;
    assert_int_equal((uintptr_t)page % PAGE_SIZE, 0);
    assert_int_equal((uintptr_t)small % MEMORY_ALLOCATION_ALIGNMENT, 0);
    ExFreePoolWithTag(page, TAG);
    ExFreePoolWithTag(small, TAG);
}

static void assert_begins_on_a_line(void *memory)
{
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % SYSTEM_CACHE_ALIGNMENT_SIZE, 0);
    ExFreePoolWithTag(memory, TAG);
}

static void a_block_begins_on_a_cache_line_if_asked(void **state)
{
    const POOL_FLAGS flags = POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED;

    (void)state;
    for (size_t bytes = 1; bytes < 300; bytes += 23) {
        assert_begins_on_a_line(ExAllocatePool2(flags, bytes, TAG));
    }
    assert_begins_on_a_line(ExAllocatePool3(flags, 24, TAG, NULL, 0));
    assert_begins_on_a_line(ExAllocatePoolZero(NonPagedPoolNxCacheAligned, 24, TAG));
    assert_begins_on_a_line(ExAllocatePoolZero(PagedPoolCacheAligned, 24, TAG));
}

static void bad_arguments_give_no_memory(void **state)
{
    (void)state;
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0));
    assert_null(ExAllocatePool2(0, 16, TAG));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, TAG));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RESERVED2, 16, TAG));
}

static void unknown_optional_flags_are_ignored(void **state)
{
    void *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_OPTIONAL_START, 16, TAG);

    (void)state;
    assert_non_null(memory);
    ExFreePool(memory);
}

static void bad_arguments_raise_if_asked(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_INVALID_PARAMETER,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 16, 0);
}

static void a_smaller_block_lies_within_a_page(void **state)
{
    enum { STEP = 37, BLOCKS = PAGE_SIZE / STEP };
    char *blocks[BLOCKS];

    (void)state;
    skip_where_memory_is_watched();
    for (unsigned i = 0; i < BLOCKS; i++) {
        const size_t bytes = PAGE_SIZE - 1 - i * STEP;

        blocks[i] = get(bytes);
        assert_ptr_equal(PAGE_ALIGN(blocks[i]), PAGE_ALIGN(blocks[i] + bytes - 1));
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        ExFreePoolWithTag(blocks[i], TAG);
    }
}

static void nonpaged_memory_can_be_had_at_dispatch_level(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExFreePoolWithTag(get(16), TAG);
    KeLowerIrql(old);
}

static void count_block(void *context, const dq_pool_block *block)
{
    size_t *bytes = context;

    *bytes += block->bytes;
    assert_int_equal(block->tag, TAG);
}

static void the_blocks_of_the_machine_are_known(void **state)
{
    size_t bytes = 0;
    void *first = get(10);
    void *second = get(5000);

    (void)state;
    dq_pool_for_each(dq_self->machine, count_block, &bytes);
    assert_int_equal(bytes, 5010);
    ExFreePoolWithTag(first, TAG);
    bytes = 0;
    dq_pool_for_each(dq_self->machine, count_block, &bytes);
    assert_int_equal(bytes, 5000);
    ExFreePoolWithTag(second, TAG);
}

static void many_blocks_come_and_go(void **state)
{
    void *blocks[64] = { NULL };

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        void **block = &blocks[(i * 7) % 64];

        if (*block != NULL) {
            ExFreePoolWithTag(*block, TAG);
        }
        *block = get(16 + i % 100);
    }
    for (unsigned i = 0; i < 64; i++) {
        ExFreePoolWithTag(blocks[i], TAG);
    }
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static void free_twice(void)
{
    void *memory = get(16);

    ExFreePoolWithTag(memory, TAG);
    ExFreePoolWithTag(memory, TAG);
}

static void a_second_free_is_bug_check_c2_7_without_the_checker(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 7, DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    free_twice();
}

static void a_foreign_pointer_is_bug_check_c2_46(void **state)
{
    int variable;

    (void)state;
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 0x46, (ULONG_PTR)&variable, 0, 0);
    ExFreePool(&variable);
}

static void another_tag_is_bug_check_c2_a(void **state)
{
    void *memory = get(16);

    (void)state;
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 0xA, (ULONG_PTR)memory, TAG, OTHER_TAG);
    ExFreePoolWithTag(memory, OTHER_TAG);
}

static void paged_memory_at_dispatch_level_is_bug_check_c2_8(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 8, DISPATCH_LEVEL, DIRQL_ANY, 16);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
}

static void nonpaged_memory_above_dispatch_level_is_bug_check_c2_8(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 8, 5, DIRQL_ANY, 16);
    KeRaiseIrql(5, &old);
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
}

static void paged_memory_freed_at_dispatch_level_is_bug_check_c2_9(void **state)
{
    void *memory = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 9, DISPATCH_LEVEL, DIRQL_ANY, (ULONG_PTR)memory);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExFreePool(memory);
}

static void a_set_timer_in_freed_memory_is_found(void **state)
{
    const LARGE_INTEGER due = { .QuadPart = -10000 };
    PKTIMER timer = get(sizeof(KTIMER));

    (void)state;
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 0, (ULONG_PTR)timer, DIRQL_ANY, DIRQL_ANY);
    ExFreePool(timer);
}

static void an_expired_timer_in_freed_memory_is_fine(void **state)
{
    const LARGE_INTEGER due = { .QuadPart = -10000 };
    PKTIMER timer = get(sizeof(KTIMER));

    (void)state;
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    dirql_time_advance_ms(2);
    ExFreePool(timer);
}

static VOID nothing(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
}

static void a_queued_dpc_in_freed_memory_is_bug_check_c7_1(void **state)
{
    PKDPC dpc = get(sizeof(KDPC));
    KIRQL old;

    (void)state;
    KeInitializeDpc(dpc, nothing, NULL);
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 1, (ULONG_PTR)dpc, DIRQL_ANY, DIRQL_ANY);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(dpc, NULL, NULL);
    ExFreePool(dpc);
}

#define RETAIL(test) dirql_unit_test(test, .checks = DIRQL_CHECKS_NONE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(memory_is_zeroed_unless_asked_otherwise),
        dirql_unit_test(a_block_of_a_page_begins_on_a_page),
        dirql_unit_test(a_smaller_block_lies_within_a_page),
        dirql_unit_test(a_block_begins_on_a_cache_line_if_asked),
        dirql_explore_test(a_block_begins_on_a_cache_line_if_asked, 0),
        dirql_unit_test(bad_arguments_give_no_memory),
        dirql_unit_test(unknown_optional_flags_are_ignored),
        dirql_unit_test(bad_arguments_raise_if_asked),
        dirql_unit_test(nonpaged_memory_can_be_had_at_dispatch_level),
        dirql_unit_test(the_blocks_of_the_machine_are_known),
        dirql_unit_test(many_blocks_come_and_go),
        RETAIL(a_second_free_is_bug_check_c2_7_without_the_checker),
        RETAIL(a_foreign_pointer_is_bug_check_c2_46),
        RETAIL(another_tag_is_bug_check_c2_a),
        RETAIL(paged_memory_at_dispatch_level_is_bug_check_c2_8),
        RETAIL(nonpaged_memory_above_dispatch_level_is_bug_check_c2_8),
        RETAIL(paged_memory_freed_at_dispatch_level_is_bug_check_c2_9),
        RETAIL(a_set_timer_in_freed_memory_is_found),
        dirql_unit_test(an_expired_timer_in_freed_memory_is_fine),
        RETAIL(a_queued_dpc_in_freed_memory_is_bug_check_c7_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
