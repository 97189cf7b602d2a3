/*
 * test_devicerules.c - the PnP manager asked at a wrong IRQL, for a wrong object, or left behind.
 */
#include "left.h"

#include <dirql/property.h>

#include <portcls.h>

static const GUID port_class = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
static PDEVICE_OBJECT pdo;
static UNICODE_STRING link_name;

static void start(void)
{
    pdo = dirql_pdo_create("uart", NULL, 0);
    assert_int_equal(IoRegisterDeviceInterface(pdo, &port_class, NULL, &link_name), STATUS_SUCCESS);
}

static KIRQL raise(void)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    return old;
}

/* ---- IRQL ------------------------------------------------------------------------------------ */

static void get_too_high(void *context)
{
    ULONG value, length;

    (void)context;
    start();
    (void)raise();
    (void)IoGetDeviceProperty(pdo, DevicePropertyAddress, sizeof(value), &value, &length);
}

static void enable_too_high(void *context)
{
    (void)context;
    start();
    (void)raise();
    (void)IoSetDeviceInterfaceState(&link_name, TRUE);
}

static void register_too_high(void *context)
{
    UNICODE_STRING name;

    (void)context;
    start();
    (void)raise();
    (void)IoRegisterDeviceInterface(pdo, &port_class, NULL, &name);
}

static void call_all_at_passive_level(void *context)
{
    ULONG value, length;

    (void)context;
    start();
    (void)IoGetDeviceProperty(pdo, DevicePropertyAddress, sizeof(value), &value, &length);
    (void)IoSetDeviceInterfaceState(&link_name, TRUE);
    (void)IoSetDeviceInterfaceState(&link_name, FALSE);
    RtlFreeUnicodeString(&link_name);
}

static void the_pnp_manager_is_called_at_passive_level(void **state)
{
    (void)state;
    assert_verifier(get_too_high, 0xE5, APC_LEVEL, DIRQL_ANY, 0, "IrqlIoRtlZwPassive");
    assert_verifier(enable_too_high, 0xE5, APC_LEVEL, DIRQL_ANY, 0, "IrqlIoPassive1");
    assert_verifier(register_too_high, 0xE5, APC_LEVEL, DIRQL_ANY, 0, "IrqlIoPassive3");
    assert_silent(call_all_at_passive_level, 1, "IrqlIoRtlZwPassive");
    assert_silent(call_all_at_passive_level, 1, "IrqlIoPassive1");
    assert_silent(call_all_at_passive_level, 1, "IrqlIoPassive3");
}

/* ---- Objects --------------------------------------------------------------------------------- */

static PDEVICE_OBJECT own_device(void)
{
    PDEVICE_OBJECT device;

    assert_int_equal(IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device), 0);
    return device;
}

static void ask_of_an_own_device(void *context)
{
    HANDLE key;

    (void)context;
    (void)IoOpenDeviceRegistryKey(own_device(), PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key);
}

static void ask_of_null(void *context)
{
    ULONG value, length;

    (void)context;
    (void)IoGetDeviceProperty(NULL, DevicePropertyAddress, sizeof(value), &value, &length);
}

static void what_is_asked_is_asked_of_a_physical_device(void **state)
{
    (void)state;
    rule_run(1, ask_of_an_own_device);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(rule_result.code, PNP_DETECTED_FATAL_ERROR);
    assert_int_equal(rule_result.parameters[0], 2);
    assert_report_has("rule:  PhysicalDevice:");
    assert_report_has("IoOpenDeviceRegistryKey was given something that is no physical device");
    assert_broken(ask_of_null, 1, PNP_DETECTED_FATAL_ERROR, 2, 0, 0, 0, "PhysicalDevice");
    assert_silent(call_all_at_passive_level, 1, "PhysicalDevice");
}

static void open_of_a_device_by_itself(void *context)
{
    PREGISTRYKEY key;

    (void)context;
    (void)PcNewRegistryKey(&key, NULL, DriverRegistryKey, KEY_READ, own_device(), NULL, NULL, 0,
                           NULL);
}

static void open_of_an_attached_device(void *context)
{
    PDEVICE_OBJECT device = own_device();
    PREGISTRYKEY key;

    (void)context;
    pdo = dirql_pdo_create("sound", NULL, 0);
    assert_ptr_equal(IoAttachDeviceToDeviceStack(device, pdo), pdo);
    assert_int_equal(
        PcNewRegistryKey(&key, NULL, DeviceRegistryKey, KEY_READ, device, NULL, NULL, 0, NULL),
        STATUS_SUCCESS);
    IRegistryKey_Release(key);
    IoDetachDevice(pdo);
    IoDeleteDevice(device);
}

static void get_of_an_unattached_device(void *context)
{
    ULONG value, length;

    (void)context;
    (void)PcGetDeviceProperty(own_device(), DevicePropertyAddress, sizeof(value), &value, &length);
}

static void portcls_is_asked_of_an_attached_device(void **state)
{
    (void)state;
    assert_error(get_of_an_unattached_device, 1, "AdapterDevice");
    assert_error(open_of_a_device_by_itself, 1, "AdapterDevice");
    assert_silent(open_of_an_attached_device, 1, "AdapterDevice");
}

/* ---- Leftovers ------------------------------------------------------------------------------- */

static void leave_an_interface(void *context)
{
    (void)context;
    start();
    (void)IoSetDeviceInterfaceState(&link_name, TRUE);
    RtlFreeUnicodeString(&link_name);
}

static void an_interface_that_is_still_enabled_is_a_warning(void **state)
{
    (void)state;
    assert_warned(leave_an_interface, 1, 1, "InterfaceLeft");
    assert_report_has("IoSetDeviceInterfaceState was called at leave_an_interface");
    assert_silent(call_all_at_passive_level, 1, "InterfaceLeft");
}

static void leave_a_device_key(void *context)
{
    HANDLE key;

    (void)context;
    (void)IoOpenDeviceRegistryKey(dirql_pdo_create("uart", NULL, 0), PLUGPLAY_REGKEY_DEVICE,
                                  KEY_READ, &key);
    if (tidy) {
        ZwClose(key);
    }
}

static void the_key_of_a_device_is_to_be_closed(void **state)
{
    (void)state;
    assert_left(leave_a_device_key, "HandleLeak", "IoOpenDeviceRegistryKey was called at");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pnp_manager_is_called_at_passive_level),
        cmocka_unit_test(what_is_asked_is_asked_of_a_physical_device),
        cmocka_unit_test(portcls_is_asked_of_an_attached_device),
        cmocka_unit_test(an_interface_that_is_still_enabled_is_a_warning),
        cmocka_unit_test(the_key_of_a_device_is_to_be_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
