/*
 * test_leakedhandles.c - handles that are still open when a run is over.
 */
#include "left.h"

static UNICODE_STRING services =
    RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services");
static UNICODE_STRING own = RTL_CONSTANT_STRING(L"uart");

static void leave_a_key(void *context)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    (void)context;
    InitializeObjectAttributes(&attributes, &services, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_SUCCESS);
    if (tidy) {
        ZwClose(key);
    }
}

static void a_key_that_is_still_open_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_key, "HandleLeak",
                "a handle of a registry key is not closed. ZwOpenKey was called at leave_a_key");
}

static void leave_a_deleted_key(void *context)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE root, key;

    (void)context;
    InitializeObjectAttributes(&attributes, &services, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&root, KEY_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &own, OBJ_KERNEL_HANDLE, root, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL),
                     STATUS_SUCCESS);
    ZwClose(root);
    assert_int_equal(ZwDeleteKey(key), STATUS_SUCCESS);
    if (tidy) {
        ZwClose(key);
    }
}

static void the_handle_of_a_deleted_key_is_to_be_closed_too(void **state)
{
    (void)state;
    assert_left(leave_a_deleted_key, "HandleLeak", "ZwCreateKey was called at");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_is_still_open_is_reported),
        cmocka_unit_test(the_handle_of_a_deleted_key_is_to_be_closed_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
