/*
 * test_registry.c - keys and values, as drivers and as tests see them.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/registry.h>

#include <ntddk.h>

#define SERVICE "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart"

static UNICODE_STRING service = RTL_CONSTANT_STRING(
    L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\UART");

static NTSTATUS open_at(HANDLE root, PUNICODE_STRING name, PHANDLE key)
{
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, root,
                               NULL);
    return ZwOpenKey(key, KEY_READ, &attributes);
}

static NTSTATUS create_at(HANDLE root, PUNICODE_STRING name, PHANDLE key, PULONG disposition)
{
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, root,
                               NULL);
    return ZwCreateKey(key, KEY_ALL_ACCESS, &attributes, 0, NULL, REG_OPTION_NON_VOLATILE,
                       disposition);
}

static HANDLE create(void)
{
    HANDLE key;

    assert_int_equal(create_at(NULL, &service, &key, NULL), STATUS_SUCCESS);
    return key;
}

static void a_key_is_created_once_and_opened_without_regard_to_case(void **state)
{
    HANDLE first, second;
    ULONG disposition;

    (void)state;
    assert_int_equal(open_at(NULL, &service, &first), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(create_at(NULL, &service, &first, &disposition), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_CREATED_NEW_KEY);
    assert_int_equal(create_at(NULL, &service, &second, &disposition), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_OPENED_EXISTING_KEY);
    assert_true(dirql_registry_has(SERVICE));
    assert_int_equal(ZwClose(first), STATUS_SUCCESS);
    assert_int_equal(ZwClose(second), STATUS_SUCCESS);
    dirql_suppress("HandleClose", NULL, "it is about the status");
    dirql_suppress("HandleUse", NULL, "it is about the status");
    assert_int_equal(ZwClose(second), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwFlushKey(second), STATUS_INVALID_HANDLE);
}

static void names_can_be_relative_to_a_key(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Parameters\\Deep");
    UNICODE_STRING empty = { 0 };
    HANDLE root, key, again;

    (void)state;
    dirql_registry_add(SERVICE "\\Parameters\\Deep");
    root = create();
    assert_int_equal(open_at(root, &name, &key), STATUS_SUCCESS);
    assert_int_equal(open_at(root, &empty, &again), STATUS_SUCCESS);
    ZwClose(root);
    ZwClose(key);
    ZwClose(again);
}

static void only_the_last_part_is_made(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Missing\\Deep");
    UNICODE_STRING bad = RTL_CONSTANT_STRING(L"Registry\\Machine");
    HANDLE root = create(), key;

    (void)state;
    assert_int_equal(create_at(root, &name, &key, NULL), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_at(NULL, &bad, &key), STATUS_OBJECT_PATH_SYNTAX_BAD);
    ZwClose(root);
}

static void a_value_is_queried_as_the_test_has_set_it(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Speed");
    char buffer[64];
    PKEY_VALUE_PARTIAL_INFORMATION partial = (PVOID)buffer;
    HANDLE key = create();
    ULONG needed;

    (void)state;
    dirql_registry_set_dword(SERVICE, "speed", 31250);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, partial,
                                     sizeof(buffer), &needed),
                     STATUS_SUCCESS);
    assert_int_equal(needed, 16);
    assert_int_equal(partial->Type, REG_DWORD);
    assert_int_equal(partial->DataLength, 4);
    assert_int_equal(*(ULONG UNALIGNED *)(PVOID)partial->Data, 31250);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, partial, 15, &needed),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, NULL, 0, &needed),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(needed, 16);
    assert_int_equal(ZwQueryValueKey(key, &service, KeyValuePartialInformation, partial, 15,
                                     &needed),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    ZwClose(key);
}

static void a_value_that_a_driver_sets_is_seen_by_the_test(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"State");
    char text[] = "ab";
    ULONG value = 7, type = 0, seen = 0;
    HANDLE key = create();

    (void)state;
    assert_int_equal(ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof(value)), 0);
    assert_int_equal(dirql_registry_get(SERVICE, "State", &type, &seen, sizeof(seen)), 4);
    assert_int_equal(type, REG_DWORD);
    assert_int_equal(seen, 7);
    assert_int_equal(ZwSetValueKey(key, &name, 0, REG_BINARY, text, 2), 0);
    assert_int_equal(dirql_registry_get(SERVICE, "State", &type, NULL, 0), 2);
    assert_int_equal(type, REG_BINARY);
    assert_int_equal(ZwDeleteValueKey(key, &name), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteValueKey(key, &name), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(dirql_registry_get(SERVICE, "State", NULL, NULL, 0), -1);
    ZwClose(key);
}

static void values_are_enumerated_with_names_and_data(void **state)
{
    char buffer[128];
    PKEY_VALUE_FULL_INFORMATION full = (PVOID)buffer;
    PKEY_VALUE_BASIC_INFORMATION basic = (PVOID)buffer;
    HANDLE key = create();
    ULONG needed;

    (void)state;
    dirql_registry_set_string(SERVICE, "Name", "uart");
    dirql_registry_set_dword(SERVICE, NULL, 5);
    assert_int_equal(ZwEnumerateValueKey(key, 0, KeyValueFullInformation, full, sizeof(buffer),
                                         &needed),
                     STATUS_SUCCESS);
    assert_int_equal(full->Type, REG_SZ);
    assert_int_equal(full->NameLength, 8);
    assert_memory_equal(full->Name, L"Name", 8);
    assert_int_equal(full->DataLength, 10);
    assert_memory_equal(buffer + full->DataOffset, L"uart", 10);
    assert_int_equal(ZwEnumerateValueKey(key, 1, KeyValueBasicInformation, basic, sizeof(buffer),
                                         &needed),
                     STATUS_SUCCESS);
    assert_int_equal(basic->NameLength, 0);
    assert_int_equal(ZwEnumerateValueKey(key, 2, KeyValueBasicInformation, basic, sizeof(buffer),
                                         &needed),
                     STATUS_NO_MORE_ENTRIES);
    ZwClose(key);
}

static void keys_are_enumerated_and_counted(void **state)
{
    char buffer[256];
    PKEY_BASIC_INFORMATION basic = (PVOID)buffer;
    PKEY_FULL_INFORMATION full = (PVOID)buffer;
    PKEY_NODE_INFORMATION node = (PVOID)buffer;
    PKEY_NAME_INFORMATION name = (PVOID)buffer;
    HANDLE key = create();
    ULONG needed;

    (void)state;
    dirql_registry_add(SERVICE "\\one");
    dirql_registry_add(SERVICE "\\three");
    dirql_registry_set_dword(SERVICE, "Speed", 1);
    assert_int_equal(ZwEnumerateKey(key, 1, KeyBasicInformation, basic, sizeof(buffer), &needed),
                     STATUS_SUCCESS);
    assert_int_equal(basic->NameLength, 10);
    assert_memory_equal(basic->Name, L"three", 10);
    assert_int_equal(ZwEnumerateKey(key, 2, KeyBasicInformation, basic, sizeof(buffer), &needed),
                     STATUS_NO_MORE_ENTRIES);
    assert_int_equal(ZwQueryKey(key, KeyFullInformation, full, sizeof(buffer), &needed), 0);
    assert_int_equal(full->SubKeys, 2);
    assert_int_equal(full->MaxNameLen, 10);
    assert_int_equal(full->Values, 1);
    assert_int_equal(full->MaxValueDataLen, 4);
    assert_int_equal(ZwQueryKey(key, KeyNodeInformation, node, sizeof(buffer), &needed), 0);
    assert_memory_equal(node->Name, L"UART", 8);
    assert_int_equal(ZwQueryKey(key, KeyNameInformation, name, sizeof(buffer), &needed), 0);
    assert_int_equal(name->NameLength, service.Length);
    assert_memory_equal(name->Name, service.Buffer, service.Length);
    ZwClose(key);
}

static void a_deleted_key_is_gone_and_its_handles_are_stale(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"child");
    HANDLE key = create(), child;

    (void)state;
    assert_int_equal(create_at(key, &name, &child, NULL), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(key), STATUS_CANNOT_DELETE);
    assert_int_equal(ZwDeleteKey(child), STATUS_SUCCESS);
    assert_int_equal(ZwFlushKey(child), STATUS_KEY_DELETED);
    assert_int_equal(ZwClose(child), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(key), STATUS_SUCCESS);
    assert_false(dirql_registry_has(SERVICE));
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static NTSTATUS create_with(HANDLE root, PUNICODE_STRING name, PUNICODE_STRING class, ULONG options,
                            PHANDLE key)
{
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, root,
                               NULL);
    return ZwCreateKey(key, KEY_ALL_ACCESS, &attributes, 0, class, options, NULL);
}

static void a_class_is_kept_and_told(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"odd");
    UNICODE_STRING class = RTL_CONSTANT_STRING(L"Port");
    char buffer[256];
    PKEY_NODE_INFORMATION node = (PVOID)buffer;
    PKEY_FULL_INFORMATION full = (PVOID)buffer;
    HANDLE root = create(), key;
    ULONG needed;

    (void)state;
    assert_int_equal(create_with(root, &name, &class, 0, &key), STATUS_SUCCESS);
    assert_int_equal(ZwQueryKey(key, KeyNodeInformation, node, sizeof(buffer), &needed), 0);
    assert_int_equal(node->ClassLength, 8);
    assert_memory_equal(node->Name, L"odd", 6);
    assert_memory_equal(buffer + node->ClassOffset, L"Port", 8);
    assert_int_equal(needed, node->ClassOffset + 8);
    assert_int_equal(ZwQueryKey(key, KeyFullInformation, full, sizeof(buffer), &needed), 0);
    assert_memory_equal(buffer + full->ClassOffset, L"Port", full->ClassLength);
    assert_int_equal(ZwQueryKey(root, KeyFullInformation, full, sizeof(buffer), &needed), 0);
    assert_int_equal(full->MaxClassLen, 8);
    assert_int_equal(full->ClassOffset, 0xFFFFFFFF);
    ZwClose(key);
    ZwClose(root);
}

static void a_volatile_key_is_gone_after_a_restart(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"State");
    UNICODE_STRING child = RTL_CONSTANT_STRING(L"Child");
    HANDLE root = create(), key, below;

    (void)state;
    assert_int_equal(create_with(root, &name, NULL, REG_OPTION_VOLATILE, &key), STATUS_SUCCESS);
    assert_int_equal(create_with(key, &child, NULL, 0, &below), STATUS_CHILD_MUST_BE_VOLATILE);
    assert_int_equal(create_with(key, &child, NULL, REG_OPTION_VOLATILE, &below), STATUS_SUCCESS);
    dirql_registry_set_dword(SERVICE "\\State\\Made\\Deep", "Speed", 1);
    dirql_registry_add(SERVICE "\\Stays");
    dirql_registry_restart();
    assert_false(dirql_registry_has(SERVICE "\\State"));
    assert_true(dirql_registry_has(SERVICE "\\Stays"));
    assert_int_equal(ZwFlushKey(key), STATUS_KEY_DELETED);
    assert_int_equal(ZwFlushKey(below), STATUS_KEY_DELETED);
    ZwClose(below);
    ZwClose(key);
    ZwClose(root);
}

static void options_that_are_none_are_refused(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    (void)state;
    assert_int_equal(create_with(NULL, &service, NULL, 0x100, &key), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(NULL, &service, NULL, REG_OPTION_CREATE_LINK, &key),
                     STATUS_NOT_SUPPORTED);
    assert_false(dirql_registry_has(SERVICE));
    dirql_registry_add(SERVICE);
    InitializeObjectAttributes(&attributes, &service, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKeyEx(&key, KEY_READ, &attributes, REG_OPTION_VOLATILE),
                     STATUS_INVALID_PARAMETER_4);
    assert_int_equal(ZwOpenKeyEx(&key, KEY_READ, &attributes,
                                 REG_OPTION_OPEN_LINK | REG_OPTION_BACKUP_RESTORE),
                     STATUS_SUCCESS);
    ZwClose(key);
    attributes.Length = 1;
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_INVALID_PARAMETER);
}

static void counts_are_told_without_names(void **state)
{
    KEY_CACHED_INFORMATION cached;
    KEY_VIRTUALIZATION_INFORMATION virtualization;
    HANDLE key = create();
    ULONG needed;

    (void)state;
    dirql_registry_add(SERVICE "\\one");
    dirql_registry_set_dword(SERVICE, "Speed", 1);
    assert_int_equal(ZwQueryKey(key, KeyCachedInformation, &cached, sizeof(cached), &needed), 0);
    assert_int_equal(cached.SubKeys, 1);
    assert_int_equal(cached.Values, 1);
    assert_int_equal(cached.NameLength, 8);
    assert_int_equal(ZwQueryKey(key, KeyVirtualizationInformation, &virtualization,
                                sizeof(virtualization), &needed),
                     0);
    assert_int_equal(virtualization.VirtualTarget, 0);
    assert_int_equal(ZwQueryKey(key, KeyFlagsInformation, &cached, sizeof(cached), &needed),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwEnumerateKey(key, 0, KeyCachedInformation, &cached, sizeof(cached),
                                    &needed),
                     STATUS_INVALID_PARAMETER);
    ZwClose(key);
}

static void aligned_answers_need_an_aligned_buffer(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Speed");
    DECLSPEC_ALIGN(8) char buffer[64];
    PKEY_VALUE_PARTIAL_INFORMATION_ALIGN64 partial = (PVOID)buffer;
    PKEY_VALUE_FULL_INFORMATION full = (PVOID)buffer;
    HANDLE key = create();
    ULONG needed;

    (void)state;
    dirql_registry_set_dword(SERVICE, "Speed", 31250);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformationAlign64, partial,
                                     sizeof(buffer), &needed),
                     STATUS_SUCCESS);
    assert_int_equal(needed, 12);
    assert_int_equal(*(ULONG *)(PVOID)partial->Data, 31250);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValueFullInformationAlign64, full,
                                     sizeof(buffer), &needed),
                     STATUS_SUCCESS);
    assert_int_equal(*(ULONG *)(PVOID)(buffer + full->DataOffset), 31250);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformationAlign64, buffer + 4, 60,
                                     &needed),
                     STATUS_DATATYPE_MISALIGNMENT);
    ZwClose(key);
}

static void a_call_can_be_made_to_fail(void **state)
{
    HANDLE key;

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(create_at(NULL, &service, &key, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_false(dirql_registry_has(SERVICE));
}

static void the_registry_is_out_of_reach_at_dispatch_level(void **state)
{
    HANDLE key;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE6, DIRQL_ANY, DISPATCH_LEVEL,
                               0);
    (void)open_at(NULL, &service, &key);
    fail_msg("the IRQL is too high");
}

static void a_path_that_is_none_fails_the_run(void **state)
{
    (void)state;
    dirql_expect_finding("registry");
    dirql_registry_add("Machine");
    fail_msg("that is no path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_key_is_created_once_and_opened_without_regard_to_case),
        dirql_unit_test(names_can_be_relative_to_a_key),
        dirql_unit_test(only_the_last_part_is_made),
        dirql_unit_test(a_value_is_queried_as_the_test_has_set_it),
        dirql_unit_test(a_value_that_a_driver_sets_is_seen_by_the_test),
        dirql_unit_test(values_are_enumerated_with_names_and_data),
        dirql_unit_test(keys_are_enumerated_and_counted),
        dirql_unit_test(a_deleted_key_is_gone_and_its_handles_are_stale),
        dirql_unit_test(a_class_is_kept_and_told),
        dirql_unit_test(a_volatile_key_is_gone_after_a_restart),
        dirql_unit_test(options_that_are_none_are_refused),
        dirql_unit_test(counts_are_told_without_names),
        dirql_unit_test(aligned_answers_need_an_aligned_buffer),
        dirql_unit_test(a_call_can_be_made_to_fail),
        dirql_unit_test(the_registry_is_out_of_reach_at_dispatch_level),
        dirql_unit_test(a_path_that_is_none_fails_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
