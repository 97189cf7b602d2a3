/*
 * test_mdlmap.c - system addresses of locked pages.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>

#include <ntddk.h>

enum { BYTES = 2 * PAGE_SIZE };

static char *memory;
static PMDL mdl;

static int start(void **state)
{
    (void)state;
    dirql_suppress("PoolLeak", NULL, "what is about something else leaves its buffers");
    memory = ExAllocatePool2(POOL_FLAG_PAGED, BYTES, 'tseT');
    mdl = IoAllocateMdl(memory + 8, PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    return 0;
}

/* Unmaps, too. */
static int stop(void **state)
{
    (void)state;
    dirql_suppress("MdlLock", NULL, "the test has unlocked it already");
    if (mdl != NULL) {
        MmUnlockPages(mdl);
    }
    return 0;
}

static PVOID map(KPROCESSOR_MODE mode)
{
    return MmMapLockedPagesSpecifyCache(mdl, mode, MmCached, NULL, FALSE, NormalPagePriority);
}

static void locked_pages_get_one_system_address(void **state)
{
    char *address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);

    (void)state;
    address[0] = 42;
    assert_int_equal(memory[8], 42);
    assert_true(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), address);
    MmUnmapLockedPages(address, mdl);
    assert_false(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    mdl = NULL;
}

static void a_mapping_can_be_made_to_fail(void **state)
{
    (void)state;
    dirql_fail_set("map:1");
    assert_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    assert_non_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
}

static void one_that_may_not_fail_is_bug_check_3f(void **state)
{
    (void)state;
    dirql_suppress("MdlMap", NULL, "the driver wishes for a bug check");
    dirql_fail_set("map:1");
    dirql_expect_bugcheck_with(NO_MORE_SYSTEM_PTES, 0, 2, DIRQL_ANY, DIRQL_ANY);
    (void)MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, TRUE, NormalPagePriority);
    fail_msg("there are no resources");
}

static void neither_may_the_obsolete_form(void **state)
{
    (void)state;
    dirql_suppress("MdlMap", NULL, "it is obsolete");
    dirql_fail_set("map:1");
    dirql_expect_bugcheck(NO_MORE_SYSTEM_PTES);
    (void)MmGetSystemAddressForMdl(mdl);
    fail_msg("there are no resources");
}

static void unless_the_mdl_says_that_it_can(void **state)
{
    (void)state;
    mdl->MdlFlags |= MDL_MAPPING_CAN_FAIL;
    dirql_suppress("MdlMap", NULL, "it is obsolete");
    dirql_fail_set("map:1");
    assert_null(MmMapLockedPages(mdl, KernelMode));
}

static void for_user_mode_it_raises(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    dirql_fail_set("map:1");
    __try {
        (void)map(UserMode);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
}

static void the_obsolete_macro_gives_the_address_that_there_is(void **state)
{
    PVOID address = map(KernelMode);

    (void)state;
    assert_ptr_equal(MmGetSystemAddressForMdl(mdl), address);
}

static void nonpaged_memory_can_be_mapped_for_user_mode(void **state)
{
    char *nonpaged = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, 'tseT');
    PMDL of = IoAllocateMdl(nonpaged, PAGE_SIZE, FALSE, FALSE, NULL);
    PVOID address;

    (void)state;
    MmBuildMdlForNonPagedPool(of);
    address = MmMapLockedPagesSpecifyCache(of, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    assert_non_null(address);
    MmUnmapLockedPages(address, of);
    IoFreeMdl(of);
    ExFreePool(nonpaged);
}

static void unlocking_releases_the_mapping(void **state)
{
    (void)state;
    assert_non_null(map(KernelMode));
    MmUnlockPages(mdl);
    assert_int_equal(mdl->MdlFlags, 0);
    IoFreeMdl(mdl);
    mdl = NULL;
}

static void user_mode_mappings_are_counted_apart(void **state)
{
    PVOID first = map(UserMode), second = map(UserMode);

    (void)state;
    assert_non_null(first);
    assert_int_equal(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, 0);
    MmUnmapLockedPages(first, mdl);
    MmUnmapLockedPages(second, mdl);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB6, (ULONG_PTR)mdl, DIRQL_ANY,
                               MDL_MAPPED_TO_SYSTEM_VA);
    MmUnmapLockedPages(first, mdl);
    fail_msg("there were two mappings");
}

static void the_obsolete_form_warns_and_maps(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x81, (ULONG_PTR)mdl, DIRQL_ANY,
                               DIRQL_ANY);
    assert_non_null(MmMapLockedPages(mdl, KernelMode));
}

static void a_bug_check_on_failure_warns(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x82, (ULONG_PTR)mdl, DIRQL_ANY,
                               DIRQL_ANY);
    assert_non_null(
        MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, TRUE, NormalPagePriority));
}

static void mapping_twice_is_c4_b2(void **state)
{
    (void)state;
    assert_non_null(map(KernelMode));
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB2, (ULONG_PTR)mdl, DIRQL_ANY,
                               MDL_MAPPED_TO_SYSTEM_VA);
    (void)map(KernelMode);
    fail_msg("it is mapped already");
}

static void mapping_what_is_not_locked_is_reported(void **state)
{
    (void)state;
    MmUnlockPages(mdl);
    dirql_expect_finding("MdlPages");
    (void)map(KernelMode);
    fail_msg("it is not locked");
}

static void unmapping_twice_is_c4_b6(void **state)
{
    PVOID address = map(KernelMode);

    (void)state;
    MmUnmapLockedPages(address, mdl);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB6, (ULONG_PTR)mdl, DIRQL_ANY,
                               MDL_MAPPED_TO_SYSTEM_VA);
    MmUnmapLockedPages(address, mdl);
    fail_msg("it is not mapped");
}

static void unmapping_another_address_is_reported(void **state)
{
    char *address = map(KernelMode);

    (void)state;
    dirql_expect_finding("MdlMap");
    MmUnmapLockedPages(address + 1, mdl);
    fail_msg("it is mapped elsewhere");
}

static void mapping_for_user_mode_at_dispatch_level_is_c4_77(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x77, DISPATCH_LEVEL,
                               (ULONG_PTR)mdl, UserMode);
    (void)map(UserMode);
    fail_msg("the IRQL is too high");
}

static void in_the_obsolete_form_it_is_c4_75(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x75, DISPATCH_LEVEL,
                               (ULONG_PTR)mdl, UserMode);
    (void)MmMapLockedPages(mdl, UserMode);
    fail_msg("the IRQL is too high");
}

static void for_the_system_it_is_mapped_at_dispatch_level(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    MmUnmapLockedPages(map(KernelMode), mdl);
    KeLowerIrql(old);
}

static void unmapping_for_user_mode_at_dispatch_level_is_c4_7a(void **state)
{
    PVOID address = map(UserMode);
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x7A, DISPATCH_LEVEL,
                               (ULONG_PTR)address, (ULONG_PTR)mdl);
    MmUnmapLockedPages(address, mdl);
    fail_msg("the IRQL is too high");
}

static void unmapping_another_user_address_is_c4_b9(void **state)
{
    char *address = map(UserMode);

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB9, (ULONG_PTR)(address + 1),
                               (ULONG_PTR)mdl, DIRQL_ANY);
    MmUnmapLockedPages(address + 1, mdl);
    fail_msg("it is mapped elsewhere");
}

static void freeing_it_while_user_mode_sees_it_is_c4_b8(void **state)
{
    PVOID nonpaged = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, 'tseT');
    PMDL of = IoAllocateMdl(nonpaged, PAGE_SIZE, FALSE, FALSE, NULL);

    (void)state;
    MmBuildMdlForNonPagedPool(of);
    (void)MmMapLockedPagesSpecifyCache(of, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB8, (ULONG_PTR)of, DIRQL_ANY,
                               DIRQL_ANY);
    IoFreeMdl(of);
    fail_msg("it is still mapped");
}

static void pages_that_are_not_neighbours_cannot_be_mapped(void **state)
{
    PFN_NUMBER *frames = MmGetMdlPfnArray(mdl);
    const PFN_NUMBER first = frames[0];

    (void)state;
    frames[0] = frames[1];
    frames[1] = first;
    dirql_expect_finding("MdlMap");
    assert_null(map(KernelMode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(locked_pages_get_one_system_address, start, stop),
        dirql_unit_test_setup_teardown(a_mapping_can_be_made_to_fail, start, stop),
        dirql_unit_test_setup_teardown(one_that_may_not_fail_is_bug_check_3f, start, stop),
        dirql_unit_test_setup_teardown(neither_may_the_obsolete_form, start, stop),
        dirql_unit_test_setup_teardown(unless_the_mdl_says_that_it_can, start, stop),
        dirql_unit_test_setup_teardown(for_user_mode_it_raises, start, stop),
        dirql_unit_test_setup_teardown(the_obsolete_macro_gives_the_address_that_there_is, start,
                                       stop),
        dirql_unit_test_setup_teardown(nonpaged_memory_can_be_mapped_for_user_mode, start, stop),
        dirql_unit_test_setup_teardown(unlocking_releases_the_mapping, start, stop),
        dirql_unit_test_setup_teardown(user_mode_mappings_are_counted_apart, start, stop),
        dirql_unit_test_setup_teardown(the_obsolete_form_warns_and_maps, start, stop),
        dirql_unit_test_setup_teardown(a_bug_check_on_failure_warns, start, stop),
        dirql_unit_test_setup_teardown(mapping_twice_is_c4_b2, start, stop),
        dirql_unit_test_setup_teardown(mapping_what_is_not_locked_is_reported, start, stop),
        dirql_unit_test_setup_teardown(unmapping_twice_is_c4_b6, start, stop),
        dirql_unit_test_setup_teardown(unmapping_another_address_is_reported, start, stop),
        dirql_unit_test_setup_teardown(mapping_for_user_mode_at_dispatch_level_is_c4_77, start,
                                       stop),
        dirql_unit_test_setup_teardown(pages_that_are_not_neighbours_cannot_be_mapped, start, stop),
        dirql_unit_test_setup_teardown(in_the_obsolete_form_it_is_c4_75, start, stop),
        dirql_unit_test_setup_teardown(for_the_system_it_is_mapped_at_dispatch_level, start, stop),
        dirql_unit_test_setup_teardown(unmapping_for_user_mode_at_dispatch_level_is_c4_7a, start,
                                       stop),
        dirql_unit_test_setup_teardown(unmapping_another_user_address_is_c4_b9, start, stop),
        dirql_unit_test_setup_teardown(freeing_it_while_user_mode_sees_it_is_c4_b8, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
