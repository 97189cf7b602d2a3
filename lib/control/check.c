/*
 * check.c - what a test expects and allows (include/dirql/check.h).
 */
#include "control/control.h"

#include <inttypes.h>
#include <string.h>

#include "check/race.h"
#include "check/rules.h"

#include <dirql/check.h>

static void expect(const dq_expectation *expectation, const char *function)
{
    dq_machine *machine = dirql_control_machine(function);

    if (machine != NULL && expectation->code == 0) {
        dirql_control_fail(machine, "dirql_expect_bugcheck",
                           "%s: 0 is the code of no bug check. A finding without one is expected "
                           "by its name: dirql_expect_finding()",
                           function);
    } else if (machine != NULL) {
        dq_finding_expect(machine, expectation);
    }
}

void dirql_expect_bugcheck(ULONG code)
{
    DIRQL_INSIDE;
    expect(&(dq_expectation){ .code = code }, "dirql_expect_bugcheck");
}

void dirql_expect_bugcheck_with(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4)
{
    DIRQL_INSIDE;
    dq_expectation expectation = { .code = code, .parameters = { p1, p2, p3, p4 } };

    for (unsigned i = 0; i < 4; i++) {
        if (expectation.parameters[i] != DIRQL_ANY) {
            expectation.parameter_mask |= 1u << i;
        }
    }
    expect(&expectation, "dirql_expect_bugcheck_with");
}

static void complain_of_name(dq_machine *machine, const char *function, const char *rule, bool own)
{
    const char *what = own ? "rule or finding" : "rule";
    char nearest[200];

    dq_rule_nearest(rule, own, nearest, sizeof(nearest));
    dirql_control_fail(machine, function, "%s(\"%s\"): no %s has this name%s%s%s", function, rule,
                       what, nearest[0] != '\0' ? ". Did you mean " : "", nearest,
                       nearest[0] != '\0' ? "?" : "; reports name the rules");
}

void dirql_expect_finding(const char *rule)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_expect_finding");

    if (machine == NULL) {
        return;
    }
    if (rule == NULL || rule[0] == '\0') {
        dirql_control_fail(machine, "dirql_expect_finding",
                           "dirql_expect_finding: the rule has no name");
    } else if (dq_rule_find(rule) == NULL && !dq_rule_is_own(rule)) {
        complain_of_name(machine, "dirql_expect_finding", rule, true);
    } else {
        dq_finding_expect(machine, &(dq_expectation){ .rule = rule });
    }
}

/* False after a failure: no rule has this name. */
static bool check_rule(dq_machine *machine, const char *function, const char *rule)
{
    if (rule == NULL || rule[0] == '\0') {
        dirql_control_fail(machine, function, "%s: the rule has no name", function);
        return false;
    }
    if (strcmp(rule, "bug check") == 0) {
        dirql_control_fail(machine, function,
                           "%s(\"bug check\"): a bug check is no rule, and ends the run anyhow. A "
                           "test can expect one: dirql_expect_bugcheck()",
                           function);
        return false;
    }
    if (dq_rule_is_own(rule)) {
        dirql_control_fail(machine, function,
                           "%s(\"%s\"): that is no rule for the driver, but dirql's own word for "
                           "what the test did, or why a run cannot go on. A test can expect it: "
                           "dirql_expect_finding()",
                           function, rule);
        return false;
    }
    if (dq_rule_find(rule) == NULL) {
        complain_of_name(machine, function, rule, false);
        return false;
    }
    return true;
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\n")] == '\0';
}

void dirql_suppress(const char *rule, const char *function, const char *reason)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_suppress");

    if (machine == NULL || !check_rule(machine, "dirql_suppress", rule)) {
        return;
    }
    if (is_blank(reason)) {
        dirql_control_fail(machine, "dirql_suppress",
                           "dirql_suppress(\"%s\"): say why, in `reason`", rule);
    } else if (function != NULL && function[0] == '\0') {
        dirql_control_fail(machine, "dirql_suppress",
                           "dirql_suppress(\"%s\"): `function` has no name. NULL means any.", rule);
    } else {
        dq_finding_suppress(machine, rule, function, reason);
    }
}

void dirql_escalate(const char *rule)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_escalate");

    if (machine != NULL && (rule == NULL || check_rule(machine, "dirql_escalate", rule))) {
        dq_finding_escalate(machine, rule);
    }
}

void dirql_race_ignore(const volatile void *address, size_t bytes, const char *reason)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_race_ignore");
    const dirql_control *control = machine != NULL ? machine->control : NULL;

    if (machine == NULL) {
        return;
    }
    if (is_blank(reason)) {
        dirql_control_fail(machine, "dirql_race_ignore", "dirql_race_ignore: say why, in `reason`");
    } else if (address == NULL || bytes == 0) {
        dirql_control_fail(machine, "dirql_race_ignore",
                           "dirql_race_ignore: %zu bytes at address 0x%" PRIxPTR " are no range",
                           bytes, (uintptr_t)address);
    } else if (bytes > UINTPTR_MAX - (uintptr_t)address) {
        dirql_control_fail(machine, "dirql_race_ignore",
                           "dirql_race_ignore: %zu bytes leave the address space", bytes);
    } else if (control->race != NULL && !dq_race_ignore(control->race, address, bytes, reason)) {
        dirql_control_fail(machine, "dirql_race_ignore", "dirql_race_ignore: too many ranges");
    }
}

void dirql_assert_irql_at(KIRQL irql, const char *file, int line)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_assert_irql");

    if (machine != NULL && dq_self->irql != irql) {
        dirql_control_fail(machine, "assertion", "%s:%d: IRQL is %u, expected %u",
                           file != NULL ? file : "?", line,
                           dq_self->irql, irql);
    }
}
