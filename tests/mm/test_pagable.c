/* Tests of lib/mm/pagable.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <ntddk.h>

static int data;

static void locks_are_counted_by_handle(void **state)
{
    PVOID handle = MmLockPagableDataSection(&data);

    (void)state;
    assert_non_null(handle);
    assert_ptr_equal(MmLockPagableCodeSection(locks_are_counted_by_handle), handle);
    MmLockPagableSectionByHandle(handle);
    for (int i = 0; i < 3; i++) {
        MmUnlockPagableImageSection(handle);
    }
    MmLockPagableSectionByHandle(handle); /* A handle stays valid. */
    MmUnlockPagableImageSection(handle);
}

static void an_unlock_too_many_is_reported(void **state)
{
    PVOID handle = MmLockPagableDataSection(&data);

    (void)state;
    MmUnlockPagableImageSection(handle);
    dirql_expect_finding("PagableSection");
    MmUnlockPagableImageSection(handle);
}

static void what_is_no_handle_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("PagableSection");
    MmLockPagableSectionByHandle(state);
}

static void locking_at_dispatch_level_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("IrqlKeApcLte1");
    (void)MmLockPagableDataSection(&data);
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return FALSE;
}

static PKINTERRUPT connect(void)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 7 });
    PKINTERRUPT interrupt;

    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                                        LevelSensitive, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    return interrupt;
}

static void a_whole_driver_is_pageable_without_an_isr(void **state)
{
    (void)state;
    IoDisconnectInterrupt(connect());
    assert_non_null(MmPageEntireDriver(&data));
    MmResetDriverPaging(&data);
}

static void a_whole_driver_with_an_isr_is_reported(void **state)
{
    (void)state;
    (void)connect();
    dirql_expect_finding("PagedIsr");
    (void)MmPageEntireDriver(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(locks_are_counted_by_handle),
        dirql_unit_test(an_unlock_too_many_is_reported),
        dirql_unit_test(what_is_no_handle_is_reported),
        dirql_unit_test(locking_at_dispatch_level_is_reported),
        dirql_unit_test(a_whole_driver_is_pageable_without_an_isr),
        dirql_unit_test(a_whole_driver_with_an_isr_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
