/* Tests of lib/ke/handle.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

static VOID end_at_once(PVOID context)
{
    (void)context;
}

/* A teardown: the threads end. */
static int stop(void **state)
{
    (void)state;
    dirql_time_advance_ms(1);
    return 0;
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
    dirql_suppress("HandleClose", NULL, "it is about the status");
    assert_int_equal(ZwClose(handle), STATUS_INVALID_HANDLE);
    dirql_suppress("ObjectHandle", NULL, "it is about the status");
    assert_int_equal(reference(handle, NULL, &object), STATUS_INVALID_HANDLE);
    assert_null(object);
}

static void what_never_was_a_handle_is_invalid(void **state)
{
    (void)state;
    dirql_suppress("HandleClose", NULL, "it is about the status");
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

/* A thread that has ended, and whose last reference is gone. */
static PVOID gone(void)
{
    PVOID object;
    HANDLE handle = open_thread();

    assert_int_equal(reference(handle, NULL, &object), STATUS_SUCCESS);
    ZwClose(handle);
    dirql_time_advance_us(1);
    ObDereferenceObject(object);
    return object;
}

static void a_reference_given_back_too_often_is_bug_check_18(void **state)
{
    PVOID object = gone();

    (void)state;
    dirql_expect_bugcheck_with(REFERENCE_BY_POINTER, 0, (ULONG_PTR)object, 0, 0);
    ObDereferenceObject(object);
}

static void the_verifier_tells_which_way_the_count_was_to_go(void **state)
{
    PVOID object = gone();

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3F, (ULONG_PTR)object,
                               (ULONG_PTR)-1, 0);
    ObDereferenceObject(object);
}

static void the_verifier_finds_a_reference_to_what_is_gone(void **state)
{
    PVOID object = gone();

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3F, (ULONG_PTR)object, 1, 0);
    ObReferenceObject(object);
}

static void the_verifier_finds_a_handle_that_is_not_open(void **state)
{
    PVOID object;
    HANDLE handle = open_thread();

    (void)state;
    ZwClose(handle);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3C, (ULONG_PTR)handle,
                               (ULONG_PTR)*PsThreadType, 0);
    (void)reference(handle, *PsThreadType, &object);
}

static void the_verifier_finds_a_null_handle(void **state)
{
    PVOID object;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xF5, 0,
                               (ULONG_PTR)*PsThreadType, 0);
    (void)reference(NULL, *PsThreadType, &object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_teardown(a_closed_handle_is_invalid, stop),
        dirql_unit_test(what_never_was_a_handle_is_invalid),
        dirql_unit_test_teardown(another_type_does_not_match, stop),
        dirql_unit_test(a_reference_outlives_handle_and_thread),
        dirql_unit_test_teardown(many_handles_are_open_at_once, stop),
        dirql_unit_test(a_reference_given_back_too_often_is_bug_check_18,
                        .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test(the_verifier_tells_which_way_the_count_was_to_go),
        dirql_unit_test(the_verifier_finds_a_reference_to_what_is_gone),
        dirql_unit_test(the_verifier_finds_a_handle_that_is_not_open),
        dirql_unit_test(the_verifier_finds_a_null_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
