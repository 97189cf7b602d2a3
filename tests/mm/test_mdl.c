/*
 * test_mdl.c - describing buffers, and locking their pages.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

enum { BYTES = 2 * PAGE_SIZE };

static char *nonpaged(void)
{
    char *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, 'tseT');

    assert_non_null(memory);
    return memory;
}

static char *paged(void)
{
    char *memory = ExAllocatePool2(POOL_FLAG_PAGED, BYTES, 'tseT');

    assert_non_null(memory);
    return memory;
}

static PMDL mdl_of(PVOID memory, ULONG bytes)
{
    PMDL mdl = IoAllocateMdl(memory, bytes, FALSE, FALSE, NULL);

    assert_non_null(mdl);
    dirql_suppress("PoolLeak", NULL, "what is about something else leaves its buffers");
    return mdl;
}

static void the_size_is_that_of_all_pages(void **state)
{
    (void)state;
    assert_int_equal(MmSizeOfMdl(NULL, 1), sizeof(MDL) + 8);
    assert_int_equal(MmSizeOfMdl(NULL, PAGE_SIZE), sizeof(MDL) + 8);
    assert_int_equal(MmSizeOfMdl((PVOID)0x10FFF, 2), sizeof(MDL) + 16);
    assert_int_equal(MmSizeOfMdl((PVOID)0x10001, PAGE_SIZE), sizeof(MDL) + 16);
}

static void macros_tell_what_is_described(void **state)
{
    char memory[sizeof(MDL) + 3 * sizeof(PFN_NUMBER)] DECLSPEC_ALIGN(16);
    PMDL mdl = (PMDL)(void *)memory;
    char *buffer = (char *)0x12345FFE;

    (void)state;
    MmInitializeMdl(mdl, buffer, PAGE_SIZE + 4);
    assert_int_equal(mdl->Size, sizeof(memory));
    assert_int_equal(mdl->MdlFlags, 0);
    assert_ptr_equal(MmGetMdlBaseVa(mdl), 0x12345000);
    assert_ptr_equal(MmGetMdlVirtualAddress(mdl), buffer);
    assert_int_equal(MmGetMdlByteCount(mdl), PAGE_SIZE + 4);
    assert_int_equal(MmGetMdlByteOffset(mdl), 0xFFE);
    assert_ptr_equal(MmGetMdlPfnArray(mdl), mdl + 1);
    assert_int_equal(ADDRESS_AND_SIZE_TO_SPAN_PAGES(buffer, PAGE_SIZE + 4), 3);
}

static void nonpaged_memory_is_described_with_its_address(void **state)
{
    char *memory = nonpaged();
    PMDL mdl = mdl_of(memory + 20, PAGE_SIZE);

    (void)state;
    MmBuildMdlForNonPagedPool(mdl);
    assert_int_equal(mdl->MdlFlags, MDL_SOURCE_IS_NONPAGED_POOL);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), memory + 20);
    for (unsigned i = 0; i < 2; i++) {
        const PHYSICAL_ADDRESS physical = MmGetPhysicalAddress(memory + i * PAGE_SIZE);

        assert_int_equal(MmGetMdlPfnArray(mdl)[i], physical.QuadPart >> PAGE_SHIFT);
    }
    IoFreeMdl(mdl);
    ExFreePool(memory);
}

static void locking_and_unlocking_is_kept_in_the_flags(void **state)
{
    char *memory = paged();
    PMDL mdl = mdl_of(memory, BYTES);

    (void)state;
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    assert_int_equal(mdl->MdlFlags, MDL_PAGES_LOCKED);
    assert_int_equal(MmGetMdlPfnArray(mdl)[1],
                     MmGetPhysicalAddress(memory + PAGE_SIZE).QuadPart >> PAGE_SHIFT);
    MmUnlockPages(mdl);
    assert_int_equal(mdl->MdlFlags, 0);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    assert_int_equal(mdl->MdlFlags, MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    ExFreePool(memory);
}

static void two_mdls_can_lock_the_same_pages(void **state)
{
    char *memory = paged();
    PMDL first = mdl_of(memory, BYTES), second = mdl_of(memory, BYTES);

    (void)state;
    MmProbeAndLockPages(first, KernelMode, IoWriteAccess);
    MmProbeAndLockPages(second, KernelMode, IoWriteAccess);
    assert_int_equal(MmGetMdlPfnArray(first)[0], MmGetMdlPfnArray(second)[0]);
    MmUnlockPages(first);
    MmUnlockPages(second);
    IoFreeMdl(first);
    IoFreeMdl(second);
    ExFreePool(memory);
}

static void nonpageable_memory_can_be_locked_at_dispatch_level(void **state)
{
    char *memory = nonpaged();
    PMDL mdl = mdl_of(memory, BYTES);
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    MmUnlockPages(mdl);
    KeLowerIrql(old);
    IoFreeMdl(mdl);
    ExFreePool(memory);
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static void locking_twice_is_c4_b0(void **state)
{
    PMDL mdl = mdl_of(paged(), BYTES);

    (void)state;
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB0, (ULONG_PTR)mdl,
                               MDL_PAGES_LOCKED, MDL_PAGES_LOCKED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    fail_msg("it is locked already");
}

static void locking_nonpaged_pages_is_c4_b0(void **state)
{
    PMDL mdl = mdl_of(nonpaged(), BYTES);

    (void)state;
    MmBuildMdlForNonPagedPool(mdl);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB0, (ULONG_PTR)mdl, DIRQL_ANY,
                               MDL_SOURCE_IS_NONPAGED_POOL);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    fail_msg("it needs no lock");
}

static void unlocking_what_is_not_locked_is_c4_7c(void **state)
{
    PMDL mdl = mdl_of(paged(), BYTES);

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x7C, (ULONG_PTR)mdl, 0,
                               DIRQL_ANY);
    MmUnlockPages(mdl);
    fail_msg("it is not locked");
}

static void unlocking_nonpaged_pages_is_c4_7d(void **state)
{
    PMDL mdl = mdl_of(nonpaged(), BYTES);

    (void)state;
    MmBuildMdlForNonPagedPool(mdl);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x7D, (ULONG_PTR)mdl, DIRQL_ANY,
                               DIRQL_ANY);
    MmUnlockPages(mdl);
    fail_msg("it is never locked");
}

static void building_from_paged_pool_is_c4_7f(void **state)
{
    PMDL mdl = mdl_of(paged(), BYTES);

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x7F, (ULONG_PTR)mdl, DIRQL_ANY,
                               DIRQL_ANY);
    MmBuildMdlForNonPagedPool(mdl);
    fail_msg("that is paged");
}

static void building_twice_is_reported(void **state)
{
    PMDL mdl = mdl_of(nonpaged(), BYTES);

    (void)state;
    MmBuildMdlForNonPagedPool(mdl);
    dirql_expect_finding("MdlPages");
    MmBuildMdlForNonPagedPool(mdl);
    fail_msg("it describes pages already");
}

static void building_from_a_stack_is_reported(void **state)
{
    char local[64];
    PMDL mdl = mdl_of(local, sizeof(local));

    (void)state;
    dirql_expect_finding("MdlPages");
    MmBuildMdlForNonPagedPool(mdl);
    fail_msg("pages of a stack may be traded");
}

static NTSTATUS lock(PMDL mdl, LOCK_OPERATION operation)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(mdl, KernelMode, operation);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    return status;
}

static void a_stack_can_be_locked(void **state)
{
    volatile char local[64] = { 5 };
    PMDL mdl = mdl_of((PVOID)(ULONG_PTR)local, sizeof(local));

    (void)state;
    assert_int_equal(lock(mdl, IoWriteAccess), STATUS_SUCCESS);
    assert_int_equal(local[0], 5);
    IoFreeMdl(mdl);
}

static void what_cannot_be_written_is_locked_for_reading_only(void **state)
{
    static const char constant[64] = "constant";
    PMDL mdl = mdl_of((PVOID)(ULONG_PTR)constant, sizeof(constant));

    (void)state;
    assert_int_equal(lock(mdl, IoReadAccess), STATUS_SUCCESS);
    assert_int_equal(lock(mdl, IoWriteAccess), STATUS_ACCESS_VIOLATION);
    assert_int_equal(lock(mdl, IoModifyAccess), STATUS_ACCESS_VIOLATION);
    assert_int_equal(mdl->MdlFlags & MDL_PAGES_LOCKED, 0);
    IoFreeMdl(mdl);
}

static void locking_where_nothing_is_raises_access_violation(void **state)
{
    PMDL mdl = mdl_of((PVOID)0x1000, BYTES);

    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_ACCESS_VIOLATION,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
}

static void locking_pageable_memory_at_dispatch_level_is_reported(void **state)
{
    PVOID memory = paged();
    PMDL mdl = mdl_of(memory, BYTES);
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)memory, DISPATCH_LEVEL, 0,
                               DIRQL_ANY);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    fail_msg("the IRQL is too high");
}

static void locking_above_dispatch_level_is_c4_70(void **state)
{
    PMDL mdl = mdl_of(nonpaged(), BYTES);
    KIRQL old;

    (void)state;
    KeRaiseIrql(5, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x70, 5, DIRQL_ANY, DIRQL_ANY);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    fail_msg("the IRQL is too high");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_size_is_that_of_all_pages),
        dirql_unit_test(macros_tell_what_is_described),
        dirql_unit_test(nonpaged_memory_is_described_with_its_address),
        dirql_unit_test(locking_and_unlocking_is_kept_in_the_flags),
        dirql_unit_test(two_mdls_can_lock_the_same_pages),
        dirql_unit_test(nonpageable_memory_can_be_locked_at_dispatch_level),
        dirql_unit_test(locking_twice_is_c4_b0),
        dirql_unit_test(locking_nonpaged_pages_is_c4_b0),
        dirql_unit_test(unlocking_what_is_not_locked_is_c4_7c),
        dirql_unit_test(unlocking_nonpaged_pages_is_c4_7d),
        dirql_unit_test(building_from_paged_pool_is_c4_7f),
        dirql_unit_test(building_twice_is_reported),
        dirql_unit_test(building_from_a_stack_is_reported),
        dirql_unit_test(a_stack_can_be_locked),
        dirql_unit_test(what_cannot_be_written_is_locked_for_reading_only),
        dirql_unit_test(locking_where_nothing_is_raises_access_violation),
        dirql_unit_test(locking_pageable_memory_at_dispatch_level_is_reported),
        dirql_unit_test(locking_above_dispatch_level_is_c4_70),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
