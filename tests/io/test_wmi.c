/*
 * test_wmi.c - a driver that provides data by the WMI library, and a consumer of them.
 */
#include "stack.h"

#include <dirql/fail.h>
#include <dirql/trace.h>
#include <dirql/wmi.h>

#include <wmilib.h>

static const GUID counters = { 0x11111111, 2, 3, { 4 } }, alarm_event = { 0x22222222, 2, 3, { 4 } };

static WMIGUIDREGINFO blocks[] = {
    { &counters, 2, WMIREG_FLAG_INSTANCE_PDO },
    { &alarm_event, 1, WMIREG_FLAG_INSTANCE_PDO | WMIREG_FLAG_EVENT_ONLY_GUID },
};

static struct {
    WMILIB_CONTEXT library;
    volatile LONG asked; /* For its blocks. */
    ULONG value[2], changed_item;
    BOOLEAN later, events;
    SYSCTL_IRP_DISPOSITION disposition;
} provider;

/* ---- The driver ------------------------------------------------------------------------------ */

static WMI_QUERY_REGINFO_CALLBACK tell_blocks;
static NTSTATUS tell_blocks(PDEVICE_OBJECT device, PULONG flags, PUNICODE_STRING name,
                            PUNICODE_STRING *path, PUNICODE_STRING mof, PDEVICE_OBJECT *pdo)
{
    static UNICODE_STRING registry = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\uart");

    (void)name;
    (void)mof;
    assert_ptr_equal(device, stack.upper);
    *flags = WMIREG_FLAG_INSTANCE_PDO;
    *path = &registry;
    *pdo = stack.lower;
    InterlockedIncrement(&provider.asked);
    return STATUS_SUCCESS;
}

static WMI_QUERY_DATABLOCK_CALLBACK tell_data;
static NTSTATUS tell_data(PDEVICE_OBJECT device, PIRP irp, ULONG block, ULONG instance, ULONG count,
                          PULONG lengths, ULONG available, PUCHAR buffer)
{
    const ULONG needed = count == 2 ? 12 : 4; /* The second at a multiple of 8. */

    assert_int_equal(block, 0);
    if (available < needed) {
        return WmiCompleteRequest(device, irp, STATUS_BUFFER_TOO_SMALL, needed, IO_NO_INCREMENT);
    }
    for (ULONG i = 0; i < count; i++) {
        lengths[i] = sizeof(ULONG);
        memcpy(buffer + 8 * i, &provider.value[instance + i], sizeof(ULONG));
    }
    if (provider.later) {
        return stack_keep(device, irp);
    }
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, needed, IO_NO_INCREMENT);
}

static WMI_SET_DATABLOCK_CALLBACK change_data;
static NTSTATUS change_data(PDEVICE_OBJECT device, PIRP irp, ULONG block, ULONG instance,
                            ULONG bytes, PUCHAR buffer)
{
    assert_int_equal(block, 0);
    assert_int_equal(bytes, sizeof(ULONG));
    memcpy(&provider.value[instance], buffer, bytes);
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
}

static WMI_SET_DATAITEM_CALLBACK change_item;
static NTSTATUS change_item(PDEVICE_OBJECT device, PIRP irp, ULONG block, ULONG instance,
                            ULONG item, ULONG bytes, PUCHAR buffer)
{
    provider.changed_item = item;
    return change_data(device, irp, block, instance, bytes, buffer);
}

static WMI_EXECUTE_METHOD_CALLBACK run_method;
static NTSTATUS run_method(PDEVICE_OBJECT device, PIRP irp, ULONG block, ULONG instance,
                           ULONG method, ULONG in_bytes, ULONG out_bytes, PUCHAR buffer)
{
    ULONG number;

    (void)block;
    assert_int_equal(in_bytes, sizeof(number));
    assert_true(out_bytes >= sizeof(number));
    memcpy(&number, buffer, sizeof(number));
    number = number * method + instance;
    memcpy(buffer, &number, sizeof(number));
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, sizeof(number), IO_NO_INCREMENT);
}

static WMI_FUNCTION_CONTROL_CALLBACK control;
static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, ULONG block,
                        WMIENABLEDISABLECONTROL function, BOOLEAN enable)
{
    assert_int_equal(block, 1);
    assert_int_equal(function, WmiEventControl);
    provider.events = enable;
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
}

static NTSTATUS system_control(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = WmiSystemControl(&provider.library, device, irp, &provider.disposition);

    switch (provider.disposition) {
    case IrpProcessed:
        return status;
    case IrpNotCompleted:
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    default:
        return stack_skip(device, irp);
    }
}

static int start(void **state)
{
    (void)state;
    memset(&provider, 0, sizeof(provider));
    stack_make();
    stack.upper_does = system_control;
    provider.library = (WMILIB_CONTEXT){ .GuidCount = RTL_NUMBER_OF(blocks), .GuidList = blocks,
                                         .QueryWmiRegInfo = tell_blocks,
                                         .QueryWmiDataBlock = tell_data,
                                         .SetWmiDataBlock = change_data,
                                         .SetWmiDataItem = change_item,
                                         .ExecuteWmiMethod = run_method,
                                         .WmiFunctionControl = control };
    provider.value[0] = 17;
    provider.value[1] = 18;
    assert_int_equal(IoWMIRegistrationControl(stack.upper, WMIREG_ACTION_REGISTER),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < 100 && ReadAcquire(&provider.asked) == 0; i++) {
        settle();
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert_int_equal(IoWMIRegistrationControl(stack.upper, WMIREG_ACTION_DEREGISTER),
                     STATUS_SUCCESS);
    stack_delete();
    return 0;
}

/* ---- Registration ---------------------------------------------------------------------------- */

static void who_registers_is_asked_for_its_blocks(void **state)
{
    (void)state;
    assert_int_equal(provider.asked, 1);
    assert_int_equal(provider.disposition, IrpNotCompleted);
    assert_int_equal(IoWMIRegistrationControl(stack.upper, WMIREG_ACTION_UPDATE_GUIDS),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < 100 && ReadAcquire(&provider.asked) == 1; i++) {
        settle();
    }
    assert_int_equal(provider.asked, 2);
}

static void an_action_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_int_equal(IoWMIRegistrationControl(stack.upper, 99), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoWMIRegistrationControl(stack.lower, WMIREG_ACTION_DEREGISTER),
                     STATUS_INVALID_PARAMETER);
}

static void a_provider_is_known_by_a_number(void **state)
{
    (void)state;
    assert_int_not_equal(IoWMIDeviceObjectToProviderId(stack.upper), 0);
    assert_int_equal(IoWMIDeviceObjectToProviderId(stack.lower), 0);
}

static void a_device_that_is_deleted_as_a_provider_is_a_finding(void **state)
{
    (void)state;
    IoDetachDevice(stack.lower);
    dirql_expect_finding("WmiProvider");
    IoDeleteDevice(stack.upper);
}

static void a_registration_may_fail(void **state)
{
    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(IoWMIRegistrationControl(stack.lower, WMIREG_ACTION_REGISTER),
                     STATUS_INSUFFICIENT_RESOURCES);
}

/* ---- Data ------------------------------------------------------------------------------------ */

static void one_instance_can_be_read(void **state)
{
    ULONG value = 0, done = 0;

    (void)state;
    assert_int_equal(dirql_wmi_query(stack.upper, &counters, 1, &value, sizeof(value), &done),
                     STATUS_SUCCESS);
    assert_int_equal(value, 18);
    assert_int_equal(done, sizeof(value));
    assert_int_equal(provider.disposition, IrpProcessed);
}

static void all_instances_can_be_read_each_at_a_multiple_of_8(void **state)
{
    ULONG values[4] = { 0 }, done = 0;

    (void)state;
    assert_int_equal(dirql_wmi_query_all(stack.upper, &counters, values, sizeof(values), &done),
                     STATUS_SUCCESS);
    assert_int_equal(done, 12);
    assert_int_equal(values[0], 17);
    assert_int_equal(values[2], 18);
}

static NTSTATUS all_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* As WMI sends it: with the header that dirql_wmi_query_all() takes away. */
static void where_each_instance_lies_and_how_long_it_is_is_told(void **state)
{
    union {
        WNODE_ALL_DATA all;
        UCHAR bytes[256];
    } buffer = { .bytes = { 0 } };
    PIRP irp = IoAllocateIrp(stack.upper->StackSize, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    const OFFSETINSTANCEDATAANDLENGTH *at = buffer.all.OffsetInstanceDataAndLength;

    (void)state;
    next->MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    next->MinorFunction = IRP_MN_QUERY_ALL_DATA;
    next->Parameters.WMI.ProviderId = (ULONG_PTR)stack.upper;
    next->Parameters.WMI.DataPath = (PVOID)(ULONG_PTR)&counters;
    next->Parameters.WMI.BufferSize = sizeof(buffer);
    next->Parameters.WMI.Buffer = &buffer;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoSetCompletionRoutine(irp, all_done, NULL, TRUE, TRUE, TRUE);
    assert_int_equal(IoCallDriver(stack.upper, irp), STATUS_SUCCESS);
    assert_int_equal(irp->IoStatus.Information, buffer.all.WnodeHeader.BufferSize);
    assert_int_equal(buffer.all.InstanceCount, 2);
    assert_int_equal(at[0].OffsetInstanceData, buffer.all.DataBlockOffset);
    assert_int_equal(at[0].LengthInstanceData, sizeof(ULONG));
    assert_int_equal(at[1].OffsetInstanceData, buffer.all.DataBlockOffset + 8);
    assert_int_equal(at[1].LengthInstanceData, sizeof(ULONG));
    assert_int_equal(buffer.bytes[at[1].OffsetInstanceData], 18);
    IoFreeIrp(irp);
}

static void a_buffer_that_is_too_small_is_told_how_much_it_needs(void **state)
{
    ULONG done = 0;

    (void)state;
    assert_int_equal(dirql_wmi_query(stack.upper, &counters, 0, NULL, 0, &done),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(done, sizeof(ULONG));
}

static volatile LONG asked_and_answered;

static void ask_for_one(void *context)
{
    ULONG *value = context;

    assert_int_equal(dirql_wmi_query(stack.upper, &counters, 0, value, sizeof(*value), NULL),
                     STATUS_SUCCESS);
    InterlockedIncrement(&asked_and_answered);
}

static void a_driver_may_answer_later(void **state)
{
    ULONG value = 0;
    dirql_thread *thread;

    (void)state;
    asked_and_answered = 0;
    provider.later = TRUE;
    thread = dirql_thread_start("consumer", 0, ask_for_one, &value);
    for (unsigned i = 0; i < 100 && stack.kept == NULL; i++) {
        settle();
    }
    assert_int_equal(asked_and_answered, 0);
    (void)WmiCompleteRequest(stack.upper, stack.kept, STATUS_SUCCESS, sizeof(ULONG),
                             IO_NO_INCREMENT);
    dirql_thread_join(thread);
    assert_int_equal(value, 17);
}

static void an_instance_can_be_changed_and_an_item_of_it(void **state)
{
    ULONG value = 5;

    (void)state;
    assert_int_equal(dirql_wmi_set(stack.upper, &counters, 0, &value, sizeof(value)),
                     STATUS_SUCCESS);
    assert_int_equal(provider.value[0], 5);
    value = 6;
    assert_int_equal(dirql_wmi_set_item(stack.upper, &counters, 1, 3, &value, sizeof(value)),
                     STATUS_SUCCESS);
    assert_int_equal(provider.value[1], 6);
    assert_int_equal(provider.changed_item, 3);
}

static void a_method_gets_and_gives_data(void **state)
{
    ULONG value = 7, done = 0;

    (void)state;
    assert_int_equal(dirql_wmi_execute(stack.upper, &counters, 1, 10, &value, sizeof(value),
                                       sizeof(value), &done),
                     STATUS_SUCCESS);
    assert_int_equal(value, 71);
    assert_int_equal(done, sizeof(value));
}

static void what_a_driver_does_not_handle_has_its_status(void **state)
{
    ULONG value = 1;

    (void)state;
    provider.library.SetWmiDataBlock = NULL;
    provider.library.SetWmiDataItem = NULL;
    provider.library.ExecuteWmiMethod = NULL;
    provider.library.WmiFunctionControl = NULL;
    assert_int_equal(dirql_wmi_set(stack.upper, &counters, 0, &value, 4), STATUS_WMI_READ_ONLY);
    assert_int_equal(dirql_wmi_set_item(stack.upper, &counters, 0, 1, &value, 4),
                     STATUS_WMI_READ_ONLY);
    assert_int_equal(dirql_wmi_execute(stack.upper, &counters, 0, 1, &value, 4, 4, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(dirql_wmi_enable_events(stack.upper, &alarm_event, TRUE), STATUS_SUCCESS);
    assert_int_equal(provider.disposition, IrpNotCompleted);
}

static void what_is_not_there_is_not_found(void **state)
{
    const GUID unknown = { 9, 9, 9, { 9 } };
    ULONG value = 0;

    (void)state;
    assert_int_equal(dirql_wmi_query(stack.upper, &unknown, 0, &value, 4, NULL),
                     STATUS_WMI_GUID_NOT_FOUND);
    assert_int_equal(dirql_wmi_query(stack.upper, &counters, 2, &value, 4, NULL),
                     STATUS_WMI_INSTANCE_NOT_FOUND);
    assert_int_equal(dirql_wmi_query(stack.upper, &alarm_event, 0, &value, 4, NULL),
                     STATUS_WMI_GUID_NOT_FOUND);
}

static void a_request_for_another_device_is_forwarded(void **state)
{
    ULONG value = 0;

    (void)state;
    assert_int_equal(IoWMIRegistrationControl(stack.lower, WMIREG_ACTION_REGISTER),
                     STATUS_SUCCESS);
    settle();
    (void)dirql_wmi_query(stack.lower, &counters, 0, &value, 4, NULL);
    assert_int_equal(provider.disposition, IrpForward);
    assert_int_equal(IoWMIRegistrationControl(stack.lower, WMIREG_ACTION_DEREGISTER),
                     STATUS_SUCCESS);
}

/* As WMI sends it, with room for so many bytes. */
static PIRP registration_request(UCHAR minor, void *buffer, ULONG bytes)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next->MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    next->MinorFunction = minor;
    next->Parameters.WMI.ProviderId = (ULONG_PTR)stack.upper;
    next->Parameters.WMI.DataPath = (PVOID)(ULONG_PTR)WMIREGISTER;
    next->Parameters.WMI.Buffer = buffer;
    next->Parameters.WMI.BufferSize = bytes;
    IoSetNextIrpStackLocation(irp);
    return irp;
}

static void how_much_the_blocks_need_is_told(void **state)
{
    ULONG_PTR buffer[64] = { 0 };
    PIRP irp = registration_request(IRP_MN_REGINFO_EX, buffer, sizeof(WMIREGINFO) - 1);
    SYSCTL_IRP_DISPOSITION disposition;
    ULONG needed;

    (void)state;
    assert_int_equal(WmiSystemControl(&provider.library, stack.upper, irp, &disposition),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(disposition, IrpNotCompleted);
    assert_int_equal(irp->IoStatus.Status, STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(irp->IoStatus.Information, sizeof(ULONG));
    memcpy(&needed, buffer, sizeof(needed));
    IoFreeIrp(irp);
    irp = registration_request(IRP_MN_REGINFO_EX, buffer, needed);
    assert_int_equal(WmiSystemControl(&provider.library, stack.upper, irp, &disposition),
                     STATUS_SUCCESS);
    assert_int_equal(disposition, IrpNotCompleted);
    assert_int_equal(irp->IoStatus.Information, needed);
    assert_int_equal(((WMIREGINFO *)buffer)->GuidCount, RTL_NUMBER_OF(blocks));
    for (size_t i = 0; i < RTL_NUMBER_OF(blocks); i++) { /* As WMI does. */
        ObDereferenceObject(stack.lower);
    }
    IoFreeIrp(irp);
}

static void what_is_no_wmi_request_is_none(void **state)
{
    PIRP irp = registration_request(0x7F, NULL, 0);
    SYSCTL_IRP_DISPOSITION disposition;

    (void)state;
    (void)WmiSystemControl(&provider.library, stack.upper, irp, &disposition);
    assert_int_equal(disposition, IrpNotWmi);
    assert_int_equal(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    IoFreeIrp(irp);
}

static void a_device_that_provides_nothing_is_refused(void **state)
{
    ULONG value;

    (void)state;
    dirql_expect_finding("driver");
    (void)dirql_wmi_query(stack.lower, &counters, 0, &value, 4, NULL);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void an_event_stands_in_the_trace_and_its_data_are_freed(void **state)
{
    PULONG data = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*data), 'tvE ');
    char *trace;

    (void)state;
    assert_int_equal(dirql_wmi_enable_events(stack.upper, &alarm_event, TRUE), STATUS_SUCCESS);
    assert_true(provider.events);
    dirql_trace_start();
    assert_int_equal(WmiFireEvent(stack.upper, &alarm_event, 0, sizeof(*data), data),
                     STATUS_SUCCESS);
    trace = dirql_trace_text();
    assert_non_null(strstr(trace, "WMI event {22222222-0002-0003-0400-000000000000}"));
    dirql_trace_free(trace);
    assert_int_equal(dirql_wmi_enable_events(stack.upper, &alarm_event, FALSE), STATUS_SUCCESS);
    assert_false(provider.events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(who_registers_is_asked_for_its_blocks, start, stop),
        dirql_unit_test_setup_teardown(an_action_that_is_none_is_refused, start, stop),
        dirql_unit_test_setup_teardown(a_provider_is_known_by_a_number, start, stop),
        dirql_unit_test_setup(a_device_that_is_deleted_as_a_provider_is_a_finding, start),
        dirql_unit_test_setup_teardown(a_registration_may_fail, start, stop),
        dirql_unit_test_setup_teardown(one_instance_can_be_read, start, stop),
        dirql_unit_test_setup_teardown(all_instances_can_be_read_each_at_a_multiple_of_8, start,
                                       stop),
        dirql_unit_test_setup_teardown(where_each_instance_lies_and_how_long_it_is_is_told, start,
                                       stop),
        dirql_unit_test_setup_teardown(a_buffer_that_is_too_small_is_told_how_much_it_needs, start,
                                       stop),
        dirql_unit_test_setup_teardown(a_driver_may_answer_later, start, stop),
        dirql_unit_test_setup_teardown(an_instance_can_be_changed_and_an_item_of_it, start, stop),
        dirql_unit_test_setup_teardown(a_method_gets_and_gives_data, start, stop),
        dirql_unit_test_setup_teardown(what_a_driver_does_not_handle_has_its_status, start, stop),
        dirql_unit_test_setup_teardown(what_is_not_there_is_not_found, start, stop),
        dirql_unit_test_setup_teardown(a_request_for_another_device_is_forwarded, start, stop),
        dirql_unit_test_setup_teardown(how_much_the_blocks_need_is_told, start, stop),
        dirql_unit_test_setup_teardown(what_is_no_wmi_request_is_none, start, stop),
        dirql_unit_test_setup(a_device_that_provides_nothing_is_refused, start),
        dirql_unit_test_setup_teardown(an_event_stands_in_the_trace_and_its_data_are_freed, start,
                                       stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
