/*
 * check.c - what a test expects and allows (include/dirql/check.h).
 */
#include "control/control.h"

#include <dirql/check.h>

static void expect(const dq_expectation *expectation, const char *function)
{
    dq_machine *machine = dirql_control_machine(function);

    if (machine != NULL) {
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

void dirql_expect_finding(const char *rule)
{
    DIRQL_INSIDE;
    dq_machine *machine = rule == NULL ? dirql_control_machine("dirql_expect_finding") : NULL;

    if (rule == NULL) {
        if (machine != NULL) {
            dirql_control_fail(machine, "dirql_expect_finding",
                               "dirql_expect_finding: the rule has no name");
        }
        return;
    }
    expect(&(dq_expectation){ .rule = rule }, "dirql_expect_finding");
}

void dirql_suppress(const char *rule, const char *function, const char *reason)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_suppress");

    if (machine == NULL) {
        return;
    }
    if (rule == NULL || rule[0] == '\0') {
        dirql_control_fail(machine, "dirql_suppress", "dirql_suppress: the rule has no name");
    } else if (reason == NULL || reason[0] == '\0') {
        dirql_control_fail(machine, "dirql_suppress",
                           "dirql_suppress(\"%s\"): say why, in `reason`", rule);
    } else {
        dq_finding_suppress(machine, rule, function, reason);
    }
}

void dirql_assert_irql_at(KIRQL irql, const char *file, int line)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_assert_irql");

    if (machine != NULL && dq_self->irql != irql) {
        dirql_control_fail(machine, "assertion", "%s:%d: IRQL is %u, expected %u", file, line,
                           dq_self->irql, irql);
    }
}
