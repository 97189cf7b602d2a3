/*
 * test_registryanswers.c - what queries of keys and values answer where there is little room, and
 * what each routine answers to a handle, a class or a name that is none.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/registry.h>

#include <ntddk.h>

#define SERVICE "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart"

static UNICODE_STRING service = RTL_CONSTANT_STRING(
    L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart");
static UNICODE_STRING speed = RTL_CONSTANT_STRING(L"Speed");
static HANDLE key;

static HANDLE open_key(PUNICODE_STRING name)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;

    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateKey(&handle, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL),
                     STATUS_SUCCESS);
    return handle;
}

static int start(void **state)
{
    (void)state;
    dirql_registry_add(SERVICE "\\Parameters");
    dirql_registry_set_dword(SERVICE, "Speed", 31250);
    key = open_key(&service);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return ZwClose(key) != STATUS_SUCCESS;
}

/* ---- Little room ----------------------------------------------------------------------------- */

typedef NTSTATUS query(int class, PVOID buffer, ULONG length, PULONG needed);

static NTSTATUS query_value(int class, PVOID buffer, ULONG length, PULONG needed)
{
    return ZwQueryValueKey(key, &speed, (KEY_VALUE_INFORMATION_CLASS)class, buffer, length, needed);
}

static NTSTATUS enumerate_value(int class, PVOID buffer, ULONG length, PULONG needed)
{
    return ZwEnumerateValueKey(key, 0, (KEY_VALUE_INFORMATION_CLASS)class, buffer, length, needed);
}

static NTSTATUS query_key(int class, PVOID buffer, ULONG length, PULONG needed)
{
    return ZwQueryKey(key, (KEY_INFORMATION_CLASS)class, buffer, length, needed);
}

static NTSTATUS enumerate_key(int class, PVOID buffer, ULONG length, PULONG needed)
{
    return ZwEnumerateKey(key, 0, (KEY_INFORMATION_CLASS)class, buffer, length, needed);
}

/* Whatever the room: a full answer, a part of one whose fixed members fit, or nothing at all. */
static void ask_with_any_room(query *ask, int class, ULONG fixed)
{
    DECLSPEC_ALIGN(8) UCHAR whole[256], part[256];
    ULONG all, needed;

    assert_int_equal(ask(class, whole, sizeof(whole), &all), STATUS_SUCCESS);
    assert_in_range(all, fixed, sizeof(whole));
    for (ULONG length = 0; length <= all; length++) {
        const NTSTATUS expected = length < fixed ? STATUS_BUFFER_TOO_SMALL
                                  : length < all ? STATUS_BUFFER_OVERFLOW
                                                 : STATUS_SUCCESS;
        const ULONG written = length < fixed ? 0 : length;

        memset(part, 0x5A, sizeof(part));
        needed = 0;
        assert_int_equal(ask(class, part, length, &needed), expected);
        assert_int_equal(needed, all);
        assert_memory_equal(part, whole, written);
        assert_int_equal(part[written], 0x5A);
    }
    assert_int_equal(ask(class, NULL, 0, &needed), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(needed, all);
}

static void values_are_told_as_far_as_there_is_room(void **state)
{
    static const struct {
        int class;
        ULONG fixed;
    } rows[] = {
        { KeyValueBasicInformation, offsetof(KEY_VALUE_BASIC_INFORMATION, Name) },
        { KeyValueFullInformation, offsetof(KEY_VALUE_FULL_INFORMATION, Name) },
        { KeyValuePartialInformation, offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data) },
        { KeyValueFullInformationAlign64, offsetof(KEY_VALUE_FULL_INFORMATION, Name) },
        { KeyValuePartialInformationAlign64,
          offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data) },
    };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(rows); i++) {
        ask_with_any_room(query_value, rows[i].class, rows[i].fixed);
        ask_with_any_room(enumerate_value, rows[i].class, rows[i].fixed);
    }
}

static void keys_are_told_as_far_as_there_is_room(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        query *ask = i == 0 ? query_key : enumerate_key;

        ask_with_any_room(ask, KeyBasicInformation, offsetof(KEY_BASIC_INFORMATION, Name));
        ask_with_any_room(ask, KeyNodeInformation, offsetof(KEY_NODE_INFORMATION, Name));
        ask_with_any_room(ask, KeyFullInformation, offsetof(KEY_FULL_INFORMATION, Class));
    }
    ask_with_any_room(query_key, KeyNameInformation, offsetof(KEY_NAME_INFORMATION, Name));
    ask_with_any_room(query_key, KeyCachedInformation, sizeof(KEY_CACHED_INFORMATION));
    ask_with_any_room(query_key, KeyVirtualizationInformation,
                      sizeof(KEY_VIRTUALIZATION_INFORMATION));
}

/* ---- What is none ---------------------------------------------------------------------------- */

static void a_class_that_is_none_is_refused(void **state)
{
    UCHAR buffer[256];
    ULONG needed;

    (void)state;
    assert_int_equal(query_value(99, buffer, sizeof(buffer), &needed), STATUS_INVALID_PARAMETER);
    assert_int_equal(enumerate_value(99, buffer, sizeof(buffer), &needed),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(query_key(99, buffer, sizeof(buffer), &needed), STATUS_INVALID_PARAMETER);
    assert_int_equal(enumerate_key(99, buffer, sizeof(buffer), &needed), STATUS_INVALID_PARAMETER);
    assert_int_equal(enumerate_key(KeyNameInformation, buffer, sizeof(buffer), &needed),
                     STATUS_INVALID_PARAMETER);
}

/* Every routine that takes the handle of a key answers `expected` to this one. */
static void use_in_each_routine(HANDLE handle, NTSTATUS expected)
{
    UNICODE_STRING child = RTL_CONSTANT_STRING(L"Child");
    OBJECT_ATTRIBUTES attributes;
    UCHAR buffer[64];
    ULONG needed, value = 1;
    HANDLE opened;

    InitializeObjectAttributes(&attributes, &child, OBJ_KERNEL_HANDLE, handle, NULL);
    assert_int_equal(ZwSetValueKey(handle, &speed, 0, REG_DWORD, &value, 4), expected);
    assert_int_equal(ZwDeleteValueKey(handle, &speed), expected);
    assert_int_equal(ZwQueryValueKey(handle, &speed, KeyValueBasicInformation, buffer,
                                     sizeof(buffer), &needed),
                     expected);
    assert_int_equal(ZwEnumerateValueKey(handle, 0, KeyValueBasicInformation, buffer,
                                         sizeof(buffer), &needed),
                     expected);
    assert_int_equal(ZwQueryKey(handle, KeyBasicInformation, buffer, sizeof(buffer), &needed),
                     expected);
    assert_int_equal(ZwEnumerateKey(handle, 0, KeyBasicInformation, buffer, sizeof(buffer),
                                    &needed),
                     expected);
    assert_int_equal(ZwFlushKey(handle), expected);
    assert_int_equal(ZwDeleteKey(handle), expected);
    if (handle != NULL) { /* As a root directory, NULL is none. */
        assert_int_equal(ZwOpenKey(&opened, KEY_READ, &attributes), expected);
        assert_null(opened);
        assert_int_equal(ZwOpenKeyEx(&opened, KEY_READ, &attributes, 0), expected);
        assert_int_equal(ZwCreateKey(&opened, KEY_READ, &attributes, 0, NULL, 0, NULL), expected);
        assert_null(opened);
    }
}

static void a_handle_that_is_none_is_refused(void **state)
{
    (void)state;
    dirql_suppress("HandleUse", NULL, "it is about the status");
    use_in_each_routine(NULL, STATUS_INVALID_HANDLE);
    use_in_each_routine((HANDLE)(ULONG_PTR)0x5A5A, STATUS_INVALID_HANDLE);
}

static void a_handle_of_something_else_is_refused(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\Mine");
    HANDLE event;

    (void)state;
    assert_non_null(IoCreateNotificationEvent(&name, &event));
    use_in_each_routine(event, STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(event);
}

static void each_handle_of_a_deleted_key_is_refused(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(
        L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\gone");
    HANDLE first = open_key(&name), second = open_key(&name);

    (void)state;
    assert_int_equal(ZwDeleteKey(first), STATUS_SUCCESS);
    use_in_each_routine(first, STATUS_KEY_DELETED);
    use_in_each_routine(second, STATUS_KEY_DELETED);
    assert_int_equal(ZwClose(first), STATUS_SUCCESS);
    assert_int_equal(ZwClose(second), STATUS_SUCCESS);
}

static NTSTATUS open_by_name(PCWSTR name, ULONG options)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text;
    HANDLE opened;
    NTSTATUS status;

    RtlInitUnicodeString(&text, name);
    InitializeObjectAttributes(&attributes, &text, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwOpenKeyEx(&opened, KEY_READ, &attributes, options);
    if (!NT_SUCCESS(status)) {
        assert_null(opened);
        assert_int_equal(options == 0 ? ZwOpenKey(&opened, KEY_READ, &attributes) : status, status);
    }
    return status;
}

static void names_are_refused_for_what_is_wrong_with_them(void **state)
{
    (void)state;
    assert_int_equal(open_by_name(L"\\Registry\\Machine\\Nowhere", 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_by_name(L"\\Registry\\Machine\\Nowhere\\Deep", 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_by_name(L"Machine\\System", 0), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(open_by_name(L"", 0), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(open_by_name(L"\\Registry\\\\Machine", 0), STATUS_OBJECT_NAME_INVALID);
    assert_int_equal(open_by_name(L"\\Registry\\Machine", 0x100), STATUS_INVALID_PARAMETER_4);
}

/* ---- Short of resources ---------------------------------------------------------------------- */

static void setting_can_be_made_to_fail_and_leaves_the_old_value(void **state)
{
    ULONG value = 5, seen = 0;

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(ZwSetValueKey(key, &speed, 0, REG_DWORD, &value, sizeof(value)),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(dirql_registry_get(SERVICE, "Speed", NULL, &seen, sizeof(seen)), 4);
    assert_int_equal(seen, 31250);
}

static void opening_can_be_made_to_fail(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE opened;

    (void)state;
    InitializeObjectAttributes(&attributes, &service, OBJ_KERNEL_HANDLE, NULL, NULL);
    dirql_fail_set("other:1+");
    assert_int_equal(ZwOpenKey(&opened, KEY_READ, &attributes), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(opened);
    assert_int_equal(ZwOpenKeyEx(&opened, KEY_READ, &attributes, 0),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_null(opened);
}

#define ANSWER_TEST(test) dirql_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ANSWER_TEST(values_are_told_as_far_as_there_is_room),
        ANSWER_TEST(keys_are_told_as_far_as_there_is_room),
        ANSWER_TEST(a_class_that_is_none_is_refused),
        ANSWER_TEST(a_handle_that_is_none_is_refused),
        ANSWER_TEST(a_handle_of_something_else_is_refused),
        ANSWER_TEST(each_handle_of_a_deleted_key_is_refused),
        ANSWER_TEST(names_are_refused_for_what_is_wrong_with_them),
        ANSWER_TEST(setting_can_be_made_to_fail_and_leaves_the_old_value),
        ANSWER_TEST(opening_can_be_made_to_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
