/*
 * test_guestfault.c - a fault is found in the driver's code: in the line that called what touched
 * what it was given.
 *
 * The runs inside are looked at by what they found.
 */
#include "../check/rule.h"

/* Nothing lies there. */
static void *volatile nowhere = (void *)0x10000;

#define GUEST __attribute__((noinline, no_sanitize("undefined")))

/* The report names the routine, and the line that called it. */
#define assert_faulted_at(body, what)                                    \
    do {                                                                 \
        rule_run(1, body);                                               \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);             \
        assert_int_equal(rule_result.code, PAGE_FAULT_IN_NONPAGED_AREA); \
        assert_report_has(what);                                         \
        assert_report_has(", at " #body);                                \
    } while (0)

/* ---- Routines that only compute -------------------------------------------------------------- */

GUEST static void copy_to_nowhere(void *context)
{
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"text");
    UNICODE_STRING copy = { .MaximumLength = 100, .Buffer = nowhere };

    (void)context;
    RtlCopyUnicodeString(&copy, &text);
    fail_msg("nobody was stopped");
}

GUEST static void append_to_nowhere(void *context)
{
    UNICODE_STRING text = { .MaximumLength = 100, .Buffer = nowhere };

    (void)context;
    (void)RtlAppendUnicodeToString(&text, L"text");
    fail_msg("nobody was stopped");
}

GUEST static void measure_nowhere(void *context)
{
    STRING text;

    (void)context;
    (void)RtlInitAnsiStringEx(&text, nowhere);
    fail_msg("nobody was stopped");
}

static void a_string_routine_is_at_fault_where_it_was_called(void **state)
{
    (void)state;
    assert_faulted_at(copy_to_nowhere, "write to invalid address 0x10000 in RtlCopyUnicodeString");
    assert_faulted_at(append_to_nowhere, "in RtlAppendUnicodeToString");
    assert_faulted_at(measure_nowhere, "read of invalid address 0x10000 in RtlInitAnsiStringEx");
}

GUEST static void clear_bits_of_nowhere(void *context)
{
    RTL_BITMAP map;

    (void)context;
    RtlInitializeBitMap(&map, nowhere, 64);
    RtlClearAllBits(&map);
    fail_msg("nobody was stopped");
}

GUEST static void count_bits_of_nowhere(void *context)
{
    RTL_BITMAP map;

    (void)context;
    RtlInitializeBitMap(&map, nowhere, 64);
    (void)RtlNumberOfClearBits(&map);
    fail_msg("nobody was stopped");
}

GUEST static void splay_nowhere(void *context)
{
    (void)context;
    (void)RtlSplay(nowhere);
    fail_msg("nobody was stopped");
}

GUEST static void divide_time_of_nowhere(void *context)
{
    TIME_FIELDS fields;

    (void)context;
    RtlTimeToTimeFields(nowhere, &fields);
    fail_msg("nobody was stopped");
}

static void other_routines_are_too(void **state)
{
    (void)state;
    assert_faulted_at(clear_bits_of_nowhere, "in RtlClearAllBits");
    assert_faulted_at(count_bits_of_nowhere, "in RtlNumberOfClearBits");
    assert_faulted_at(splay_nowhere, "in RtlSplay");
    assert_faulted_at(divide_time_of_nowhere, "in RtlTimeToTimeFields");
}

/* ---- Services -------------------------------------------------------------------------------- */

GUEST static void ask_for_the_version(void *context)
{
    (void)context;
    (void)RtlGetVersion(nowhere);
    fail_msg("nobody was stopped");
}

GUEST static void convert_nowhere(void *context)
{
    UNICODE_STRING text;

    (void)context;
    (void)RtlAnsiStringToUnicodeString(&text, nowhere, TRUE);
    fail_msg("nobody was stopped");
}

static void a_service_is_at_fault_where_it_was_called(void **state)
{
    (void)state;
    assert_faulted_at(ask_for_the_version, "RtlGetVersion, at");
    assert_faulted_at(convert_nowhere, "RtlAnsiStringToUnicodeString, at");
}

/* ---- The driver itself ----------------------------------------------------------------------- */

GUEST static void write_to_nowhere(void *context)
{
    UNICODE_STRING text;

    (void)context;
    (void)RtlInitUnicodeStringEx(&text, L"text");
    *(volatile ULONG *)nowhere = text.Length;
    fail_msg("nobody was stopped");
}

static void who_touches_it_himself_is_at_fault_there(void **state)
{
    (void)state;
    assert_faulted_at(write_to_nowhere, "write to invalid address 0x10000\n");
}

/* ---- What the parameters say ----------------------------------------------------------------- */

static KIRQL old;

/* It lies in the code of this function. */
#define assert_is_in(parameter, function)                                     \
    assert_in_range(rule_result.parameters[parameter], (ULONG_PTR)(function), \
                    (ULONG_PTR)(function) + 500)

GUEST static void read_nowhere(void *context)
{
    (void)context;
    (void)*(volatile ULONG *)nowhere;
    fail_msg("nobody was stopped");
}

GUEST static void write_nowhere(void *context)
{
    (void)context;
    *(volatile ULONG *)nowhere = 1;
    fail_msg("nobody was stopped");
}

GUEST static void read_null(void *context)
{
    (void)*(volatile ULONG *)context;
    fail_msg("nobody was stopped");
}

GUEST static void write_null(void *context)
{
    *(volatile ULONG *)context = 1;
    fail_msg("nobody was stopped");
}

GUEST static void read_nowhere_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)*(volatile ULONG *)nowhere;
    fail_msg("nobody was stopped");
}

GUEST static void write_nowhere_at_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    *(volatile ULONG *)nowhere = 1;
    fail_msg("nobody was stopped");
}

#define assert_stopped_by(body, bug_check)             \
    do {                                               \
        rule_run(1, body);                             \
        assert_int_equal(rule_result.code, bug_check); \
    } while (0)

static void bug_check_50_says_address_operation_place_and_type(void **state)
{
    (void)state;
    assert_stopped_by(read_nowhere, PAGE_FAULT_IN_NONPAGED_AREA);
    assert_parameter(0, 0x10000);
    assert_parameter(1, 0);
    assert_is_in(2, read_nowhere);
    assert_parameter(3, 2);
    assert_stopped_by(write_nowhere, PAGE_FAULT_IN_NONPAGED_AREA);
    assert_parameter(0, 0x10000);
    assert_parameter(1, 2);
    assert_is_in(2, write_nowhere);
    assert_parameter(3, 2);
}

static void bug_check_1e_says_code_place_operation_and_address(void **state)
{
    (void)state;
    assert_stopped_by(read_null, KMODE_EXCEPTION_NOT_HANDLED);
    assert_parameter(0, (ULONG)STATUS_ACCESS_VIOLATION);
    assert_is_in(1, read_null);
    assert_parameter(2, 0);
    assert_parameter(3, 0);
    assert_stopped_by(write_null, KMODE_EXCEPTION_NOT_HANDLED);
    assert_parameter(0, (ULONG)STATUS_ACCESS_VIOLATION);
    assert_is_in(1, write_null);
    assert_parameter(2, 1);
    assert_parameter(3, 0);
}

static void bug_check_d1_says_address_irql_operation_and_place(void **state)
{
    (void)state;
    assert_stopped_by(read_nowhere_at_dispatch, DRIVER_IRQL_NOT_LESS_OR_EQUAL);
    assert_parameter(0, 0x10000);
    assert_parameter(1, DISPATCH_LEVEL);
    assert_parameter(2, 0);
    assert_is_in(3, read_nowhere_at_dispatch);
    assert_stopped_by(write_nowhere_at_dirql, DRIVER_IRQL_NOT_LESS_OR_EQUAL);
    assert_parameter(0, 0x10000);
    assert_parameter(1, 5);
    assert_parameter(2, 1);
    assert_is_in(3, write_nowhere_at_dirql);
}

/* What was left by the exception is forgotten. */
GUEST static void write_after_a_handled_fault(void *context)
{
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"text");
    UNICODE_STRING copy = { .MaximumLength = 100, .Buffer = nowhere };

    (void)context;
    __try {
        RtlCopyUnicodeString(&copy, &text);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        *(volatile ULONG *)nowhere = 1;
    }
    fail_msg("nobody was stopped");
}

static void a_routine_that_an_exception_has_left_is_not_blamed(void **state)
{
    (void)state;
    assert_faulted_at(write_after_a_handled_fault, "write to invalid address 0x10000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_routine_is_at_fault_where_it_was_called),
        cmocka_unit_test(other_routines_are_too),
        cmocka_unit_test(a_service_is_at_fault_where_it_was_called),
        cmocka_unit_test(who_touches_it_himself_is_at_fault_there),
        cmocka_unit_test(a_routine_that_an_exception_has_left_is_not_blamed),
        cmocka_unit_test(bug_check_50_says_address_operation_place_and_type),
        cmocka_unit_test(bug_check_1e_says_code_place_operation_and_address),
        cmocka_unit_test(bug_check_d1_says_address_irql_operation_and_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
