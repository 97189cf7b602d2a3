/*
 * test_powersetting.c - power settings, and who is told of their changes.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/power.h>

#include <ntddk.h>

static struct {
    unsigned calls;
    GUID guid;
    ULONG value, length;
    PVOID context;
    KIRQL irql;
} told;

static POWER_SETTING_CALLBACK note, unregister_itself, stay_raised;

static NTSTATUS note(LPCGUID setting, PVOID value, ULONG length, PVOID context)
{
    told.calls++;
    told.guid = *setting;
    told.value = length == sizeof(ULONG) ? *(ULONG *)value : 0;
    told.length = length;
    told.context = context;
    told.irql = KeGetCurrentIrql();
    return STATUS_SUCCESS;
}

static NTSTATUS unregister_itself(LPCGUID setting, PVOID value, ULONG length, PVOID context)
{
    (void)note(setting, value, length, context);
    return told.calls == 2 ? PoUnregisterPowerSettingCallback(*(PVOID *)context) : STATUS_SUCCESS;
}

static NTSTATUS stay_raised(LPCGUID setting, PVOID value, ULONG length, PVOID context)
{
    KIRQL old;

    (void)note(setting, value, length, context);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return STATUS_SUCCESS;
}

static int start(void **state)
{
    (void)state;
    RtlZeroMemory(&told, sizeof(told));
    return 0;
}

static PVOID add(const GUID *setting, PPOWER_SETTING_CALLBACK routine, PVOID context)
{
    PVOID handle = NULL;

    assert_int_equal(PoRegisterPowerSettingCallback(NULL, setting, routine, context, &handle),
                     STATUS_SUCCESS);
    assert_non_null(handle);
    return handle;
}

static void drop(PVOID handle)
{
    assert_int_equal(PoUnregisterPowerSettingCallback(handle), STATUS_SUCCESS);
}

static void the_present_value_is_told_at_once(void **state)
{
    PVOID handle = add(&GUID_CONSOLE_DISPLAY_STATE, note, &told);

    (void)state;
    assert_int_equal(told.calls, 1);
    assert_true(IsEqualGUID(&told.guid, &GUID_CONSOLE_DISPLAY_STATE));
    assert_int_equal(told.value, PowerMonitorOn);
    assert_int_equal(told.length, sizeof(ULONG));
    assert_ptr_equal(told.context, &told);
    assert_int_equal(told.irql, PASSIVE_LEVEL);
    drop(handle);
}

static void a_change_is_told(void **state)
{
    PVOID handle = add(&GUID_CONSOLE_DISPLAY_STATE, note, NULL);

    (void)state;
    dirql_power_setting_ulong(&GUID_CONSOLE_DISPLAY_STATE, PowerMonitorOff);
    assert_int_equal(told.calls, 2);
    assert_int_equal(told.value, PowerMonitorOff);
    drop(handle);
    handle = add(&GUID_CONSOLE_DISPLAY_STATE, note, NULL);
    assert_int_equal(told.value, PowerMonitorOff);
    drop(handle);
}

static void what_stays_as_it_is_is_not_told(void **state)
{
    PVOID handle = add(&GUID_ACDC_POWER_SOURCE, note, NULL);

    (void)state;
    dirql_power_setting_ulong(&GUID_ACDC_POWER_SOURCE, PoAc);
    dirql_power_setting_ulong(&GUID_LIDSWITCH_STATE_CHANGE, 0);
    assert_int_equal(told.calls, 1);
    drop(handle);
}

static void all_who_want_to_know_are_told(void **state)
{
    PVOID first = add(&GUID_LIDSWITCH_STATE_CHANGE, note, &told);
    PVOID second = add(&GUID_LIDSWITCH_STATE_CHANGE, note, &first);

    (void)state;
    dirql_power_setting_ulong(&GUID_LIDSWITCH_STATE_CHANGE, 0);
    assert_int_equal(told.calls, 4);
    assert_ptr_equal(told.context, &first); /* In the order of registration. */
    drop(first);
    drop(second);
}

static void who_is_unregistered_is_not_told(void **state)
{
    PVOID handle = add(&GUID_LIDSWITCH_STATE_CHANGE, note, NULL);

    (void)state;
    drop(handle);
    dirql_power_setting_ulong(&GUID_LIDSWITCH_STATE_CHANGE, 0);
    assert_int_equal(told.calls, 1);
    assert_int_equal(PoUnregisterPowerSettingCallback(handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(PoUnregisterPowerSettingCallback(NULL), STATUS_INVALID_PARAMETER);
}

static void a_callback_may_unregister_itself(void **state)
{
    PVOID handle;

    (void)state;
    assert_int_equal(PoRegisterPowerSettingCallback(NULL, &GUID_MONITOR_POWER_ON, unregister_itself,
                                                    &handle, &handle),
                     STATUS_SUCCESS);
    dirql_power_setting_ulong(&GUID_MONITOR_POWER_ON, 0);
    dirql_power_setting_ulong(&GUID_MONITOR_POWER_ON, 1);
    assert_int_equal(told.calls, 2);
}

static unsigned later_calls;
static PVOID later;

static NTSTATUS note_later(LPCGUID setting, PVOID value, ULONG length, PVOID context)
{
    (void)setting;
    (void)length;
    (void)context;
    later_calls++;
    assert_int_equal(*(ULONG *)value, PowerMonitorOff);
    return STATUS_SUCCESS;
}

static NTSTATUS register_another(LPCGUID setting, PVOID value, ULONG length, PVOID context)
{
    (void)note(setting, value, length, context);
    if (told.calls == 2) {
        later = add(setting, note_later, NULL);
    }
    return STATUS_SUCCESS;
}

static void who_is_registered_meanwhile_is_told_once(void **state)
{
    PVOID first = add(&GUID_CONSOLE_DISPLAY_STATE, register_another, NULL);
    PVOID second = add(&GUID_CONSOLE_DISPLAY_STATE, note, NULL);
    const ULONG off = PowerMonitorOff;

    (void)state;
    told.calls = 1;
    later_calls = 0;
    dirql_power_setting(&GUID_CONSOLE_DISPLAY_STATE, &off, sizeof(off));
    assert_int_equal(told.calls, 3);
    assert_int_equal(later_calls, 1);
    drop(later);
    drop(second);
    drop(first);
}

static void a_value_may_be_a_guid(void **state)
{
    PVOID handle = add(&GUID_POWERSCHEME_PERSONALITY, note, NULL);

    (void)state;
    assert_int_equal(told.length, sizeof(GUID));
    dirql_power_setting(&GUID_POWERSCHEME_PERSONALITY, &GUID_MAX_POWER_SAVINGS, sizeof(GUID));
    assert_int_equal(told.calls, 2);
    drop(handle);
}

static void a_setting_of_the_drivers_own_has_no_value_at_first(void **state)
{
    static const GUID own = { 0x12345678, 1, 2, { 3 } };
    PVOID handle = add(&own, note, NULL);

    (void)state;
    assert_int_equal(told.calls, 0);
    dirql_power_setting_ulong(&own, 5);
    assert_int_equal(told.calls, 1);
    assert_int_equal(told.value, 5);
    drop(handle);
}

static void a_registration_may_fail(void **state)
{
    PVOID handle = NULL;

    (void)state;
    dirql_fail_set("callback:1");
    assert_int_equal(
        PoRegisterPowerSettingCallback(NULL, &GUID_MONITOR_POWER_ON, note, NULL, &handle),
        STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(told.calls, 0);
}

static void a_callback_returns_at_passive_level(void **state)
{
    PVOID handle;

    (void)state;
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, DIRQL_ANY, (ULONG_PTR)stay_raised, 0, 0);
    (void)PoRegisterPowerSettingCallback(NULL, &GUID_MONITOR_POWER_ON, stay_raised, NULL, &handle);
    fail_msg("it stays raised");
}

static void above_passive_level_it_is_reported(void **state)
{
    PVOID handle;
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlIoPassive5");
    KeRaiseIrql(APC_LEVEL, &old);
    (void)PoRegisterPowerSettingCallback(NULL, &GUID_MONITOR_POWER_ON, note, NULL, &handle);
    fail_msg("that was too high");
}

static void a_value_is_needed(void **state)
{
    (void)state;
    dirql_expect_finding("driver");
    dirql_power_setting(&GUID_MONITOR_POWER_ON, NULL, 4);
    fail_msg("there is no value");
}

static void a_value_may_have_no_bytes(void **state)
{
    static const GUID own = { 0x3c1c1c5e, 1, 2, { 3 } };

    (void)state;
    dirql_power_setting(&own, NULL, 0);
    dirql_power_setting(&own, NULL, 0); /* No change. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(the_present_value_is_told_at_once, start),
        dirql_unit_test_setup(a_change_is_told, start),
        dirql_unit_test_setup(what_stays_as_it_is_is_not_told, start),
        dirql_unit_test_setup(all_who_want_to_know_are_told, start),
        dirql_unit_test_setup(who_is_unregistered_is_not_told, start),
        dirql_unit_test_setup(a_callback_may_unregister_itself, start),
        dirql_unit_test_setup(who_is_registered_meanwhile_is_told_once, start),
        dirql_unit_test_setup(a_value_may_be_a_guid, start),
        dirql_unit_test_setup(a_setting_of_the_drivers_own_has_no_value_at_first, start),
        dirql_unit_test_setup(a_registration_may_fail, start),
        dirql_unit_test_setup(a_callback_returns_at_passive_level, start),
        dirql_unit_test_setup(above_passive_level_it_is_reported, start),
        dirql_unit_test_setup(a_value_is_needed, start),
        dirql_unit_test(a_value_may_have_no_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
