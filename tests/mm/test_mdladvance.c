/* Tests of lib/mm/mdladvance.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

enum { TAG = 0x74736554, BYTES = 3 * PAGE_SIZE };

static char *buffer;
static PMDL mdl;

/* Of three pages, from byte 100 on. */
static void describe(void)
{
    buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG);
    mdl = IoAllocateMdl(buffer + 100, BYTES - 100, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
}

static void give_back(void)
{
    IoFreeMdl(mdl);
    ExFreePoolWithTag(buffer, TAG);
}

static void the_beginning_moves_on_and_the_end_stays(void **state)
{
    PFN_NUMBER second;

    (void)state;
    describe();
    second = MmGetMdlPfnArray(mdl)[1];
    assert_int_equal(MmAdvanceMdl(mdl, 50), STATUS_SUCCESS);
    assert_ptr_equal(MmGetMdlVirtualAddress(mdl), buffer + 150);
    assert_int_equal(MmGetMdlByteCount(mdl), BYTES - 150);
    assert_int_equal(MmAdvanceMdl(mdl, PAGE_SIZE), STATUS_SUCCESS);
    assert_ptr_equal(MmGetMdlVirtualAddress(mdl), buffer + 150 + PAGE_SIZE);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority),
                     buffer + 150 + PAGE_SIZE);
    assert_int_equal(MmGetMdlByteOffset(mdl), 150);
    assert_true(MmGetMdlPfnArray(mdl)[0] == second);
    give_back();
}

static void past_the_end_is_refused(void **state)
{
    (void)state;
    describe();
    assert_int_equal(MmAdvanceMdl(mdl, BYTES - 99), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(MmGetMdlByteCount(mdl), BYTES - 100);
    assert_int_equal(MmAdvanceMdl(mdl, BYTES - 100), STATUS_SUCCESS);
    assert_int_equal(MmGetMdlByteCount(mdl), 0);
    give_back();
}

static void an_mdl_without_pages_is_reported(void **state)
{
    (void)state;
    mdl = IoAllocateMdl(state, 8, FALSE, FALSE, NULL);
    dirql_expect_finding("MdlPages");
    (void)MmAdvanceMdl(mdl, 1);
}

/* ---- Protection ------------------------------------------------------------------------------ */

static void map_a_locked_buffer(void)
{
    buffer = ExAllocatePool2(POOL_FLAG_PAGED, BYTES, TAG);
    mdl = IoAllocateMdl(buffer, BYTES, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
}

static void only_a_mapping_is_protected(void **state)
{
    (void)state;
    map_a_locked_buffer();
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_NOT_MAPPED_VIEW);
    assert_non_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_SUCCESS);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READWRITE), STATUS_SUCCESS);
    MmUnlockPages(mdl);
    give_back();
}

static void a_protection_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    map_a_locked_buffer();
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_GUARD), STATUS_INVALID_PAGE_PROTECTION);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, 0), STATUS_INVALID_PAGE_PROTECTION);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READONLY | PAGE_READWRITE),
                     STATUS_INVALID_PAGE_PROTECTION);
    MmUnlockPages(mdl);
    give_back();
}

static void a_mapped_mdl_that_was_advanced_is_unmapped(void **state)
{
    char *address;

    (void)state;
    map_a_locked_buffer();
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_int_equal(MmAdvanceMdl(mdl, PAGE_SIZE + 1), STATUS_SUCCESS);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority),
                     address + PAGE_SIZE + 1);
    MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    MmUnlockPages(mdl);
    give_back();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_beginning_moves_on_and_the_end_stays),
        dirql_unit_test(past_the_end_is_refused),
        dirql_unit_test(an_mdl_without_pages_is_reported),
        dirql_unit_test(only_a_mapping_is_protected),
        dirql_unit_test(a_protection_that_nobody_knows_is_refused),
        dirql_unit_test(a_mapped_mdl_that_was_advanced_is_unmapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
