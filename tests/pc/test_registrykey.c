/*
 * test_registrykey.c - IRegistryKey, and the properties of an adapter's device.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/line.h>
#include <dirql/property.h>
#include <dirql/registry.h>

#include <portcls.h>

#define SOUND "\\Registry\\Machine\\Software\\Sound"

static UNICODE_STRING path = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\Software\\Sound");
static UNICODE_STRING volume = RTL_CONSTANT_STRING(L"Volume");
static UNICODE_STRING sub_name = RTL_CONSTANT_STRING(L"Mixer");
static PDEVICE_OBJECT pdo, adapter;

/* As after AddDevice: the adapter's device object is on top of the physical one. */
static int start(void **state)
{
    (void)state;
    pdo = dirql_pdo_create("sound", NULL, 0);
    assert_int_equal(IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &adapter), 0);
    assert_ptr_equal(IoAttachDeviceToDeviceStack(adapter, pdo), pdo);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    IoDetachDevice(pdo);
    IoDeleteDevice(adapter);
    return 0;
}

static NTSTATUS open_as(PREGISTRYKEY *key, ACCESS_MASK access, PULONG disposition)
{
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL, NULL);
    return PcNewRegistryKey(key, NULL, GeneralRegistryKey, access, NULL, NULL, &attributes,
                            REG_OPTION_NON_VOLATILE, disposition);
}

static PREGISTRYKEY open_key(void)
{
    PREGISTRYKEY key;

    assert_int_equal(open_as(&key, KEY_ALL_ACCESS, NULL), STATUS_SUCCESS);
    return key;
}

static void set_volume(PREGISTRYKEY key, ULONG value)
{
    assert_int_equal(IRegistryKey_SetValueKey(key, &volume, REG_DWORD, &value, sizeof(value)),
                     STATUS_SUCCESS);
}

static ULONG value_at(const char *key)
{
    ULONG value = 0;

    assert_int_equal(dirql_registry_get(key, "Volume", NULL, &value, sizeof(value)), 4);
    return value;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void a_general_key_is_made_or_opened(void **state)
{
    PREGISTRYKEY first, second;
    ULONG disposition = 0;

    (void)state;
    assert_int_equal(open_as(&first, KEY_ALL_ACCESS, &disposition), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_CREATED_NEW_KEY);
    assert_int_equal(open_as(&second, KEY_READ, &disposition), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_OPENED_EXISTING_KEY);
    set_volume(first, 7);
    assert_int_equal(value_at(SOUND), 7);
    assert_int_equal(IRegistryKey_Release(first), 0);
    assert_int_equal(IRegistryKey_Release(second), 0);
}

static void keys_of_a_device_are_found_from_the_adapters_object(void **state)
{
    static const struct {
        ULONG type, flags;
    } cases[] = {
        { DeviceRegistryKey, PLUGPLAY_REGKEY_DEVICE },
        { DriverRegistryKey, PLUGPLAY_REGKEY_DRIVER },
        { HwProfileRegistryKey, PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_CURRENT_HWPROFILE },
    };
    PREGISTRYKEY key;

    (void)state;
    for (ULONG i = 0; i < RTL_NUMBER_OF(cases); i++) {
        assert_int_equal(PcNewRegistryKey(&key, NULL, cases[i].type, KEY_ALL_ACCESS, adapter, NULL,
                                          NULL, 0, NULL),
                         STATUS_SUCCESS);
        set_volume(key, i + 1);
        assert_int_equal(value_at(dirql_property_key(pdo, cases[i].flags)), i + 1);
        IRegistryKey_Release(key);
    }
}

static void arguments_that_make_no_sense_are_refused(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    PREGISTRYKEY key = open_key(), none;

    (void)state;
    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(PcNewRegistryKey(NULL, NULL, GeneralRegistryKey, KEY_READ, NULL, NULL,
                                      &attributes, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(
        PcNewRegistryKey(&none, NULL, GeneralRegistryKey, KEY_READ, NULL, NULL, NULL, 0, NULL),
        STATUS_INVALID_PARAMETER);
    assert_int_equal(PcNewRegistryKey(&none, NULL, GeneralRegistryKey, KEY_READ, NULL, adapter,
                                      &attributes, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(PcNewRegistryKey(&none, (PUNKNOWN)key, GeneralRegistryKey, KEY_READ, NULL,
                                      NULL, &attributes, 0, NULL),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(PcNewRegistryKey(&none, NULL, DeviceInterfaceRegistryKey, KEY_READ, adapter,
                                      NULL, NULL, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(PcNewRegistryKey(&none, NULL, 77, KEY_READ, adapter, NULL, NULL, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_null(none);
    IRegistryKey_Release(key);
}

static void a_device_that_is_not_attached_is_an_error(void **state)
{
    PREGISTRYKEY key;

    (void)state;
    IoDetachDevice(pdo);
    dirql_expect_finding("AdapterDevice");
    (void)PcNewRegistryKey(&key, NULL, DriverRegistryKey, KEY_READ, adapter, NULL, NULL, 0, NULL);
    fail_msg("it is no adapter's");
}

static void it_has_two_interfaces(void **state)
{
    PREGISTRYKEY key = open_key();
    PVOID other;

    (void)state;
    assert_int_equal(IRegistryKey_QueryInterface(key, &IID_IRegistryKey, &other), STATUS_SUCCESS);
    assert_ptr_equal(other, key);
    assert_int_equal(IRegistryKey_QueryInterface(key, &IID_IUnknown, &other), STATUS_SUCCESS);
    assert_int_equal(IRegistryKey_QueryInterface(key, &IID_IServiceGroup, &other),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IRegistryKey_Release(key), 2);
    assert_int_equal(IRegistryKey_Release(key), 1);
    assert_int_equal(IRegistryKey_Release(key), 0);
}

/* ---- Methods --------------------------------------------------------------------------------- */

static void keys_and_values_are_queried_and_enumerated(void **state)
{
    union {
        KEY_BASIC_INFORMATION key;
        KEY_FULL_INFORMATION full;
        KEY_VALUE_PARTIAL_INFORMATION partial;
        KEY_VALUE_BASIC_INFORMATION basic;
        char room[128];
    } told;
    PREGISTRYKEY key = open_key();
    ULONG length;

    (void)state;
    set_volume(key, 9);
    dirql_registry_add(SOUND "\\Mixer");
    assert_int_equal(IRegistryKey_QueryKey(key, KeyFullInformation, &told, sizeof(told), &length),
                     STATUS_SUCCESS);
    assert_int_equal(told.full.SubKeys, 1);
    assert_int_equal(
        IRegistryKey_EnumerateKey(key, 0, KeyBasicInformation, &told, sizeof(told), &length),
        STATUS_SUCCESS);
    assert_memory_equal(told.key.Name, L"Mixer", 10);
    assert_int_equal(
        IRegistryKey_EnumerateKey(key, 1, KeyBasicInformation, &told, sizeof(told), &length),
        STATUS_NO_MORE_ENTRIES);
    assert_int_equal(IRegistryKey_QueryValueKey(key, &volume, KeyValuePartialInformation, &told,
                                                sizeof(told), &length),
                     STATUS_SUCCESS);
    assert_int_equal(told.partial.Data[0], 9);
    assert_int_equal(
        IRegistryKey_QueryValueKey(key, &volume, KeyValuePartialInformation, &told, 13, &length),
        STATUS_BUFFER_OVERFLOW);
    assert_int_equal(IRegistryKey_QueryValueKey(key, &sub_name, KeyValuePartialInformation, &told,
                                                sizeof(told), &length),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IRegistryKey_EnumerateValueKey(key, 0, KeyValueBasicInformation, &told,
                                                    sizeof(told), &length),
                     STATUS_SUCCESS);
    assert_memory_equal(told.basic.Name, L"Volume", 12);
    IRegistryKey_Release(key);
}

static void a_table_of_values_is_queried(void **state)
{
    ULONG found = 0;
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = volume.Buffer,
          .Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK |
                   RTL_QUERY_REGISTRY_REQUIRED,
          .EntryContext = &found,
          .DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT },
        { 0 },
    };
    PREGISTRYKEY key = open_key();

    (void)state;
    assert_int_equal(IRegistryKey_QueryRegistryValues(key, table, NULL),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    set_volume(key, 11);
    assert_int_equal(IRegistryKey_QueryRegistryValues(key, table, NULL), STATUS_SUCCESS);
    assert_int_equal(found, 11);
    assert_int_equal(IRegistryKey_QueryRegistryValues(key, NULL, NULL), STATUS_INVALID_PARAMETER);
    IRegistryKey_Release(key);
}

static void a_subkey_is_an_object_of_its_own(void **state)
{
    PREGISTRYKEY key = open_key(), sub;
    ULONG disposition = 0;

    (void)state;
    assert_int_equal(
        IRegistryKey_NewSubKey(key, &sub, NULL, KEY_ALL_ACCESS, &sub_name, 0, &disposition),
        STATUS_SUCCESS);
    assert_int_equal(disposition, REG_CREATED_NEW_KEY);
    IRegistryKey_Release(key);
    set_volume(sub, 3);
    assert_int_equal(value_at(SOUND "\\Mixer"), 3);
    assert_int_equal(IRegistryKey_NewSubKey(sub, NULL, NULL, KEY_READ, &sub_name, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IRegistryKey_NewSubKey(sub, &key, NULL, KEY_READ, NULL, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IRegistryKey_NewSubKey(sub, &key, (PUNKNOWN)sub, KEY_READ, &sub_name, 0, NULL),
                     STATUS_NOT_SUPPORTED);
    IRegistryKey_Release(sub);
}

static void a_deleted_key_has_no_handle(void **state)
{
    PREGISTRYKEY key = open_key(), sub, again;

    (void)state;
    assert_int_equal(IRegistryKey_NewSubKey(key, &sub, NULL, KEY_ALL_ACCESS, &sub_name, 0, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(IRegistryKey_DeleteKey(key), STATUS_CANNOT_DELETE);
    assert_int_equal(IRegistryKey_DeleteKey(sub), STATUS_SUCCESS);
    assert_false(dirql_registry_has(SOUND "\\Mixer"));
    assert_int_equal(IRegistryKey_DeleteKey(sub), STATUS_INVALID_HANDLE);
    assert_int_equal(IRegistryKey_NewSubKey(sub, &again, NULL, KEY_READ, &sub_name, 0, NULL),
                     STATUS_INVALID_HANDLE);
    IRegistryKey_Release(sub);
    set_volume(key, 1);
    IRegistryKey_Release(key);
}

/* ---- Properties ------------------------------------------------------------------------------ */

static void a_property_is_that_of_the_physical_device(void **state)
{
    WCHAR name[16];
    ULONG length = 0;

    (void)state;
    dirql_property_set_text(pdo, DevicePropertyFriendlyName, "Sound");
    assert_int_equal(PcGetDeviceProperty(adapter, DevicePropertyFriendlyName, 4, name, &length),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 12);
    assert_int_equal(
        PcGetDeviceProperty(adapter, DevicePropertyFriendlyName, sizeof(name), name, &length),
        STATUS_SUCCESS);
    assert_memory_equal(name, L"Sound", 12);
    assert_int_equal(
        PcGetDeviceProperty(pdo, DevicePropertyFriendlyName, sizeof(name), name, &length),
        STATUS_SUCCESS);
}

/* ---- Failures, IRQL -------------------------------------------------------------------------- */

static void what_opens_can_fail_at_each_step(void **state)
{
    PREGISTRYKEY key, sub;

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(open_as(&key, KEY_ALL_ACCESS, NULL), STATUS_INSUFFICIENT_RESOURCES);
    dirql_fail_set("pool:1");
    assert_int_equal(open_as(&key, KEY_ALL_ACCESS, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(key);
    dirql_fail_set(NULL);
    key = open_key();
    dirql_fail_set("1");
    assert_int_equal(IRegistryKey_NewSubKey(key, &sub, NULL, KEY_READ, &sub_name, 0, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    dirql_fail_set("pool:1");
    assert_int_equal(IRegistryKey_NewSubKey(key, &sub, NULL, KEY_READ, &sub_name, 0, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    IRegistryKey_Release(key);
}

static void a_key_is_for_passive_level(void **state)
{
    PREGISTRYKEY key = open_key();
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x71003, DISPATCH_LEVEL,
                               DIRQL_ANY, DIRQL_ANY);
    (void)IRegistryKey_DeleteKey(key);
    fail_msg("the IRQL is too high");
}

static void its_last_reference_is_given_back_at_passive_level(void **state)
{
    PREGISTRYKEY key = open_key();
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x71003, DISPATCH_LEVEL,
                               DIRQL_ANY, DIRQL_ANY);
    (void)IRegistryKey_Release(key);
    fail_msg("the IRQL is too high");
}

#define KEY_TEST(test) dirql_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEY_TEST(a_general_key_is_made_or_opened),
        KEY_TEST(keys_of_a_device_are_found_from_the_adapters_object),
        KEY_TEST(arguments_that_make_no_sense_are_refused),
        KEY_TEST(a_device_that_is_not_attached_is_an_error),
        KEY_TEST(it_has_two_interfaces),
        KEY_TEST(keys_and_values_are_queried_and_enumerated),
        KEY_TEST(a_table_of_values_is_queried),
        KEY_TEST(a_subkey_is_an_object_of_its_own),
        KEY_TEST(a_deleted_key_has_no_handle),
        KEY_TEST(a_property_is_that_of_the_physical_device),
        KEY_TEST(what_opens_can_fail_at_each_step),
        KEY_TEST(a_key_is_for_passive_level),
        KEY_TEST(its_last_reference_is_given_back_at_passive_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
