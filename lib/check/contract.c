/*
 * contract.c - the rules of the documented services, checked as they are called.
 *
 * One table (service.def) holds each service's IRQL range; three files hold the rules that need a
 * memory: what was raised, what is locked, who interrupts. Each speaks before the call takes
 * effect, with the Driver Verifier's code and parameters. What Windows itself bug-checks is in the
 * kernel, and works without this.
 */
#include "check/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/contract_state.h"
#include "check/service.h"

bool dq_contract_grow(void **entries, size_t *capacity, size_t count, size_t entry_bytes)
{
    size_t wanted;
    void *grown;

    if (count < *capacity) {
        return true;
    }
    wanted = *capacity == 0 ? 16 : *capacity * 2;
    grown = realloc(*entries, wanted * entry_bytes);
    if (grown == NULL) {
        return false;
    }
    *entries = grown;
    *capacity = wanted;
    return true;
}

bool dq_contract_warns(dq_contract *contract, const char *rule, const void *place)
{
    for (unsigned i = 0; i < contract->warned_count; i++) {
        if (contract->warned[i].rule == rule && contract->warned[i].place == place) {
            return false;
        }
    }
    if (contract->warned_count < DQ_WARNED) {
        contract->warned[contract->warned_count++] = (dq_warned){ rule, place };
    }
    return true;
}

/* ---- The range of each service --------------------------------------------------------------- */

static int apcs_off(const dq_processor *cpu, bool special)
{
    return cpu->task != NULL ? cpu->machine->hooks->apcs_off(cpu->task, special) : 0;
}

/* The code and parameters of a call at `irql`. */
static dq_finding irql_finding(const dq_processor *cpu, const dq_event *call,
                               const dq_service_rule *rule, unsigned irql)
{
    const uint64_t object = (uintptr_t)call->object;
    uint64_t p2 = irql, p3 = object, p4 = 0;
    uint32_t code = DQ_VERIFIER, subcode = rule->subcode;

    switch (rule->subcode) {
    case 0x30: /* KeRaiseIrqlToDpcLevel: what it asks for. */
        p3 = DQ_LEVEL_DISPATCH;
        break;
    case 0x73: /* Physical address and length. */
        p3 = call->a;
        p4 = call->b;
        break;
    case 0x36: /* The IRQL that the handle would restore. */
        p4 = call->a;
        break;
    case 0x02: /* Pool type and size. */
        p3 = call->a;
        p4 = call->b;
        break;
    case 0x12: /* Pool type (not known here) and address. */
        p3 = 0;
        p4 = object;
        break;
    case 0x34: /* How often normal APCs are disabled. */
    case 0x39:
    case 0x3A:
        p3 = (uint64_t)-(int64_t)apcs_off(cpu, false);
        p4 = object;
        break;
    case 0x70: /* MDL and access mode. */
    case 0x74:
    case 0x76:
        p3 = call->a;
        p4 = (uint8_t)call->b;
        break;
    case 0x78: /* MDL. */
        p3 = call->a;
        break;
    case 0x79: /* Address and MDL. */
        p3 = call->a;
        p4 = call->b;
        break;
    case 0x7E:
        p3 = DQ_LEVEL_DISPATCH;
        break;
    case 0xE6: /* Where, at which IRQL, and how often special APCs are disabled. */
        p2 = (uintptr_t)call->place;
        p3 = irql;
        p4 = (uint64_t)-(int64_t)apcs_off(cpu, true);
        break;
    default:
        break;
    }
    if (rule->subcode >> 8 == DQ_IOMANAGER) {
        code = DQ_IOMANAGER;
        subcode &= 0xFFu;
        p3 = subcode == 0x0E ? object : 0;
    }
    return (dq_finding){ .severity = DQ_ERROR,
                         .rule = rule->rule,
                         .page = rule->page,
                         .code = code,
                         .parameters = { subcode, p2, p3, p4 } };
}

static void accuse_irql(dq_processor *cpu, const dq_event *call, const dq_service_rule *rule)
{
    const dq_finding finding = irql_finding(cpu, call, rule, cpu->irql);
    char range[48];

    dq_find(cpu, &finding, "%s was called at %s; it needs %s.", dq_service_name(call->service),
            dq_irql_name(cpu->irql), dq_service_range(call->service, range, sizeof(range)));
}

/* What the call would be where threaded DPCs are disabled. */
static void accuse_threaded(dq_processor *cpu, const dq_event *call, const dq_service_rule *rule)
{
    dq_finding finding = irql_finding(cpu, call, rule, DQ_LEVEL_DISPATCH);
    char range[48];

    finding.rule = "ThreadedDpc";
    finding.page = NULL;
    dq_find(cpu, &finding,
            "%s was called by a threaded DPC; it needs %s, and a threaded DPC obeys the rules of "
            "DISPATCH_LEVEL, where it may run as well.",
            dq_service_name(call->service), dq_service_range(call->service, range, sizeof(range)));
}

/* A Zw routine waits for APCs of its own, which a guarded region keeps away. */
static void check_special_apcs(dq_processor *cpu, const dq_event *call, const dq_service_rule *rule)
{
    const int off = apcs_off(cpu, true);

    if (off > 0) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, rule->rule, rule->page, DQ_VERIFIER, 0xE6,
                             (uintptr_t)call->place, cpu->irql, (uint64_t)-(int64_t)off),
                "%s was called in a guarded region, with special kernel APCs disabled.",
                dq_service_name(call->service));
    }
}

/* The pages of these say DISPATCH_LEVEL or above in one place, and DISPATCH_LEVEL in another. */
static void warn_above_dispatch(dq_contract *contract, dq_processor *cpu, const dq_event *call,
                                const dq_service_rule *rule)
{
    static const char name[] = "IrqlDispatchPedantic";

    if (dq_contract_warns(contract, name, call->place)) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_WARNING, name, rule->page, DQ_VERIFIER, rule->subcode, cpu->irql,
                             (uintptr_t)call->object),
                "%s was called at %s. It works, but the pages disagree whether it may be called "
                "above DISPATCH_LEVEL, and a lock that is acquired there must never be held at "
                "DISPATCH_LEVEL.",
                dq_service_name(call->service), dq_irql_name(cpu->irql));
    }
}

static void check_print(dq_processor *cpu, const dq_event *call)
{
    if (call->a != 0 && cpu->irql > DQ_LEVEL_PASSIVE) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "DbgPrintUnicode", "wdm: DbgPrint", DQ_VERIFIER, 0xE5,
                             cpu->irql),
                "DbgPrint was called at %s with a format for wide characters; that needs IRQL "
                "PASSIVE_LEVEL.",
                dq_irql_name(cpu->irql));
    }
}

/* Holds an interrupt's lock, as an ISR and a synchronized routine do. */
static bool is_in_step_with_isr(const dq_contract *contract, const dq_processor *cpu)
{
    const dq_held *held = dq_lockrules_held_above(contract, cpu, DQ_LEVEL_DISPATCH, NULL);

    return held != NULL && held->api == DQ_LOCK_INTERRUPT;
}

/* An ISR, or in step with one, whose DIRQL is PASSIVE_LEVEL. */
static bool is_at_passive_dirql(const dq_contract *contract, const dq_processor *cpu)
{
    if (cpu->execution->kind == DQ_EXECUTION_PASSIVE_ISR) {
        return true;
    }
    for (size_t i = 0; i < contract->held_count; i++) {
        const dq_held *held = &contract->held[i];

        if (held->api == DQ_LOCK_PASSIVE_ISR && held->execution == cpu->execution->ordinal) {
            return true;
        }
    }
    return false;
}

/* True of what its page allows at any IRQL, whatever its range: an event (of WMI) that is only
 * logged; an event (of the kernel) whose state is read in step with an ISR; the DPC of an ISR at
 * PASSIVE_LEVEL. */
static bool may_be_anywhere(const dq_contract *contract, const dq_processor *cpu,
                            const dq_event *call)
{
    return (call->service == DQ_SERVICE_IoWMIWriteEvent && call->a != 0) ||
           (call->service == DQ_SERVICE_KeReadStateEvent && is_in_step_with_isr(contract, cpu)) ||
           (call->service == DQ_SERVICE_IoRequestDpc && is_at_passive_dirql(contract, cpu));
}

/* Which rules have something to say about a call, beyond its range. Most calls of a run are of the
 * first three groups. */
typedef enum group { GROUP_OTHER, GROUP_IRQL, GROUP_ACQUIRE, GROUP_RELEASE, GROUP_INIT } group;

static const uint8_t groups[DQ_SERVICE_COUNT] = {
    [DQ_SERVICE_KeRaiseIrql] = GROUP_IRQL,
    [DQ_SERVICE_KfRaiseIrql] = GROUP_IRQL,
    [DQ_SERVICE_KeRaiseIrqlToDpcLevel] = GROUP_IRQL,
    [DQ_SERVICE_KeRaiseIrqlToSynchLevel] = GROUP_IRQL,
    [DQ_SERVICE_KeLowerIrql] = GROUP_IRQL,
    [DQ_SERVICE_KfLowerIrql] = GROUP_IRQL,
    [DQ_SERVICE_KeAcquireSpinLock] = GROUP_ACQUIRE,
    [DQ_SERVICE_KeAcquireSpinLockRaiseToDpc] = GROUP_ACQUIRE,
    [DQ_SERVICE_KeAcquireSpinLockForDpc] = GROUP_ACQUIRE,
    [DQ_SERVICE_KeAcquireSpinLockAtDpcLevel] = GROUP_ACQUIRE,
    [DQ_SERVICE_KeTryToAcquireSpinLockAtDpcLevel] = GROUP_ACQUIRE,
    [DQ_SERVICE_KeAcquireInStackQueuedSpinLock] = GROUP_ACQUIRE,
    [DQ_SERVICE_KeAcquireInStackQueuedSpinLockForDpc] = GROUP_ACQUIRE,
    [DQ_SERVICE_KeAcquireInStackQueuedSpinLockAtDpcLevel] = GROUP_ACQUIRE,
    [DQ_SERVICE_ExAcquireSpinLockShared] = GROUP_ACQUIRE,
    [DQ_SERVICE_ExAcquireSpinLockSharedAtDpcLevel] = GROUP_ACQUIRE,
    [DQ_SERVICE_KeReleaseSpinLock] = GROUP_RELEASE,
    [DQ_SERVICE_KeReleaseSpinLockFromDpcLevel] = GROUP_RELEASE,
    [DQ_SERVICE_KeInitializeMutex] = GROUP_INIT,
    [DQ_SERVICE_ExInitializeFastMutex] = GROUP_INIT,
    [DQ_SERVICE_KeInitializeGuardedMutex] = GROUP_INIT,
    [DQ_SERVICE_ExInitializeResourceLite] = GROUP_INIT,
    [DQ_SERVICE_ExInitializePushLock] = GROUP_INIT,
};

static __attribute__((noinline)) void on_call(dq_contract *contract, dq_processor *cpu,
                                              const dq_event *call)
{
    const dq_service_rule *rule = &dq_service_rules[call->service];
    const unsigned irql = cpu->irql;

    /* Waits are judged by the kernel, which knows the timeout. */
    if (DQ_UNLIKELY(irql < rule->lowest || irql > rule->highest) && rule->subcode != 0x120 &&
        !may_be_anywhere(contract, cpu, call)) {
        accuse_irql(cpu, call, rule);
    }
    if (DQ_UNLIKELY(rule->subcode == 0xE6 && irql == DQ_LEVEL_PASSIVE)) {
        check_special_apcs(cpu, call, rule);
    }
    if (DQ_UNLIKELY(irql > DQ_LEVEL_DISPATCH && (rule->subcode == 0x40 || rule->subcode == 0x41))) {
        warn_above_dispatch(contract, cpu, call, rule);
    }
    if (DQ_UNLIKELY(contract->half_wait_count > 0)) {
        dq_waitrules_next(contract, cpu, call);
    }
    if (DQ_UNLIKELY(contract->paged_count > 0)) {
        dq_memoryrules_call(contract, cpu, call);
    }
    if (DQ_UNLIKELY(cpu->execution->kind == DQ_EXECUTION_THREADED_DPC)) {
        if (irql <= rule->highest && rule->highest < DQ_LEVEL_DISPATCH &&
            !dq_dpcrules_waits(cpu, call) && !may_be_anywhere(contract, cpu, call)) {
            accuse_threaded(cpu, call, rule);
        }
        dq_dpcrules_lock(contract, cpu, call);
    }
    switch ((group)groups[call->service]) {
    case GROUP_IRQL:
        dq_irqlrules_call(contract, cpu, call);
        if (DQ_UNLIKELY(contract->held_count != 0) && call->service == DQ_SERVICE_KeLowerIrql) {
            dq_lockusage_lower(contract, cpu, (unsigned)call->a, NULL);
        }
        break;
    case GROUP_ACQUIRE:
        dq_lockrules_call(contract, cpu, call);
        break;
    case GROUP_RELEASE: /* The event that comes with it says more. */
        break;
    case GROUP_INIT:
        dq_lockrules_init_mutex(contract, cpu, call);
        break;
    case GROUP_OTHER:
        dq_poolrules_call(cpu, call);
        dq_waitrules_call(contract, cpu, call);
        dq_irprules_call(contract, cpu, call);
        dq_timerules_call(contract, cpu, call);
        dq_dpcrules_call(contract, cpu, call);
        dq_memoryrules_unmap(contract, cpu, call);
        if (call->service == DQ_SERVICE_DbgPrint) {
            check_print(cpu, call);
        }
        break;
    }
}

/* ---- The sink -------------------------------------------------------------------------------- */

static void end_execution(dq_contract *contract, dq_processor *cpu)
{
    dq_timerules_end(contract, cpu);
    dq_lockrules_end(contract, cpu);
    dq_irqlrules_end(contract, cpu->execution->ordinal);
}

static __attribute__((noinline)) void on_rare_event(dq_contract *contract, dq_processor *cpu,
                                                    const dq_event *event)
{
    switch (event->kind) {
    case DQ_EVENT_LOCK_INIT:
        dq_lockrules_init(contract, cpu, event);
        break;
    case DQ_EVENT_LOCK_WAIT:
        dq_lockrules_wait(contract, cpu, event);
        break;
    case DQ_EVENT_LOCK_NAME:
        dq_lockclass_name(contract, event->object, event->text);
        break;
    case DQ_EVENT_POOL_ALLOCATE:
        dq_memoryrules_allocate(contract, event);
        break;
    case DQ_EVENT_POOL_FREE:
        dq_memoryrules_free(contract, cpu, event);
        dq_poolrules_free(cpu, event);
        dq_lockrules_free(contract, cpu, event);
        break;
    case DQ_EVENT_ACCESS:
        if (DQ_UNLIKELY(contract->paged_count > 0)) {
            dq_memoryrules_access(contract, cpu, event);
        }
        break;
    case DQ_EVENT_DPC_QUEUE:
        dq_dpcrules_queue(contract, cpu, event);
        break;
    case DQ_EVENT_WAIT_FOLLOWS:
        dq_waitrules_release(contract, cpu, event);
        break;
    case DQ_EVENT_WAIT_OBJECT:
        dq_waitrules_object(cpu, event);
        if (DQ_UNLIKELY(contract->paged_count > 0)) {
            dq_memoryrules_call(contract, cpu, event);
        }
        break;
    case DQ_EVENT_WAIT_BLOCKS:
        dq_waitrules_blocks(cpu, event);
        if (DQ_UNLIKELY(contract->paged_count > 0)) {
            dq_memoryrules_call(contract, cpu, event);
        }
        break;
    case DQ_EVENT_DPC_END:
    case DQ_EVENT_THREAD_END:
        end_execution(contract, cpu);
        break;
    case DQ_EVENT_ISR_END:
        dq_isrrules_event(contract, cpu, event);
        end_execution(contract, cpu);
        break;
    case DQ_EVENT_CONNECT:
    case DQ_EVENT_DISCONNECT:
    case DQ_EVENT_INTERRUPT_LOST:
        dq_isrrules_event(contract, cpu, event);
        break;
    default:
        break;
    }
}

/* Calls and locks are most of what happens. */
static void on_event(dq_sink *sink, dq_processor *cpu, const dq_event *event)
{
    dq_contract *contract = (dq_contract *)sink;

    if (event->kind == DQ_EVENT_CALL) {
        on_call(contract, cpu, event);
    } else if (event->kind == DQ_EVENT_LOCK_ACQUIRE) {
        dq_lockrules_acquire(contract, cpu, event, dq_lockorder_acquire(contract, cpu, event));
    } else if (event->kind == DQ_EVENT_LOCK_RELEASE) {
        dq_timerules_release(contract, cpu, event);
        dq_lockrules_release(contract, cpu, event);
    } else {
        on_rare_event(contract, cpu, event);
    }
}

static void stop(dq_sink *sink, dq_machine *machine)
{
    dq_contract *contract = (dq_contract *)sink;

    (void)machine;
    free(contract->raises);
    free(contract->held);
    dq_lockclass_stop(&contract->order);
    free(contract->connected);
    free(contract->paged);
    free(contract);
}

static void begin_anew(dq_sink *sink, dq_machine *machine)
{
    dq_contract *contract = (dq_contract *)sink;

    (void)machine;
    contract->raise_count = 0;
    contract->held_count = 0;
    contract->connected_count = 0;
    contract->paged_count = 0;
    contract->warned_count = 0;
    contract->half_wait_count = 0;
    memset(contract->half_waits, 0, sizeof(contract->half_waits));
    dq_lockclass_clear(&contract->order);
}

static size_t explain(dq_sink *sink, char *text, size_t bytes)
{
    const char *explanation = ((dq_contract *)sink)->order.explanation;

    return explanation != NULL ? (size_t)snprintf(text, bytes, "%s", explanation) : 0;
}

dq_sink *dq_contract_create(dq_machine *machine)
{
    dq_contract *contract = calloc(1, sizeof(*contract));

    if (contract == NULL) {
        return NULL;
    }
    contract->order.all_processors =
        machine->processor_count == 64 ? UINT64_MAX : (1ull << machine->processor_count) - 1;
    contract->sink.name = "contract";
    contract->sink.kinds =
        DQ_EVENT_BIT(CALL) | DQ_EVENT_BIT(LOCK_INIT) | DQ_EVENT_BIT(LOCK_NAME) |
        DQ_EVENT_BIT(LOCK_WAIT) | DQ_EVENT_BIT(LOCK_ACQUIRE) | DQ_EVENT_BIT(LOCK_RELEASE) |
        DQ_EVENT_BIT(POOL_FREE) | DQ_EVENT_BIT(DPC_END) | DQ_EVENT_BIT(THREAD_END) |
        DQ_EVENT_BIT(ISR_END) | DQ_EVENT_BIT(POOL_ALLOCATE) | DQ_EVENT_BIT(ACCESS) |
        DQ_EVENT_BIT(DPC_QUEUE) | DQ_EVENT_BIT(CONNECT) | DQ_EVENT_BIT(DISCONNECT) |
        DQ_EVENT_BIT(INTERRUPT_LOST) | DQ_EVENT_BIT(WAIT_FOLLOWS) | DQ_EVENT_BIT(WAIT_OBJECT) |
        DQ_EVENT_BIT(WAIT_BLOCKS);
    contract->sink.event = on_event;
    contract->sink.ordinary = dq_lockordinary;
    contract->sink.stop = stop;
    contract->sink.rewind = begin_anew;
    contract->sink.explain = explain;
    return &contract->sink;
}
