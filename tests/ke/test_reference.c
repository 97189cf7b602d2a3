/* Tests of lib/ke/reference.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

enum { TAG = 0x74736554 };

static VOID end_at_once(PVOID context)
{
    (void)context;
}

/* Of a thread that has ended. */
static HANDLE open_thread(void)
{
    HANDLE handle = NULL;
    PVOID thread;

    assert_int_equal(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, end_at_once, NULL),
        STATUS_SUCCESS);
    assert_int_equal(
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL),
        STATUS_SUCCESS);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    return handle;
}

static NTSTATUS reference(HANDLE handle, POBJECT_TYPE type, PVOID *object)
{
    return ObReferenceObjectByHandleWithTag(handle, THREAD_ALL_ACCESS, type, KernelMode, TAG,
                                            object, NULL);
}

static PVOID referenced_thread(void)
{
    HANDLE handle = open_thread();
    PVOID object;

    assert_int_equal(reference(handle, *PsThreadType, &object), STATUS_SUCCESS);
    ZwClose(handle);
    return object;
}

static void a_handle_is_referenced_with_a_tag(void **state)
{
    HANDLE handle = open_thread();
    PVOID object;

    (void)state;
    assert_int_equal(reference(handle, *PsProcessType, &object), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(reference(handle, NULL, &object), STATUS_SUCCESS);
    ObDereferenceObjectWithTag(object, TAG);
    ZwClose(handle);
}

static void references_with_tags_count(void **state)
{
    PVOID object = referenced_thread();

    (void)state;
    assert_true(ObReferenceObjectWithTag(object, TAG) > 1);
    ObDereferenceObjectWithTag(object, TAG);
    ObReferenceObject(object);
    ObDereferenceObjectDeferDelete(object);
    ObDereferenceObjectDeferDeleteWithTag(object, TAG);
}

static void a_pointer_is_referenced_by_its_type(void **state)
{
    PVOID object = referenced_thread();

    (void)state;
    assert_int_equal(ObReferenceObjectByPointer(object, 0, *PsThreadType, UserMode),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByPointerWithTag(object, 0, *PsThreadType, UserMode, TAG),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByPointer(object, 0, *PsProcessType, UserMode),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObReferenceObjectByPointer(object, 0, NULL, UserMode),
                     STATUS_OBJECT_TYPE_MISMATCH);
    for (int i = 0; i < 3; i++) {
        ObDereferenceObject(object);
    }
}

static void in_kernel_mode_any_type_will_do(void **state)
{
    (void)state;
    assert_int_equal(ObReferenceObjectByPointer(PsGetCurrentProcess(), 0, *PsProcessType, UserMode),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByPointer(PsGetCurrentProcess(), 0, NULL, KernelMode),
                     STATUS_SUCCESS);
    ObDereferenceObject(PsGetCurrentProcess());
    ObDereferenceObject(PsGetCurrentProcess());
}

static void an_object_that_lives_is_safe(void **state)
{
    PVOID object = referenced_thread();

    (void)state;
    assert_true(ObReferenceObjectSafe(object));
    ObDereferenceObject(object);
    ObDereferenceObject(object);
}

static void what_is_no_object_is_bug_check_18(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(REFERENCE_BY_POINTER, 0, (ULONG_PTR)state, 0, 0);
    (void)ObReferenceObjectByPointer(state, 0, NULL, KernelMode);
}

static void a_reference_given_back_twice_is_bug_check_18(void **state)
{
    PVOID object = referenced_thread();

    (void)state;
    ObDereferenceObjectWithTag(object, TAG);
    dirql_expect_bugcheck_with(REFERENCE_BY_POINTER, 0, (ULONG_PTR)object, 0, 0);
    ObDereferenceObjectWithTag(object, TAG);
}

static void a_handle_is_closed_in_its_mode(void **state)
{
    HANDLE handle = open_thread();

    (void)state;
    assert_int_equal(ObCloseHandle(handle, UserMode), STATUS_INVALID_HANDLE);
    assert_int_equal(ObCloseHandle(handle, KernelMode), STATUS_SUCCESS);
    dirql_suppress("HandleClose", NULL, "it is about the status");
    assert_int_equal(ObCloseHandle(handle, KernelMode), STATUS_INVALID_HANDLE);
}

static void a_handle_at_dispatch_level_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("IrqlZwPassive");
    (void)ObCloseHandle(NULL, KernelMode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_handle_is_referenced_with_a_tag),
        dirql_unit_test(references_with_tags_count),
        dirql_unit_test(a_pointer_is_referenced_by_its_type),
        dirql_unit_test(in_kernel_mode_any_type_will_do),
        dirql_unit_test(an_object_that_lives_is_safe),
        dirql_unit_test(what_is_no_object_is_bug_check_18, .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test(a_reference_given_back_twice_is_bug_check_18, .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test(a_handle_is_closed_in_its_mode),
        dirql_unit_test(a_handle_at_dispatch_level_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
