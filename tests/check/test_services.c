/*
 * test_services.c - what keeps the rules of push locks, processor state, generic tables and
 * one-time initialisation is not reported.
 */
#include "rule.h"

enum { TAG = 0x74736554 };

static void use_push_locks(void *context)
{
    static EX_PUSH_LOCK lock;

    (void)context;
    ExInitializePushLock(&lock);
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&lock);
    ExReleasePushLockExclusive(&lock);
    ExAcquirePushLockShared(&lock);
    ExAcquirePushLockShared(&lock);
    ExReleasePushLockShared(&lock);
    ExReleasePushLockShared(&lock);
    KeLeaveCriticalRegion();
}

static void push_locks_are_silent(void **state)
{
    (void)state;
    assert_silent(use_push_locks, 1, "PushLock");
    assert_silent(use_push_locks, 1, "PushLockRegion");
    assert_silent(use_push_locks, 1, "PushLockHeld");
}

static EX_PUSH_LOCK left_locked;
static PKTHREAD owner;

static void acquire_and_end(void *context)
{
    (void)context;
    owner = KeGetCurrentThread();
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&left_locked);
}

static void end_with_a_push_lock(void *context)
{
    (void)context;
    ExInitializePushLock(&left_locked);
    dirql_thread_join(dirql_thread_start("owner", 0, acquire_and_end, NULL));
}

static void a_push_lock_that_is_left_is_reported(void **state)
{
    (void)state;
    assert_broken(end_with_a_push_lock, 1, KERNEL_LOCK_ENTRY_LEAKED_ON_THREAD_TERMINATION,
                  (ULONG_PTR)owner, (ULONG_PTR)&left_locked, 1, 0, "PushLockHeld");
}

static void use_processor_state(void *context)
{
    XSTATE_SAVE outer;
    KFLOATING_SAVE inner;

    (void)context;
    if (NT_SUCCESS(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &outer))) {
        if (NT_SUCCESS(KeSaveFloatingPointState(&inner))) {
            KeRestoreFloatingPointState(&inner);
        }
        KeRestoreExtendedProcessorState(&outer);
    }
}

static void processor_state_is_silent(void **state)
{
    (void)state;
    assert_silent(use_processor_state, 1, "ProcessorState");
    assert_silent(use_processor_state, 1, "ProcessorStateLeft");
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI compare(PRTL_GENERIC_TABLE table, PVOID first,
                                                 PVOID second)
{
    const int a = *(const int *)first, b = *(const int *)second;

    (void)table;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID NTAPI allocate(PRTL_GENERIC_TABLE table, CLONG bytes)
{
    (void)table;
    return ExAllocatePoolWithTag(NonPagedPoolNx, bytes, TAG);
}

static VOID NTAPI give_back(PRTL_GENERIC_TABLE table, PVOID memory)
{
    (void)table;
    ExFreePoolWithTag(memory, TAG);
}

static RTL_GENERIC_TABLE table;

static void make_table(void)
{
    RtlInitializeGenericTable(&table, compare, allocate, give_back, NULL);
}

static void use_a_table(void *context)
{
    int key = 1;

    (void)context;
    make_table();
    (void)RtlInsertElementGenericTable(&table, &key, sizeof(key), NULL);
    (void)RtlLookupElementGenericTable(&table, &key);
    (void)RtlDeleteElementGenericTable(&table, &key);
}

static void generic_tables_are_silent(void **state)
{
    (void)state;
    assert_silent(use_a_table, 1, "GenericTable");
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI compare_and_count(PRTL_GENERIC_TABLE t, PVOID first,
                                                           PVOID second)
{
    int key = 3;

    (void)RtlDeleteElementGenericTable(t, &key);
    return compare(t, first, second);
}

static void a_table_that_its_own_routine_changes_is_reported(void **state)
{
    int key = 1;

    (void)state;
    make_table();
    (void)RtlInsertElementGenericTable(&table, &key, sizeof(key), NULL);
    table.CompareRoutine = compare_and_count;
    dirql_expect_finding("GenericTable");
    (void)RtlLookupElementGenericTable(&table, &key);
}

static ULONG NTAPI initialise(PRTL_RUN_ONCE once, PVOID parameter, PVOID *context)
{
    (void)once;
    *context = parameter;
    return TRUE;
}

static void run_once(void *context)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    static ULONGLONG data;
    PVOID value;

    (void)context;
    (void)RtlRunOnceExecuteOnce(&once, initialise, &data, &value);
}

static void one_time_initialisation_is_silent(void **state)
{
    (void)state;
    assert_silent(run_once, 1, "RunOnce");
}

static void use_pageable_sections(void *context)
{
    PVOID handle = MmLockPagableDataSection(&table);

    (void)context;
    MmLockPagableSectionByHandle(handle);
    MmUnlockPagableImageSection(handle);
    MmUnlockPagableImageSection(handle);
    (void)MmPageEntireDriver(&table);
    MmResetDriverPaging(&table);
}

static void pageable_sections_are_silent(void **state)
{
    (void)state;
    assert_silent(use_pageable_sections, 1, "PagableSection");
    assert_silent(use_pageable_sections, 1, "PagedIsr");
}

static VOID NTAPI do_nothing(PVOID parameter)
{
    (void)parameter;
}

static void call_out(void *context)
{
    (void)KeExpandKernelStackAndCallout(do_nothing, context, 1000);
}

static void a_callout_is_silent(void **state)
{
    (void)state;
    assert_silent(call_out, 1, "StackCallout");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(push_locks_are_silent),
        cmocka_unit_test(a_push_lock_that_is_left_is_reported),
        cmocka_unit_test(processor_state_is_silent),
        cmocka_unit_test(generic_tables_are_silent),
        cmocka_unit_test(one_time_initialisation_is_silent),
        cmocka_unit_test(a_callout_is_silent),
        cmocka_unit_test(pageable_sections_are_silent),
        dirql_unit_test(a_table_that_its_own_routine_changes_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
