/*
 * test_tryfault.c - faults of driver code are exceptions.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>

#include <ntddk.h>

#include "story.h"

/* Nothing lies there. */
static ULONG *volatile nowhere = (ULONG *)0x10000;
static volatile LONG zero;

/* ---- Access violations ----------------------------------------------------------------------- */

static LONG is_access(PEXCEPTION_POINTERS pointers, ULONG_PTR operation,
                      const volatile void *address)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;

    return record->ExceptionCode == STATUS_ACCESS_VIOLATION && record->ExceptionFlags == 0 &&
           record->NumberParameters == 2 && record->ExceptionInformation[0] == operation &&
           record->ExceptionInformation[1] == (ULONG_PTR)address;
}

static void a_write_to_nowhere_is_handled(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    __try {
        *(volatile ULONG *)nowhere = 1;
    } __except (is_access(GetExceptionInformation(), EXCEPTION_WRITE_FAULT, nowhere)) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(status, STATUS_ACCESS_VIOLATION);
}

static void a_read_of_nowhere_is_handled(void **state)
{
    volatile ULONG read = 5;

    (void)state;
    begin_story();
    __try {
        read = *(volatile ULONG *)nowhere;
    } __except (is_access(GetExceptionInformation(), EXCEPTION_READ_FAULT, nowhere)) {
        tell('h');
    }
    assert_string_equal(story, "h");
    assert_int_equal(read, 5);
}

static VOID (*volatile no_routine)(VOID);

static void a_call_of_nowhere_is_handled(void **state)
{
    (void)state;
    begin_story();
    __try {
        no_routine();
    } __except (GetExceptionCode() == (ULONG)STATUS_ACCESS_VIOLATION) {
        tell('h');
    }
    assert_string_equal(story, "h");
}

static void a_copy_from_nowhere_is_handled(void **state)
{
    static UCHAR buffer[200];

    (void)state;
    begin_story();
    __try {
        RtlCopyMemory(buffer, (void *)nowhere, sizeof(buffer));
        tell((char)buffer[0]);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('h');
    }
    assert_string_equal(story, "h");
}

static void write_deep(unsigned depth)
{
    volatile UCHAR frame[200];

    frame[0] = 1;
    if (depth > 0) {
        write_deep(depth - 1);
    } else {
        __try {
            *(volatile ULONG *)nowhere = frame[0];
        } __finally {
            tell(AbnormalTermination() ? 'a' : 'n');
        }
    }
    tell('!');
}

static void a_fault_in_a_called_function_runs_its_finally(void **state)
{
    (void)state;
    begin_story();
    __try {
        write_deep(10);
    } __except (tell_and_say('f', EXCEPTION_EXECUTE_HANDLER)) {
        tell('h');
    }
    assert_string_equal(story, "fah");
}

static void a_thousand_faults_are_handled(void **state)
{
    volatile unsigned handled = 0;
    volatile unsigned i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        __try {
            *(volatile ULONG *)nowhere = i;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            handled++;
        }
    }
    assert_int_equal(handled, 1000);
}

/* In live mode, threads are moved to other processors in the middle of it. */
enum { THREADS = 8, FAULTS = 2000 };

static volatile LONG handled_by_threads;

/* `address`: where nothing lies, either. */
static VOID handle_faults(PVOID address)
{
    volatile unsigned i;

    for (i = 0; i < FAULTS; i++) {
        __try {
            *(volatile ULONG *)address = i;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            InterlockedIncrement(&handled_by_threads);
        }
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void faults_of_many_threads_are_each_handled(void **state)
{
    PKTHREAD thread[THREADS];
    HANDLE handle;

    (void)state;
    handled_by_threads = 0;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                              handle_faults, nowhere + i),
                         STATUS_SUCCESS);
        assert_int_equal(ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode,
                                                   (PVOID *)&thread[i], NULL),
                         STATUS_SUCCESS);
        ZwClose(handle);
    }
    for (int i = 0; i < THREADS; i++) {
        KeWaitForSingleObject(thread[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(thread[i]);
    }
    assert_int_equal(handled_by_threads, THREADS * FAULTS);
}

static void a_fault_in_a_handler_is_handled_outside(void **state)
{
    (void)state;
    begin_story();
    __try {
        __try {
            *(volatile ULONG *)nowhere = 1;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            *(volatile ULONG *)nowhere = 2;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('h');
    }
    assert_string_equal(story, "h");
}

static LONG fault_again(void)
{
    *(volatile ULONG *)nowhere = 1;
    return EXCEPTION_EXECUTE_HANDLER;
}

static void a_fault_in_a_filter_is_handled_outside(void **state)
{
    (void)state;
    begin_story();
    __try {
        __try {
            *(volatile ULONG *)nowhere = 1;
        } __except (fault_again()) {
            tell('!');
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('h');
    }
    assert_string_equal(story, "h");
}

/* ---- Going on -------------------------------------------------------------------------------- */

/* The instruction that faults is tried again, with the registers that it had: it is mended by
 * what it reads from memory. */
static LONG divisor_becomes_two(void)
{
    zero = 2;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG divide(LONG dividend)
{
#if defined(__x86_64__)
    LONG quotient = dividend, remainder = 0;

    __asm__ __volatile__("idivl %2" : "+a"(quotient), "+d"(remainder) : "m"(zero));
    return quotient;
#else
    (void)zero;
    return dividend / 2;
#endif
}

static void a_fault_may_be_tried_again(void **state)
{
    volatile LONG quotient = 0;
    volatile double kept = 1.5;

    (void)state;
    zero = 0;
    __try {
        quotient = divide(84);
        kept *= 2;
    } __except (divisor_becomes_two()) {
        tell('!');
    }
    zero = 0;
    assert_int_equal(quotient, 42);
    assert_true(kept == 3.0);
}

/* ---- Other faults ---------------------------------------------------------------------------- */

static void a_division_by_zero_is_handled(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    volatile LONG result = 7;

    (void)state;
#if defined(__x86_64__)
    __try {
        result = divide(84); /* In C, UBSan would be first. */
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(status, STATUS_INTEGER_DIVIDE_BY_ZERO);
#else
    (void)status;
#endif
    assert_int_equal(result, 7);
}

static void an_illegal_instruction_is_handled(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    __try {
#if defined(__x86_64__)
        __asm__ __volatile__("ud2");
#else
        __asm__ __volatile__(".inst 0");
#endif
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(status, STATUS_ILLEGAL_INSTRUCTION);
}

static void a_breakpoint_is_handled(void **state)
{
    volatile NTSTATUS status = STATUS_SUCCESS;

    (void)state;
    __try {
        DbgBreakPoint();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)GetExceptionCode();
    }
    assert_int_equal(status, STATUS_BREAKPOINT);
}

/* ---- What is no exception -------------------------------------------------------------------- */

static void a_fault_at_dispatch_level_is_bug_check_d1(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_IRQL_NOT_LESS_OR_EQUAL, 0x10000, DISPATCH_LEVEL, 1,
                               DIRQL_ANY);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    __try {
        *(volatile ULONG *)nowhere = 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
    KeLowerIrql(old);
}

/* What sanitizers keep of such an address would fault before. */
__attribute__((noinline, no_sanitize("address", "thread", "undefined"))) static void
write_far_above(void)
{
    *(volatile ULONG *)0xFFFF800000000000 = 1;
}

static void a_fault_at_a_system_address_is_bug_check_50(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(PAGE_FAULT_IN_NONPAGED_AREA, 0xFFFF800000000000, 2, DIRQL_ANY, 2);
    __try {
        write_far_above();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
}

static void decline_a_fault(void *context)
{
    (void)context;
    __try {
        write_deep(0);
    } __except (tell_and_say('f', EXCEPTION_CONTINUE_SEARCH)) {
        tell('!');
    }
}

static void a_fault_that_nobody_handles_is_reported_where_it_was(void **state)
{
    dirql_result result;

    (void)state;
    begin_story();
    assert_int_equal(dirql_run(NULL, decline_a_fault, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.code, PAGE_FAULT_IN_NONPAGED_AREA);
    assert_int_equal(result.parameters[0], 0x10000);
    assert_non_null(strstr(result.report, "at write_deep"));
    assert_string_equal(story, "f");
    dirql_result_free(&result);
}

static void decline_an_instruction(void *context)
{
    (void)context;
    __try {
#if defined(__x86_64__)
        __asm__ __volatile__("ud2");
#else
        __asm__ __volatile__(".inst 0");
#endif
    } __except (tell_and_say('f', EXCEPTION_CONTINUE_SEARCH)) {
        tell('!');
    }
}

static void filters_are_asked_once(void **state)
{
    dirql_result result;

    (void)state;
    begin_story();
    assert_int_equal(dirql_run(NULL, decline_an_instruction, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.code, KMODE_EXCEPTION_NOT_HANDLED);
    assert_int_equal((NTSTATUS)result.parameters[0], STATUS_ILLEGAL_INSTRUCTION);
    assert_string_equal(story, "f");
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_write_to_nowhere_is_handled),
        dirql_unit_test(a_read_of_nowhere_is_handled),
        dirql_unit_test(a_call_of_nowhere_is_handled),
        dirql_unit_test(a_copy_from_nowhere_is_handled),
        dirql_unit_test(a_fault_in_a_called_function_runs_its_finally),
        dirql_unit_test(a_thousand_faults_are_handled),
        dirql_unit_test(faults_of_many_threads_are_each_handled),
        dirql_unit_test(a_fault_in_a_handler_is_handled_outside),
        dirql_unit_test(a_fault_in_a_filter_is_handled_outside),
        dirql_unit_test(a_fault_may_be_tried_again),
        dirql_unit_test(a_division_by_zero_is_handled),
        dirql_unit_test(an_illegal_instruction_is_handled),
        dirql_unit_test(a_breakpoint_is_handled),
        dirql_unit_test(a_fault_at_dispatch_level_is_bug_check_d1),
        dirql_unit_test(a_fault_at_a_system_address_is_bug_check_50),
        cmocka_unit_test(filters_are_asked_once),
        cmocka_unit_test(a_fault_that_nobody_handles_is_reported_where_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
