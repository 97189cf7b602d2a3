/*
 * test_probe.c - ProbeForRead and ProbeForWrite, and what else raises about memory.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/fail.h>

#include <ntddk.h>

enum { TAG = 'borP' };

static ULONG buffer[64];
static UCHAR *const missing = (UCHAR *)0x20000;           /* Nothing is there. */
static UCHAR *const beyond = (UCHAR *)0xFFFF000000000000; /* No process has that. */

typedef VOID probe(volatile VOID *address, SIZE_T length, ULONG alignment);

static VOID read_probe(volatile VOID *address, SIZE_T length, ULONG alignment)
{
    ProbeForRead(address, length, alignment);
}

static NTSTATUS status_of(probe *call, volatile VOID *address, SIZE_T length, ULONG alignment)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    __try {
        call(address, length, alignment);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    return status;
}

/* ---- Both ------------------------------------------------------------------------------------ */

static void the_tests_memory_is_user_modes(void **state)
{
    ULONG local[4];

    (void)state;
    assert_int_equal(status_of(read_probe, buffer, sizeof(buffer), sizeof(ULONG)), STATUS_SUCCESS);
    assert_int_equal(status_of(ProbeForWrite, buffer, sizeof(buffer), 1), STATUS_SUCCESS);
    assert_int_equal(status_of(read_probe, local, sizeof(local), sizeof(ULONG)), STATUS_SUCCESS);
    assert_int_equal(status_of(ProbeForWrite, local, sizeof(local), sizeof(ULONG)), STATUS_SUCCESS);
}

static void an_odd_address_is_a_misalignment(void **state)
{
    UCHAR *odd = (UCHAR *)buffer + 1;

    (void)state;
    assert_int_equal(status_of(read_probe, odd, 4, 4), STATUS_DATATYPE_MISALIGNMENT);
    assert_int_equal(status_of(ProbeForWrite, odd, 4, 2), STATUS_DATATYPE_MISALIGNMENT);
    assert_int_equal(status_of(read_probe, odd, 4, 1), STATUS_SUCCESS);
}

static void a_buffer_beyond_user_mode_is_an_access_violation(void **state)
{
    (void)state;
    assert_int_equal(status_of(read_probe, beyond, 1, 1), STATUS_ACCESS_VIOLATION);
    assert_int_equal(status_of(ProbeForWrite, beyond, 1, 1), STATUS_ACCESS_VIOLATION);
    assert_int_equal(status_of(read_probe, buffer, MAXULONG_PTR, 1), STATUS_ACCESS_VIOLATION);
    assert_int_equal(status_of(ProbeForWrite, buffer, (SIZE_T)1 << 60, 1), STATUS_ACCESS_VIOLATION);
}

static void nothing_is_looked_at_in_an_empty_buffer(void **state)
{
    (void)state;
    assert_int_equal(status_of(read_probe, beyond + 1, 0, 8), STATUS_SUCCESS);
    assert_int_equal(status_of(ProbeForWrite, beyond + 1, 0, 8), STATUS_SUCCESS);
}

static void pool_is_not_user_modes(void **state)
{
    PVOID pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);

    (void)state;
    assert_int_equal(status_of(read_probe, pool, 64, 1), STATUS_ACCESS_VIOLATION);
    assert_int_equal(status_of(ProbeForWrite, pool, 64, 1), STATUS_ACCESS_VIOLATION);
    ExFreePoolWithTag(pool, TAG);
}

static void only_writing_touches_the_memory(void **state)
{
    (void)state;
    assert_int_equal(status_of(read_probe, missing, 4, 4), STATUS_SUCCESS);
    assert_int_equal(status_of(ProbeForWrite, missing, 4, 4), STATUS_ACCESS_VIOLATION);
}

static void memory_that_cannot_be_written_is_an_access_violation(void **state)
{
    static const ULONG constant[4] = { 1, 2, 3, 4 };

    (void)state;
    assert_int_equal(status_of(ProbeForWrite, (volatile VOID *)(ULONG_PTR)constant, 16, 4),
                     STATUS_ACCESS_VIOLATION);
    assert_int_equal(status_of(read_probe, (volatile VOID *)(ULONG_PTR)constant, 16, 4),
                     STATUS_SUCCESS);
}

static void probing_changes_nothing(void **state)
{
    (void)state;
    buffer[0] = 0x12345678;
    ProbeForWrite(buffer, sizeof(buffer), 4);
    assert_int_equal(buffer[0], 0x12345678);
}

static void a_probe_outside_a_try_ends_the_run(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_ACCESS_VIOLATION,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    ProbeForRead(beyond, 1, 1);
}

static void a_probe_above_apc_level_is_found(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeApcLte1");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ProbeForRead(buffer, 4, 4);
}

/* ---- Others that raise ----------------------------------------------------------------------- */

static NTSTATUS lock(PMDL mdl, KPROCESSOR_MODE mode)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(mdl, mode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    return status;
}

static NTSTATUS lock_and_unlock(PVOID address, ULONG bytes, KPROCESSOR_MODE mode)
{
    PMDL mdl = IoAllocateMdl(address, bytes, FALSE, FALSE, NULL);
    NTSTATUS status;

    assert_non_null(mdl);
    status = lock(mdl, mode);
    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return status;
}

static void locking_what_is_not_there_raises(void **state)
{
    (void)state;
    assert_int_equal(lock_and_unlock(missing, 4, KernelMode), STATUS_ACCESS_VIOLATION);
    assert_int_equal(lock_and_unlock(NULL, 4, UserMode), STATUS_ACCESS_VIOLATION);
    assert_int_equal(lock_and_unlock(buffer, sizeof(buffer), UserMode), STATUS_SUCCESS);
}

static void locking_pool_for_user_mode_raises(void **state)
{
    PVOID pool = ExAllocatePool2(POOL_FLAG_PAGED, 64, TAG);

    (void)state;
    assert_int_equal(lock_and_unlock(pool, 64, UserMode), STATUS_ACCESS_VIOLATION);
    assert_int_equal(lock_and_unlock(pool, 64, KernelMode), STATUS_SUCCESS);
    ExFreePoolWithTag(pool, TAG);
}

static NTSTATUS release_too_often(PKSEMAPHORE semaphore)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    __try {
        (void)KeReleaseSemaphore(semaphore, IO_NO_INCREMENT, 2, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    return status;
}

static void a_semaphore_beyond_its_limit_raises_and_stays_as_it_is(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 1, 2);
    assert_int_equal(release_too_often(&semaphore), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 1);
}

static NTSTATUS allocate_or_raise(PVOID *memory)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    __try {
        *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 64, TAG);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    return status;
}

static void pool_that_is_out_raises_if_asked_to(void **state)
{
    PVOID memory = NULL;

    (void)state;
    dirql_fail_set("pool:1");
    assert_int_equal(allocate_or_raise(&memory), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(memory);
    assert_int_equal(allocate_or_raise(&memory), STATUS_SUCCESS);
    ExFreePoolWithTag(memory, TAG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_tests_memory_is_user_modes),
        dirql_unit_test(an_odd_address_is_a_misalignment),
        dirql_unit_test(a_buffer_beyond_user_mode_is_an_access_violation),
        dirql_unit_test(nothing_is_looked_at_in_an_empty_buffer),
        dirql_unit_test(pool_is_not_user_modes),
        dirql_unit_test(only_writing_touches_the_memory),
        dirql_unit_test(memory_that_cannot_be_written_is_an_access_violation),
        dirql_unit_test(probing_changes_nothing),
        dirql_unit_test(a_probe_outside_a_try_ends_the_run),
        dirql_unit_test(a_probe_above_apc_level_is_found),
        dirql_unit_test(locking_what_is_not_there_raises),
        dirql_unit_test(locking_pool_for_user_mode_raises),
        dirql_unit_test(a_semaphore_beyond_its_limit_raises_and_stays_as_it_is),
        dirql_unit_test(pool_that_is_out_raises_if_asked_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
