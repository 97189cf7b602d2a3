/*
 * test_deviceproperty.c - IoGetDeviceProperty, and the same properties by key.
 */
#include <initguid.h>

#include "pnp.h"

/* A property of the driver's own. */
static const DEVPROPKEY own = { { 0x11223344, 0x5566, 0x7788, { 1, 2, 3, 4, 5, 6, 7, 8 } }, 7 };
static const GUID media_class = {
    0x4D36E96C, 0xE325, 0x11CE, { 0xBF, 0xC1, 0x08, 0x00, 0x2B, 0xE1, 0x03, 0x18 }
};

static WCHAR buffer[128];
static ULONG length;

static NTSTATUS get(DEVICE_REGISTRY_PROPERTY property)
{
    memset(buffer, 0xFF, sizeof(buffer));
    return IoGetDeviceProperty(pdo, property, sizeof(buffer), buffer, &length);
}

static ULONG get_number(DEVICE_REGISTRY_PROPERTY property)
{
    ULONG number = 0;

    assert_int_equal(IoGetDeviceProperty(pdo, property, sizeof(number), &number, &length),
                     STATUS_SUCCESS);
    assert_int_equal(length, 4);
    return number;
}

/* ---- By number ------------------------------------------------------------------------------- */

static void every_device_has_some_properties(void **state)
{
    (void)state;
    assert_int_equal(get_number(DevicePropertyAddress), 0xFFFFFFFF);
    assert_int_equal(get_number(DevicePropertyUINumber), 0xFFFFFFFF);
    assert_int_equal(get_number(DevicePropertyInstallState), InstallStateInstalled);
    assert_int_equal(get_number(DevicePropertyRemovalPolicy), RemovalPolicyExpectNoRemoval);
    assert_int_equal(get(DevicePropertyEnumeratorName), STATUS_SUCCESS);
    assert_wide_equal(buffer, L"DIRQL");
    assert_int_equal(get(DevicePropertyPhysicalDeviceObjectName), STATUS_SUCCESS);
    assert_wide_equal(buffer, L"\\Device\\DIRQL0000");
    assert_int_equal(get(DevicePropertyClassName), STATUS_SUCCESS);
    assert_wide_equal(buffer, L"Unknown");
}

static void the_others_it_has_when_the_test_says_so(void **state)
{
    static const DEVICE_REGISTRY_PROPERTY texts[] = {
        DevicePropertyDeviceDescription,   DevicePropertyManufacturer,
        DevicePropertyFriendlyName,        DevicePropertyClassName,
        DevicePropertyLocationInformation,
    };
    static const DEVICE_REGISTRY_PROPERTY numbers[] = {
        DevicePropertyAddress,       DevicePropertyUINumber,     DevicePropertyBusNumber,
        DevicePropertyLegacyBusType, DevicePropertyInstallState, DevicePropertyRemovalPolicy,
    };

    (void)state;
    for (ULONG i = 0; i < RTL_NUMBER_OF(texts); i++) {
        dirql_property_set_text(pdo, texts[i], "Sound");
        assert_int_equal(get(texts[i]), STATUS_SUCCESS);
        assert_int_equal(length, 12);
        assert_wide_equal(buffer, L"Sound");
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(numbers); i++) {
        dirql_property_set_number(pdo, numbers[i], 40 + i);
        assert_int_equal(get_number(numbers[i]), 40 + i);
    }
}

static void a_property_that_it_has_not_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(get(DevicePropertyDeviceDescription), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(get(DevicePropertyBootConfiguration), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(get(DevicePropertyBusTypeGuid), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void reserved_and_unknown_numbers_are_not_handled(void **state)
{
    (void)state;
    assert_int_equal(get(DevicePropertyResourceRequirements), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(get(DevicePropertyAllocatedResources), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(get((DEVICE_REGISTRY_PROPERTY)0x17), STATUS_INVALID_PARAMETER_2);
}

static void a_list_of_texts_ends_in_two_nulls(void **state)
{
    static const char *const ids[] = { "PCI\\VEN_1", "PCI\\VEN" };

    (void)state;
    dirql_property_set_texts(pdo, DevicePropertyHardwareID, ids, 2);
    assert_int_equal(get(DevicePropertyHardwareID), STATUS_SUCCESS);
    assert_int_equal(length, 19 * sizeof(WCHAR));
    assert_wide_equal(buffer, L"PCI\\VEN_1\0PCI\\VEN\0");
    dirql_property_set_texts(pdo, DevicePropertyCompatibleIDs, NULL, 0);
    assert_int_equal(get(DevicePropertyCompatibleIDs), STATUS_SUCCESS);
    assert_int_equal(length, 2);
}

static void a_class_is_told_as_text_and_decides_the_drivers_key(void **state)
{
    GUID found;

    (void)state;
    dirql_property_set(pdo, DevicePropertyClassGuid, &media_class, sizeof(media_class));
    assert_int_equal(get(DevicePropertyClassGuid), STATUS_SUCCESS);
    assert_int_equal(length, 39 * sizeof(WCHAR));
    assert_wide_equal(buffer, L"{4d36e96c-e325-11ce-bfc1-08002be10318}");
    assert_int_equal(get(DevicePropertyDriverKeyName), STATUS_SUCCESS);
    assert_wide_equal(buffer, L"{4d36e96c-e325-11ce-bfc1-08002be10318}\\0000");
    dirql_property_set(pdo, DevicePropertyBusTypeGuid, &media_class, sizeof(media_class));
    assert_int_equal(
        IoGetDeviceProperty(pdo, DevicePropertyBusTypeGuid, sizeof(found), &found, &length),
        STATUS_SUCCESS);
    assert_memory_equal(&found, &media_class, sizeof(found));
    dirql_property_set(pdo, DevicePropertyContainerID, &media_class, sizeof(media_class));
    assert_int_equal(get(DevicePropertyContainerID), STATUS_SUCCESS);
    assert_wide_equal(buffer, L"{4d36e96c-e325-11ce-bfc1-08002be10318}");
}

static void resources_are_told_as_they_are(void **state)
{
    dirql_resources *resources = dirql_resources_create();
    const ULONG bytes = sizeof(CM_RESOURCE_LIST);
    CM_RESOURCE_LIST list;

    (void)state;
    dirql_resources_add_port(resources, 0x330, 2);
    dirql_property_set(pdo, DevicePropertyBootConfiguration, dirql_resources_raw(resources), bytes);
    dirql_property_set(pdo, DevicePropertyBootConfigurationTranslated,
                       dirql_resources_translated(resources), bytes);
    assert_int_equal(
        IoGetDeviceProperty(pdo, DevicePropertyBootConfiguration, sizeof(list), &list, &length),
        STATUS_SUCCESS);
    assert_memory_equal(&list, dirql_resources_raw(resources), bytes);
    assert_int_equal(get(DevicePropertyBootConfigurationTranslated), STATUS_SUCCESS);
}

static void a_buffer_that_is_too_small_is_told_the_length(void **state)
{
    (void)state;
    assert_int_equal(IoGetDeviceProperty(pdo, DevicePropertyEnumeratorName, 11, buffer, &length),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 12);
    assert_int_equal(IoGetDeviceProperty(pdo, DevicePropertyEnumeratorName, 0, NULL, &length),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(IoGetDeviceProperty(pdo, DevicePropertyClassGuid, 0, NULL, &length),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 78);
}

static void each_device_has_its_own(void **state)
{
    PDEVICE_OBJECT other = dirql_pdo_create("midi", NULL, 0);

    (void)state;
    dirql_property_set_text(pdo, DevicePropertyFriendlyName, "One");
    dirql_property_set_text(other, DevicePropertyFriendlyName, "Other");
    assert_int_equal(get(DevicePropertyFriendlyName), STATUS_SUCCESS);
    assert_wide_equal(buffer, L"One");
    assert_int_equal(IoGetDeviceProperty(other, DevicePropertyPhysicalDeviceObjectName,
                                         sizeof(buffer), buffer, &length),
                     STATUS_SUCCESS);
    assert_wide_equal(buffer, L"\\Device\\DIRQL0001");
}

/* ---- By key ---------------------------------------------------------------------------------- */

static DEVPROPTYPE type;

static NTSTATUS get_by_key(const DEVPROPKEY *key, LCID locale)
{
    memset(buffer, 0xFF, sizeof(buffer));
    return IoGetDevicePropertyData(pdo, key, locale, 0, sizeof(buffer), buffer, &length, &type);
}

static NTSTATUS set_text(LCID locale, const WCHAR *text, ULONG bytes)
{
    return IoSetDevicePropertyData(pdo, &own, locale, PLUGPLAY_PROPERTY_PERSISTENT,
                                   DEVPROP_TYPE_STRING, bytes, (PVOID)(ULONG_PTR)text);
}

static void numbers_and_keys_are_the_same_properties(void **state)
{
    (void)state;
    dirql_property_set(pdo, DevicePropertyClassGuid, &media_class, sizeof(media_class));
    assert_int_equal(get_by_key(&DEVPKEY_Device_ClassGuid, LOCALE_NEUTRAL), STATUS_SUCCESS);
    assert_int_equal(type, DEVPROP_TYPE_GUID);
    assert_memory_equal(buffer, &media_class, sizeof(media_class));
    assert_int_equal(get_by_key(&DEVPKEY_Device_EnumeratorName, LOCALE_NEUTRAL), STATUS_SUCCESS);
    assert_int_equal(type, DEVPROP_TYPE_STRING);
    assert_wide_equal(buffer, L"DIRQL");
    assert_int_equal(IoSetDevicePropertyData(pdo, &DEVPKEY_Device_FriendlyName, LOCALE_NEUTRAL, 0,
                                             DEVPROP_TYPE_STRING, 8, (PVOID)(ULONG_PTR)L"Odd"),
                     STATUS_SUCCESS);
    assert_int_equal(get(DevicePropertyFriendlyName), STATUS_SUCCESS);
    assert_wide_equal(buffer, L"Odd");
}

static void a_property_is_set_got_and_deleted_by_locale(void **state)
{
    (void)state;
    assert_int_equal(get_by_key(&own, LOCALE_NEUTRAL), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(set_text(LOCALE_NEUTRAL, L"tone", 10), STATUS_SUCCESS);
    assert_int_equal(set_text(0x0407, L"Ton", 8), STATUS_SUCCESS);
    assert_int_equal(get_by_key(&own, LOCALE_NEUTRAL), STATUS_SUCCESS);
    assert_int_equal(length, 10);
    assert_wide_equal(buffer, L"tone");
    assert_int_equal(get_by_key(&own, 0x0407), STATUS_SUCCESS);
    assert_wide_equal(buffer, L"Ton");
    assert_int_equal(set_text(LOCALE_NEUTRAL, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(get_by_key(&own, LOCALE_NEUTRAL), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(set_text(LOCALE_NEUTRAL, NULL, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(get_by_key(&own, 0x0407), STATUS_SUCCESS);
}

static void locales_flags_and_sizes_are_looked_at(void **state)
{
    (void)state;
    assert_int_equal(get_by_key(&own, LOCALE_USER_DEFAULT), STATUS_UNSUCCESSFUL);
    assert_int_equal(set_text(LOCALE_SYSTEM_DEFAULT, L"a", 4), STATUS_UNSUCCESSFUL);
    assert_int_equal(
        IoSetDevicePropertyData(pdo, &own, LOCALE_NEUTRAL, 2, DEVPROP_TYPE_BYTE, 1, buffer),
        STATUS_INVALID_PARAMETER);
    assert_int_equal(IoGetDevicePropertyData(pdo, &own, LOCALE_NEUTRAL, 1, 0, NULL, &length, &type),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(set_text(LOCALE_NEUTRAL, L"tone", 10), STATUS_SUCCESS);
    assert_int_equal(
        IoGetDevicePropertyData(pdo, &own, LOCALE_NEUTRAL, 0, 9, buffer, &length, &type),
        STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 10);
}

static void data_fits_its_type(void **state)
{
    static const struct {
        DEVPROPTYPE type;
        ULONG bytes;
        NTSTATUS status;
    } cases[] = {
        { DEVPROP_TYPE_UINT32, 4, STATUS_SUCCESS },
        { DEVPROP_TYPE_UINT32, 3, STATUS_INVALID_PARAMETER },
        { DEVPROP_TYPE_UINT32 | DEVPROP_TYPEMOD_ARRAY, 12, STATUS_SUCCESS },
        { DEVPROP_TYPE_UINT32 | DEVPROP_TYPEMOD_ARRAY, 10, STATUS_INVALID_PARAMETER },
        { DEVPROP_TYPE_UINT32 | DEVPROP_TYPEMOD_LIST, 4, STATUS_INVALID_PARAMETER },
        { DEVPROP_TYPE_BINARY, 5, STATUS_SUCCESS },
        { DEVPROP_TYPE_BINARY, 0, STATUS_SUCCESS },
        { DEVPROP_TYPE_STRING, 4, STATUS_SUCCESS },
        { DEVPROP_TYPE_STRING, 2, STATUS_INVALID_PARAMETER }, /* Without its null. */
        { DEVPROP_TYPE_STRING, 3, STATUS_INVALID_PARAMETER },
        { DEVPROP_TYPE_STRING, 0, STATUS_INVALID_PARAMETER },
        { DEVPROP_TYPE_STRING_LIST, 6, STATUS_SUCCESS },
        { DEVPROP_TYPE_STRING_LIST, 4, STATUS_INVALID_PARAMETER }, /* One null is not two. */
        { DEVPROP_TYPE_SECURITY_DESCRIPTOR, 7, STATUS_SUCCESS },
        { DEVPROP_TYPE_EMPTY, 0, STATUS_INVALID_PARAMETER },
        { DEVPROP_TYPE_NULL, 0, STATUS_INVALID_PARAMETER },
        { 0x3003, 1, STATUS_INVALID_PARAMETER },
        { 0x1A, 1, STATUS_INVALID_PARAMETER },
    };
    WCHAR data[8] = { 'a' };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(cases); i++) {
        assert_int_equal(IoSetDevicePropertyData(pdo, &own, LOCALE_NEUTRAL, 0, cases[i].type,
                                                 cases[i].bytes, data),
                         cases[i].status);
    }
}

static void properties_by_key_are_within_reach_at_apc_level(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    assert_int_equal(set_text(LOCALE_NEUTRAL, L"tone", 10), STATUS_SUCCESS);
    assert_int_equal(get_by_key(&own, LOCALE_NEUTRAL), STATUS_SUCCESS);
    KeLowerIrql(old);
}

/* ---- Failures -------------------------------------------------------------------------------- */

static void a_query_can_be_made_to_fail(void **state)
{
    (void)state;
    dirql_fail_set("other:1+");
    assert_int_equal(get(DevicePropertyAddress), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(get_by_key(&own, LOCALE_NEUTRAL), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(set_text(LOCALE_NEUTRAL, L"tone", 10), STATUS_INSUFFICIENT_RESOURCES);
}

static void a_test_cannot_set_nonsense(void **state)
{
    (void)state;
    dirql_expect_finding("device");
    dirql_property_set(pdo, DevicePropertyClassGuid, "short", 5);
    fail_msg("a GUID has 16 bytes");
}

static void a_test_sets_properties_of_physical_devices(void **state)
{
    PDEVICE_OBJECT own_device;

    (void)state;
    assert_int_equal(IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &own_device), 0);
    dirql_expect_finding("device");
    dirql_property_set_number(own_device, DevicePropertyAddress, 1);
    fail_msg("that is a device object of a driver");
}

#define PNP_TEST(test) dirql_unit_test_setup(test, pnp_start)

static void the_node_of_a_device_is_the_only_one(void **state)
{
    USHORT node = 7;

    (void)state;
    assert_int_equal(IoGetDeviceNumaNode(pdo, &node), STATUS_SUCCESS);
    assert_int_equal(node, 0);
    assert_int_equal(IoGetDeviceNumaNode(NULL, &node), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoGetDeviceNumaNode((PDEVICE_OBJECT)&node, &node), STATUS_INVALID_PARAMETER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PNP_TEST(every_device_has_some_properties),
        PNP_TEST(the_others_it_has_when_the_test_says_so),
        PNP_TEST(a_property_that_it_has_not_is_not_found),
        PNP_TEST(reserved_and_unknown_numbers_are_not_handled),
        PNP_TEST(a_list_of_texts_ends_in_two_nulls),
        PNP_TEST(a_class_is_told_as_text_and_decides_the_drivers_key),
        PNP_TEST(resources_are_told_as_they_are),
        PNP_TEST(a_buffer_that_is_too_small_is_told_the_length),
        PNP_TEST(each_device_has_its_own),
        PNP_TEST(the_node_of_a_device_is_the_only_one),
        PNP_TEST(numbers_and_keys_are_the_same_properties),
        PNP_TEST(a_property_is_set_got_and_deleted_by_locale),
        PNP_TEST(locales_flags_and_sizes_are_looked_at),
        PNP_TEST(data_fits_its_type),
        PNP_TEST(properties_by_key_are_within_reach_at_apc_level),
        PNP_TEST(a_query_can_be_made_to_fail),
        PNP_TEST(a_test_cannot_set_nonsense),
        PNP_TEST(a_test_sets_properties_of_physical_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
