/*
 * lockordinary.c - the short way through the rules of locks: an acquisition like the latest one of
 * this lock, by code that holds none, and the release of the only lock that is held, by the way
 * back. lockrules.c and lockorder.c would have nothing to say about it, nor any other rule.
 */
#include "check/contract_state.h"
#include "check/service.h"

/* What contract.c looks at in any call, but for paged memory: there the pair before was found. */
static inline bool is_plain(const dq_processor *cpu, const dq_lock_call *call)
{
    const dq_service_rule *rule = &dq_service_rules[call->service];

    return cpu->irql >= rule->lowest && cpu->irql <= rule->highest &&
           cpu->irql <= DQ_LEVEL_DISPATCH && cpu->execution->kind != DQ_EXECUTION_THREADED_DPC;
}

static inline bool has_word(const dq_lock_call *call)
{
    return (*(const volatile uintptr_t *)call->lock & call->mask) == call->word;
}

static bool acquire(dq_contract *contract, const dq_processor *cpu, const dq_lock_call *call)
{
    const dq_execution *execution = cpu->execution;
    const dq_lock_entry *entry = contract->order.recent;

    if (contract->held_count != 0 || contract->held_capacity == 0 || entry == NULL ||
        entry->lock != call->lock || entry->number == 0 ||
        entry->latest != dq_lockorder_pack(DQ_LEVEL_DISPATCH, execution, call->api, 0) ||
        entry->processors != execution->processors || !has_word(call)) {
        return false;
    }
    dq_held_begin(contract->held, cpu, call->lock, entry, call->place);
    dq_held_set(contract->held, call->api, 0, call->irql, DQ_LEVEL_DISPATCH, DQ_LEVEL_DISPATCH);
    contract->held_count = 1;
    return true;
}

static bool release(dq_contract *contract, const dq_processor *cpu, const dq_lock_call *call)
{
    const dq_held *held = contract->held;

    if (contract->held_count != 1 || held->lock != call->lock ||
        held->execution != cpu->execution->ordinal || held->api != call->api ||
        (call->api == DQ_LOCK_SPIN && held->old_irql != call->irql) ||
        cpu->execution->spent_ns - held->since_ns > DQ_LOCK_MOST_NS || !has_word(call)) {
        return false;
    }
    contract->held_count = 0;
    return true;
}

bool dq_lockordinary(dq_sink *sink, dq_processor *cpu, const dq_lock_call *call)
{
    dq_contract *contract = (dq_contract *)sink;

    return contract->half_wait_count == 0 && is_plain(cpu, call) &&
           (call->releases ? release(contract, cpu, call) : acquire(contract, cpu, call));
}
