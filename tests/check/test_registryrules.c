/*
 * test_registryrules.c - the registry used in a way that its pages warn of.
 */
#include "rule.h"

#include <dirql/registry.h>

/* What is written is not const, but these texts are. */
#define TEXT_OF(text) (PWSTR)(ULONG_PTR)(text)

#define UART          "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart"

static UNICODE_STRING path =
    RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart");
static UNICODE_STRING name = RTL_CONSTANT_STRING(L"Name");

static HANDLE open_for(ACCESS_MASK access)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateKey(&key, access, &attributes, 0, NULL, 0, NULL), STATUS_SUCCESS);
    return key;
}

/* ---- IRQL and APCs --------------------------------------------------------------------------- */

static void query_at_apc_level(void *context)
{
    HANDLE key = open_for(KEY_READ);
    ULONG needed;
    KIRQL old;

    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    (void)ZwQueryValueKey(key, &name, KeyValueFullInformation, NULL, 0, &needed);
}

static void open_in_a_guarded_region(void *context)
{
    (void)context;
    KeEnterGuardedRegion();
    (void)open_for(KEY_READ);
}

static void open_in_a_critical_region(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    ZwClose(open_for(KEY_READ));
    KeLeaveCriticalRegion();
}

static void keys_are_used_at_passive_level_with_special_apcs(void **state)
{
    (void)state;
    assert_verifier(query_at_apc_level, 0xE6, DIRQL_ANY, APC_LEVEL, 0, "IrqlZwPassive");
    assert_verifier(open_in_a_guarded_region, 0xE6, DIRQL_ANY, PASSIVE_LEVEL, -1, "IrqlZwPassive");
    assert_silent(open_in_a_critical_region, 1, "IrqlZwPassive");
}

/* ---- Access ---------------------------------------------------------------------------------- */

static void set_with_access(ACCESS_MASK access)
{
    HANDLE key = open_for(access);

    assert_int_equal(ZwSetValueKey(key, &name, 0, REG_SZ, TEXT_OF(L"a"), 4), STATUS_SUCCESS);
    ZwClose(key);
}

static void write_with_a_handle_for_reading(void *context)
{
    (void)context;
    set_with_access(KEY_READ);
}

static void write_with_a_handle_for_writing(void *context)
{
    (void)context;
    set_with_access(KEY_WRITE);
    set_with_access(GENERIC_WRITE);
    set_with_access(MAXIMUM_ALLOWED);
}

static void use_a_handle_for_nothing(void *context)
{
    char buffer[64];
    HANDLE key = open_for(0);
    ULONG needed;

    (void)context;
    dirql_registry_set_string(UART, "Name", "a");
    dirql_registry_add(UART "\\Child");
    ZwQueryKey(key, KeyNameInformation, buffer, 0, &needed); /* The one that needs nothing. */
    ZwQueryKey(key, KeyBasicInformation, buffer, sizeof(buffer), &needed);
    ZwEnumerateKey(key, 0, KeyBasicInformation, buffer, sizeof(buffer), &needed);
    ZwQueryValueKey(key, &name, KeyValueBasicInformation, buffer, sizeof(buffer), &needed);
    ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, buffer, sizeof(buffer), &needed);
    ZwDeleteValueKey(key, &name);
    ZwClose(key);
}

static void a_handle_is_used_for_what_it_was_opened_for(void **state)
{
    (void)state;
    assert_warned(write_with_a_handle_for_reading, 1, 1, "RegistryAccess");
    assert_report_has("ZwSetValueKey needs access 0x2 to a key, but this handle was opened for "
                      "0x20019");
    assert_warned(use_a_handle_for_nothing, 1, 5, "RegistryAccess");
    assert_silent(write_with_a_handle_for_writing, 1, "RegistryAccess");
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void write_text(const void *text, ULONG bytes)
{
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"uart", L"Name", REG_SZ,
                                           TEXT_OF(text), bytes),
                     STATUS_SUCCESS);
}

static void write_text_without_a_null(void *context)
{
    (void)context;
    write_text(L"abc", 6);
}

static void write_text_of_odd_size(void *context)
{
    (void)context;
    write_text(L"abc", 7);
}

static void write_texts(const void *texts, ULONG bytes)
{
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"uart", L"Names", REG_MULTI_SZ,
                                           TEXT_OF(texts), bytes),
                     STATUS_SUCCESS);
}

static void write_texts_with_one_null(void *context)
{
    (void)context;
    write_texts(L"a\0b", 8);
}

static void write_text_with_a_null(void *context)
{
    (void)context;
    write_text(L"abc", 8);
    write_texts(L"a\0b\0", 10);
    write_texts(L"", 2);
}

static void a_text_has_a_null_at_its_end(void **state)
{
    (void)state;
    assert_warned(write_text_without_a_null, 1, 1, "RegistryText");
    assert_warned(write_text_of_odd_size, 1, 1, "RegistryText");
    assert_warned(write_texts_with_one_null, 1, 1, "RegistryText");
    assert_silent(write_text_with_a_null, 1, "RegistryText");
}

/* ---- Query tables ---------------------------------------------------------------------------- */

static ULONG speed;

static void query_number(ULONG flags, void *to)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Speed"),
          .Flags = flags,
          .EntryContext = to,
          .DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT },
        { 0 },
    };

    dirql_registry_set_dword(UART, "Speed", 1);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"uart", table, NULL, NULL),
                     STATUS_SUCCESS);
}

static void store_unchecked(void *context)
{
    (void)context;
    query_number(RTL_QUERY_REGISTRY_DIRECT, &speed);
}

static void store_checked(void *context)
{
    (void)context;
    query_number(RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, &speed);
}

static void store_nowhere(void *context)
{
    (void)context;
    query_number(RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, NULL);
}

static void what_is_stored_directly_is_checked_for_its_type(void **state)
{
    (void)state;
    assert_warned(store_unchecked, 1, 1, "RegistryTypecheck");
    assert_silent(store_checked, 1, "RegistryTypecheck");
}

static void what_is_stored_directly_has_a_place(void **state)
{
    (void)state;
    assert_error(store_nowhere, 1, "RegistryTable");
    assert_silent(store_checked, 1, "RegistryTable");
}

static NTSTATUS NTAPI ignore(PWSTR value_name, ULONG type, PVOID data, ULONG bytes, PVOID context,
                             PVOID entry_context)
{
    (void)value_name;
    (void)type;
    (void)data;
    (void)bytes;
    (void)context;
    (void)entry_context;
    return STATUS_SUCCESS;
}

static void query_path(ULONG flags)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = ignore, .Name = TEXT_OF(L"Path"), .Flags = flags },
        { 0 },
    };

    dirql_registry_set(UART, "Path", REG_EXPAND_SZ, L"%ROOT%", 14);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"uart", table, NULL, NULL),
                     STATUS_SUCCESS);
}

static void let_it_be_expanded(void *context)
{
    (void)context;
    query_path(0);
}

static void take_it_as_it_is(void *context)
{
    (void)context;
    query_path(RTL_QUERY_REGISTRY_NOEXPAND);
}

static void a_driver_expands_nothing(void **state)
{
    (void)state;
    assert_warned(let_it_be_expanded, 1, 1, "RegistryExpand");
    assert_silent(take_it_as_it_is, 1, "RegistryExpand");
}

static void query_with_a_paged_table(void *context)
{
    PRTL_QUERY_REGISTRY_TABLE table = ExAllocatePool2(POOL_FLAG_PAGED, 2 * sizeof(*table), 'baTQ');

    (void)context;
    table[0].QueryRoutine = ignore;
    table[0].Name = TEXT_OF(L"Speed");
    (void)RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"uart", table, NULL, NULL);
    ExFreePool(table);
}

static void a_query_table_is_nonpaged(void **state)
{
    (void)state;
    rule_run(1, query_with_a_paged_table);
    assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
    assert_int_equal(rule_result.parameters[0], 0xE1);
    assert_report_has("rule:  PageableObject:");
}

/* ---- Handles --------------------------------------------------------------------------------- */

static void check_a_handle(void *context)
{
    HANDLE key = open_for(KEY_READ);

    (void)context;
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_HANDLE, key), STATUS_SUCCESS);
    dirql_suppress("HandleUse", NULL, "it is about the status");
    assert_int_equal(ZwFlushKey(key), STATUS_INVALID_HANDLE);
}

static void check_a_path(void *context)
{
    (void)context;
    (void)RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, TEXT_OF(L"uart"));
}

static void a_check_of_a_handle_closes_it(void **state)
{
    (void)state;
    assert_warned(check_a_handle, 1, 1, "RegistryCheckHandle");
    assert_silent(check_a_path, 1, "RegistryCheckHandle");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_used_at_passive_level_with_special_apcs),
        cmocka_unit_test(a_handle_is_used_for_what_it_was_opened_for),
        cmocka_unit_test(a_text_has_a_null_at_its_end),
        cmocka_unit_test(what_is_stored_directly_is_checked_for_its_type),
        cmocka_unit_test(what_is_stored_directly_has_a_place),
        cmocka_unit_test(a_driver_expands_nothing),
        cmocka_unit_test(a_query_table_is_nonpaged),
        cmocka_unit_test(a_check_of_a_handle_closes_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
