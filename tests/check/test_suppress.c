/*
 * test_suppress.c - what a test allows, and what it wants to be stricter about: every kind of
 * finding by rule and place, warnings too.
 */
#include "rule.h"

/* An inlined function has no name of its own. */
#define NOINLINE __attribute__((noinline))

static dirql_line *line;
static KEVENT event;
static KIRQL old;
static const char *allowed_rule, *allowed_place, *reason;

/* ---- Things to find -------------------------------------------------------------------------- */

/* An error with a bug check code, by a call. */
static NOINLINE void set_event_at_dirql(void)
{
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeRaiseIrql(5, &old);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeLowerIrql(old);
}

/* A warning. */
static NOINLINE void initialize_at_dispatch(void)
{
    static KSEMAPHORE semaphore;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInitializeSemaphore(&semaphore, 0, 9);
    KeLowerIrql(old);
}

static BOOLEAN isr_that_claims_too_much(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    dirql_line_deassert(line);
    return TRUE;
}

static BOOLEAN isr_that_refuses(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    dirql_line_deassert(line);
    return FALSE;
}

static PKINTERRUPT connect(PKSERVICE_ROUTINE routine)
{
    PKINTERRUPT interrupt = NULL;

    IoConnectInterrupt(&interrupt, routine, NULL, NULL, dirql_line_vector(line), 5, 5,
                       dirql_line_mode(line), TRUE, dirql_line_processors(line), FALSE);
    return interrupt;
}

/* A warning at an ISR, which called nothing. */
static void claim_what_another_silenced(void)
{
    static const dirql_line_options options = { .name = "device", .irql = 5, .shared = TRUE };

    PKINTERRUPT first, second;

    line = dirql_line_create(&options);
    first = connect(isr_that_refuses);
    second = connect(isr_that_claims_too_much);
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(second);
    IoDisconnectInterrupt(first);
}

/* An error that no call of the driver makes. It has a place only while the driver's code runs. */
static NOINLINE void interrupt_without_an_isr(void)
{
    line = dirql_line_create(&(dirql_line_options){ .name = "line", .processors = 1 });
    dirql_line_assert(line);
    for (int i = 0; i < 64; i++) {
        KeStallExecutionProcessor(1);
    }
}

/* An error of the kernel, not of the checker. */
static NOINLINE void leave_a_region_twice(void)
{
    KeEnterGuardedRegion();
    KeLeaveGuardedRegion();
    KeLeaveGuardedRegion();
    KeEnterGuardedRegion();
}

static void (*misdeed)(void);

static void do_it(void *context)
{
    (void)context;
    if (allowed_rule != NULL) {
        dirql_suppress(allowed_rule, allowed_place, reason);
    }
    misdeed();
}

static void run(void (*what)(void), const char *rule, const char *place)
{
    misdeed = what;
    allowed_rule = rule;
    allowed_place = place;
    reason = "the test is about it";
    rule_run(1, do_it);
}

/* ---- Suppressing ----------------------------------------------------------------------------- */

static void assert_suppressed(void (*what)(void), const char *rule, const char *place)
{
    run(what, NULL, NULL);
    assert_report_has(rule);
    run(what, rule, NULL);
    assert_string_equal(rule_result.report, "");
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(rule_result.warnings, 0);
    run(what, rule, place);
    assert_string_equal(rule_result.report, "");
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    run(what, rule, "another_function");
    assert_report_has(rule);
}

static void every_kind_of_finding_can_be_suppressed_by_rule_and_place(void **state)
{
    (void)state;
    assert_suppressed(set_event_at_dirql, "IrqlKeSetEvent", "set_event_at_dirql");
    assert_suppressed(initialize_at_dispatch, "IrqlKePassive", "initialize_at_dispatch");
    assert_suppressed(claim_what_another_silenced, "IsrClaim", "isr_that_claims_too_much");
    assert_suppressed(interrupt_without_an_isr, "LostInterrupt", "interrupt_without_an_isr");
    assert_suppressed(leave_a_region_twice, "GuardedRegions", "leave_a_region_twice");
}

static void suppression_of_one_rule_leaves_the_others(void **state)
{
    (void)state;
    run(set_event_at_dirql, "IrqlKeDispatchLte", NULL);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("IrqlKeSetEvent");
}

static void retail_bug_check_is_not_suppressed(void)
{
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void assert_refused(const char *rule, const char *text)
{
    run(set_event_at_dirql, rule, NULL);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has(text);
}

static void unknown_rule_is_refused_and_near_names_are_told(void **state)
{
    (void)state;
    assert_refused("IrqlKeSetEvents",
                   "dirql_suppress(\"IrqlKeSetEvents\"): no rule has this name. Did you mean "
                   "\"IrqlKeSetEvent\"");
    assert_refused("spinlockinit", "Did you mean \"SpinLockInit\"");
    assert_refused("LostInt", "Did you mean \"LostInterrupt\"");
    assert_refused("what is this?",
                   "dirql_suppress(\"what is this?\"): no rule has this name; reports name the "
                   "rules");
    assert_refused("", "dirql_suppress: the rule has no name");
    run(retail_bug_check_is_not_suppressed, "bug check", NULL);
    assert_report_has("a bug check is no rule");
}

static void suppress_without_a_reason(void *context)
{
    (void)context;
    dirql_suppress("IrqlKeSetEvent", NULL, reason);
}

static void reason_must_be_given(void **state)
{
    static const char *const none[] = { NULL, "", "  \t\n" };

    (void)state;
    for (int i = 0; i < 3; i++) {
        reason = none[i];
        rule_run(1, suppress_without_a_reason);
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);
        assert_report_has("dirql_suppress(\"IrqlKeSetEvent\"): say why, in `reason`");
    }
}

/* ---- Escalating ------------------------------------------------------------------------------ */

static const char *escalated;
static int went_on;

static void warn_and_go_on(void *context)
{
    (void)context;
    went_on = 0;
    dirql_escalate(escalated);
    initialize_at_dispatch();
    went_on = 1;
}

static void escalated_warning_fails_and_ends_the_run(void **state)
{
    static const char *const which[] = { "IrqlKePassive", NULL };

    (void)state;
    for (int i = 0; i < 2; i++) {
        escalated = which[i];
        rule_run(1, warn_and_go_on);
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);
        assert_int_equal(rule_result.errors, 1);
        assert_int_equal(rule_result.warnings, 0);
        assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
        assert_int_equal(went_on, 0);
        assert_null(strstr(rule_result.report, "warning:"));
    }
}

static void other_warnings_stay_warnings(void **state)
{
    (void)state;
    escalated = "IsrClaim";
    rule_run(1, warn_and_go_on);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(rule_result.warnings, 1);
    assert_int_equal(went_on, 1);
    assert_report_has("warning: ");
}

static void escalate_what_is_suppressed(void *context)
{
    dirql_suppress("IrqlKePassive", "initialize_at_dispatch", "allowed here");
    warn_and_go_on(context);
}

static void escalate_what_is_expected(void *context)
{
    dirql_expect_finding("IrqlKePassive");
    warn_and_go_on(context);
}

static void suppressed_and_expected_come_first(void **state)
{
    (void)state;
    escalated = "IrqlKePassive";
    assert_kept(escalate_what_is_suppressed, 1);
    assert_int_equal(went_on, 1);
    assert_kept(escalate_what_is_expected, 1);
    assert_int_equal(went_on, 0);
}

static void unknown_rule_is_not_escalated(void **state)
{
    (void)state;
    escalated = "IrqlKePasive";
    rule_run(1, warn_and_go_on);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("dirql_escalate(\"IrqlKePasive\"): no rule has this name. Did you mean "
                      "\"IrqlKePassive\"");
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
        cmocka_unit_test(every_kind_of_finding_can_be_suppressed_by_rule_and_place),
        cmocka_unit_test(suppression_of_one_rule_leaves_the_others),
        cmocka_unit_test(unknown_rule_is_refused_and_near_names_are_told),
        cmocka_unit_test(reason_must_be_given),
        cmocka_unit_test(escalated_warning_fails_and_ends_the_run),
        cmocka_unit_test(other_warnings_stay_warnings),
        cmocka_unit_test(suppressed_and_expected_come_first),
        cmocka_unit_test(unknown_rule_is_not_escalated),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
