/*
 * timerules.c - how long is too long: advice of the documentation, so that all of it are warnings;
 * and times that cannot be meant.
 *
 * What counts is the virtual time that code spends itself, in stalls, register accesses and time
 * queries. What others do meanwhile, on other processors or by interrupting it, is not its fault.
 */
#include <inttypes.h>

#include "check/contract_state.h"
#include "sim/place.h"

enum { ISR_MOST_NS = 25000, DPC_MOST_NS = 100000, STALL_BELOW_US = 50 };
enum { PLACE_TEXT = 160 };

static const int64_t year_100ns = 365ll * 24 * 60 * 60 * 10000000;

static const void *entry_of(const dq_execution *execution)
{
    return execution->routine != NULL ? (const char *)execution->routine + 1 : NULL;
}

/* The pages leave open what a timer with such a period does; the kernel leaves it out. */
static void check_period(dq_processor *cpu, const dq_event *call)
{
    const int64_t period_ms = call->service == DQ_SERVICE_KeSetCoalescableTimer
                                  ? (int64_t)(uint32_t)call->c
                                  : (int64_t)(int32_t)call->c;

    if (period_ms < 0 || period_ms > INT32_MAX) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "TimerPeriod",
                               .page = dq_service_rules[call->service].page },
                "%s was given a period of %" PRId64 " milliseconds.",
                dq_service_name(call->service), period_ms);
    }
}

/* A time of the year 1601 is an interval whose sign was forgotten: it is over at once. */
static void check_due(dq_contract *contract, dq_processor *cpu, const dq_event *call,
                      int64_t due_100ns)
{
    static const char rule[] = "DueTime";

    if (due_100ns > 0 && due_100ns < year_100ns && dq_contract_warns(contract, rule, call->place)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = rule,
                               .page = dq_service_rules[call->service].page },
                "%s was given the time %" PRId64 ", which is absolute, in 1601: an interval of "
                "%" PRId64 " microseconds is negative.",
                dq_service_name(call->service), due_100ns, due_100ns / 10);
    }
}

void dq_timerules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    static const char rule[] = "StallLong";

    if (call->service == DQ_SERVICE_KeSetTimerEx ||
        call->service == DQ_SERVICE_KeSetCoalescableTimer) {
        check_period(cpu, call);
        check_due(contract, cpu, call, (int64_t)call->b);
    } else if (call->service == DQ_SERVICE_KeSetTimer) {
        check_due(contract, cpu, call, (int64_t)call->b);
    } else if (call->service == DQ_SERVICE_KeDelayExecutionThread) {
        check_due(contract, cpu, call, (int64_t)call->a);
    } else if (call->service == DQ_SERVICE_KeStallExecutionProcessor && call->a >= STALL_BELOW_US &&
        dq_contract_warns(contract, rule, call->place)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_WARNING, .rule = rule },
                "KeStallExecutionProcessor was asked to stall for %" PRIu64
                " microseconds. Nothing of lower IRQL runs on the processor meanwhile, and nothing "
                "else of this thread's priority does.",
                call->a);
    }
}

static void check_execution(dq_contract *contract, dq_processor *cpu, const char *rule,
                            uint64_t most_ns)
{
    const dq_execution *execution = cpu->execution;
    char who[96];

    if (execution->spent_ns > most_ns && dq_contract_warns(contract, rule, execution->routine)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING, .rule = rule, .place = entry_of(execution) },
                "%s took %" PRIu64 " microseconds; that is more than %" PRIu64 ".",
                dq_execution_describe(execution, who, sizeof(who)), execution->spent_ns / 1000,
                most_ns / 1000);
    }
}

void dq_timerules_end(dq_contract *contract, dq_processor *cpu)
{
    switch (cpu->execution->kind) {
    case DQ_EXECUTION_ISR:
        check_execution(contract, cpu, "IsrLong", ISR_MOST_NS);
        break;
    case DQ_EXECUTION_DPC:
        check_execution(contract, cpu, "DpcLong", DPC_MOST_NS);
        break;
    default:
        break;
    }
}

static void check_hold(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                       const dq_held *held)
{
    static const char rule[] = "SpinLockHeldLong";
    const uint64_t spent_ns = cpu->execution->spent_ns - held->since_ns;
    char place[PLACE_TEXT];

    if (spent_ns > DQ_LOCK_MOST_NS && dq_contract_warns(contract, rule, held->place)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_WARNING, .rule = rule, .place = held->place },
                "%s releases a spin lock that was held for %" PRIu64
                " microseconds, since %s; that is more than %u.",
                dq_service_name(event->service), spent_ns / 1000,
                dq_place_describe(held->place, place, sizeof(place)), DQ_LOCK_MOST_NS / 1000);
    }
}

/* Before the lock is released. The time of an ISR, which holds its own lock, is that of the ISR. */
void dq_timerules_release(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    if (DQ_LIKELY(cpu->execution->spent_ns <= DQ_LOCK_MOST_NS) || event->a == DQ_LOCK_INTERRUPT ||
        dq_lock_blocks((unsigned)event->a)) {
        return;
    }
    for (size_t i = contract->held_count; i > 0; i--) {
        const dq_held *held = &contract->held[i - 1];

        if (held->lock == event->object && held->execution == cpu->execution->ordinal) {
            check_hold(contract, cpu, event, held);
            return;
        }
    }
}
