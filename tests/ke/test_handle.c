/* Tests of lib/ke/handle.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

static VOID end_at_once(PVOID context)
{
    (void)context;
}

static HANDLE open_thread(void)
{
    HANDLE handle = NULL;

    assert_int_equal(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, end_at_once, NULL),
        STATUS_SUCCESS);
    assert_non_null(handle);
    return handle;
}

static NTSTATUS reference(HANDLE handle, POBJECT_TYPE type, PVOID *object)
{
    return ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, type, KernelMode, object, NULL);
}

static void a_closed_handle_is_invalid(void **state)
{
    HANDLE handle = open_thread();
    PVOID object;

    (void)state;
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_INVALID_HANDLE);
    assert_int_equal(reference(handle, NULL, &object), STATUS_INVALID_HANDLE);
    assert_null(object);
}

static void what_never_was_a_handle_is_invalid(void **state)
{
    (void)state;
    assert_int_equal(ZwClose(NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwClose((HANDLE)(uintptr_t)6), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwClose((HANDLE)(uintptr_t)0x4000), STATUS_INVALID_HANDLE);
}

static void another_type_does_not_match(void **state)
{
    char type;
    PVOID object;
    HANDLE handle = open_thread();

    (void)state;
    assert_int_equal(reference(handle, (POBJECT_TYPE)(void *)&type, &object),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(reference(handle, *PsThreadType, &object), STATUS_SUCCESS);
    ObDereferenceObject(object);
    ZwClose(handle);
}

static void a_reference_outlives_handle_and_thread(void **state)
{
    PVOID object;
    HANDLE handle = open_thread();

    (void)state;
    assert_int_equal(reference(handle, NULL, &object), STATUS_SUCCESS);
    ZwClose(handle);
    dirql_time_advance_us(1);
    assert_int_equal(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObject(object), 2);
    assert_int_equal(ObDereferenceObject(object), 1);
    assert_int_equal(ObDereferenceObject(object), 0);
}

static void many_handles_are_open_at_once(void **state)
{
    HANDLE handles[40];

    (void)state;
    for (int i = 0; i < 40; i++) {
        handles[i] = open_thread();
        for (int n = 0; n < i; n++) {
            assert_ptr_not_equal(handles[i], handles[n]);
        }
    }
    for (int i = 0; i < 40; i++) {
        assert_int_equal(ZwClose(handles[i]), STATUS_SUCCESS);
    }
}

static void a_reference_given_back_too_often_is_bug_check_18(void **state)
{
    PVOID object;
    HANDLE handle = open_thread();

    (void)state;
    assert_int_equal(reference(handle, NULL, &object), STATUS_SUCCESS);
    ZwClose(handle);
    dirql_time_advance_us(1);
    ObDereferenceObject(object);
    dirql_expect_bugcheck_with(REFERENCE_BY_POINTER, DIRQL_ANY, (ULONG_PTR)object, DIRQL_ANY,
                               DIRQL_ANY);
    ObDereferenceObject(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_closed_handle_is_invalid),
        dirql_unit_test(what_never_was_a_handle_is_invalid),
        dirql_unit_test(another_type_does_not_match),
        dirql_unit_test(a_reference_outlives_handle_and_thread),
        dirql_unit_test(many_handles_are_open_at_once),
        dirql_unit_test(a_reference_given_back_too_often_is_bug_check_18),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
