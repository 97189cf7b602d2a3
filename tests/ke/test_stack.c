/* Tests of lib/ke/stack.c. */
#include <stdint.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <ntddk.h>

static void limits_lie_around_a_local_variable(void **state)
{
    ULONG_PTR low, high;
    char here;

    (void)state;
    IoGetStackLimits(&low, &high);
    assert_true(low < (ULONG_PTR)&here && (ULONG_PTR)&here < high);
    assert_ptr_equal(IoGetInitialStack(), (PVOID)high);
    assert_true(IoGetRemainingStackSize() < high - low);
}

static void a_region_is_within_or_not(void **state)
{
    static char elsewhere;
    ULONG_PTR low, high;
    char here[8];

    (void)state;
    IoGetStackLimits(&low, &high);
    assert_true(IoWithinStackLimits((ULONG_PTR)here, sizeof(here)));
    assert_false(IoWithinStackLimits((ULONG_PTR)&elsewhere, 1));
    assert_false(IoWithinStackLimits(high - 4, 8));
    assert_false(IoWithinStackLimits(low - 4, 8));
    assert_false(IoWithinStackLimits((ULONG_PTR)here, SIZE_MAX));
}

static ULONG_PTR room;

static VOID look(PVOID parameter)
{
    room = IoGetRemainingStackSize();
    *(int *)parameter += 1;
}

static void a_callout_has_what_it_asked_for(void **state)
{
    int calls = 0;

    (void)state;
    assert_int_equal(KeExpandKernelStackAndCallout(look, &calls, 20000), STATUS_SUCCESS);
    assert_int_equal(calls, 1);
    assert_true(room >= 20000);
}

static void a_callout_that_asks_too_much_is_refused(void **state)
{
    int calls = 0;

    (void)state;
    assert_int_equal(
        KeExpandKernelStackAndCalloutEx(look, &calls, MAXIMUM_EXPANSION_SIZE + 1, FALSE, NULL),
        STATUS_INVALID_PARAMETER_3);
    assert_int_equal(calls, 0);
}

static void a_callout_at_dispatch_level_must_not_wait(void **state)
{
    int calls = 0;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(KeExpandKernelStackAndCalloutEx(look, &calls, 1000, TRUE, NULL),
                     STATUS_INVALID_PARAMETER_4);
    assert_int_equal(KeExpandKernelStackAndCalloutEx(look, &calls, 1000, FALSE, NULL),
                     STATUS_SUCCESS);
    KeLowerIrql(old);
    assert_int_equal(calls, 1);
}

static void the_older_callout_at_dispatch_level_is_reported(void **state)
{
    int calls = 0;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("IrqlKeApcLte1");
    (void)KeExpandKernelStackAndCallout(look, &calls, 1000);
}

static void a_callout_without_memory_is_not_called(void **state)
{
    int calls = 0;

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(KeExpandKernelStackAndCallout(look, &calls, 1000), STATUS_NO_MEMORY);
    assert_int_equal(calls, 0);
}

/* Uses the stack up until a callout is refused. */
static NTSTATUS dig(unsigned depth)
{
    volatile char block[4096];
    int calls = 0;
    NTSTATUS status;

    block[0] = (char)depth;
    status = KeExpandKernelStackAndCallout(look, &calls, MAXIMUM_EXPANSION_SIZE);
    if (status == STATUS_SUCCESS && depth < 10000) {
        status = dig(depth + 1);
    }
    return status + block[0] - (char)depth;
}

static void a_stack_that_is_used_up_is_an_overflow(void **state)
{
    (void)state;
    assert_int_equal(dig(0), STATUS_STACK_OVERFLOW);
}

static VOID end_thread(PVOID parameter)
{
    (void)parameter;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID call_end(PVOID context)
{
    (void)KeExpandKernelStackAndCallout(end_thread, context, 1000);
}

static void a_thread_that_ends_in_its_callout_is_reported(void **state)
{
    HANDLE handle;
    PVOID thread;

    (void)state;
    dirql_expect_finding("StackCallout");
    assert_int_equal(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, call_end, NULL),
        STATUS_SUCCESS);
    assert_int_equal(
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL),
        STATUS_SUCCESS);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(limits_lie_around_a_local_variable),
        dirql_unit_test(a_region_is_within_or_not),
        dirql_unit_test(a_callout_has_what_it_asked_for),
        dirql_unit_test(a_callout_that_asks_too_much_is_refused),
        dirql_unit_test(a_callout_at_dispatch_level_must_not_wait),
        dirql_unit_test(the_older_callout_at_dispatch_level_is_reported),
        dirql_unit_test(a_callout_without_memory_is_not_called),
        dirql_unit_test(a_stack_that_is_used_up_is_an_overflow),
        dirql_unit_test(a_thread_that_ends_in_its_callout_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
