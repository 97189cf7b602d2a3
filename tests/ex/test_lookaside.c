/* Tests of lib/ex/lookaside.c. */
#include "../check/rule.h"

enum { TAG = 0x74736554, ENTRY = 48 };

static NPAGED_LOOKASIDE_LIST nonpaged;
static PAGED_LOOKASIDE_LIST paged;
static LOOKASIDE_LIST_EX either;

static struct {
    unsigned allocations, frees;
    unsigned type;
    SIZE_T bytes;
    ULONG tag;
    PVOID list, entry;
} seen;

static int start(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    ExInitializeNPagedLookasideList(&nonpaged, NULL, NULL, POOL_NX_ALLOCATION, ENTRY, TAG, 0);
    ExInitializePagedLookasideList(&paged, NULL, NULL, 0, ENTRY, TAG, 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    dirql_suppress("LookasideList", NULL, "the test has deleted it already");
    ExDeleteNPagedLookasideList(&nonpaged);
    ExDeletePagedLookasideList(&paged);
    return 0;
}

static void entries_are_pool_blocks_with_the_lists_tag(void **state)
{
    PUCHAR entry = ExAllocateFromNPagedLookasideList(&nonpaged);

    (void)state;
    assert_non_null(entry);
    memset(entry, 1, ENTRY);
    ExFreeToNPagedLookasideList(&nonpaged, entry);
    entry = ExAllocateFromPagedLookasideList(&paged);
    assert_non_null(entry);
    ExFreePoolWithTag(entry, TAG);
    ExDeleteNPagedLookasideList(&nonpaged);
    ExDeletePagedLookasideList(&paged);
}

static void paged_entries_go_back_to_their_list(void **state)
{
    KIRQL old;
    PVOID entry;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    entry = ExAllocateFromPagedLookasideList(&paged);
    assert_non_null(entry);
    ExFreeToPagedLookasideList(&paged, entry);
    KeLowerIrql(old);
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 7, DIRQL_ANY, DIRQL_ANY, (ULONG_PTR)entry);
    ExFreeToPagedLookasideList(&paged, entry);
    fail_msg("it is freed already");
}

static void paged_entries_are_not_freed_at_dispatch_level(void **state)
{
    PVOID entry = ExAllocateFromPagedLookasideList(&paged);
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, DISPATCH_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    ExFreeToPagedLookasideList(&paged, entry);
    fail_msg("its page says APC_LEVEL");
}

static void an_entry_outlives_its_list(void **state)
{
    PVOID entry = ExAllocateFromNPagedLookasideList(&nonpaged);

    (void)state;
    ExDeleteNPagedLookasideList(&nonpaged);
    ExFreePoolWithTag(entry, TAG);
}

static void an_entry_freed_twice_is_bug_check_c2(void **state)
{
    PVOID entry = ExAllocateFromNPagedLookasideList(&nonpaged);

    (void)state;
    ExFreeToNPagedLookasideList(&nonpaged, entry);
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 7, DIRQL_ANY, DIRQL_ANY, (ULONG_PTR)entry);
    ExFreeToNPagedLookasideList(&nonpaged, entry);
    fail_msg("it is freed already");
}

static void a_block_with_another_tag_is_no_entry(void **state)
{
    PVOID other = ExAllocatePool2(POOL_FLAG_NON_PAGED, ENTRY, 0x7268744F);

    (void)state;
    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 0xA, (ULONG_PTR)other, DIRQL_ANY, TAG);
    ExFreeToNPagedLookasideList(&nonpaged, other);
    fail_msg("it is not the list's");
}

static void paged_entries_need_apc_level(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeApcLte1");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAllocateFromPagedLookasideList(&paged);
    fail_msg("the memory may be paged out");
}

static void nonpaged_entries_can_be_had_at_dispatch_level(void **state)
{
    KIRQL old;
    PVOID entry;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    entry = ExAllocateFromNPagedLookasideList(&nonpaged);
    assert_non_null(entry);
    ExFreeToNPagedLookasideList(&nonpaged, entry);
    KeLowerIrql(old);
}

/* ---- The driver's own routines --------------------------------------------------------------- */

static PVOID allocate(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    seen.allocations++;
    seen.type = (unsigned)type;
    seen.bytes = bytes;
    seen.tag = tag;
    return ExAllocatePoolWithTag(type, bytes, tag);
}

static VOID release(PVOID entry)
{
    seen.frees++;
    seen.entry = entry;
    ExFreePool(entry);
}

static void the_drivers_routines_are_called(void **state)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID entry;

    (void)state;
    ExInitializeNPagedLookasideList(&list, allocate, release, POOL_NX_ALLOCATION, ENTRY, TAG, 0);
    entry = ExAllocateFromNPagedLookasideList(&list);
    assert_int_equal(seen.allocations, 1);
    assert_int_equal(seen.type, NonPagedPoolNx);
    assert_int_equal(seen.bytes, ENTRY);
    assert_int_equal(seen.tag, TAG);
    ExFreeToNPagedLookasideList(&list, entry);
    assert_int_equal(seen.frees, 1);
    assert_ptr_equal(seen.entry, entry);
    ExDeleteNPagedLookasideList(&list);
}

static PVOID allocate_ex(POOL_TYPE type, SIZE_T bytes, ULONG tag, PLOOKASIDE_LIST_EX list)
{
    seen.list = list;
    return allocate(type, bytes, tag);
}

static VOID release_ex(PVOID entry, PLOOKASIDE_LIST_EX list)
{
    assert_ptr_equal(list, &either);
    release(entry);
}

static void the_ex_forms_routines_get_the_list(void **state)
{
    PVOID entry;

    (void)state;
    assert_int_equal(ExInitializeLookasideListEx(&either, allocate_ex, release_ex, PagedPool,
                                                 EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL, ENTRY,
                                                 TAG, 0),
                     STATUS_SUCCESS);
    entry = ExAllocateFromLookasideListEx(&either);
    assert_ptr_equal(seen.list, &either);
    assert_int_equal(seen.type, PagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE);
    ExFreeToLookasideListEx(&either, entry);
    assert_int_equal(seen.frees, 1);
    ExFlushLookasideListEx(&either);
    ExDeleteLookasideListEx(&either);
}

static void the_ex_form_refuses_what_is_not_valid(void **state)
{
    (void)state;
    assert_int_equal(
        ExInitializeLookasideListEx(&either, NULL, NULL, NonPagedPoolMustSucceed, 0, ENTRY, TAG, 0),
        STATUS_INVALID_PARAMETER_4);
    assert_int_equal(
        ExInitializeLookasideListEx(&either, NULL, NULL, NonPagedPoolNx, 3, ENTRY, TAG, 0),
        STATUS_INVALID_PARAMETER_5);
    assert_int_equal(ExInitializeLookasideListEx(&either, NULL, NULL, NonPagedPoolNxCacheAligned, 0,
                                                 ENTRY, TAG, 0),
                     STATUS_SUCCESS);
    ExDeleteLookasideListEx(&either);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static void initialising_a_list_in_use_is_reported(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xCA, (ULONG_PTR)&nonpaged,
                               DIRQL_ANY, DIRQL_ANY);
    ExInitializeNPagedLookasideList(&nonpaged, NULL, NULL, 0, ENTRY, TAG, 0);
    fail_msg("it is in use");
}

static void deleting_a_list_twice_is_reported(void **state)
{
    (void)state;
    ExDeletePagedLookasideList(&paged);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xCB, (ULONG_PTR)&paged,
                               DIRQL_ANY, DIRQL_ANY);
    ExDeletePagedLookasideList(&paged);
    fail_msg("it is deleted");
}

static void a_deleted_list_has_no_entries(void **state)
{
    (void)state;
    ExDeleteNPagedLookasideList(&nonpaged);
    dirql_expect_finding("LookasideList");
    (void)ExAllocateFromNPagedLookasideList(&nonpaged);
    fail_msg("it is deleted");
}

static void entries_that_are_too_small_are_reported(void **state)
{
    NPAGED_LOOKASIDE_LIST list;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xCD, (ULONG_PTR)&list, 8,
                               LOOKASIDE_MINIMUM_BLOCK_SIZE);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 8, TAG, 0);
    fail_msg("a link does not fit");
}

static void freed_memory_with_a_list_in_it_is_reported(void **state)
{
    PNPAGED_LOOKASIDE_LIST list = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*list), TAG);

    (void)state;
    ExInitializeNPagedLookasideList(list, NULL, NULL, 0, ENTRY, TAG, 0);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xCC, (ULONG_PTR)list,
                               (ULONG_PTR)list, sizeof(*list));
    ExFreePoolWithTag(list, TAG);
    fail_msg("the list is in use");
}

/* ---- Where lists begin ----------------------------------------------------------------------- */

static DECLSPEC_ALIGN(16) char memory[2 * sizeof(LOOKASIDE_LIST_EX)];
static size_t offset;

static void begin_a_nonpaged_list(void *context)
{
    PNPAGED_LOOKASIDE_LIST list = (PVOID)(memory + offset);

    (void)context;
    ExInitializeNPagedLookasideList(list, NULL, NULL, POOL_NX_ALLOCATION, ENTRY, TAG, 0);
    ExDeleteNPagedLookasideList(list);
}

static void begin_a_paged_list(void *context)
{
    PPAGED_LOOKASIDE_LIST list = (PVOID)(memory + offset);

    (void)context;
    ExInitializePagedLookasideList(list, NULL, NULL, 0, ENTRY, TAG, 0);
    ExDeletePagedLookasideList(list);
}

static void begin_a_list_of_the_ex_form(void *context)
{
    PLOOKASIDE_LIST_EX list = (PVOID)(memory + offset);

    (void)context;
    (void)ExInitializeLookasideListEx(list, NULL, NULL, NonPagedPoolNx, 0, ENTRY, TAG, 0);
    ExDeleteLookasideListEx(list);
}

static void a_list_begins_at_a_multiple_of_16(void **state)
{
    (void)state;
    offset = 8;
    assert_error(begin_a_nonpaged_list, 1, "LookasideAlignment");
    assert_report_has("ExInitializeNPagedLookasideList, at begin_a_nonpaged_list");
    assert_error(begin_a_paged_list, 1, "LookasideAlignment");
    assert_error(begin_a_list_of_the_ex_form, 1, "LookasideAlignment");
    offset = 16;
    assert_silent(begin_a_nonpaged_list, 1, "LookasideAlignment");
    assert_silent(begin_a_paged_list, 1, "LookasideAlignment");
    assert_silent(begin_a_list_of_the_ex_form, 1, "LookasideAlignment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(entries_are_pool_blocks_with_the_lists_tag, start, stop),
        dirql_unit_test_setup_teardown(paged_entries_go_back_to_their_list, start, stop,
                                       .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup_teardown(paged_entries_are_not_freed_at_dispatch_level, start, stop),
        dirql_unit_test_setup_teardown(an_entry_outlives_its_list, start, stop),
        dirql_unit_test_setup_teardown(an_entry_freed_twice_is_bug_check_c2, start, stop,
                                       .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup_teardown(a_block_with_another_tag_is_no_entry, start, stop),
        dirql_unit_test_setup_teardown(paged_entries_need_apc_level, start, stop),
        dirql_unit_test_setup_teardown(nonpaged_entries_can_be_had_at_dispatch_level, start, stop),
        dirql_unit_test_setup_teardown(the_drivers_routines_are_called, start, stop),
        dirql_unit_test_setup_teardown(the_ex_forms_routines_get_the_list, start, stop),
        dirql_unit_test_setup_teardown(the_ex_form_refuses_what_is_not_valid, start, stop),
        dirql_unit_test_setup_teardown(initialising_a_list_in_use_is_reported, start, stop),
        dirql_unit_test_setup_teardown(deleting_a_list_twice_is_reported, start, stop),
        dirql_unit_test_setup_teardown(a_deleted_list_has_no_entries, start, stop),
        dirql_unit_test_setup_teardown(entries_that_are_too_small_are_reported, start, stop),
        dirql_unit_test_setup_teardown(freed_memory_with_a_list_in_it_is_reported, start, stop),
        cmocka_unit_test(a_list_begins_at_a_multiple_of_16),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
