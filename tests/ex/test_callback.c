/* Tests of lib/ex/callback.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static PCALLBACK_OBJECT object;
static PVOID registration;
static char order[16];
static PVOID arguments[2];
static KIRQL irql;
static KEVENT begun, go_on;
static volatile LONG done;

static WCHAR name_text[] = { '\\', 'C',  'a', 'l', 'l', 'b', 'a', 'c',
                             'k',  '\\', 'M', 'i', 'n', 'e', 0 };
static WCHAR other_case[] = { '\\', 'c',  'a', 'l', 'l', 'b', 'a', 'c',
                              'k',  '\\', 'm', 'i', 'n', 'e', 0 };
static WCHAR power_state[] = { '\\', 'C', 'a', 'l', 'l', 'b', 'a', 'c', 'k', '\\', 'P',
                               'o',  'w', 'e', 'r', 'S', 't', 'a', 't', 'e', 0 };

/* What was opened and is not yet given back. */
static PCALLBACK_OBJECT opened[8];
static unsigned opened_count;

static NTSTATUS open(WCHAR *text, USHORT bytes, ULONG flags, BOOLEAN create, BOOLEAN multiple)
{
    UNICODE_STRING name = { (USHORT)(bytes - sizeof(WCHAR)), bytes, text };
    OBJECT_ATTRIBUTES attributes;

    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &name, flags, NULL, NULL);
    status = ExCreateCallback(&object, &attributes, create, multiple);
    if (NT_SUCCESS(status)) {
        opened[opened_count++] = object;
    }
    return status;
}

static void give_back(void)
{
    ObDereferenceObject(opened[--opened_count]);
}

#define OPEN(text, flags, create, multiple) \
    open((text), sizeof(text), (flags), (create), (multiple))

static int start(void **state)
{
    (void)state;
    memset(order, 0, sizeof(order));
    done = 0;
    opened_count = 0;
    KeInitializeEvent(&begun, NotificationEvent, FALSE);
    KeInitializeEvent(&go_on, NotificationEvent, FALSE);
    return OPEN(name_text, 0, TRUE, TRUE) != STATUS_SUCCESS;
}

static int stop(void **state)
{
    (void)state;
    while (opened_count > 0) {
        give_back();
    }
    return 0;
}

static VOID note(PVOID context, PVOID argument1, PVOID argument2)
{
    strcat(order, context);
    arguments[0] = argument1;
    arguments[1] = argument2;
    irql = KeGetCurrentIrql();
}

static void routines_are_called_in_order_of_registration(void **state)
{
    PVOID a = ExRegisterCallback(object, note, (PVOID)(ULONG_PTR) "a");
    PVOID b = ExRegisterCallback(object, note, (PVOID)(ULONG_PTR) "b");

    (void)state;
    ExNotifyCallback(object, &begun, &irql);
    assert_string_equal(order, "ab");
    assert_ptr_equal(arguments[0], &begun);
    assert_ptr_equal(arguments[1], &irql);
    assert_int_equal(irql, PASSIVE_LEVEL);
    ExUnregisterCallback(a);
    ExNotifyCallback(object, NULL, NULL);
    assert_string_equal(order, "abb");
    ExUnregisterCallback(b);
    ExNotifyCallback(object, NULL, NULL);
    assert_string_equal(order, "abb");
}

static void routines_run_at_the_callers_irql(void **state)
{
    KIRQL old;

    (void)state;
    registration = ExRegisterCallback(object, note, (PVOID)(ULONG_PTR) "a");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExNotifyCallback(object, NULL, NULL);
    KeLowerIrql(old);
    assert_int_equal(irql, DISPATCH_LEVEL);
    ExUnregisterCallback(registration);
}

/* ---- Objects --------------------------------------------------------------------------------- */

static void an_object_for_one_routine_refuses_a_second(void **state)
{
    WCHAR single[] = { '\\', 'O', 'n', 'e', 0 };

    (void)state;
    assert_int_equal(OPEN(single, 0, TRUE, FALSE), STATUS_SUCCESS);
    registration = ExRegisterCallback(object, note, NULL);
    assert_non_null(registration);
    assert_null(ExRegisterCallback(object, note, NULL));
    ExUnregisterCallback(registration);
    registration = ExRegisterCallback(object, note, NULL);
    assert_non_null(registration);
    ExUnregisterCallback(registration);
}

static void an_object_is_opened_by_its_name(void **state)
{
    PCALLBACK_OBJECT made = object;

    (void)state;
    assert_int_equal(OPEN(name_text, 0, FALSE, FALSE), STATUS_SUCCESS);
    assert_ptr_equal(object, made);
    assert_int_equal(OPEN(other_case, OBJ_CASE_INSENSITIVE, FALSE, FALSE), STATUS_SUCCESS);
    assert_ptr_equal(object, made);
    assert_int_equal(OPEN(other_case, 0, FALSE, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(object);
}

static void an_object_needs_a_name(void **state)
{
    OBJECT_ATTRIBUTES attributes;

    (void)state;
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_UNSUCCESSFUL);
}

static void the_last_reference_takes_the_object_away(void **state)
{
    (void)state;
    registration = ExRegisterCallback(object, note, NULL);
    give_back();
    assert_int_equal(OPEN(name_text, 0, FALSE, FALSE), STATUS_SUCCESS);
    give_back();
    ExUnregisterCallback(registration);
    assert_int_equal(OPEN(name_text, 0, FALSE, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void a_permanent_object_stays(void **state)
{
    (void)state;
    give_back();
    assert_int_equal(OPEN(name_text, OBJ_PERMANENT, TRUE, TRUE), STATUS_SUCCESS);
    give_back();
    assert_int_equal(OPEN(name_text, 0, FALSE, FALSE), STATUS_SUCCESS);
}

static void the_systems_own_objects_can_be_opened(void **state)
{
    PVOID first, second;

    (void)state;
    assert_int_equal(OPEN(power_state, OBJ_CASE_INSENSITIVE, FALSE, FALSE), STATUS_SUCCESS);
    first = ExRegisterCallback(object, note, NULL);
    second = ExRegisterCallback(object, note, NULL);
    assert_non_null(first);
    assert_non_null(second);
    ExUnregisterCallback(second);
    ExUnregisterCallback(first);
}

/* ---- Unregistering --------------------------------------------------------------------------- */

static VOID linger(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    KeSetEvent(&begun, IO_NO_INCREMENT, FALSE);
    (void)KeWaitForSingleObject(&go_on, Executive, KernelMode, FALSE, NULL);
    dirql_time_advance_ms(5);
    InterlockedIncrement(&done);
}

static void notify(void *context)
{
    ExNotifyCallback(context, NULL, NULL);
}

static void unregistering_waits_for_the_routine(void **state)
{
    dirql_thread *thread;

    (void)state;
    registration = ExRegisterCallback(object, linger, NULL);
    thread = dirql_thread_start("notifier", 0, notify, object);
    (void)KeWaitForSingleObject(&begun, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&go_on, IO_NO_INCREMENT, FALSE);
    ExUnregisterCallback(registration);
    assert_int_equal(done, 1);
    dirql_thread_join(thread);
}

static VOID unregister_itself(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    ExUnregisterCallback(registration);
}

static void unregistering_in_the_routine_is_reported(void **state)
{
    (void)state;
    registration = ExRegisterCallback(object, unregister_itself, NULL);
    dirql_expect_finding("CallbackObject");
    ExNotifyCallback(object, NULL, NULL);
    fail_msg("it waits for itself");
}

static void unregistering_twice_is_reported(void **state)
{
    (void)state;
    registration = ExRegisterCallback(object, note, NULL);
    ExUnregisterCallback(registration);
    dirql_expect_finding("CallbackObject");
    ExUnregisterCallback(registration);
    fail_msg("it is gone");
}

static VOID stay_raised(PVOID context, PVOID argument1, PVOID argument2)
{
    KIRQL old;

    (void)context;
    (void)argument1;
    (void)argument2;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void a_routine_that_returns_raised_is_bug_check_c8(void **state)
{
    (void)state;
    registration = ExRegisterCallback(object, stay_raised, NULL);
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, DISPATCH_LEVEL << 16, (ULONG_PTR)stay_raised,
                               DIRQL_ANY, DIRQL_ANY);
    ExNotifyCallback(object, NULL, NULL);
    fail_msg("it left its IRQL raised");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(routines_are_called_in_order_of_registration, start, stop),
        dirql_unit_test_setup_teardown(routines_run_at_the_callers_irql, start, stop),
        dirql_unit_test_setup_teardown(an_object_for_one_routine_refuses_a_second, start, stop),
        dirql_unit_test_setup_teardown(an_object_is_opened_by_its_name, start, stop),
        dirql_unit_test_setup_teardown(an_object_needs_a_name, start, stop),
        dirql_unit_test_setup_teardown(the_last_reference_takes_the_object_away, start, stop),
        dirql_unit_test_setup_teardown(a_permanent_object_stays, start, stop),
        dirql_unit_test_setup_teardown(the_systems_own_objects_can_be_opened, start, stop),
        dirql_unit_test_setup_teardown(unregistering_waits_for_the_routine, start, stop),
        dirql_unit_test_setup_teardown(unregistering_waits_for_the_routine, start, stop,
                                       .processors = 2),
        dirql_unit_test_setup_teardown(unregistering_in_the_routine_is_reported, start, stop),
        dirql_unit_test_setup_teardown(unregistering_twice_is_reported, start, stop),
        dirql_unit_test_setup_teardown(a_routine_that_returns_raised_is_bug_check_c8, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
