/*
 * test_registryquery.c - RtlQueryRegistryValues: what each kind of entry brings.
 */
#include <stdio.h>
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/registry.h>

#include <ntddk.h>

#define UART          "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart"
/* Tables are not const, but these texts are. */
#define TEXT_OF(text) (PWSTR)(ULONG_PTR)(text)
#define CHECKED(t)    ((ULONG)(t) << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT)
#define DIRECT        (RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK)

/* "Name type bytes first-character-or-byte;" of each call. */
static char told[512];
static NTSTATUS answer;

static NTSTATUS NTAPI note(PWSTR name, ULONG type, PVOID data, ULONG bytes, PVOID context,
                           PVOID entry_context)
{
    const size_t used = strlen(told);
    char narrow[32] = "-";

    for (size_t i = 0; name != NULL && i < sizeof(narrow) - 1; i++) {
        narrow[i] = (char)name[i];
        if (name[i] == 0) {
            break;
        }
    }
    snprintf(told + used, sizeof(told) - used, "%s %u %u %c%s;", narrow, type, bytes,
             data != NULL ? *(const char *)data : '-',
             context == &answer && entry_context == told ? "" : " context");
    return answer;
}

static NTSTATUS query_at(ULONG relative_to, PCWSTR path, PRTL_QUERY_REGISTRY_TABLE table)
{
    told[0] = '\0';
    return RtlQueryRegistryValues(relative_to, path, table, &answer, NULL);
}

static NTSTATUS query(PRTL_QUERY_REGISTRY_TABLE table)
{
    return query_at(RTL_REGISTRY_SERVICES, L"uart", table);
}

static int start(void **state)
{
    (void)state;
    answer = STATUS_SUCCESS;
    dirql_registry_set_string(UART, "Name", "comm");
    dirql_registry_set_dword(UART, "Speed", 'A');
    dirql_registry_set(UART, "List", REG_MULTI_SZ, L"one\0three\0", 22);
    dirql_registry_set_dword(UART "\\Parameters", "Depth", 'P');
    return 0;
}

/* ---- Routines -------------------------------------------------------------------------------- */

static void a_routine_is_told_of_a_value_by_name(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note, .Name = TEXT_OF(L"speed"), .EntryContext = told },
        { .QueryRoutine = note, .Name = TEXT_OF(L"Name"), .EntryContext = NULL },
        { .QueryRoutine = note, .Name = TEXT_OF(L"Missing"), .EntryContext = told },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "speed 4 4 A;Name 1 10 c context;");
}

static void without_a_name_it_is_told_of_all_values(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note, .EntryContext = told, .Flags = RTL_QUERY_REGISTRY_NOEXPAND },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "Name 1 10 c;Speed 4 4 A;List 7 22 o;");
}

static void several_texts_come_one_by_one_unless_told_otherwise(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note, .Name = TEXT_OF(L"List"), .EntryContext = told },
        { .QueryRoutine = note,
          .Name = TEXT_OF(L"List"),
          .EntryContext = told,
          .Flags = RTL_QUERY_REGISTRY_NOEXPAND },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "List 1 8 o;List 1 12 t;List 7 22 o;");
}

static void with_novalue_it_is_only_called(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note, .EntryContext = told, .Flags = RTL_QUERY_REGISTRY_NOVALUE },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "- 0 0 -;");
}

static void an_error_of_the_routine_ends_the_table_but_one(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note, .Name = TEXT_OF(L"Speed"), .EntryContext = told },
        { .QueryRoutine = note, .Name = TEXT_OF(L"Name"), .EntryContext = told },
        { 0 },
    };

    (void)state;
    answer = STATUS_ACCESS_DENIED;
    assert_int_equal(query(table), STATUS_ACCESS_DENIED);
    assert_string_equal(told, "Speed 4 4 A;");
    answer = STATUS_BUFFER_TOO_SMALL;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "Speed 4 4 A;Name 1 10 c;");
}

/* ---- Where the values are -------------------------------------------------------------------- */

static void subkey_and_topkey_move_the_table_down_and_up(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Parameters"), .Flags = RTL_QUERY_REGISTRY_SUBKEY },
        { .QueryRoutine = note, .Name = TEXT_OF(L"Depth"), .EntryContext = told },
        { .QueryRoutine = note, .Name = TEXT_OF(L"Speed"), .EntryContext = told },
        { .QueryRoutine = note,
          .Name = TEXT_OF(L"Speed"),
          .EntryContext = told,
          .Flags = RTL_QUERY_REGISTRY_TOPKEY },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "Depth 4 4 P;Speed 4 4 A;");
}

static void a_subkey_with_a_routine_tells_its_values(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note,
          .Name = TEXT_OF(L"Parameters"),
          .EntryContext = told,
          .Flags = RTL_QUERY_REGISTRY_SUBKEY },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "Depth 4 4 P;");
}

static void a_missing_subkey_matters_if_it_is_required(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Nothing"), .Flags = RTL_QUERY_REGISTRY_SUBKEY },
        { .QueryRoutine = note, .Name = TEXT_OF(L"Speed"), .EntryContext = told },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "");
    table[0].Flags |= RTL_QUERY_REGISTRY_REQUIRED;
    assert_int_equal(query(table), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void an_optional_key_may_be_missing(void **state)
{
    ULONG standard = 'D';
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note,
          .Name = TEXT_OF(L"Speed"),
          .EntryContext = told,
          .DefaultType = REG_DWORD,
          .DefaultData = &standard,
          .DefaultLength = sizeof(standard) },
        { 0 },
    };

    (void)state;
    assert_int_equal(query_at(RTL_REGISTRY_SERVICES, L"other", table),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(query_at(RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, L"other", table),
                     STATUS_SUCCESS);
    assert_string_equal(told, "Speed 4 4 D;");
}

static void a_handle_can_be_queried(void **state)
{
    UNICODE_STRING name =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart");
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note, .Name = TEXT_OF(L"Speed"), .EntryContext = told },
        { 0 },
    };
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_SUCCESS);
    assert_int_equal(query_at(RTL_REGISTRY_HANDLE, (PCWSTR)key, table), STATUS_SUCCESS);
    assert_string_equal(told, "Speed 4 4 A;");
    ZwClose(key);
    dirql_suppress("HandleUse", NULL, "it is about the status");
    assert_int_equal(query_at(RTL_REGISTRY_HANDLE, (PCWSTR)key, table), STATUS_INVALID_HANDLE);
}

/* ---- Required, default, deleted -------------------------------------------------------------- */

static void a_missing_value_has_its_default_or_is_required(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note,
          .Name = TEXT_OF(L"Missing"),
          .EntryContext = told,
          .DefaultType = REG_SZ,
          .DefaultData = TEXT_OF(L"def") },
        { .QueryRoutine = note,
          .Name = TEXT_OF(L"Missing"),
          .EntryContext = told,
          .DefaultType = REG_MULTI_SZ,
          .DefaultData = TEXT_OF(L"a\0b\0") },
        { .QueryRoutine = note,
          .Name = TEXT_OF(L"Missing"),
          .EntryContext = told,
          .Flags = RTL_QUERY_REGISTRY_REQUIRED },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_string_equal(told, "Missing 1 8 d;Missing 1 4 a;Missing 1 4 b;");
}

static void required_demands_any_value_where_there_is_no_name(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note, .EntryContext = told, .Flags = RTL_QUERY_REGISTRY_REQUIRED },
        { 0 },
    };

    (void)state;
    dirql_registry_add(UART "\\Empty");
    assert_int_equal(query_at(RTL_REGISTRY_SERVICES, L"uart\\Empty", table),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    table[0].Flags = 0;
    assert_int_equal(query_at(RTL_REGISTRY_SERVICES, L"uart\\Empty", table), STATUS_SUCCESS);
}

static void delete_takes_away_what_was_told(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = note,
          .Name = TEXT_OF(L"Speed"),
          .EntryContext = told,
          .Flags = RTL_QUERY_REGISTRY_DELETE },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_int_equal(dirql_registry_get(UART, "Speed", NULL, NULL, 0), -1);
    assert_int_equal(dirql_registry_get(UART, "Name", NULL, NULL, 0), 10);
    table[0].Name = NULL;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "Name 1 10 c;List 1 8 o;List 1 12 t;");
    assert_int_equal(dirql_registry_get(UART, "Name", NULL, NULL, 0), -1);
    assert_int_equal(dirql_registry_get(UART, "List", NULL, NULL, 0), -1);
}

static NTSTATUS NTAPI delete_it(PWSTR name, ULONG type, PVOID data, ULONG bytes, PVOID context,
                                PVOID entry_context)
{
    (void)RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"uart", name);
    return note(name, type, data, bytes, context, entry_context);
}

static void a_routine_may_delete_what_it_is_told_of(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .QueryRoutine = delete_it,
          .Name = TEXT_OF(L"Name"),
          .EntryContext = told,
          .Flags = RTL_QUERY_REGISTRY_DELETE },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_string_equal(told, "Name 1 10 c;");
}

/* ---- Directly into memory -------------------------------------------------------------------- */

static void a_number_is_stored_where_it_is_wanted(void **state)
{
    ULONG speed = 0, missing = 5, standard = 9;
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Speed"),
          .Flags = DIRECT,
          .EntryContext = &speed,
          .DefaultType = CHECKED(REG_DWORD) | REG_NONE },
        { .Name = TEXT_OF(L"Missing"),
          .Flags = DIRECT,
          .EntryContext = &missing,
          .DefaultType = CHECKED(REG_DWORD) | REG_DWORD,
          .DefaultData = &standard,
          .DefaultLength = sizeof(standard) },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_int_equal(speed, 'A');
    assert_int_equal(missing, 9);
}

static void a_text_is_stored_in_memory_that_is_there_or_made(void **state)
{
    WCHAR room[5];
    UNICODE_STRING made = { 0 }, given = { .MaximumLength = sizeof(room), .Buffer = room };
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Name"),
          .Flags = DIRECT,
          .EntryContext = &made,
          .DefaultType = CHECKED(REG_SZ) },
        { .Name = TEXT_OF(L"Name"),
          .Flags = DIRECT,
          .EntryContext = &given,
          .DefaultType = CHECKED(REG_SZ) },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_int_equal(made.Length, 8);
    assert_memory_equal(made.Buffer, L"comm", 10);
    assert_int_equal(given.Length, 8);
    assert_memory_equal(room, L"comm", 10);
    RtlFreeUnicodeString(&made);
    table[0].EntryContext = &given;
    given.MaximumLength = 8;
    assert_int_equal(query(table), STATUS_BUFFER_TOO_SMALL);
}

static void several_texts_are_stored_as_one(void **state)
{
    UNICODE_STRING list = { 0 };
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"List"),
          .Flags = DIRECT | RTL_QUERY_REGISTRY_NOEXPAND,
          .EntryContext = &list,
          .DefaultType = CHECKED(REG_MULTI_SZ) },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_int_equal(list.Length, 20);
    assert_memory_equal(list.Buffer, L"one\0three\0", 22);
    RtlFreeUnicodeString(&list);
    table[0].Flags = DIRECT;
    assert_int_equal(query(table), STATUS_INVALID_PARAMETER);
}

static void what_is_larger_says_how_large_its_buffer_is(void **state)
{
    union {
        LONG size;
        ULONG words[6];
        char bytes[24];
    } buffer = { .size = 20 };
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Table"),
          .Flags = DIRECT,
          .EntryContext = &buffer,
          .DefaultType = CHECKED(REG_BINARY) },
        { 0 },
    };

    (void)state;
    dirql_registry_set(UART, "Table", REG_BINARY, "0123456789AB", 12);
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_int_equal(buffer.words[0], 12);
    assert_int_equal(buffer.words[1], REG_BINARY);
    assert_memory_equal(buffer.bytes + 8, "0123456789AB", 12);
    buffer.size = 19;
    assert_int_equal(query(table), STATUS_BUFFER_TOO_SMALL);
    buffer.size = -12;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_memory_equal(buffer.bytes, "0123456789AB", 12);
    buffer.size = -11;
    assert_int_equal(query(table), STATUS_BUFFER_TOO_SMALL);
}

static void another_type_than_expected_is_a_mismatch(void **state)
{
    UNICODE_STRING text = { 0 };
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Speed"),
          .Flags = DIRECT,
          .EntryContext = &text,
          .DefaultType = CHECKED(REG_SZ) },
        { 0 },
    };

    (void)state;
    assert_int_equal(query(table), STATUS_OBJECT_TYPE_MISMATCH);
    assert_null(text.Buffer);
}

static void without_typecheck_a_hive_of_users_is_a_bug_check(void **state)
{
    ULONG value = 0;
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Speed"), .Flags = RTL_QUERY_REGISTRY_DIRECT, .EntryContext = &value },
        { 0 },
    };

    (void)state;
    dirql_registry_set_dword("\\Registry\\User\\.Default\\uart", "Speed", 1);
    dirql_expect_bugcheck_with(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_UNSAFE_REGISTRY_ACCESS, 0, 0,
                               0);
    (void)query_at(RTL_REGISTRY_USER, L"uart", table);
    fail_msg("everybody can write there");
}

/* ---- Bad tables, failures -------------------------------------------------------------------- */

static void entries_that_make_no_sense_are_invalid(void **state)
{
    ULONG value;
    RTL_QUERY_REGISTRY_TABLE table[2] = { { 0 } };

    (void)state;
    table[0] = (RTL_QUERY_REGISTRY_TABLE){ .Flags = RTL_QUERY_REGISTRY_DIRECT };
    assert_int_equal(query(table), STATUS_INVALID_PARAMETER);
    table[0] = (RTL_QUERY_REGISTRY_TABLE){ .Flags = RTL_QUERY_REGISTRY_SUBKEY };
    assert_int_equal(query(table), STATUS_INVALID_PARAMETER);
    table[0] = (RTL_QUERY_REGISTRY_TABLE){ .Name = TEXT_OF(L"Speed") };
    assert_int_equal(query(table), STATUS_INVALID_PARAMETER);
    table[0] = (RTL_QUERY_REGISTRY_TABLE){
        .QueryRoutine = note, .Name = TEXT_OF(L"Speed"), .Flags = DIRECT, .EntryContext = &value
    };
    assert_int_equal(query(table), STATUS_INVALID_PARAMETER);
}

static void a_reference_is_expanded_by_the_callers_environment(void **state)
{
    static WCHAR environment[] = L"ROOT=C:\\Windows\0";
    UNICODE_STRING text = { 0 };
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Path"),
          .Flags = DIRECT,
          .EntryContext = &text,
          .DefaultType = CHECKED(REG_EXPAND_SZ) },
        { 0 },
    };

    (void)state;
    dirql_suppress("RegistryExpand", NULL, "It is what the test is about.");
    dirql_registry_set(UART, "Path", REG_EXPAND_SZ, L"%root%\\x%NONE%%", 32);
    assert_int_equal(
        RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"uart", table, NULL, environment),
        STATUS_SUCCESS);
    assert_int_equal(text.Length, 19 * sizeof(WCHAR));
    assert_memory_equal(text.Buffer, L"C:\\Windows\\x%NONE%%", text.Length);
    RtlFreeUnicodeString(&text);
    table[0].Flags |= RTL_QUERY_REGISTRY_NOEXPAND;
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_memory_equal(text.Buffer, L"%root%\\x%NONE%%", 30);
    RtlFreeUnicodeString(&text);
}

static void a_query_can_be_made_to_fail(void **state)
{
    UNICODE_STRING text = { 0 };
    RTL_QUERY_REGISTRY_TABLE table[] = {
        { .Name = TEXT_OF(L"Name"),
          .Flags = DIRECT,
          .EntryContext = &text,
          .DefaultType = CHECKED(REG_SZ) },
        { 0 },
    };

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(query(table), STATUS_INSUFFICIENT_RESOURCES);
    dirql_fail_set("pool:1");
    assert_int_equal(query(table), STATUS_NO_MEMORY);
    assert_null(text.Buffer);
}

#define QUERY_TEST(test) dirql_unit_test_setup(test, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUERY_TEST(a_routine_is_told_of_a_value_by_name),
        QUERY_TEST(without_a_name_it_is_told_of_all_values),
        QUERY_TEST(several_texts_come_one_by_one_unless_told_otherwise),
        QUERY_TEST(with_novalue_it_is_only_called),
        QUERY_TEST(an_error_of_the_routine_ends_the_table_but_one),
        QUERY_TEST(subkey_and_topkey_move_the_table_down_and_up),
        QUERY_TEST(a_subkey_with_a_routine_tells_its_values),
        QUERY_TEST(a_missing_subkey_matters_if_it_is_required),
        QUERY_TEST(an_optional_key_may_be_missing),
        QUERY_TEST(a_handle_can_be_queried),
        QUERY_TEST(a_missing_value_has_its_default_or_is_required),
        QUERY_TEST(required_demands_any_value_where_there_is_no_name),
        QUERY_TEST(delete_takes_away_what_was_told),
        QUERY_TEST(a_routine_may_delete_what_it_is_told_of),
        QUERY_TEST(a_number_is_stored_where_it_is_wanted),
        QUERY_TEST(a_text_is_stored_in_memory_that_is_there_or_made),
        QUERY_TEST(several_texts_are_stored_as_one),
        QUERY_TEST(what_is_larger_says_how_large_its_buffer_is),
        QUERY_TEST(another_type_than_expected_is_a_mismatch),
        QUERY_TEST(without_typecheck_a_hive_of_users_is_a_bug_check),
        QUERY_TEST(entries_that_make_no_sense_are_invalid),
        QUERY_TEST(a_reference_is_expanded_by_the_callers_environment),
        QUERY_TEST(a_query_can_be_made_to_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
