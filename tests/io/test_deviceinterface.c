/*
 * test_deviceinterface.c - device interfaces: registered, enabled, found.
 */
#include "pnp.h"

static const GUID port_class = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
static const GUID topology_class = { 9, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
static UNICODE_STRING wave = RTL_CONSTANT_STRING(L"Wave");
static UNICODE_STRING link_name;

static NTSTATUS add(const GUID *class_id, PUNICODE_STRING reference)
{
    return IoRegisterDeviceInterface(pdo, class_id, reference, &link_name);
}

static void an_interface_is_registered_once(void **state)
{
    UNICODE_STRING first;

    (void)state;
    assert_int_equal(add(&port_class, NULL), STATUS_SUCCESS);
    first = link_name;
    assert_int_equal(add(&port_class, NULL), STATUS_OBJECT_NAME_EXISTS);
    assert_true(NT_SUCCESS(STATUS_OBJECT_NAME_EXISTS));
    assert_true(RtlEqualUnicodeString(&first, &link_name, TRUE));
    assert_int_equal(link_name.Buffer[link_name.Length / sizeof(WCHAR)], 0);
    RtlFreeUnicodeString(&first);
    RtlFreeUnicodeString(&link_name);
}

static void references_and_classes_tell_interfaces_apart(void **state)
{
    UNICODE_STRING names[3];

    (void)state;
    assert_int_equal(add(&port_class, NULL), STATUS_SUCCESS);
    names[0] = link_name;
    assert_int_equal(add(&port_class, &wave), STATUS_SUCCESS);
    names[1] = link_name;
    assert_int_equal(add(&topology_class, &wave), STATUS_SUCCESS);
    names[2] = link_name;
    for (int i = 0; i < 3; i++) {
        assert_false(RtlEqualUnicodeString(&names[i], &names[(i + 1) % 3], TRUE));
        RtlFreeUnicodeString(&names[i]);
        names[i] = (UNICODE_STRING){ 0 };
    }
}

static void a_reference_has_no_separator(void **state)
{
    UNICODE_STRING slash = RTL_CONSTANT_STRING(L"a/b");
    UNICODE_STRING backslash = RTL_CONSTANT_STRING(L"a\\b");

    (void)state;
    assert_int_equal(add(&port_class, &slash), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(add(&port_class, &backslash), STATUS_INVALID_DEVICE_REQUEST);
}

/* Windows has no limit; a name has about a thousand characters here. */
static void a_name_may_be_too_long(void **state)
{
    static WCHAR text[2000];
    UNICODE_STRING reference = { .Buffer = text, .Length = 800 * sizeof(WCHAR) };

    (void)state;
    for (unsigned i = 0; i < ARRAYSIZE(text); i++) {
        text[i] = 'n';
    }
    assert_int_equal(add(&port_class, &reference), STATUS_SUCCESS);
    assert_memory_equal(link_name.Buffer + link_name.Length / sizeof(WCHAR) - 800, text,
                        800 * sizeof(WCHAR));
    RtlFreeUnicodeString(&link_name);
    reference.Length = sizeof(text);
    assert_int_equal(add(&port_class, &reference), STATUS_NAME_TOO_LONG);
    assert_int_equal(add(&port_class, &wave), STATUS_SUCCESS);
    RtlFreeUnicodeString(&link_name);
}

/* What the registry knows it by is longer than its name. */
static void its_key_may_be_too_long(void **state)
{
    static WCHAR text[920];
    UNICODE_STRING reference = { .Buffer = text, .Length = sizeof(text) };
    HANDLE key;

    (void)state;
    for (unsigned i = 0; i < ARRAYSIZE(text); i++) {
        text[i] = 'n';
    }
    assert_int_equal(add(&port_class, &reference), STATUS_SUCCESS);
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&link_name, KEY_READ, &key),
                     STATUS_NAME_TOO_LONG);
    RtlFreeUnicodeString(&link_name);
}

static void an_interface_is_enabled_and_disabled_in_turn(void **state)
{
    UNICODE_STRING nobody = RTL_CONSTANT_STRING(L"\\??\\nobody");

    (void)state;
    assert_int_equal(add(&port_class, NULL), STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfaceState(&link_name, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_OBJECT_NAME_EXISTS);
    assert_int_equal(IoSetDeviceInterfaceState(&link_name, FALSE), STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfaceState(&link_name, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoSetDeviceInterfaceState(&nobody, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoSetDeviceInterfaceState(NULL, TRUE), STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&link_name);
}

/* ---- Finding --------------------------------------------------------------------------------- */

static unsigned count(const GUID *class_id, PDEVICE_OBJECT of, ULONG flags)
{
    PZZWSTR list;
    unsigned names = 0;
    WCHAR *at;

    assert_int_equal(IoGetDeviceInterfaces(class_id, of, flags, &list), STATUS_SUCCESS);
    for (at = list; *at != 0; at++) {
        names++;
        while (*at != 0) {
            at++;
        }
    }
    ExFreePool(list);
    return names;
}

static void enabled_interfaces_are_found_by_class_and_device(void **state)
{
    PDEVICE_OBJECT other = dirql_pdo_create("midi", NULL, 0);
    UNICODE_STRING disabled;

    (void)state;
    assert_int_equal(count(&port_class, NULL, 0), 0);
    assert_int_equal(add(&port_class, &wave), STATUS_SUCCESS);
    disabled = link_name;
    assert_int_equal(add(&port_class, NULL), STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_SUCCESS);
    assert_int_equal(count(&port_class, NULL, 0), 1);
    assert_int_equal(count(&port_class, NULL, DEVICE_INTERFACE_INCLUDE_NONACTIVE), 2);
    assert_int_equal(count(&port_class, pdo, 0), 1);
    assert_int_equal(count(&port_class, other, DEVICE_INTERFACE_INCLUDE_NONACTIVE), 0);
    assert_int_equal(count(&topology_class, NULL, DEVICE_INTERFACE_INCLUDE_NONACTIVE), 0);
    assert_int_equal(IoSetDeviceInterfaceState(&link_name, FALSE), STATUS_SUCCESS);
    assert_int_equal(count(&port_class, NULL, 0), 0);
    RtlFreeUnicodeString(&disabled);
    RtlFreeUnicodeString(&link_name);
}

static void an_alias_is_of_the_same_device_and_reference(void **state)
{
    UNICODE_STRING alias = { 0 }, port, topology;

    (void)state;
    assert_int_equal(add(&port_class, &wave), STATUS_SUCCESS);
    port = link_name;
    assert_int_equal(IoGetDeviceInterfaceAlias(&port, &topology_class, &alias),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(add(&topology_class, NULL), STATUS_SUCCESS);
    RtlFreeUnicodeString(&link_name);
    assert_int_equal(IoGetDeviceInterfaceAlias(&port, &topology_class, &alias),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(add(&topology_class, &wave), STATUS_SUCCESS);
    topology = link_name;
    assert_int_equal(IoGetDeviceInterfaceAlias(&port, &topology_class, &alias), STATUS_SUCCESS);
    assert_true(RtlEqualUnicodeString(&alias, &topology, FALSE));
    assert_int_equal(IoGetDeviceInterfaceAlias(&wave, &topology_class, &link_name),
                     STATUS_INVALID_HANDLE);
    RtlFreeUnicodeString(&alias);
    RtlFreeUnicodeString(&port);
    RtlFreeUnicodeString(&topology);
}

/* ---- What is kept for one -------------------------------------------------------------------- */

static void an_interface_has_a_key(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Resolution"), none = { 0 };
    ULONG value = 7, seen = 0;
    HANDLE key;

    (void)state;
    assert_int_equal(add(&port_class, &wave), STATUS_SUCCESS);
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&link_name, KEY_ALL_ACCESS, &key),
                     STATUS_SUCCESS);
    assert_int_equal(ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof(value)), 0);
    ZwClose(key);
    assert_int_equal(dirql_registry_get(dirql_interface_key(&link_name), "Resolution", NULL, &seen,
                                        sizeof(seen)),
                     4);
    assert_int_equal(seen, 7);
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&wave, KEY_READ, &key),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&none, KEY_READ, &key),
                     STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&link_name);
}

static void an_interface_has_properties(void **state)
{
    static const DEVPROPKEY own = { { 1, 1, 1, { 1 } }, 2 };
    ULONG value = 7, seen = 0, length;
    DEVPROPTYPE type = 0;

    (void)state;
    assert_int_equal(add(&port_class, &wave), STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceInterfacePropertyData(&link_name, &own, LOCALE_NEUTRAL, 0, 4, &seen,
                                                      &length, &type),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoSetDeviceInterfacePropertyData(&link_name, &own, LOCALE_NEUTRAL, 0,
                                                      DEVPROP_TYPE_UINT32, 4, &value),
                     STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceInterfacePropertyData(&link_name, &own, LOCALE_NEUTRAL, 0, 4, &seen,
                                                      &length, &type),
                     STATUS_SUCCESS);
    assert_int_equal(seen, 7);
    assert_int_equal(type, DEVPROP_TYPE_UINT32);
    assert_int_equal(IoGetDeviceInterfacePropertyData(&link_name, &own, LOCALE_NEUTRAL, 0, 3, &seen,
                                                      &length, &type),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(IoSetDeviceInterfacePropertyData(&link_name, &own, LOCALE_USER_DEFAULT, 0,
                                                      DEVPROP_TYPE_UINT32, 4, &value),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(
        IoSetDeviceInterfacePropertyData(&link_name, &own, LOCALE_NEUTRAL, 0, 0, 0, NULL),
        STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfacePropertyData(&wave, &own, LOCALE_NEUTRAL, 0,
                                                      DEVPROP_TYPE_UINT32, 4, &value),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    RtlFreeUnicodeString(&link_name);
}

static void calls_can_be_made_to_fail(void **state)
{
    PZZWSTR list;
    HANDLE key;

    (void)state;
    dirql_fail_set("pool:1");
    assert_int_equal(add(&port_class, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(add(&port_class, NULL), STATUS_OBJECT_NAME_EXISTS);
    dirql_fail_set("1+");
    assert_int_equal(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(IoGetDeviceInterfaces(&port_class, NULL, 0, &list),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&link_name, KEY_READ, &key),
                     STATUS_INSUFFICIENT_RESOURCES);
    RtlFreeUnicodeString(&link_name);
}

static void a_test_asks_for_keys_of_interfaces_that_are(void **state)
{
    (void)state;
    dirql_expect_finding("device");
    (void)dirql_interface_key(&wave);
    fail_msg("nobody registered that");
}

#define PNP_TEST(test) dirql_unit_test_setup(test, pnp_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PNP_TEST(an_interface_is_registered_once),
        PNP_TEST(references_and_classes_tell_interfaces_apart),
        PNP_TEST(a_reference_has_no_separator),
        PNP_TEST(a_name_may_be_too_long),
        PNP_TEST(its_key_may_be_too_long),
        PNP_TEST(an_interface_is_enabled_and_disabled_in_turn),
        PNP_TEST(enabled_interfaces_are_found_by_class_and_device),
        PNP_TEST(an_alias_is_of_the_same_device_and_reference),
        PNP_TEST(an_interface_has_a_key),
        PNP_TEST(an_interface_has_properties),
        PNP_TEST(calls_can_be_made_to_fail),
        PNP_TEST(a_test_asks_for_keys_of_interfaces_that_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
