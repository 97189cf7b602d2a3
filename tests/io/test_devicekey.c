/*
 * test_devicekey.c - the keys of devices and of drivers.
 */
#include "pnp.h"

static HANDLE key;

static NTSTATUS open_key(ULONG flags)
{
    return IoOpenDeviceRegistryKey(pdo, flags, KEY_ALL_ACCESS, &key);
}

static void set_value(PCWSTR name, ULONG value)
{
    UNICODE_STRING text;

    RtlInitUnicodeString(&text, name);
    assert_int_equal(ZwSetValueKey(key, &text, 0, REG_DWORD, &value, sizeof(value)), 0);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static ULONG value_of(const char *path, const char *name)
{
    ULONG value = 0;

    assert_int_equal(dirql_registry_get(path, name, NULL, &value, sizeof(value)), 4);
    return value;
}

static void a_device_has_four_keys(void **state)
{
    static const ULONG flags[] = {
        PLUGPLAY_REGKEY_DEVICE,
        PLUGPLAY_REGKEY_DRIVER,
        PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_CURRENT_HWPROFILE,
        PLUGPLAY_REGKEY_DRIVER | PLUGPLAY_REGKEY_CURRENT_HWPROFILE,
    };

    (void)state;
    for (ULONG i = 0; i < RTL_NUMBER_OF(flags); i++) {
        assert_int_equal(open_key(flags[i]), STATUS_SUCCESS);
        set_value(L"Number", 100 + i);
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(flags); i++) {
        assert_int_equal(value_of(dirql_property_key(pdo, flags[i]), "Number"), 100 + i);
    }
}

static void what_the_test_has_put_there_is_found(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Speed");
    struct {
        KEY_VALUE_PARTIAL_INFORMATION head;
        ULONG more;
    } information;
    ULONG needed, speed;

    (void)state;
    dirql_registry_set_dword(dirql_property_key(pdo, PLUGPLAY_REGKEY_DRIVER), "Speed", 31250);
    assert_int_equal(open_key(PLUGPLAY_REGKEY_DRIVER), STATUS_SUCCESS);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &information,
                                     sizeof(information), &needed),
                     STATUS_SUCCESS);
    memcpy(&speed, information.head.Data, sizeof(speed));
    assert_int_equal(speed, 31250);
    ZwClose(key);
}

static void devices_of_one_name_have_keys_of_their_own(void **state)
{
    PDEVICE_OBJECT other = dirql_pdo_create("uart", NULL, 0);

    (void)state;
    assert_string_not_equal(dirql_property_key(pdo, PLUGPLAY_REGKEY_DEVICE),
                            dirql_property_key(other, PLUGPLAY_REGKEY_DEVICE));
    assert_string_not_equal(dirql_property_key(pdo, PLUGPLAY_REGKEY_DRIVER),
                            dirql_property_key(other, PLUGPLAY_REGKEY_DRIVER));
}

static void flags_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    assert_int_equal(open_key(0), STATUS_INVALID_PARAMETER);
    assert_int_equal(open_key(PLUGPLAY_REGKEY_CURRENT_HWPROFILE), STATUS_INVALID_PARAMETER);
    assert_int_equal(open_key(PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_DRIVER),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(open_key(PLUGPLAY_REGKEY_DEVICE | 8), STATUS_INVALID_PARAMETER);
}

static void opening_can_be_made_to_fail(void **state)
{
    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(open_key(PLUGPLAY_REGKEY_DEVICE), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(key);
}

/* ---- Drivers --------------------------------------------------------------------------------- */

static DRIVER_EXTENSION extension;
static DRIVER_OBJECT driver;

static NTSTATUS open_driver_key(DRIVER_REGKEY_TYPE type, ACCESS_MASK access)
{
    extension = (DRIVER_EXTENSION){ 0 };
    driver = (DRIVER_OBJECT){ .DriverName = RTL_CONSTANT_STRING(L"\\Driver\\uart"),
                              .DriverExtension = &extension };
    return IoOpenDriverRegistryKey(&driver, type, access, 0, &key);
}

static void the_parameters_of_a_driver_are_those_of_its_service(void **state)
{
    (void)state;
    assert_int_equal(open_driver_key(DriverRegKeyParameters, KEY_READ),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    dirql_registry_add(
        "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart\\Parameters");
    assert_int_equal(open_driver_key(DriverRegKeyParameters, KEY_READ), STATUS_SUCCESS);
    ZwClose(key);
}

static void the_name_of_the_service_comes_first(void **state)
{
    (void)state;
    dirql_registry_add(
        "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\other\\Parameters");
    assert_int_equal(open_driver_key(DriverRegKeyParameters, KEY_READ),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    extension.ServiceKeyName = (UNICODE_STRING)RTL_CONSTANT_STRING(L"other");
    assert_int_equal(IoOpenDriverRegistryKey(&driver, DriverRegKeyParameters, KEY_READ, 0, &key),
                     STATUS_SUCCESS);
    ZwClose(key);
}

static void a_driver_has_state_of_its_own_and_shared(void **state)
{
    HANDLE first;

    (void)state;
    assert_int_equal(open_driver_key(DriverRegKeyPersistentState, KEY_ALL_ACCESS), STATUS_SUCCESS);
    first = key;
    assert_int_equal(open_driver_key(DriverRegKeySharedPersistentState, KEY_ALL_ACCESS),
                     STATUS_SUCCESS);
    set_value(L"Volume", 1);
    key = first;
    set_value(L"Volume", 2);
    assert_int_equal(value_of("\\Registry\\Machine\\System\\DriverStates\\uart\\Own", "Volume"), 2);
    assert_int_equal(value_of("\\Registry\\Machine\\System\\DriverStates\\uart\\Shared", "Volume"),
                     1);
}

static void a_driver_key_needs_a_driver_a_type_and_no_flags(void **state)
{
    static DRIVER_OBJECT nameless;

    (void)state;
    assert_int_equal(open_driver_key((DRIVER_REGKEY_TYPE)7, KEY_READ), STATUS_INVALID_PARAMETER);
    assert_int_equal(
        IoOpenDriverRegistryKey(&driver, DriverRegKeyPersistentState, KEY_READ, 1, &key),
        STATUS_INVALID_PARAMETER);
    assert_int_equal(
        IoOpenDriverRegistryKey(&nameless, DriverRegKeyPersistentState, KEY_READ, 0, &key),
        STATUS_INVALID_PARAMETER);
    assert_int_equal(IoOpenDriverRegistryKey(NULL, DriverRegKeyPersistentState, KEY_READ, 0, &key),
                     STATUS_INVALID_PARAMETER);
}

#define PNP_TEST(test) dirql_unit_test_setup(test, pnp_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PNP_TEST(a_device_has_four_keys),
        PNP_TEST(what_the_test_has_put_there_is_found),
        PNP_TEST(devices_of_one_name_have_keys_of_their_own),
        PNP_TEST(flags_that_make_no_sense_are_refused),
        PNP_TEST(opening_can_be_made_to_fail),
        PNP_TEST(the_parameters_of_a_driver_are_those_of_its_service),
        PNP_TEST(the_name_of_the_service_comes_first),
        PNP_TEST(a_driver_has_state_of_its_own_and_shared),
        PNP_TEST(a_driver_key_needs_a_driver_a_type_and_no_flags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
