/*
 * test_services.c - the rules of push locks, processor state, generic tables, one-time
 * initialisation, callouts and pageable sections: what breaks them is reported, what keeps them is
 * not.
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

static EX_PUSH_LOCK misused;

static void acquire_with_apcs_enabled(void *context)
{
    (void)context;
    ExInitializePushLock(&misused);
    ExAcquirePushLockShared(&misused);
}

static void release_shared_what_is_exclusive(void *context)
{
    (void)context;
    ExInitializePushLock(&misused);
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&misused);
    ExReleasePushLockShared(&misused);
}

static void acquire_what_is_not_initialised(void *context)
{
    (void)context;
    misused = 0x5A;
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&misused);
}

static void a_push_lock_that_is_misused_is_reported(void **state)
{
    (void)state;
    assert_error(acquire_with_apcs_enabled, 1, "PushLockRegion");
    assert_report_has("ExAcquirePushLockShared was called with normal kernel APCs enabled");
    assert_error(release_shared_what_is_exclusive, 1, "PushLock");
    assert_report_has("releases what was acquired for exclusive access");
    assert_error(acquire_what_is_not_initialised, 1, "PushLock");
    assert_report_has("was given a lock that was not initialised");
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

static void restore_the_outer_state_first(void *context)
{
    KFLOATING_SAVE outer, inner;

    (void)context;
    (void)!KeSaveFloatingPointState(&outer);
    (void)!KeSaveFloatingPointState(&inner);
    KeRestoreFloatingPointState(&outer);
}

static void return_without_restoring(void *context)
{
    static KFLOATING_SAVE save;

    (void)context;
    (void)!KeSaveFloatingPointState(&save);
}

static void processor_state_that_is_misused_is_reported(void **state)
{
    (void)state;
    assert_error(restore_the_outer_state_first, 1, "ProcessorState");
    assert_report_has("KeRestoreFloatingPointState");
    assert_error(return_without_restoring, 1, "ProcessorStateLeft");
    assert_report_has("returns without restoring the floating-point state that it saved");
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

static void change_a_table_in_its_routine(void *context)
{
    int key = 1;

    (void)context;
    make_table();
    (void)RtlInsertElementGenericTable(&table, &key, sizeof(key), NULL);
    table.CompareRoutine = compare_and_count;
    (void)RtlLookupElementGenericTable(&table, &key);
}

static void a_table_that_its_own_routine_changes_is_reported(void **state)
{
    (void)state;
    assert_error(change_a_table_in_its_routine, 1, "GenericTable");
    assert_report_has("RtlDeleteElementGenericTable is called while RtlLookupElementGenericTable");
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

static void run_once_with_low_bits(void *context)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    static ULONGLONG data;
    PVOID value;

    (void)context;
    (void)RtlRunOnceExecuteOnce(&once, initialise, (PUCHAR)&data + 1, &value);
}

static void a_context_with_low_bits_is_reported(void **state)
{
    (void)state;
    assert_error(run_once_with_low_bits, 1, "RunOnce");
    assert_report_has("sets low bits of its context");
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

static void unlock_too_often(void *context)
{
    PVOID handle = MmLockPagableDataSection(&table);

    (void)context;
    MmUnlockPagableImageSection(handle);
    MmUnlockPagableImageSection(handle);
}

static void lock_by_no_handle(void *context)
{
    (void)context;
    MmLockPagableSectionByHandle(&table);
}

static BOOLEAN isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    return FALSE;
}

static void page_out_with_an_isr(void *context)
{
    dirql_line *line = dirql_line_create(NULL);
    PKINTERRUPT interrupt;

    (void)context;
    (void)IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line),
                             dirql_line_irql(line), dirql_line_irql(line), dirql_line_mode(line),
                             FALSE, dirql_line_processors(line), FALSE);
    (void)MmPageEntireDriver(&table);
}

static void pageable_sections_that_are_misused_are_reported(void **state)
{
    (void)state;
    assert_error(unlock_too_often, 1, "PagableSection");
    assert_report_has("of a section that is not locked");
    assert_error(lock_by_no_handle, 1, "PagableSection");
    assert_report_has("MmLockPagableSectionByHandle was given a handle that");
    assert_error(page_out_with_an_isr, 1, "PagedIsr");
    assert_report_has("while an ISR is connected to line");
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

static VOID NTAPI end_in_the_callout(PVOID parameter)
{
    (void)parameter;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID call_out_and_end(PVOID context)
{
    (void)KeExpandKernelStackAndCallout(end_in_the_callout, context, 1000);
}

static void let_a_thread_end_in_its_callout(void *context)
{
    HANDLE thread;
    PVOID object;

    if (NT_SUCCESS(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                        call_out_and_end, context)) &&
        NT_SUCCESS(ObReferenceObjectByHandle(thread, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                             &object, NULL))) {
        ZwClose(thread);
        (void)KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(object);
    }
}

static void a_thread_that_ends_in_its_callout_is_reported(void **state)
{
    (void)state;
    assert_error(let_a_thread_end_in_its_callout, 1, "StackCallout");
    assert_report_has("it would never return");
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
        cmocka_unit_test(a_table_that_its_own_routine_changes_is_reported),
        cmocka_unit_test(a_push_lock_that_is_misused_is_reported),
        cmocka_unit_test(processor_state_that_is_misused_is_reported),
        cmocka_unit_test(a_context_with_low_bits_is_reported),
        cmocka_unit_test(a_thread_that_ends_in_its_callout_is_reported),
        cmocka_unit_test(pageable_sections_that_are_misused_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
