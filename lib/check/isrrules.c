/*
 * isrrules.c - what an ISR answers, and what a device may do while nobody listens.
 *
 * That a level line stays asserted after its ISRs ran is no violation by itself: it interrupts
 * again. Too often in a row is the kernel's finding, an interrupt storm.
 */
#include "check/contract_state.h"

static void remember(dq_contract *contract, const dq_event *event)
{
    if (dq_contract_grow((void **)&contract->connected, &contract->connected_capacity,
                         contract->connected_count, sizeof(dq_connected))) {
        contract->connected[contract->connected_count++] =
            (dq_connected){ event->object, event->a };
    }
}

static dq_connected *find(const dq_contract *contract, const void *interrupt)
{
    for (size_t i = 0; i < contract->connected_count; i++) {
        if (contract->connected[i].interrupt == interrupt) {
            return &contract->connected[i];
        }
    }
    return NULL;
}

static unsigned count_on(const dq_contract *contract, uint64_t vector)
{
    unsigned count = 0;

    for (size_t i = 0; i < contract->connected_count; i++) {
        count += contract->connected[i].vector == vector;
    }
    return count;
}

/* The next line of a vector after `line` (NULL: the first), or NULL. */
static const dq_line *next_line(const dq_machine *machine, uint64_t vector, const dq_line *line)
{
    line = line != NULL ? line->next : machine->intc.lines;
    while (line != NULL && line->vector->number != vector) {
        line = line->next;
    }
    return line;
}

/* ---- ISRs ------------------------------------------------------------------------------------ */

static const void *entry_of(const dq_execution *execution)
{
    /* Reports look one byte before a place: it is a return address elsewhere. */
    return execution->routine != NULL ? (const char *)execution->routine + 1 : NULL;
}

static void check_return_irql(dq_processor *cpu, const dq_event *event)
{
    char who[96];

    if (cpu->irql != event->a) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "IsrIrql",
                               .page = "wdm: KSERVICE_ROUTINE",
                               .code = DQ_VERIFIER,
                               .place = entry_of(cpu->execution),
                               .parameters = { 0x111, (uintptr_t)cpu->execution->routine, event->a,
                                               cpu->irql } },
                "%s was called at IRQL %u (%s) and returned at %u (%s).",
                dq_execution_describe(cpu->execution, who, sizeof(who)), (unsigned)event->a,
                dq_irql_name((unsigned)event->a), cpu->irql, dq_irql_name(cpu->irql));
    }
}

static void check_claim(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    static const char rule[] = "IsrClaim";
    const dq_connected *connected = find(contract, event->object);
    const dq_line *line = NULL;
    char who[96];

    if (event->b == 0 || event->c != 0 || connected == NULL) {
        return;
    }
    while ((line = next_line(cpu->machine, connected->vector, line)) != NULL) {
        if (line->edge) {
            return; /* An edge may be over when its ISR runs. */
        }
    }
    if (dq_contract_warns(contract, rule, cpu->execution->routine)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = rule,
                               .page = "wdm: KSERVICE_ROUTINE",
                               .place = entry_of(cpu->execution) },
                "%s returned TRUE, but its level-triggered line was not asserted when it was "
                "called: it claimed an interrupt that its device did not raise.",
                dq_execution_describe(cpu->execution, who, sizeof(who)));
    }
}

/* ---- Nobody listens -------------------------------------------------------------------------- */

static void check_disconnect(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    dq_connected *connected = find(contract, event->object);
    const dq_line *line = NULL;

    if (connected != NULL) {
        *connected = contract->connected[--contract->connected_count];
    }
    if (count_on(contract, event->a) > 0) {
        return; /* It may be the device of another ISR that is still there. */
    }
    while ((line = next_line(cpu->machine, event->a, line)) != NULL) {
        if (!line->edge && line->asserted) {
            dq_find(cpu,
                    DQ_VIOLATION(DQ_ERROR, "DisconnectAsserting", "wdm: IoDisconnectInterrupt",
                                 0x12, 1, event->a),
                    "The last ISR of line \"%s\" (vector %u) is disconnected while the line is "
                    "asserted: from now on nobody can silence it.",
                    line->name, (unsigned)event->a);
        }
    }
}

static void lost(dq_processor *cpu, const dq_event *event)
{
    const dq_line *line = event->object;

    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, "LostInterrupt", "debugger: bug check 0x12", 0x12, 1, event->a),
            "Line \"%s\" interrupted (vector %u), and no ISR is connected and active: the "
            "interrupt is lost.",
            line->name, (unsigned)event->a);
}

void dq_isrrules_event(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    switch (event->kind) {
    case DQ_EVENT_CONNECT:
        remember(contract, event);
        break;
    case DQ_EVENT_DISCONNECT:
        check_disconnect(contract, cpu, event);
        break;
    case DQ_EVENT_ISR_END:
        check_return_irql(cpu, event);
        check_claim(contract, cpu, event);
        break;
    case DQ_EVENT_INTERRUPT_LOST:
        lost(cpu, event);
        break;
    default:
        break;
    }
}
