/*
 * finding.c - writes findings down, decides whether they were expected, and sends control home.
 */
#include "sim/live.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *dq_bugcheck_name(uint32_t code)
{
    switch (code) {
#define DQ_BUGCHECK_ROW(code, name) \
    case code:                      \
        return #name;
#include "sim/bugcheck.def"
#undef DQ_BUGCHECK_ROW
    default:
        return NULL;
    }
}

static bool matches(const dq_expectation *expected, const dq_finding *finding)
{
    if (expected->rule != NULL) {
        return strcmp(expected->rule, finding->rule) == 0;
    }
    if (expected->code != finding->code) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        if ((expected->parameter_mask & (1u << i)) != 0 &&
            expected->parameters[i] != finding->parameters[i]) {
            return false;
        }
    }
    return true;
}

static bool is_expected(dq_machine *machine, const dq_finding *finding)
{
    for (dq_expectation *e = machine->findings.expectations; e != NULL; e = e->next) {
        if (matches(e, finding)) {
            e->met = true;
            return true;
        }
    }
    return false;
}

/* The name of a C++ function may come with its parameters. */
static bool is_named(const char *function, const char *wanted)
{
    const size_t length = strlen(wanted);

    return strncmp(function, wanted, length) == 0 &&
           (function[length] == '\0' || function[length] == '(');
}

static bool is_in(const dq_finding *finding, const char *function)
{
    host_symbol symbol;

    if (finding->place == NULL) {
        return false;
    }
    host_symbol_find((const char *)finding->place - 1, &symbol);
    return is_named(symbol.function, function);
}

/* NULL: by none. */
static const dq_suppression *suppression_of(dq_machine *machine, const dq_finding *finding)
{
    for (dq_suppression *s = machine->findings.suppressions; s != NULL; s = s->next) {
        if (strcmp(s->rule, finding->rule) == 0 &&
            (s->place[0] == '\0' || is_in(finding, s->place))) {
            s->count++;
            return s;
        }
    }
    return NULL;
}

static void discard(dq_finding *finding)
{
    free(finding->more);
    free(finding);
}

/* Takes over a finding that was suppressed: forgets it, unless a report wants it once. */
static void put_aside(dq_machine *machine, dq_finding *finding)
{
    dq_finding_list *list = &machine->findings;
    bool wanted = list->keeps_suppressed;

    host_lock();
    for (const dq_finding *f = list->suppressed; f != NULL && wanted; f = f->next) {
        wanted = f->suppressed != finding->suppressed || f->place != finding->place;
    }
    if (wanted) {
        finding->next = list->suppressed;
        list->suppressed = finding;
    }
    host_unlock();
    if (!wanted) {
        discard(finding);
    }
}

static bool is_escalated(const dq_machine *machine, const char *rule)
{
    for (const dq_escalation *e = machine->findings.escalations; e != NULL; e = e->next) {
        if (e->rule[0] == '\0' || strcmp(e->rule, rule) == 0) {
            return true;
        }
    }
    return false;
}

static void append(dq_machine *machine, dq_finding *finding)
{
    dq_finding_list *list = &machine->findings;

    host_lock();
    if (list->last == NULL) {
        list->first = finding;
    } else {
        list->last->next = finding;
    }
    list->last = finding;
    if (finding->expected) {
        list->crash_expected = list->crash_expected || finding->severity == DQ_ERROR;
    } else if (finding->severity == DQ_ERROR) {
        list->errors++;
    } else {
        list->warnings++;
    }
    host_unlock();
}

static void locate(dq_processor *cpu, dq_finding *finding)
{
    const dq_execution *execution = cpu->execution;

    finding->processor = cpu->number;
    finding->irql = cpu->irql;
    finding->time_ns = cpu->machine->clock.now_ns;
    if (finding->service == DQ_SERVICE_NONE) {
        finding->service = execution->service;
    }
    if (finding->place == NULL) {
        finding->place = execution->place;
    }
    if (finding->place == NULL && execution->routine != NULL) {
        finding->place = (const char *)execution->routine + 1; /* As if it were a return address. */
    }
    dq_execution_describe(execution, finding->execution, sizeof(finding->execution));
}

/* Returns true if the finding is an error that was not suppressed. */
static bool write_down(dq_processor *cpu, const dq_finding *details, const char *format,
                       va_list arguments) __attribute__((format(printf, 3, 0)));

static bool write_down(dq_processor *cpu, const dq_finding *details, const char *format,
                       va_list arguments)
{
    dq_finding *finding = malloc(sizeof(*finding));
    bool fatal = details->severity == DQ_ERROR;

    if (finding == NULL) {
        fprintf(stderr, "dirql: short of memory for a finding: %s\n", details->rule);
        free(details->more);
        return fatal;
    }
    fatal = fatal || is_escalated(cpu->machine, details->rule);
    *finding = *details;
    finding->severity = fatal ? DQ_ERROR : DQ_WARNING;
    finding->next = NULL;
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    locate(cpu, finding);
    finding->expected = is_expected(cpu->machine, finding);
    finding->suppressed =
        finding->expected ? NULL : suppression_of(cpu->machine, finding);
    if (finding->suppressed != NULL) {
        put_aside(cpu->machine, finding);
        return false;
    }
    append(cpu->machine, finding);
    if (cpu->attention & DQ_ATTEND_SINKS) {
        const dq_event event = { .kind = DQ_EVENT_FINDING,
                                 .a = finding->code,
                                 .text = finding->rule,
                                 .service = finding->service,
                                 .place = finding->place };

        dq_emit_to_sinks(cpu, &event);
    }
    return fatal;
}

/* Drivers may want to be told. */
static _Noreturn void stop_as_bug_check(dq_processor *cpu, uint32_t code)
{
    if (code != 0 && cpu->machine->bug_check != NULL) {
        cpu->machine->bug_check(cpu);
    }
    dq_go_home(dq_self);
}

void dq_find(dq_processor *cpu, const dq_finding *details, const char *format, ...)
{
    va_list arguments;
    bool fatal;

    va_start(arguments, format);
    fatal = write_down(cpu, details, format, arguments);
    va_end(arguments);
    if (!fatal) {
        return;
    }
    if (cpu->task == NULL && cpu->live != NULL) {
        dq_live_end(cpu->machine); /* A visitor's stack is none to leave. */
        return;
    }
    stop_as_bug_check(cpu, details->code);
}

void dq_note(dq_processor *cpu, const dq_finding *details, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)write_down(cpu, details, format, arguments);
    va_end(arguments);
}

void dq_bugcheck(dq_processor *cpu, uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3,
                 uint64_t p4, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_down(cpu,
               &(dq_finding){ .severity = DQ_ERROR,
                              .rule = "bug check",
                              .code = code,
                              .parameters = { p1, p2, p3, p4 } },
               format, arguments);
    va_end(arguments);
    stop_as_bug_check(cpu, code);
}

void dq_find_outside(dq_machine *machine, const char *rule, const char *format, ...)
{
    dq_finding *finding = calloc(1, sizeof(*finding));
    va_list arguments;

    if (finding == NULL) {
        fprintf(stderr, "dirql: short of memory for a finding: %s\n", rule);
        return;
    }
    finding->severity = DQ_ERROR;
    finding->rule = rule;
    finding->time_ns = machine->clock.now_ns;
    snprintf(finding->execution, sizeof(finding->execution), "outside the machine");
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    va_end(arguments);
    append(machine, finding);
}

void dq_finding_expect(dq_machine *machine, const dq_expectation *expectation)
{
    dq_expectation *copy = malloc(sizeof(*copy));

    if (copy == NULL) {
        dq_find_outside(machine, "memory", "short of memory for an expectation");
        return;
    }
    *copy = *expectation;
    copy->met = false;
    copy->next = machine->findings.expectations;
    machine->findings.expectations = copy;
}

void dq_finding_suppress(dq_machine *machine, const char *rule, const char *place,
                         const char *reason)
{
    dq_suppression *suppression = calloc(1, sizeof(*suppression));

    if (suppression == NULL) {
        dq_find_outside(machine, "memory", "short of memory for a suppression");
        return;
    }
    snprintf(suppression->rule, sizeof(suppression->rule), "%s", rule);
    snprintf(suppression->place, sizeof(suppression->place), "%s", place != NULL ? place : "");
    snprintf(suppression->reason, sizeof(suppression->reason), "%s", reason);
    suppression->next = machine->findings.suppressions;
    machine->findings.suppressions = suppression;
}

void dq_finding_escalate(dq_machine *machine, const char *rule)
{
    dq_escalation *escalation = calloc(1, sizeof(*escalation));

    if (escalation == NULL) {
        dq_find_outside(machine, "memory", "short of memory for an escalation");
        return;
    }
    snprintf(escalation->rule, sizeof(escalation->rule), "%s", rule != NULL ? rule : "");
    escalation->next = machine->findings.escalations;
    machine->findings.escalations = escalation;
}

static void complain_unmet(dq_machine *machine, const dq_expectation *expected)
{
    const char *name = dq_bugcheck_name(expected->code);

    if (expected->rule != NULL) {
        dq_find_outside(machine, "expectation",
                        "the test expected the finding \"%s\", and the run ended "
                        "without it",
                        expected->rule);
    } else {
        dq_find_outside(machine, "expectation",
                        "the test expected bug check 0x%X%s%s%s%s, and the run "
                        "ended without it",
                        (unsigned)expected->code, name != NULL ? " (" : "",
                        name != NULL ? name : "", name != NULL ? ")" : "",
                        expected->parameter_mask != 0 ? " with certain parameters" : "");
    }
}

void dq_finding_settle(dq_machine *machine)
{
    if (machine->findings.errors > 0) {
        return; /* What ended the run says enough. */
    }
    for (dq_expectation *e = machine->findings.expectations; e != NULL; e = e->next) {
        if (!e->met) {
            complain_unmet(machine, e);
        }
    }
}

static void free_findings(dq_finding *finding)
{
    while (finding != NULL) {
        dq_finding *next = finding->next;

        discard(finding);
        finding = next;
    }
}

void dq_finding_stop(dq_machine *machine)
{
    dq_finding_list *list = &machine->findings;

    free_findings(list->first);
    free_findings(list->suppressed);
    while (list->expectations != NULL) {
        dq_expectation *expectation = list->expectations;

        list->expectations = expectation->next;
        free(expectation);
    }
    while (list->suppressions != NULL) {
        dq_suppression *suppression = list->suppressions;

        list->suppressions = suppression->next;
        free(suppression);
    }
    while (list->escalations != NULL) {
        dq_escalation *escalation = list->escalations;

        list->escalations = escalation->next;
        free(escalation);
    }
    *list = (dq_finding_list){ 0 };
}
