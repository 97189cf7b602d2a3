/*
 * lockrules.c - who acquired a lock, how, and who may release it.
 *
 * Recursion, deadlock and the release of a lock that nobody holds are the kernel's own findings.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/contract_state.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static const char *const api_names[DQ_LOCK_API_COUNT] = {
    [DQ_LOCK_SPIN] = "KeAcquireSpinLock",
    [DQ_LOCK_SPIN_DPC] = "KeAcquireSpinLockAtDpcLevel",
    [DQ_LOCK_QUEUED] = "KeAcquireInStackQueuedSpinLock",
    [DQ_LOCK_QUEUED_DPC] = "KeAcquireInStackQueuedSpinLockAtDpcLevel",
    [DQ_LOCK_INTERRUPT] = "the interrupt's own routines",
    [DQ_LOCK_EXINTERLOCKED] = "an ExInterlocked routine",
    [DQ_LOCK_SHARED] = "ExAcquireSpinLockShared",
    [DQ_LOCK_SHARED_DPC] = "ExAcquireSpinLockSharedAtDpcLevel",
    [DQ_LOCK_EXCLUSIVE] = "ExAcquireSpinLockExclusive",
    [DQ_LOCK_EXCLUSIVE_DPC] = "ExAcquireSpinLockExclusiveAtDpcLevel",
    [DQ_LOCK_MUTEX] = "a wait",
    [DQ_LOCK_FAST_MUTEX] = "a routine for fast mutexes",
    [DQ_LOCK_RESOURCE_SHARED] = "ExAcquireResourceSharedLite",
    [DQ_LOCK_RESOURCE_EXCLUSIVE] = "ExAcquireResourceExclusiveLite",
    [DQ_LOCK_PUSH_SHARED] = "ExAcquirePushLockShared",
    [DQ_LOCK_PUSH_EXCLUSIVE] = "ExAcquirePushLockExclusive",
    [DQ_LOCK_PASSIVE_ISR] = "the interrupt's own routines",
};

/* ---- Families -------------------------------------------------------------------------------- */

/* Even where it would work: it is documented as not supported. */
static void warn_mixed(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    static const char rule[] = "ExInterlockedListLock";

    if (dq_contract_warns(contract, rule, event->place)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_WARNING, .rule = rule },
                "%s acquires a lock that was acquired with %s before.",
                dq_service_name(event->service),
                event->kind == DQ_EVENT_LOCK_ACQUIRE ? "the routines for spin locks"
                                                     : "ExInterlocked list routines");
    }
}

static bool is_of_lists(const dq_event *event)
{
    switch (event->service) {
    case DQ_SERVICE_ExInterlockedInsertHeadList:
    case DQ_SERVICE_ExInterlockedInsertTailList:
    case DQ_SERVICE_ExInterlockedRemoveHeadList:
    case DQ_SERVICE_ExInterlockedPushEntryList:
    case DQ_SERVICE_ExInterlockedPopEntryList:
        return true;
    default:
        return false;
    }
}

static void check_lists(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    dq_lock_entry *entry = dq_lockclass_entry(&contract->order, event->object);

    if (entry != NULL && entry->family == DQ_FAMILY_NONE) {
        entry->family = DQ_FAMILY_LISTS;
    } else if (entry != NULL && entry->family != DQ_FAMILY_LISTS) {
        warn_mixed(contract, cpu, event);
    }
}

static void check_family(dq_contract *contract, dq_processor *cpu, const dq_event *call,
                         dq_family family)
{
    dq_lock_entry *entry = dq_lockclass_entry(&contract->order, call->object);

    if (entry == NULL) {
        return;
    }
    if (entry->family == DQ_FAMILY_LISTS) {
        warn_mixed(contract, cpu, call);
        return;
    }
    if (entry->family != DQ_FAMILY_NONE && entry->family != family) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "SpinLockFamily", "wdm: KeAcquireInStackQueuedSpinLock",
                             DQ_VERIFIER, 0x1008, (uintptr_t)call->object),
                "%s acquires a lock that was acquired with %s before.",
                dq_service_name(call->service),
                family == DQ_FAMILY_QUEUED ? "the plain spin lock routines"
                                           : "the in-stack queued spin lock routines");
    }
    entry->family = (uint8_t)family;
}

/* ---- What is held ---------------------------------------------------------------------------- */

/* The latest hold of a lock by this execution, else by anybody; NULL if nobody has it. */
static dq_held *find_held(const dq_contract *contract, const void *lock, uint32_t execution)
{
    dq_held *found = NULL;

    for (size_t i = contract->held_count; i > 0; i--) {
        dq_held *held = &contract->held[i - 1];

        if (held->lock == lock) {
            if (held->execution == execution) {
                return held;
            }
            found = found != NULL ? found : held;
        }
    }
    return found;
}

static void drop(dq_contract *contract, dq_held *held)
{
    dq_held *end = contract->held + --contract->held_count;

    for (; held < end; held++) {
        held[0] = held[1];
    }
}

const dq_held *dq_lockrules_held_above(const dq_contract *contract, const dq_processor *cpu,
                                       unsigned irql, const void *except)
{
    for (size_t i = contract->held_count; i > 0; i--) {
        const dq_held *held = &contract->held[i - 1];

        if (held->execution == cpu->execution->ordinal && held->lock != except &&
            held->level > irql) {
            return held;
        }
    }
    return NULL;
}

static unsigned level_of(const dq_processor *cpu, const dq_event *event)
{
    /* An executive lock's level is DISPATCH_LEVEL, wherever it was acquired. */
    if (dq_lock_blocks((unsigned)event->a)) {
        return DQ_LEVEL_PASSIVE;
    }
    return event->a == DQ_LOCK_INTERRUPT || event->a == DQ_LOCK_EXINTERLOCKED ? cpu->irql
                                                                              : DQ_LEVEL_DISPATCH;
}

void dq_lockrules_acquire(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                          const dq_lock_entry *entry)
{
    dq_held *held;

    if (DQ_UNLIKELY(event->a == DQ_LOCK_EXINTERLOCKED) && is_of_lists(event)) {
        check_lists(contract, cpu, event);
    }
    if (event->c & DQ_LOCK_FLAG_CONVERT) {
        held = find_held(contract, event->object, cpu->execution->ordinal);
        if (held != NULL) {
            held->api = (uint8_t)event->a;
        }
        return;
    }
    if (!dq_contract_grow((void **)&contract->held, &contract->held_capacity, contract->held_count,
                          sizeof(dq_held))) {
        return;
    }
    held = &contract->held[contract->held_count++];
    dq_held_begin(held, cpu, event->object, entry, dq_lockclass_place(cpu, event));
    dq_held_set(held, (uint8_t)event->a, (uint8_t)event->c, (uint8_t)event->b,
                (uint8_t)level_of(cpu, event), cpu->irql);
}

/* ---- The lock's memory ----------------------------------------------------------------------- */

void dq_lockrules_init(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    const dq_held *held = find_held(contract, event->object, cpu->execution->ordinal);
    char place[PLACE_TEXT];

    if (held != NULL) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "SpinLockInit", "wdm: KeInitializeSpinLock", DQ_VERIFIER,
                             0x1005, (uintptr_t)event->object),
                "%s initializes a spin lock that is held: CPU%u acquired it at %s.",
                dq_service_name(event->service), held->processor,
                dq_place_describe(held->place, place, sizeof(place)));
    }
    dq_lockclass_begin(contract, event->object, event->place, event->b != 0, (uint32_t)event->a);
}

/* Whoever held it holds a mutex that is no more. */
static void drop_holds(dq_contract *contract, const void *mutex, uint64_t bytes)
{
    for (size_t i = contract->held_count; i > 0; i--) {
        dq_held *held = &contract->held[i - 1];

        if ((uintptr_t)held->lock - (uintptr_t)mutex < bytes && dq_lock_blocks(held->api)) {
            drop(contract, held);
        }
    }
}

/* Of what else threads wait for, the kernel knows the owner, and says so. */
void dq_lockrules_init_mutex(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    const dq_held *held = find_held(contract, call->object, cpu->execution->ordinal);
    char place[PLACE_TEXT];

    if (held != NULL && held->api == DQ_LOCK_MUTEX &&
        call->service == DQ_SERVICE_KeInitializeMutex) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "MutexInit", "wdm: KeInitializeMutex", DQ_VERIFIER, 0x1005,
                             (uintptr_t)call->object),
                "KeInitializeMutex initialises a mutex again that is owned: it was acquired at %s.",
                dq_place_describe(held->place, place, sizeof(place)));
    }
    drop_holds(contract, call->object, 1);
    dq_lockclass_begin(contract, call->object, call->place, false, 0);
}

/* A word that is not zero, though nobody has the lock, is what was in the memory before. */
void dq_lockrules_wait(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    uintptr_t word;

    if (dq_lock_blocks((unsigned)event->a)) {
        (void)dq_lockorder_acquire(contract, cpu, event);
        return;
    }
    if (event->a >= DQ_LOCK_SHARED ||
        find_held(contract, event->object, cpu->execution->ordinal) != NULL) {
        return;
    }
    word = *(const volatile uintptr_t *)event->object;
    if (word != 0) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "SpinLockInit", "wdm: KeInitializeSpinLock", DQ_VERIFIER,
                             0x1002, (uintptr_t)event->object),
                "%s acquires a spin lock that was not initialized: nobody holds it, but its memory "
                "is not zero (0x%" PRIx64 ").",
                dq_service_name(event->service), (uint64_t)word);
    }
}

static void accuse_free(dq_processor *cpu, const dq_held *held)
{
    char place[PLACE_TEXT];

    (void)dq_place_describe(held->place, place, sizeof(place));
    if (held->api == DQ_LOCK_MUTEX) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "MutexFreed", "wdm: ExFreePool", DQ_VERIFIER, 0x100B,
                             (uintptr_t)held->lock, (uintptr_t)held->thread),
                "a pool block is freed that holds a mutex, which was acquired at %s and has not "
                "been released.",
                place);
    } else {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "SpinLockFreed", "wdm: ExFreePool", DQ_VERIFIER, 0x100B,
                             (uintptr_t)held->lock, (uintptr_t)held->thread),
                "a pool block is freed that holds a spin lock, which CPU%u acquired at %s and "
                "has not released.",
                held->processor, place);
    }
}

void dq_lockrules_free(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    const uintptr_t memory = (uintptr_t)event->object;

    for (size_t i = contract->held_count; i > 0; i--) {
        const dq_held *held = &contract->held[i - 1];

        if ((uintptr_t)held->lock - memory < event->a &&
            (!dq_lock_blocks(held->api) || held->api == DQ_LOCK_MUTEX)) {
            accuse_free(cpu, held);
        }
    }
    drop_holds(contract, event->object, event->a);
    dq_lockclass_forget(contract, event->object, event->a);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static void check_shared(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    const dq_held *held = find_held(contract, call->object, cpu->execution->ordinal);
    char place[PLACE_TEXT];

    if (held != NULL && held->execution == cpu->execution->ordinal &&
        (held->api == DQ_LOCK_SHARED || held->api == DQ_LOCK_SHARED_DPC)) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "SpinLockShared", "wdm: ExAcquireSpinLockShared",
                             DQ_VERIFIER, 0x1000, (uintptr_t)call->object),
                "%s acquires a reader/writer lock that this code holds shared already, since %s.",
                dq_service_name(call->service),
                dq_place_describe(held->place, place, sizeof(place)));
    }
}

void dq_lockrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    switch (call->service) {
    case DQ_SERVICE_KeAcquireSpinLock:
    case DQ_SERVICE_KeAcquireSpinLockRaiseToDpc:
    case DQ_SERVICE_KeAcquireSpinLockForDpc:
    case DQ_SERVICE_KeAcquireSpinLockAtDpcLevel:
    case DQ_SERVICE_KeTryToAcquireSpinLockAtDpcLevel:
        check_family(contract, cpu, call, DQ_FAMILY_PLAIN);
        break;
    case DQ_SERVICE_KeAcquireInStackQueuedSpinLock:
    case DQ_SERVICE_KeAcquireInStackQueuedSpinLockForDpc:
    case DQ_SERVICE_KeAcquireInStackQueuedSpinLockAtDpcLevel:
        check_family(contract, cpu, call, DQ_FAMILY_QUEUED);
        break;
    case DQ_SERVICE_ExAcquireSpinLockShared:
    case DQ_SERVICE_ExAcquireSpinLockSharedAtDpcLevel:
        check_shared(contract, cpu, call);
        break;
    default:
        break;
    }
}

/* ---- Releases -------------------------------------------------------------------------------- */

static void check_owner(dq_processor *cpu, const dq_event *event, const dq_held *held)
{
    char place[PLACE_TEXT];

    if (held->execution != cpu->execution->ordinal) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "SpinLockOwner", dq_service_rules[event->service].page,
                             DQ_VERIFIER, 0x1004, (uintptr_t)event->object,
                             (uintptr_t)held->thread, (uintptr_t)cpu->task->kernel),
                "%s releases a lock that other code acquired: on CPU%u, at %s.",
                dq_service_name(event->service), held->processor,
                dq_place_describe(held->place, place, sizeof(place)));
    }
}

/* A try that succeeded has no release that its page and the others agree on. */
static bool goes_with(const dq_held *held, const dq_event *event)
{
    return held->api == event->a || ((held->flags & DQ_LOCK_FLAG_TRY) != 0 &&
                                     held->api == DQ_LOCK_SPIN_DPC &&
                                     event->a == DQ_LOCK_SPIN && event->b == DQ_LEVEL_DISPATCH);
}

static void check_api(dq_processor *cpu, const dq_event *event, const dq_held *held)
{
    char place[PLACE_TEXT];

    if (!goes_with(held, event)) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "SpinLockRelease", dq_service_rules[event->service].page,
                             DQ_VERIFIER, 0x1009, (uintptr_t)event->object),
                "%s releases a lock that was acquired by %s, at %s.%s",
                dq_service_name(event->service), api_names[held->api],
                dq_place_describe(held->place, place, sizeof(place)),
                held->api == DQ_LOCK_SPIN && event->a == DQ_LOCK_SPIN_DPC
                    ? " The IRQL from before would never be restored."
                    : "");
    }
}

static bool restores_irql(uint64_t api)
{
    return api == DQ_LOCK_SPIN || api == DQ_LOCK_QUEUED || api == DQ_LOCK_SHARED ||
           api == DQ_LOCK_EXCLUSIVE;
}

static void check_new_irql(dq_processor *cpu, const dq_event *event, const dq_held *held)
{
    char place[PLACE_TEXT];

    if (restores_irql(event->a) && event->b != held->old_irql) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "IrqlKeReleaseSpinLock",
                             dq_service_rules[event->service].page, DQ_VERIFIER, 0x20015,
                             (uintptr_t)event->object, event->b, held->old_irql),
                "%s would end at IRQL %u, but the acquisition at %s came from %u.",
                dq_service_name(event->service), (unsigned)event->b,
                dq_place_describe(held->place, place, sizeof(place)), held->old_irql);
    }
}

static void check_others(const dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    const dq_held *other =
        dq_lockrules_held_above(contract, cpu, (unsigned)event->b, event->object);
    char place[PLACE_TEXT];

    if (other != NULL) {
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "IrqlBelowHeldLock", dq_service_rules[event->service].page,
                             0xF, (uintptr_t)other->lock),
                "%s lowers IRQL to %u (%s) while this code still holds another lock of level %u, "
                "acquired at %s.",
                dq_service_name(event->service), (unsigned)event->b,
                dq_irql_name((unsigned)event->b), other->level,
                dq_place_describe(other->place, place, sizeof(place)));
    }
}

/* True for the ordinary release: by whom, how and to where it was acquired, and of
 * the only lock. */
static bool is_ordinary(const dq_contract *contract, const dq_processor *cpu, const dq_event *event,
                        const dq_held *held)
{
    return contract->held_count == 1 && held->execution == cpu->execution->ordinal &&
           held->api == event->a && (!restores_irql(event->a) || held->old_irql == event->b);
}

void dq_lockrules_release(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    dq_held *held = find_held(contract, event->object, cpu->execution->ordinal);

    if (held == NULL) {
        return; /* The kernel's own finding. */
    }
    if (DQ_UNLIKELY(dq_lock_blocks((unsigned)event->a))) {
        if (held->execution == cpu->execution->ordinal) {
            drop(contract, held);
        } else { /* For another thread: which of them, only the kernel knows. */
            drop_holds(contract, event->object, 1);
        }
        return;
    }
    if (DQ_LIKELY(is_ordinary(contract, cpu, event, held))) {
        contract->held_count = 0;
        return;
    }
    check_owner(cpu, event, held);
    check_api(cpu, event, held);
    check_new_irql(cpu, event, held);
    if (event->b < cpu->irql) {
        check_others(contract, cpu, event);
        dq_lockusage_lower(contract, cpu, (unsigned)event->b, event->object);
    }
    /* A finding that was suppressed may have come with others, but nothing changed meanwhile. */
    drop(contract, held);
}

/* An ISR still has its own lock when it ends. What a thread waited for is the kernel's matter. */
void dq_lockrules_end(dq_contract *contract, dq_processor *cpu)
{
    const uint32_t execution = cpu->execution->ordinal;
    char place[PLACE_TEXT], who[96];

    for (size_t i = contract->held_count; i > 0; i--) {
        dq_held *held = &contract->held[i - 1];

        if (held->execution != execution || held->api == DQ_LOCK_INTERRUPT) {
            continue;
        }
        if (dq_lock_blocks(held->api)) {
            drop(contract, held);
            continue;
        }
        dq_find(cpu,
                DQ_VIOLATION(DQ_ERROR, "SpinLockHeld", "wdm: KeAcquireSpinLock", DQ_VERIFIER,
                             0x100A, (uintptr_t)held->lock, (uintptr_t)held->thread),
                "%s ends, and still holds a spin lock that it acquired by %s at %s.",
                dq_execution_describe(cpu->execution, who, sizeof(who)), api_names[held->api],
                dq_place_describe(held->place, place, sizeof(place)));
    }
}
