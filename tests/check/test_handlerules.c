/*
 * test_handlerules.c - handles are used and closed while they are open, and objects referenced
 * while they exist.
 */
#include "rule.h"

static HANDLE handle;
static PVOID object;

static VOID end_at_once(PVOID context)
{
    (void)context;
}

static void open_thread(void)
{
    assert_int_equal(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, end_at_once, NULL),
        STATUS_SUCCESS);
}

static NTSTATUS reference(void)
{
    return ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &object,
                                     NULL);
}

static void use_a_handle(void *context)
{
    (void)context;
    open_thread();
    assert_int_equal(reference(), STATUS_SUCCESS);
    ZwClose(handle);
    KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
    ObReferenceObject(object);
    ObDereferenceObject(object);
    ObDereferenceObject(object);
}

/* ---- References ------------------------------------------------------------------------------ */

static void reference_by_a_closed_handle(void *context)
{
    (void)context;
    open_thread();
    ZwClose(handle);
    (void)reference();
}

static void reference_by_a_null_handle(void *context)
{
    (void)context;
    handle = NULL;
    (void)reference();
}

static void a_reference_by_a_handle_that_is_not_open_is_found(void **state)
{
    (void)state;
    assert_verifier(reference_by_a_closed_handle, 0x3C, (ULONG_PTR)handle,
                    (ULONG_PTR)*PsThreadType, 0, "ObjectHandle");
    assert_report_has("closed by reference_by_a_closed_handle test_handlerules.c");
    assert_verifier(reference_by_a_null_handle, 0xF5, 0, (ULONG_PTR)*PsThreadType, 0,
                    "ObjectHandle");
    assert_silent(use_a_handle, 1, "ObjectHandle");
}

static void give_back_too_often(void *context)
{
    use_a_handle(context);
    ObDereferenceObject(object);
}

static void reference_what_is_gone(void *context)
{
    use_a_handle(context);
    ObReferenceObject(object);
}

static void a_reference_to_what_is_gone_is_found(void **state)
{
    (void)state;
    assert_verifier(give_back_too_often, 0x3F, (ULONG_PTR)object, (ULONG_PTR)-1, 0,
                    "ObjectReference");
    assert_verifier(reference_what_is_gone, 0x3F, (ULONG_PTR)object, 1, 0, "ObjectReference");
    assert_silent(use_a_handle, 1, "ObjectReference");
}

/* ---- ZwClose --------------------------------------------------------------------------------- */

static void open_key(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\Software");
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&handle, KEY_READ, &attributes), STATUS_SUCCESS);
}

static void close_twice(void *context)
{
    (void)context;
    open_key();
    ZwClose(handle);
    ZwClose(handle);
}

static void close_by_each_routine(void *context)
{
    (void)context;
    open_key();
    ZwClose(handle);
    ObCloseHandle(handle, KernelMode);
}

static void close_null(void *context)
{
    (void)context;
    ZwClose(NULL);
}

static void close_what_never_was_a_handle(void *context)
{
    (void)context;
    ZwClose((HANDLE)(ULONG_PTR)0x4000);
}

static void close_one_after_the_other(void *context)
{
    (void)context;
    open_key();
    ZwClose(handle);
    open_key();
    ZwClose(handle);
}

static void a_handle_that_is_closed_is_open(void **state)
{
    (void)state;
    assert_broken(close_twice, 1, INVALID_KERNEL_HANDLE, (ULONG_PTR)handle, 1, 0, 0,
                  "HandleClose");
    assert_report_has("ZwClose was given handle 0x4, which is not open.");
    assert_report_has("It was closed by close_twice test_handlerules.c");
    assert_broken(close_by_each_routine, 1, INVALID_KERNEL_HANDLE, (ULONG_PTR)handle, 1, 0, 0,
                  "HandleClose");
    assert_report_has("ObCloseHandle was given");
    assert_broken(close_null, 1, INVALID_KERNEL_HANDLE, 0, 1, 0, 0, "HandleClose");
    assert_report_has("ZwClose was given a NULL handle");
    assert_broken(close_what_never_was_a_handle, 1, INVALID_KERNEL_HANDLE, 0x4000, 1, 0, 0,
                  "HandleClose");
    assert_report_has("0x4000, which is no handle");
    assert_silent(close_one_after_the_other, 1, "HandleClose");
}

static void closing_twice_is_a_bug_check_without_checkers_too(void **state)
{
    const dirql_options options = { .name = "retail", .checks = DIRQL_CHECKS_NONE };

    (void)state;
    rule_run_with(&options, close_twice);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(rule_result.code, INVALID_KERNEL_HANDLE);
}

static void close_and_look(void *context)
{
    (void)context;
    dirql_suppress("HandleClose", NULL, "it is about the status");
    open_key();
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_INVALID_HANDLE);
}

static void what_is_not_open_has_its_status_where_the_rule_is_suppressed(void **state)
{
    (void)state;
    assert_kept(close_and_look, 1);
}

/* ---- Other routines -------------------------------------------------------------------------- */

static void flush_a_closed_key(void *context)
{
    (void)context;
    open_key();
    ZwClose(handle);
    assert_int_equal(ZwFlushKey(handle), STATUS_INVALID_HANDLE);
}

static void open_below_a_closed_key(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Microsoft");
    OBJECT_ATTRIBUTES attributes;
    HANDLE below;

    (void)context;
    open_key();
    ZwClose(handle);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, handle, NULL);
    assert_int_equal(ZwOpenKey(&below, KEY_READ, &attributes), STATUS_INVALID_HANDLE);
}

static void read_a_null_handle(void *context)
{
    IO_STATUS_BLOCK block;
    char byte;

    (void)context;
    assert_int_equal(ZwReadFile(NULL, NULL, NULL, NULL, &block, &byte, 1, NULL, NULL),
                     STATUS_INVALID_HANDLE);
}

static void insist_on_open_handles(void *context)
{
    dirql_escalate("HandleUse");
    flush_a_closed_key(context);
}

static void flush_an_open_key(void *context)
{
    (void)context;
    open_key();
    assert_int_equal(ZwFlushKey(handle), STATUS_SUCCESS);
    ZwClose(handle);
}

static void a_handle_that_is_used_is_open(void **state)
{
    (void)state;
    assert_warned(flush_a_closed_key, 1, 1, "HandleUse");
    assert_report_has("ZwFlushKey was given handle 0x4, which is not open.");
    assert_report_has("It was closed by flush_a_closed_key test_handlerules.c");
    assert_warned(open_below_a_closed_key, 1, 1, "HandleUse");
    assert_warned(read_a_null_handle, 1, 1, "HandleUse");
    assert_report_has("ZwReadFile was given a NULL handle");
    assert_broken(insist_on_open_handles, 1, INVALID_KERNEL_HANDLE, (ULONG_PTR)handle, 0, 0, 1,
                  "HandleUse");
    assert_silent(flush_an_open_key, 1, "HandleUse");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_by_a_handle_that_is_not_open_is_found),
        cmocka_unit_test(a_reference_to_what_is_gone_is_found),
        cmocka_unit_test(a_handle_that_is_closed_is_open),
        cmocka_unit_test(closing_twice_is_a_bug_check_without_checkers_too),
        cmocka_unit_test(what_is_not_open_has_its_status_where_the_rule_is_suppressed),
        cmocka_unit_test(a_handle_that_is_used_is_open),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
