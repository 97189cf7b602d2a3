/* Tests of lib/ke/process.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static KEVENT end;

static VOID wait_for_end(PVOID context)
{
    (void)context;
    KeWaitForSingleObject(&end, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread(STATUS_DEVICE_BUSY);
}

/* Referenced; it ends when the event is set. */
static PETHREAD start_thread(CLIENT_ID *id)
{
    HANDLE handle;
    PVOID thread;

    KeInitializeEvent(&end, NotificationEvent, FALSE);
    assert_int_equal(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, id, wait_for_end, NULL),
        STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                               &thread, NULL),
                     STATUS_SUCCESS);
    ZwClose(handle);
    return thread;
}

static void end_thread(PETHREAD thread)
{
    KeSetEvent(&end, 0, FALSE);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
}

static void all_code_runs_in_the_system_process(void **state)
{
    (void)state;
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    assert_ptr_equal(IoGetCurrentProcess(), PsInitialSystemProcess);
    assert_ptr_equal(PsGetCurrentProcessId(), PsGetProcessId(PsInitialSystemProcess));
    assert_int_equal(PsGetProcessExitStatus(PsInitialSystemProcess), STATUS_PENDING);
    assert_int_equal(ExGetPreviousMode(), KernelMode);
    assert_false(IoIs32bitProcess(NULL));
}

static void a_process_is_as_old_as_the_machine(void **state)
{
    LARGE_INTEGER now;

    (void)state;
    dirql_time_advance_us(10);
    KeQuerySystemTime(&now);
    assert_true(PsGetProcessCreateTimeQuadPart(PsGetCurrentProcess()) < now.QuadPart);
}

static void another_pointer_is_no_process(void **state)
{
    (void)state;
    dirql_expect_finding("wrong object");
    (void)PsGetProcessId((PEPROCESS)state);
}

static void a_thread_has_ids_and_a_status(void **state)
{
    CLIENT_ID id;
    PETHREAD thread = start_thread(&id);

    (void)state;
    assert_ptr_equal(PsGetThreadId(thread), id.UniqueThread);
    assert_ptr_equal(PsGetThreadProcessId(thread), id.UniqueProcess);
    assert_int_equal(PsGetThreadExitStatus(thread), STATUS_PENDING);
    end_thread(thread);
    assert_int_equal(PsGetThreadExitStatus(thread), STATUS_DEVICE_BUSY);
    ObDereferenceObject(thread);
}

static void a_thread_has_the_time_of_its_making(void **state)
{
    LARGE_INTEGER before, after;
    PETHREAD thread;
    CLIENT_ID id;

    (void)state;
    dirql_time_advance_us(10);
    KeQuerySystemTime(&before);
    thread = start_thread(&id);
    KeQuerySystemTime(&after);
    assert_true(PsGetThreadCreateTime(thread) >= before.QuadPart);
    assert_true(PsGetThreadCreateTime(thread) <= after.QuadPart);
    end_thread(thread);
    ObDereferenceObject(thread);
}

static void what_is_no_thread_is_reported(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    dirql_expect_finding("wrong object");
    (void)PsGetThreadId((PETHREAD)&event);
}

static void a_base_priority_is_relative_and_stays_variable(void **state)
{
    PKTHREAD me = KeGetCurrentThread();

    (void)state;
    assert_int_equal(KeSetBasePriorityThread(me, 3), 0);
    assert_int_equal(KeQueryPriorityThread(me), 11);
    assert_int_equal(KeSetBasePriorityThread(me, 100), 3);
    assert_int_equal(KeQueryPriorityThread(me), LOW_REALTIME_PRIORITY - 1);
    assert_int_equal(KeSetBasePriorityThread(me, -100), 7);
    assert_int_equal(KeQueryPriorityThread(me), 1);
    assert_int_equal(KeSetBasePriorityThread(me, 0), -7);
}

static void what_a_thread_has_stalled_is_its_run_time(void **state)
{
    ULONG user = 1, before;

    (void)state;
    before = KeQueryRuntimeThread(KeGetCurrentThread(), &user);
    assert_int_equal(user, 0);
    for (int i = 0; i < 1000; i++) {
        KeStallExecutionProcessor(49);
    }
    assert_int_equal(KeQueryRuntimeThread(KeGetCurrentThread(), &user) - before, 3);
}

static void all_apcs_are_disabled_by_a_guarded_region_or_the_irql(void **state)
{
    KIRQL old;

    (void)state;
    assert_false(KeAreAllApcsDisabled());
    KeEnterCriticalRegion();
    assert_false(KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    KeEnterGuardedRegion();
    assert_true(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    KeRaiseIrql(APC_LEVEL, &old);
    assert_true(KeAreAllApcsDisabled());
    KeLowerIrql(old);
}

static void the_process_is_referenced(void **state)
{
    (void)state;
    ObReferenceObject(PsGetCurrentProcess());
    ObDereferenceObject(PsGetCurrentProcess());
}

static void the_systems_own_reference_is_bug_check_18(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(REFERENCE_BY_POINTER, 0, (ULONG_PTR)PsGetCurrentProcess(), 2, 0);
    ObDereferenceObject(PsGetCurrentProcess());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(all_code_runs_in_the_system_process),
        dirql_unit_test(a_process_is_as_old_as_the_machine),
        dirql_unit_test(another_pointer_is_no_process),
        dirql_unit_test(a_thread_has_ids_and_a_status),
        dirql_unit_test(a_thread_has_the_time_of_its_making),
        dirql_unit_test(what_is_no_thread_is_reported),
        dirql_unit_test(a_base_priority_is_relative_and_stays_variable),
        dirql_unit_test(what_a_thread_has_stalled_is_its_run_time),
        dirql_unit_test(all_apcs_are_disabled_by_a_guarded_region_or_the_irql),
        dirql_unit_test(the_process_is_referenced),
        dirql_unit_test(the_systems_own_reference_is_bug_check_18),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
