/*
 * check.h - what a test claims, and what it allows.
 *
 * Every violation ends in a bug check code with parameters: Windows' own, or 0xC4 with the Driver
 * Verifier's subcode when only the checker sees it. A test can expect one: the run ends there, and
 * passes.
 */
#ifndef DIRQL_CHECK_H
#define DIRQL_CHECK_H

#include <bugcodes.h>
#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Matches any value of a bug check's parameter. */
#define DIRQL_ANY ((ULONG_PTR)0xD1A11A1DD1A11A1Dull)

/* The run must end in this bug check; if it does not, it fails. Any IRQL.
 * Parameters by position. */
DIRQL_API void dirql_expect_bugcheck(ULONG code);
DIRQL_API void dirql_expect_bugcheck_with(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3,
                                          ULONG_PTR p4);

/* The run must find this rule broken, by the rule's name as reports print it ("IrqlKeDispatchLte",
 * "deadlock"); none of that name fails it. An error ends it there; a warning lets it go on. */
DIRQL_API void dirql_expect_finding(const char *rule);

/* Findings of this rule, errors and warnings, are counted from now on but neither printed nor
 * failing, and the run goes on. `rule` is the name that reports print. `function` is the driver's
 * function that made the call (or NULL: any), by the name that reports print: "uart_isr",
 * "uart::start". Say why in `reason`. Any IRQL. The run fails when no rule has the name, and when
 * the reason is empty. A bug
 * check that no rule is named for ends the run whatever is suppressed. */
DIRQL_API void dirql_suppress(const char *rule, const char *function, const char *reason);

/* Warnings of this rule (NULL: of every rule) are errors from now on: they fail the run and end it.
 * There is no way back, and none to make a warning of an error. Any IRQL. The run fails when no
 * rule has the name. */
DIRQL_API void dirql_escalate(const char *rule);

/* Races (rule "data race") in these bytes are none: a counter that may be off by one, a flag that
 * is only a hint. Say why in `reason`. None, no bytes, or more than 64 ranges fail the run.
 * Any IRQL. Only instrumented code has its races found. */
DIRQL_API void dirql_race_ignore(const volatile void *address, size_t bytes, const char *reason);

/* Fails the run unless the caller's IRQL is `irql`. */
#define dirql_assert_irql(irql) dirql_assert_irql_at((irql), __FILE__, __LINE__)
DIRQL_API void dirql_assert_irql_at(KIRQL irql, const char *file, int line);

#ifdef __cplusplus
}
#endif

#endif
