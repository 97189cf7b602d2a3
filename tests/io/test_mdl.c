/*
 * test_mdl.c - allocating and freeing MDLs, chains of a request, and partial MDLs.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>

#include <ntddk.h>

enum { BYTES = 3 * PAGE_SIZE };

static char *memory;
static PMDL source, part;

static int start(void **state)
{
    (void)state;
    dirql_suppress("PoolLeak", NULL, "what is about something else leaves its buffers");
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, 'tseT');
    source = IoAllocateMdl(memory + 16, BYTES - 16, FALSE, FALSE, NULL);
    part = IoAllocateMdl(memory + 16, BYTES - 16, FALSE, FALSE, NULL);
    return 0;
}

static void an_mdl_tells_its_buffer(void **state)
{
    (void)state;
    assert_ptr_equal(MmGetMdlVirtualAddress(source), memory + 16);
    assert_int_equal(MmGetMdlByteCount(source), BYTES - 16);
    assert_int_equal(source->Size, MmSizeOfMdl(memory + 16, BYTES - 16));
    assert_null(source->Next);
    assert_null(IoAllocateMdl(memory, 0xFFFFFFFF, FALSE, FALSE, NULL));
    IoFreeMdl(source);
}

static void buffers_of_a_request_are_chained(void **state)
{
    IRP irp;
    PMDL first, second, third;

    (void)state;
    memset(&irp, 0, sizeof(irp));
    first = IoAllocateMdl(memory, 10, FALSE, FALSE, &irp);
    second = IoAllocateMdl(memory + 10, 10, TRUE, FALSE, &irp);
    third = IoAllocateMdl(memory + 20, 10, TRUE, FALSE, &irp);
    assert_ptr_equal(irp.MdlAddress, first);
    assert_ptr_equal(first->Next, second);
    assert_ptr_equal(second->Next, third);
    assert_null(third->Next);
}

static void a_primary_buffer_takes_the_place_of_the_chain(void **state)
{
    IRP irp;
    PMDL first, second;

    (void)state;
    memset(&irp, 0, sizeof(irp));
    first = IoAllocateMdl(memory, 10, TRUE, FALSE, &irp);
    assert_ptr_equal(irp.MdlAddress, first);
    second = IoAllocateMdl(memory + 10, 10, FALSE, FALSE, &irp);
    assert_ptr_equal(irp.MdlAddress, second);
    assert_null(second->Next);
}

static void without_memory_there_is_none(void **state)
{
    IRP irp;

    (void)state;
    memset(&irp, 0, sizeof(irp));
    dirql_fail_set("pool:1");
    assert_null(IoAllocateMdl(memory, 10, FALSE, FALSE, &irp));
    assert_null(irp.MdlAddress);
}

static void only_a_part_is_prepared_for_reuse(void **state)
{
    (void)state;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    assert_non_null(MmGetSystemAddressForMdlSafe(source, NormalPagePriority));
    MmPrepareMdlForReuse(source);
    assert_true(source->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    MmUnlockPages(source);
    IoFreeMdl(source);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static void a_part_of_nonpaged_memory_shares_its_address(void **state)
{
    (void)state;
    MmBuildMdlForNonPagedPool(source);
    IoBuildPartialMdl(source, part, memory + PAGE_SIZE + 4, 100);
    assert_int_equal(MmGetMdlByteCount(part), 100);
    assert_ptr_equal(MmGetMdlVirtualAddress(part), memory + PAGE_SIZE + 4);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(part, NormalPagePriority),
                     memory + PAGE_SIZE + 4);
    assert_int_equal(MmGetMdlPfnArray(part)[0], MmGetMdlPfnArray(source)[1]);
    MmPrepareMdlForReuse(part);
    IoBuildPartialMdl(source, part, memory + 20, 0);
    assert_int_equal(MmGetMdlByteCount(part), BYTES - 20);
    IoFreeMdl(part);
    IoFreeMdl(source);
}

static void a_part_of_unmapped_pages_is_mapped_for_itself(void **state)
{
    (void)state;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    IoBuildPartialMdl(source, part, memory + 2 * PAGE_SIZE, 10);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(part, NormalPagePriority),
                     memory + 2 * PAGE_SIZE);
    assert_true(part->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED);
    MmPrepareMdlForReuse(part);
    assert_false(part->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED);
    IoBuildPartialMdl(source, part, memory + PAGE_SIZE, 10);
    assert_non_null(MmGetSystemAddressForMdlSafe(part, NormalPagePriority));
    IoFreeMdl(part); /* Releases the mapping. */
    MmUnlockPages(source);
    IoFreeMdl(source);
}

static void a_part_of_mapped_pages_shares_the_mapping(void **state)
{
    char *mapped;

    (void)state;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    mapped = MmGetSystemAddressForMdlSafe(source, NormalPagePriority);
    IoBuildPartialMdl(source, part, memory + 116, 10);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), mapped + 100);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB5, (ULONG_PTR)part, DIRQL_ANY,
                               MDL_PARTIAL);
    MmUnmapLockedPages(mapped + 100, part);
    fail_msg("the mapping is the source's");
}

static void unlocking_a_part_is_c4_b4(void **state)
{
    (void)state;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    IoBuildPartialMdl(source, part, memory + 16, 10);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB4, (ULONG_PTR)part, DIRQL_ANY,
                               MDL_PARTIAL);
    MmUnlockPages(part);
    fail_msg("the lock is the source's");
}

static void a_part_beyond_the_source_is_reported(void **state)
{
    (void)state;
    MmBuildMdlForNonPagedPool(source);
    dirql_expect_finding("MdlPart");
    IoBuildPartialMdl(source, part, memory + BYTES - 4, 5);
    fail_msg("that is beyond the end");
}

static void a_target_that_is_too_small_is_reported(void **state)
{
    PMDL small = IoAllocateMdl(memory, 1, FALSE, FALSE, NULL);

    (void)state;
    MmBuildMdlForNonPagedPool(source);
    dirql_expect_finding("MdlPart");
    IoBuildPartialMdl(source, small, memory + PAGE_SIZE - 1, 2);
    fail_msg("that has room for one page");
}

static void a_part_that_is_mapped_must_be_prepared_for_reuse(void **state)
{
    (void)state;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    IoBuildPartialMdl(source, part, memory + 16, 10);
    (void)MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
    dirql_expect_finding("MdlPart");
    IoBuildPartialMdl(source, part, memory + 16, 20);
    fail_msg("it is mapped");
}

static void a_part_of_pages_that_are_not_locked_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("MdlPages");
    IoBuildPartialMdl(source, part, memory + 16, 10);
    fail_msg("the source describes nothing");
}

/* ---- Freeing --------------------------------------------------------------------------------- */

static void freeing_locked_pages_is_reported(void **state)
{
    (void)state;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    dirql_expect_finding("MdlFree");
    IoFreeMdl(source);
    fail_msg("it is locked");
}

static void freeing_a_mapped_mdl_is_c4_b8(void **state)
{
    (void)state;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    (void)MmGetSystemAddressForMdlSafe(source, NormalPagePriority);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB8, (ULONG_PTR)source,
                               DIRQL_ANY, DIRQL_ANY);
    IoFreeMdl(source);
    fail_msg("it is mapped");
}

static void freeing_twice_is_reported(void **state)
{
    (void)state;
    IoFreeMdl(source);
    dirql_expect_finding("PoolFreedTwice");
    IoFreeMdl(source);
    fail_msg("it was freed before");
}

static void freeing_an_mdl_of_the_drivers_own_is_found(void **state)
{
    char own[sizeof(MDL) + sizeof(PFN_NUMBER)] DECLSPEC_ALIGN(16);
    PMDL mdl = (PMDL)(void *)own;

    (void)state;
    MmInitializeMdl(mdl, memory, 1);
    dirql_expect_finding("PoolForeign");
    IoFreeMdl(mdl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(an_mdl_tells_its_buffer, start),
        dirql_unit_test_setup(buffers_of_a_request_are_chained, start),
        dirql_unit_test_setup(a_primary_buffer_takes_the_place_of_the_chain, start),
        dirql_unit_test_setup(without_memory_there_is_none, start),
        dirql_unit_test_setup(only_a_part_is_prepared_for_reuse, start),
        dirql_unit_test_setup(a_part_of_nonpaged_memory_shares_its_address, start),
        dirql_unit_test_setup(a_part_of_unmapped_pages_is_mapped_for_itself, start),
        dirql_unit_test_setup(a_part_of_mapped_pages_shares_the_mapping, start),
        dirql_unit_test_setup(unlocking_a_part_is_c4_b4, start),
        dirql_unit_test_setup(a_part_beyond_the_source_is_reported, start),
        dirql_unit_test_setup(a_target_that_is_too_small_is_reported, start),
        dirql_unit_test_setup(a_part_that_is_mapped_must_be_prepared_for_reuse, start),
        dirql_unit_test_setup(a_part_of_pages_that_are_not_locked_is_reported, start),
        dirql_unit_test_setup(freeing_locked_pages_is_reported, start),
        dirql_unit_test_setup(freeing_a_mapped_mdl_is_c4_b8, start),
        dirql_unit_test_setup(freeing_twice_is_reported, start),
        dirql_unit_test_setup(freeing_an_mdl_of_the_drivers_own_is_found, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
