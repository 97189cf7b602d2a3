/*
 * test_badpointer.c - what a service reads before it has begun is read on behalf of the line that
 * called it; and what is known of a bad pointer is said.
 */
#include "../check/rule.h"

#include <wmilib.h>
#include <wmistr.h>

#include "../watched.h"

#define GUEST __attribute__((noinline))

/* Nothing lies there. */
static void *volatile nowhere = (void *)0x10000;

enum { TAG = 'ptrB' };

/* ---- What a service reads before it has begun ------------------------------------------------ */

/* A body that makes the call, in a line of its own. */
#define CALLS(service, call)                         \
    GUEST static void calls_##service(void *context) \
    {                                                \
        (void)context;                               \
        (void)call;                                  \
        fail_msg("nobody was stopped");              \
    }

#define ROW(service)                                                  \
    {                                                                 \
        calls_##service, #service ", at calls_" #service " test_badp" \
    }

static LONGLONG number;

CALLS(KeDelayExecutionThread, KeDelayExecutionThread(KernelMode, FALSE, nowhere))
CALLS(KeWaitForMultipleObjects,
      KeWaitForMultipleObjects(1, nowhere, WaitAny, Executive, KernelMode, FALSE, NULL, NULL))
CALLS(KeSetSystemGroupAffinityThread, (KeSetSystemGroupAffinityThread(nowhere, NULL), 0))
CALLS(KeRevertToUserGroupAffinityThread, (KeRevertToUserGroupAffinityThread(nowhere), 0))
CALLS(KeGetProcessorIndexFromNumber, KeGetProcessorIndexFromNumber(nowhere))
CALLS(MmProbeAndLockPages, (MmProbeAndLockPages(nowhere, KernelMode, IoReadAccess), 0))
CALLS(MmUnlockPages, (MmUnlockPages(nowhere), 0))
CALLS(MmUnmapLockedPages, (MmUnmapLockedPages(&number, nowhere), 0))
CALLS(IoBuildPartialMdl, (IoBuildPartialMdl(nowhere, nowhere, NULL, 0), 0))
CALLS(IoWMIWriteEvent, IoWMIWriteEvent(nowhere))
CALLS(WmiSystemControl, WmiSystemControl(nowhere, nowhere, nowhere, nowhere))
CALLS(WmiCompleteRequest, WmiCompleteRequest(nowhere, nowhere, STATUS_SUCCESS, 0, 0))
CALLS(ExCreateCallback, ExCreateCallback(nowhere, nowhere, TRUE, TRUE))
CALLS(ExInterlockedCompareExchange64,
      ExInterlockedCompareExchange64(&number, &number, nowhere, NULL))
CALLS(RtlEnumerateGenericTableWithoutSplaying,
      RtlEnumerateGenericTableWithoutSplaying(nowhere, nowhere))
CALLS(RtlEnumerateGenericTableWithoutSplayingAvl,
      RtlEnumerateGenericTableWithoutSplayingAvl(nowhere, nowhere))

static const struct {
    void (*body)(void *context);
    const char *where;
} rows[] = {
    ROW(KeDelayExecutionThread),
    ROW(KeWaitForMultipleObjects),
    ROW(KeSetSystemGroupAffinityThread),
    ROW(KeRevertToUserGroupAffinityThread),
    ROW(KeGetProcessorIndexFromNumber),
    ROW(MmProbeAndLockPages),
    ROW(MmUnlockPages),
    ROW(MmUnmapLockedPages),
    ROW(IoBuildPartialMdl),
    ROW(IoWMIWriteEvent),
    ROW(WmiSystemControl),
    ROW(WmiCompleteRequest),
    ROW(ExCreateCallback),
    ROW(ExInterlockedCompareExchange64),
    ROW(RtlEnumerateGenericTableWithoutSplaying),
    ROW(RtlEnumerateGenericTableWithoutSplayingAvl),
};

static void a_service_that_reads_first_is_at_fault_where_it_was_called(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        print_message("%s\n", rows[i].where);
        rule_run(1, rows[i].body);
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);
        assert_int_equal(rule_result.code, PAGE_FAULT_IN_NONPAGED_AREA);
        assert_report_has(rows[i].where);
    }
}

static BOOLEAN late_fault(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    *(volatile char *)context = 1;
    return TRUE;
}

/* Its frames stand on those of the service, which is not to blame. */
static void fault_in_an_isr(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .irql = 5 });
    LARGE_INTEGER short_time = { .QuadPart = -10 };
    PKINTERRUPT interrupt;

    (void)context;
    assert_int_equal(IoConnectInterrupt(&interrupt, late_fault, nowhere, NULL,
                                        dirql_line_vector(line), 5, 5, LevelSensitive, FALSE, 1,
                                        FALSE),
                     STATUS_SUCCESS);
    dirql_line_assert(line);
    KeDelayExecutionThread(KernelMode, FALSE, &short_time);
    await_the_end();
}

static void an_isr_that_interrupts_it_is_at_fault_itself(void **state)
{
    (void)state;
    rule_run(1, fault_in_an_isr);
    assert_int_equal(rule_result.code, DRIVER_IRQL_NOT_LESS_OR_EQUAL);
    assert_report_has("at late_fault test_badpointer.c:");
}

/* ---- What is said of a pointer --------------------------------------------------------------- */

GUEST static void write_to(volatile char *at)
{
    *at = 1;
}

/* With what the report says. */
#define assert_said(body, bug_check, what)                   \
    do {                                                     \
        rule_run(1, body);                                   \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED); \
        assert_int_equal(rule_result.code, bug_check);       \
        assert_report_has(what);                             \
    } while (0)

static void write_to_a_member_of_null(void *context)
{
    (void)context;
    write_to((volatile char *)((ULONG_PTR)nowhere - 0x10000 + 0x30));
}

static void a_member_of_a_null_pointer_is_told_as_such(void **state)
{
    (void)state;
    assert_said(write_to_a_member_of_null, KMODE_EXCEPTION_NOT_HANDLED,
                "write to address 0x30: a member or element of what a null pointer");
}

static const char constant[] = "a constant";

static void write_to_a_constant(void *context)
{
    (void)context;
    write_to((volatile char *)(ULONG_PTR)constant);
}

static void a_constant_is_told_as_such(void **state)
{
    (void)state;
    assert_said(write_to_a_constant, PAGE_FAULT_IN_NONPAGED_AREA, "which may only be read");
}

typedef void routine(void);

static volatile ULONG data[4];

static void call_data(void *context)
{
    (void)context;
    data[0] = 0; /* What nobody writes to may be made a constant. */
    ((routine *)(ULONG_PTR)data)();
    KeMemoryBarrier();
}

static void call_pool(void *context)
{
    routine *code = (routine *)(ULONG_PTR)ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);

    (void)context;
    code();
    KeMemoryBarrier();
}

static void call_the_stack(void *context)
{
    volatile ULONG local[4] = { 0 };

    (void)context;
    ((routine *)(ULONG_PTR)local)();
    KeMemoryBarrier();
}

static void data_that_is_called_is_named(void **state)
{
    (void)state;
    assert_said(call_data, KMODE_EXCEPTION_NOT_HANDLED, "that is the variable `data`");
    assert_report_has("at call_data test_badpointer.c:");
    assert_said(call_pool, KMODE_EXCEPTION_NOT_HANDLED,
                "that is byte 0 of a pool block of 100 bytes (tag Brtp), allocated by call_pool");
    assert_said(call_the_stack, KMODE_EXCEPTION_NOT_HANDLED, "that is on the stack of thread test");
}

static KDPC dpc;

static void queue_a_dpc_without_code(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, (PKDEFERRED_ROUTINE)(ULONG_PTR)nowhere, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    await_the_end();
}

static void a_routine_that_is_no_code_is_told_with_its_object(void **state)
{
    (void)state;
    assert_said(queue_a_dpc_without_code, DRIVER_IRQL_NOT_LESS_OR_EQUAL,
                "that was given as its routine, and is none (the object is the variable `dpc`)");
}

#if defined(__x86_64__)
static void follow_freed_memory(void *context)
{
    char *volatile *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);

    (void)context;
    ExFreePoolWithTag((PVOID)block, TAG);
    write_to(block[2]);
}

static void follow_what_was_never_set(void *context)
{
    char *volatile *block =
        ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 100, TAG);

    (void)context;
    write_to(block[2] + 24);
}

static void a_pointer_that_was_read_from_pool_is_told_by_its_pattern(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    assert_said(follow_freed_memory, PAGE_FAULT_IN_NONPAGED_AREA,
                "address 0xdddddddddddddddd: that is what freed pool memory is filled with");
    assert_said(follow_what_was_never_set, PAGE_FAULT_IN_NONPAGED_AREA,
                "address 0xa5a5a5a5a5a5a5bd: that is what pool memory holds until somebody");
}

/* ---- Instructions ---------------------------------------------------------------------------- */

static void mask_interrupts(void *context)
{
    (void)context;
    __asm__ volatile("cli");
}

static void read_a_port(void *context)
{
    UCHAR byte;

    (void)context;
    __asm__ volatile("inb $0x60, %0" : "=a"(byte));
}

static void what_only_a_kernel_may_execute_is_told_as_such(void **state)
{
    (void)state;
    assert_said(mask_interrupts, KMODE_EXCEPTION_NOT_HANDLED, "privileged instruction");
    assert_int_equal(rule_result.parameters[0], 0xC0000096);
    assert_report_has("at mask_interrupts test_badpointer.c:");
    assert_said(read_a_port, KMODE_EXCEPTION_NOT_HANDLED, "privileged instruction");
}

static void stop_for_a_debugger(void *context)
{
    (void)context;
    __asm__ volatile("int3");
}

static void a_breakpoint_without_a_debugger_is_a_finding(void **state)
{
    (void)state;
    if (host_is_debugged()) {
        skip();
    }
    assert_said(stop_for_a_debugger, KMODE_EXCEPTION_NOT_HANDLED, "stopped at a breakpoint");
    assert_int_equal(rule_result.parameters[0], 0x80000003);
    assert_report_has("at stop_for_a_debugger test_badpointer.c:");
}

/* ---- Returns --------------------------------------------------------------------------------- */

/* As if a local array had been written over. */
__attribute__((naked, noinline)) static void return_to_nowhere(void)
{
    __asm__ volatile("movabsq $0x4141414141414141, %rax\n\t"
                     "movq %rax, (%rsp)\n\t"
                     "ret");
}

static void call_what_returns_to_nowhere(void *context)
{
    (void)context;
    return_to_nowhere();
    KeMemoryBarrier();
}

static void a_return_address_that_was_written_over_is_told_as_such(void **state)
{
    (void)state;
    assert_said(call_what_returns_to_nowhere, KMODE_EXCEPTION_NOT_HANDLED,
                "return to address 0x4141414141414141: somebody has written behind the end of a "
                "local array");
    assert_report_has("at return_to_nowhere");
}
#endif

/* ---- Stacks ---------------------------------------------------------------------------------- */

static volatile bool goes_on = true;

static VOID raise_for_ever(PKDPC which, PVOID context, PVOID first, PVOID second)
{
    KIRQL old;

    KeRaiseIrql(HIGH_LEVEL, &old);
    if (goes_on) {
        raise_for_ever(which, context, first, second);
    }
    KeLowerIrql(old);
}

static void recurse_in_a_dpc(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, raise_for_ever, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    await_the_end();
}

static void recursion_that_ends_inside_a_service_is_the_callers(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    assert_said(recurse_in_a_dpc, UNEXPECTED_KERNEL_MODE_TRAP,
                "stack overflow in `raise_for_ever`");
    assert_report_has("at raise_for_ever test_badpointer.c:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_that_reads_first_is_at_fault_where_it_was_called),
        cmocka_unit_test(an_isr_that_interrupts_it_is_at_fault_itself),
        cmocka_unit_test(a_member_of_a_null_pointer_is_told_as_such),
        cmocka_unit_test(a_constant_is_told_as_such),
        cmocka_unit_test(data_that_is_called_is_named),
        cmocka_unit_test(a_routine_that_is_no_code_is_told_with_its_object),
#if defined(__x86_64__)
        cmocka_unit_test(a_pointer_that_was_read_from_pool_is_told_by_its_pattern),
        cmocka_unit_test(what_only_a_kernel_may_execute_is_told_as_such),
        cmocka_unit_test(a_breakpoint_without_a_debugger_is_a_finding),
        cmocka_unit_test(a_return_address_that_was_written_over_is_told_as_such),
#endif
        cmocka_unit_test(recursion_that_ends_inside_a_service_is_the_callers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
