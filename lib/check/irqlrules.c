/*
 * irqlrules.c - raising and lowering: upward, downward, in pairs, and not below what the code
 * stands on.
 */
#include <stdio.h>

#include "check/contract_state.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static const char page_raise[] = "wdm: KeRaiseIrql";
static const char page_lower[] = "wdm: KeLowerIrql";

static void push(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    if (dq_contract_grow((void **)&contract->raises, &contract->raise_capacity,
                         contract->raise_count, sizeof(dq_raise))) {
        contract->raises[contract->raise_count++] =
            (dq_raise){ .execution = cpu->execution->ordinal,
                        .old_irql = cpu->irql,
                        .service = call->service,
                        .place = call->place };
    }
}

/* The latest raise of the execution that was not undone, or NULL. */
static dq_raise *latest(dq_contract *contract, uint32_t execution)
{
    for (size_t i = contract->raise_count; i > 0; i--) {
        if (contract->raises[i - 1].execution == execution) {
            return &contract->raises[i - 1];
        }
    }
    return NULL;
}

static void drop(dq_contract *contract, dq_raise *raise)
{
    dq_raise *end = contract->raises + --contract->raise_count;

    for (; raise < end; raise++) {
        raise[0] = raise[1];
    }
}

static void check_raise(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    if (call->a < cpu->irql || call->a > DQ_LEVEL_HIGH) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "IrqlKeRaiseLower", page_raise, DQ_VERIFIER, 0x30, cpu->irql,
                             call->a),
                "%s was asked to raise IRQL from %u (%s) to %u.", dq_service_name(call->service),
                cpu->irql, dq_irql_name(cpu->irql), (unsigned)call->a);
    }
    push(contract, cpu, call);
}

static void accuse_lower(dq_processor *cpu, const dq_event *call, const char *rule, uint64_t p4,
                         const char *why)
{
    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, rule, page_lower, DQ_VERIFIER, 0x31, cpu->irql, call->a, p4),
            "%s was asked to lower IRQL from %u (%s) to %u: %s.", dq_service_name(call->service),
            cpu->irql, dq_irql_name(cpu->irql), (unsigned)call->a, why);
}

/* The strict reading of the page of KeLowerIrql: only what the immediately preceding raise
 * returned. */
static void check_pair(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    dq_raise *raise = latest(contract, cpu->execution->ordinal);
    char why[320], place[PLACE_TEXT];

    if (raise == NULL) {
        accuse_lower(cpu, call, "IrqlKeRaiseLower2", 0,
                     "this code has raised nothing that is left to undo");
        return;
    }
    if (raise->old_irql != call->a) {
        snprintf(why, sizeof(why), "the latest raise (%s at %s) returned %u",
                 dq_service_name(raise->service),
                 dq_place_describe(raise->place, place, sizeof(place)), raise->old_irql);
        accuse_lower(cpu, call, "IrqlKeRaiseLower2", 0, why);
        raise = latest(contract, cpu->execution->ordinal);
    }
    drop(contract, raise);
}

static void check_lower(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    const dq_held *held;
    char place[PLACE_TEXT];

    if (call->a > cpu->irql || call->a > DQ_LEVEL_HIGH) {
        accuse_lower(cpu, call, "IrqlKeRaiseLower", 0, "that is higher");
    }
    if (cpu->execution->kind == DQ_EXECUTION_DPC && call->a < DQ_LEVEL_DISPATCH) {
        accuse_lower(cpu, call, "IrqlKeRaiseLower", 1,
                     "a DPC routine stays at DISPATCH_LEVEL or above");
    }
    held = dq_lockrules_held_above(contract, cpu, (unsigned)call->a, NULL);
    if (held != NULL) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "IrqlBelowHeldLock", page_lower, 0xF, (uintptr_t)held->lock),
                "%s lowers IRQL to %u (%s) while this code holds a spin lock of level %u, acquired "
                "at %s. Another thread, or an ISR, could now want the lock on this processor and "
                "would never get it.",
                dq_service_name(call->service), (unsigned)call->a, dq_irql_name((unsigned)call->a),
                held->level, dq_place_describe(held->place, place, sizeof(place)));
    }
    check_pair(contract, cpu, call);
}

void dq_irqlrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    switch (call->service) {
    case DQ_SERVICE_KeRaiseIrql:
    case DQ_SERVICE_KfRaiseIrql:
    case DQ_SERVICE_KeRaiseIrqlToSynchLevel:
    case DQ_SERVICE_KeRaiseIrqlToDpcLevel:
        check_raise(contract, cpu, call);
        break;
    case DQ_SERVICE_KeLowerIrql:
    case DQ_SERVICE_KfLowerIrql:
        check_lower(contract, cpu, call);
        break;
    default:
        break;
    }
}

void dq_irqlrules_end(dq_contract *contract, uint32_t execution)
{
    dq_raise *raise = latest(contract, execution);

    while (raise != NULL) {
        drop(contract, raise);
        raise = latest(contract, execution);
    }
}
