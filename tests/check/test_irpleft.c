/*
 * test_irpleft.c - what a driver leaves of requests and device stacks is reported at the end of the
 * run, with the place that made it; what it gives back is not.
 */
#include "rule.h"

#include <dirql/line.h>

#include "../io/stack.h"

/* True in the runs that give everything back. */
static bool tidy;

#define assert_left(body, rule_name, text)                   \
    do {                                                     \
        tidy = false;                                        \
        rule_run(1, body);                                   \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED); \
        assert_int_equal(rule_result.errors, 1);             \
        assert_report_has("rule:  " rule_name ":");          \
        assert_report_has("fix:");                           \
        assert_report_has(text);                             \
        assert_report_has(#body);                            \
        tidy = true;                                         \
        assert_kept(body, 1);                                \
    } while (0)

static void leave_an_irp(void *context)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    if (tidy) {
        IoFreeIrp(irp);
    }
}

static void an_irp_that_is_not_freed_is_reported(void **state)
{
    (void)state;
    assert_left(leave_an_irp, "IrpLeft", "an IRP is not freed. IoAllocateIrp was called at");
}

static void leave_a_request(void *context)
{
    static IO_STATUS_BLOCK status_block;
    static KEVENT event;
    PIRP irp;

    (void)context;
    stack_make();
    stack.lower_does = stack_keep;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE, &event,
                                        &status_block);
    (void)IoCallDriver(stack.upper, irp);
    if (tidy) {
        stack_finish(STATUS_SUCCESS, 0);
    }
    stack_delete();
}

static void a_request_that_is_not_completed_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_request, "IrpLeft",
                "a request is not completed. IoBuildDeviceIoControlRequest was called at");
}

/* The Plug and Play manager's, which the driver of a function keeps. */
static void leave_a_question(void *context)
{
    PDEVICE_OBJECT pdo = dirql_pdo_create("uart", NULL, 0), function;

    (void)context;
    stack_make();
    IoCreateDevice(&stack.lower_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &function);
    (void)IoAttachDeviceToDeviceStack(function, pdo);
    function->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    stack.lower_does = stack_keep;
    IoInvalidateDeviceState(pdo);
    while (InterlockedCompareExchangePointer((PVOID volatile *)&stack.kept, NULL, NULL) == NULL) {
        settle();
    }
    if (tidy) {
        stack_finish(STATUS_SUCCESS, 0);
    }
    IoDetachDevice(pdo);
    IoDeleteDevice(function);
    stack_delete();
}

static void a_question_of_the_system_that_is_not_answered_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_question, "IrpLeft",
                "a request is not completed. IoInvalidateDeviceState was called at");
}

static void leave_an_mdl(void *context)
{
    UCHAR buffer[4];
    PIRP irp;

    (void)context;
    stack_make();
    stack.upper->Flags |= DO_DIRECT_IO;
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, stack.upper, buffer, 4, NULL, NULL);
    MmUnlockPages(irp->MdlAddress);
    if (tidy) {
        IoFreeMdl(irp->MdlAddress);
    }
    IoFreeIrp(irp);
    stack_delete();
}

static void the_mdl_of_an_asynchronous_request_is_the_drivers(void **state)
{
    (void)state;
    assert_left(leave_an_mdl, "PoolLeak", "IoBuildAsynchronousFsdRequest was called at");
}

static void open_and_leave(void *context)
{
    UNICODE_STRING name;
    PDEVICE_OBJECT named, top;
    PFILE_OBJECT file;

    (void)context;
    stack_make();
    RtlInitUnicodeString(&name, L"\\Device\\Left");
    IoCreateDevice(&stack.lower_driver, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &named);
    named->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top), STATUS_SUCCESS);
    if (tidy) {
        ObDereferenceObject(file);
    }
    IoDeleteDevice(named);
    stack_delete();
}

static void a_file_that_is_still_open_is_reported(void **state)
{
    (void)state;
    assert_left(open_and_leave, "ReferenceLeak", "a file object still has a reference");
}

static void reference_and_leave(void *context)
{
    PDEVICE_OBJECT top;

    (void)context;
    stack_make();
    top = IoGetAttachedDeviceReference(stack.lower);
    if (tidy) {
        ObDereferenceObject(top);
    }
    stack_delete();
}

static void a_device_that_is_still_referenced_is_reported(void **state)
{
    (void)state;
    assert_left(reference_and_leave, "ReferenceLeak", "a device object still has 1 reference");
}

static void link_and_leave(void *context)
{
    UNICODE_STRING name;

    (void)context;
    RtlInitUnicodeString(&name, L"\\DosDevices\\Left");
    assert_int_equal(IoCreateSymbolicLink(&name, &name), STATUS_SUCCESS);
    if (tidy) {
        assert_int_equal(IoDeleteSymbolicLink(&name), STATUS_SUCCESS);
    }
}

static void a_link_that_is_not_deleted_is_a_warning(void **state)
{
    (void)state;
    tidy = false;
    assert_warned(link_and_leave, 1, 1, "LinkLeft");
    tidy = true;
    assert_silent(link_and_leave, 1, "LinkLeft");
}

static void leave_a_named_event(void *context)
{
    UNICODE_STRING name;
    HANDLE handle;

    (void)context;
    RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\Left");
    assert_non_null(IoCreateNotificationEvent(&name, &handle));
    if (tidy) {
        ZwClose(handle);
    }
}

static void a_named_events_handle_is_left_like_others(void **state)
{
    (void)state;
    assert_left(leave_a_named_event, "HandleLeak", "a handle of a named event is not closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_irp_that_is_not_freed_is_reported),
        cmocka_unit_test(a_request_that_is_not_completed_is_reported),
        cmocka_unit_test(a_question_of_the_system_that_is_not_answered_is_reported),
        cmocka_unit_test(the_mdl_of_an_asynchronous_request_is_the_drivers),
        cmocka_unit_test(a_file_that_is_still_open_is_reported),
        cmocka_unit_test(a_device_that_is_still_referenced_is_reported),
        cmocka_unit_test(a_link_that_is_not_deleted_is_a_warning),
        cmocka_unit_test(a_named_events_handle_is_left_like_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
