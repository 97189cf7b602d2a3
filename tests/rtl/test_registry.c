/*
 * test_registry.c - keys and values by path: check, create, write, delete.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/registry.h>

#include <ntddk.h>

/* The routines take no const, but these texts are. */
#define TEXT_OF(text) (PWSTR)(ULONG_PTR)(text)

#define SERVICES      "\\Registry\\Machine\\System\\CurrentControlSet\\Services"

static void a_path_begins_where_it_is_said_to(void **state)
{
    static const struct {
        ULONG relative_to;
        PCWSTR path;
        const char *key;
    } cases[] = {
        { RTL_REGISTRY_ABSOLUTE, L"\\Registry\\Machine\\Software\\uart",
          "\\Registry\\Machine\\Software\\uart" },
        { RTL_REGISTRY_SERVICES, L"uart", SERVICES "\\uart" },
        { RTL_REGISTRY_CONTROL, L"uart",
          "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\uart" },
        { RTL_REGISTRY_WINDOWS_NT, L"uart",
          "\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\uart" },
        { RTL_REGISTRY_DEVICEMAP, L"uart", "\\Registry\\Machine\\Hardware\\DeviceMap\\uart" },
        { RTL_REGISTRY_USER, L"uart", "\\Registry\\User\\.Default\\uart" },
    };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(cases); i++) {
        assert_int_equal(RtlCheckRegistryKey(cases[i].relative_to, TEXT_OF(cases[i].path)),
                         STATUS_OBJECT_NAME_NOT_FOUND);
        assert_int_equal(RtlCreateRegistryKey(cases[i].relative_to, TEXT_OF(cases[i].path)),
                         STATUS_SUCCESS);
        assert_true(dirql_registry_has(cases[i].key));
        assert_int_equal(RtlCheckRegistryKey(cases[i].relative_to, TEXT_OF(cases[i].path)),
                         STATUS_SUCCESS);
        assert_int_equal(RtlCreateRegistryKey(cases[i].relative_to, TEXT_OF(cases[i].path)),
                         STATUS_SUCCESS);
    }
}

static void an_empty_path_is_the_place_itself(void **state)
{
    (void)state;
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, NULL), STATUS_SUCCESS);
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, TEXT_OF(L"")), STATUS_SUCCESS);
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, NULL),
                     STATUS_OBJECT_PATH_SYNTAX_BAD);
}

static void an_unknown_place_is_an_invalid_parameter(void **state)
{
    (void)state;
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_MAXIMUM, TEXT_OF(L"uart")),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCreateRegistryKey(RTL_REGISTRY_HANDLE, TEXT_OF(L"uart")),
                     STATUS_INVALID_PARAMETER);
}

static void only_the_last_part_of_a_path_is_made(void **state)
{
    ULONG value = 1;

    (void)state;
    assert_int_equal(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, TEXT_OF(L"uart\\Parameters")),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"uart\\Parameters", L"Speed",
                                           REG_DWORD, &value, sizeof(value)),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_false(dirql_registry_has(SERVICES "\\uart"));
}

static void a_written_value_is_there_and_a_deleted_one_is_not(void **state)
{
    ULONG value = 31250, seen = 0, type = 0;

    (void)state;
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"uart", L"Speed", REG_DWORD,
                                           &value, sizeof(value)),
                     STATUS_SUCCESS);
    assert_int_equal(dirql_registry_get(SERVICES "\\uart", "Speed", &type, &seen, sizeof(seen)), 4);
    assert_int_equal(seen, 31250);
    assert_int_equal(type, REG_DWORD);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"uart", L"Speed"),
                     STATUS_SUCCESS);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"uart", L"Speed"),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"other", L"Speed"),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(dirql_registry_get(SERVICES "\\uart", "Speed", NULL, NULL, 0), -1);
}

static void a_handle_stands_for_a_path(void **state)
{
    UNICODE_STRING name =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart");
    OBJECT_ATTRIBUTES attributes;
    ULONG value = 7;
    HANDLE key;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_WRITE, &attributes, 0, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_HANDLE, (PCWSTR)key, L"Speed", REG_DWORD,
                                           &value, sizeof(value)),
                     STATUS_SUCCESS);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_HANDLE, (PCWSTR)key, L"Speed"),
                     STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    dirql_suppress("HandleUse", NULL, "it is about the status");
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_HANDLE, (PCWSTR)key, L"Speed"),
                     STATUS_INVALID_HANDLE);
}

static HANDLE open_with(PCWSTR name, ULONG value)
{
    UNICODE_STRING path;
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    RtlInitUnicodeString(&path, name);
    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL),
                     STATUS_SUCCESS);
    if (value != 0) {
        assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_HANDLE, (PCWSTR)key, L"Speed",
                                               REG_DWORD, &value, sizeof(value)),
                         STATUS_SUCCESS);
    }
    return key;
}

static void a_value_is_that_of_the_first_key_that_has_it(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Speed");
    HANDLE first = open_with(L"\\Registry\\Machine\\Software\\first", 1);
    HANDLE second = open_with(L"\\Registry\\Machine\\Software\\second", 2);
    HANDLE empty = open_with(L"\\Registry\\Machine\\Software\\empty", 0);
    const struct {
        HANDLE primary, fallback;
        ULONG size;
        NTSTATUS status;
        ULONG value;
    } cases[] = {
        { first, second, 4, STATUS_SUCCESS, 1 },
        { empty, second, 4, STATUS_SUCCESS, 2 },
        { NULL, second, 4, STATUS_SUCCESS, 2 },
        { first, NULL, 4, STATUS_SUCCESS, 1 },
        { first, second, 3, STATUS_BUFFER_OVERFLOW, 0 },
        { empty, empty, 4, STATUS_OBJECT_NAME_NOT_FOUND, 0 },
        { NULL, NULL, 4, STATUS_OBJECT_NAME_NOT_FOUND, 0 },
        { (HANDLE)0x3FC, second, 4, STATUS_INVALID_HANDLE, 0 },
    };

    (void)state;
    dirql_suppress("HandleUse", NULL, "it is about the status");
    for (unsigned i = 0; i < RTL_NUMBER_OF(cases); i++) {
        ULONG value = 0, type = 0, length = 0;

        assert_int_equal(RtlQueryRegistryValueWithFallback(cases[i].primary, cases[i].fallback,
                                                           &name, cases[i].size, &type, &value,
                                                           &length),
                         cases[i].status);
        assert_int_equal(value, cases[i].value);
        if (cases[i].status == STATUS_SUCCESS || cases[i].status == STATUS_BUFFER_OVERFLOW) {
            assert_int_equal(length, 4);
            assert_int_equal(type, REG_DWORD);
        }
    }
    ZwClose(first);
    ZwClose(second);
    ZwClose(empty);
}

static void what_makes_something_can_fail(void **state)
{
    ULONG value = 1;

    (void)state;
    dirql_fail_set("other:1+");
    assert_int_equal(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, TEXT_OF(L"uart")),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"uart", L"Speed", REG_DWORD,
                                           &value, sizeof(value)),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_false(dirql_registry_has(SERVICES "\\uart"));
}

static void paths_are_out_of_reach_at_dispatch_level(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, DISPATCH_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    (void)RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, TEXT_OF(L"uart"));
    fail_msg("the IRQL is too high");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_path_begins_where_it_is_said_to),
        dirql_unit_test(an_empty_path_is_the_place_itself),
        dirql_unit_test(an_unknown_place_is_an_invalid_parameter),
        dirql_unit_test(only_the_last_part_of_a_path_is_made),
        dirql_unit_test(a_written_value_is_there_and_a_deleted_one_is_not),
        dirql_unit_test(a_handle_stands_for_a_path),
        dirql_unit_test(a_value_is_that_of_the_first_key_that_has_it),
        dirql_unit_test(what_makes_something_can_fail),
        dirql_unit_test(paths_are_out_of_reach_at_dispatch_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
