/*
 * test_powerrules.c - the rules about what drivers tell the power manager, WMI, the error log and
 * others, and what they register:
 * what is left is found, and a driver that keeps them is left in peace.
 */
#include "rule.h"
#include "left.h"

#include <wmilib.h>

static DRIVER_OBJECT driver;

static PDEVICE_OBJECT make_device(void)
{
    PDEVICE_OBJECT device = NULL;

    (void)IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_SERIAL_PORT, 0, FALSE, &device);
    return device;
}

/* ---- Left ------------------------------------------------------------------------------------ */

static void leave_a_system_state(void *context)
{
    PVOID handle = PoRegisterSystemState(NULL, ES_SYSTEM_REQUIRED | ES_CONTINUOUS);

    (void)context;
    if (tidy) {
        PoUnregisterSystemState(handle);
    }
}

static void a_system_state_that_is_registered_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_system_state, "SystemStateLeft", "a system state is still registered");
}

static void leave_an_error_entry(void *context)
{
    PDEVICE_OBJECT device = make_device();
    PVOID entry = IoAllocateErrorLogEntry(device, sizeof(IO_ERROR_LOG_PACKET));

    (void)context;
    if (tidy) {
        IoFreeErrorLogEntry(entry);
    }
    IoDeleteDevice(device);
}

static void an_error_log_entry_that_is_not_written_is_reported(void **state)
{
    (void)state;
    assert_left(leave_an_error_entry, "ErrorLogLeft", "neither written nor freed");
}

static KBUGCHECK_CALLBACK_ROUTINE say_nothing;
static VOID say_nothing(PVOID buffer, ULONG length)
{
    (void)buffer;
    (void)length;
}

static void leave_a_bug_check_routine(void *context)
{
    static KBUGCHECK_CALLBACK_RECORD record;

    (void)context;
    KeInitializeCallbackRecord(&record);
    assert_true(KeRegisterBugCheckCallback(&record, say_nothing, NULL, 0, (PUCHAR) "uart"));
    if (tidy) {
        KeDeregisterBugCheckCallback(&record);
    }
}

static void a_bug_check_routine_that_is_registered_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_bug_check_routine, "BugCheckCallbackLeft",
                "a bug check routine is still registered");
}

static KBUGCHECK_REASON_CALLBACK_ROUTINE give_nothing;
static VOID give_nothing(KBUGCHECK_CALLBACK_REASON reason, PKBUGCHECK_REASON_CALLBACK_RECORD record,
                         PVOID data, ULONG length)
{
    (void)reason;
    (void)record;
    (void)data;
    (void)length;
}

static void leave_a_bug_check_reason(void *context)
{
    static KBUGCHECK_REASON_CALLBACK_RECORD record;

    (void)context;
    KeInitializeCallbackRecord(&record);
    assert_true(KeRegisterBugCheckReasonCallback(&record, give_nothing, KbCallbackAddPages,
                                                 (PUCHAR) "uart"));
    if (tidy) {
        KeDeregisterBugCheckReasonCallback(&record);
    }
}

static void a_bug_check_reason_that_is_registered_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_bug_check_reason, "BugCheckCallbackLeft",
                "a bug check routine is still registered");
}

static NMI_CALLBACK take_nmi;
static BOOLEAN take_nmi(PVOID context, BOOLEAN handled)
{
    (void)context;
    return handled;
}

static void leave_an_nmi_callback(void *context)
{
    PVOID handle = KeRegisterNmiCallback(take_nmi, NULL);

    (void)context;
    if (tidy) {
        (void)KeDeregisterNmiCallback(handle);
    }
}

static void an_nmi_callback_that_is_registered_is_reported(void **state)
{
    (void)state;
    assert_left(leave_an_nmi_callback, "NmiCallbackLeft", "an NMI callback is still registered");
}

static PDEVICE_OBJECT lasting;

static void leave_a_power_request(void *context)
{
    PVOID request;

    (void)context;
    lasting = make_device();
    (void)PoCreatePowerRequest(&request, lasting, NULL);
    if (tidy) {
        PoDeletePowerRequest(request);
        IoDeleteDevice(lasting);
    }
}

static void a_power_request_that_is_not_deleted_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_power_request, "PowerRequestLeft", "a power request is not deleted");
}

static POWER_SETTING_CALLBACK ignore_setting;
static NTSTATUS ignore_setting(LPCGUID setting, PVOID value, ULONG length, PVOID context)
{
    (void)setting;
    (void)value;
    (void)length;
    (void)context;
    return STATUS_SUCCESS;
}

static void leave_a_power_setting(void *context)
{
    PVOID handle;

    (void)context;
    (void)PoRegisterPowerSettingCallback(NULL, &GUID_MONITOR_POWER_ON, ignore_setting, NULL,
                                         &handle);
    if (tidy) {
        (void)PoUnregisterPowerSettingCallback(handle);
    }
}

static void a_power_setting_that_is_registered_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_power_setting, "PowerSettingLeft",
                "a power setting callback is still registered");
}

static void keep_the_power_request(void *context)
{
    PDEVICE_OBJECT device = make_device();
    PVOID request;

    (void)context;
    (void)PoCreatePowerRequest(&request, device, NULL);
    (void)PoSetPowerRequest(request, PowerRequestSystemRequired);
    (void)PoClearPowerRequest(request, PowerRequestSystemRequired);
    PoDeletePowerRequest(request);
    IoDeleteDevice(device);
}

static void a_power_request_that_is_cleared_and_deleted_is_silent(void **state)
{
    (void)state;
    assert_silent(keep_the_power_request, 1, "PowerRequest");
}

static VOID ignore_change(PVOID context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change,
                          PNTSTATUS status)
{
    (void)context;
    (void)change;
    (void)status;
}

static void leave_a_processor_change(void *context)
{
    PVOID handle = KeRegisterProcessorChangeCallback(ignore_change, NULL, 0);

    (void)context;
    if (tidy) {
        KeDeregisterProcessorChangeCallback(handle);
    }
}

static void a_processor_routine_that_is_registered_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_processor_change, "ProcessorChangeLeft", "is still registered");
}

static NTSTATUS hear_nothing(PVOID structure, PVOID context)
{
    (void)structure;
    (void)context;
    return STATUS_SUCCESS;
}

static void leave_a_notification(void *context)
{
    static GUID ports = { 1, 2, 3, { 4 } };
    PVOID entry = NULL;

    (void)context;
    IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, &ports, &driver,
                                   hear_nothing, NULL, &entry);
    if (tidy) {
        IoUnregisterPlugPlayNotificationEx(entry);
    }
}

static void a_notification_that_is_registered_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_notification, "NotificationLeft", "is still registered");
}

/* ---- Kept ------------------------------------------------------------------------------------ */

static void tell_power(void *context)
{
    PDEVICE_OBJECT device = make_device();
    PULONG counter = PoRegisterDeviceForIdleDetection(device, 10, 10, PowerDeviceD3);
    POWER_STATE state;

    (void)context;
    PoStartDeviceBusy(counter);
    PoEndDeviceBusy(counter);
    (void)PoRegisterDeviceForIdleDetection(device, 0, 0, PowerDeviceD3);
    state.DeviceState = PowerDeviceD3;
    PoSetPowerState(device, DevicePowerState, state);
    IoDeleteDevice(device);
}

static void provide(void *context)
{
    PDEVICE_OBJECT device = make_device();

    (void)context;
    IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER);
    IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER);
    IoDeleteDevice(device);
}

/* ---- Broken ---------------------------------------------------------------------------------- */

static PDEVICE_OBJECT broken_with;

static void clear_what_is_not_set(void *context)
{
    PVOID request = NULL;

    (void)context;
    (void)PoCreatePowerRequest(&request, make_device(), NULL);
    (void)PoClearPowerRequest(request, PowerRequestSystemRequired);
}

static void delete_the_device_before_its_request(void *context)
{
    PDEVICE_OBJECT device = make_device();
    PVOID request = NULL;

    (void)context;
    (void)PoCreatePowerRequest(&request, device, NULL);
    IoDeleteDevice(device);
}

static void a_power_request_is_cleared_as_often_as_set_and_deleted_first(void **state)
{
    (void)state;
    assert_error(clear_what_is_not_set, 1, "PowerRequest");
    assert_report_has("PoClearPowerRequest without a PoSetPowerRequest");
    assert_error(delete_the_device_before_its_request, 1, "PowerRequest");
    assert_report_has("before the power request that");
}

static void tell_a_low_state_too_high(void *context)
{
    POWER_STATE device_state;
    KIRQL old;

    (void)context;
    device_state.DeviceState = PowerDeviceD3;
    broken_with = make_device();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)PoSetPowerState(broken_with, DevicePowerState, device_state);
}

static void tell_the_state_of_the_system(void *context)
{
    POWER_STATE system;

    (void)context;
    system.SystemState = PowerSystemWorking;
    broken_with = make_device();
    (void)PoSetPowerState(broken_with, SystemPowerState, system);
}

static void a_power_state_that_cannot_be_told_is_reported(void **state)
{
    (void)state;
    assert_broken(tell_a_low_state_too_high, 1, 0, DevicePowerState, PowerDeviceD3, 0, 0,
                  "PowerState");
    assert_broken(tell_the_state_of_the_system, 1, 0, SystemPowerState, PowerSystemWorking, 0, 0,
                  "PowerState");
}

static PULONG idle_counter;

static void end_what_was_not_begun(void *context)
{
    (void)context;
    idle_counter = PoRegisterDeviceForIdleDetection(make_device(), 5, 5, PowerDeviceD3);
    PoEndDeviceBusy(idle_counter);
}

static void an_end_of_use_without_its_beginning_is_reported(void **state)
{
    (void)state;
    assert_broken(end_what_was_not_begun, 1, 0, (ULONG_PTR)idle_counter, 0, 0, 0, "DeviceBusy");
}

static void delete_a_provider(void *context)
{
    (void)context;
    broken_with = make_device();
    (void)IoWMIRegistrationControl(broken_with, WMIREG_ACTION_REGISTER);
    IoDeleteDevice(broken_with);
}

static void a_provider_that_is_deleted_is_reported(void **state)
{
    (void)state;
    assert_broken(delete_a_provider, 1, 0, (ULONG_PTR)broken_with, 0, 0, 0, "WmiProvider");
}

/* ---- Kept ------------------------------------------------------------------------------------ */

static const kept_rule kept[] = {
    KEPT("PowerState", tell_power),
    KEPT("DeviceBusy", tell_power),
    KEPT("WmiProvider", provide),
};

static void what_keeps_the_rules_is_left_in_peace(void **state)
{
    (void)state;
    assert_all_kept(kept, 1);
}

static void have_the_system_ask(void *context)
{
    PDEVICE_OBJECT pdo = dirql_pdo_create("uart", NULL, 0);

    (void)context;
    KeSetPriorityThread(KeGetCurrentThread(), HIGH_PRIORITY); /* No worker comes before the end. */
    IoInvalidateDeviceState(pdo);
}

static void what_the_system_has_queued_is_nobodys_leftover(void **state)
{
    (void)state;
    rule_run_undisturbed(1, have_the_system_ask);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_system_state_that_is_registered_is_reported),
        cmocka_unit_test(an_error_log_entry_that_is_not_written_is_reported),
        cmocka_unit_test(a_bug_check_routine_that_is_registered_is_reported),
        cmocka_unit_test(a_bug_check_reason_that_is_registered_is_reported),
        cmocka_unit_test(an_nmi_callback_that_is_registered_is_reported),
        cmocka_unit_test(a_power_request_that_is_not_deleted_is_reported),
        cmocka_unit_test(a_power_setting_that_is_registered_is_reported),
        cmocka_unit_test(a_power_request_that_is_cleared_and_deleted_is_silent),
        cmocka_unit_test(a_processor_routine_that_is_registered_is_reported),
        cmocka_unit_test(a_notification_that_is_registered_is_reported),
        cmocka_unit_test(what_the_system_has_queued_is_nobodys_leftover),
        cmocka_unit_test(what_keeps_the_rules_is_left_in_peace),
        cmocka_unit_test(a_power_request_is_cleared_as_often_as_set_and_deleted_first),
        cmocka_unit_test(a_power_state_that_cannot_be_told_is_reported),
        cmocka_unit_test(an_end_of_use_without_its_beginning_is_reported),
        cmocka_unit_test(a_provider_that_is_deleted_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
