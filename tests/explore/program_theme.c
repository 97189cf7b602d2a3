/*
 * program_theme.c - what the actors of a generated program do with kernel objects of its theme.
 * Compiled twice, instrumented and not.
 */
#include "program_theme.h"

#include <dirql/thread.h>

static void add(LONG *at, LONG value)
{
    *at = *at + value;
}

/* Most of them can wait. */
static BOOLEAN can_wait(unsigned actor)
{
    return (BOOLEAN)(program_is_thread(actor) && KeGetCurrentIrql() < DISPATCH_LEVEL);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static NTSTATUS wait_for(PVOID object, LONGLONG timeout)
{
    LARGE_INTEGER due;

    due.QuadPart = timeout;
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &due);
}

static NTSTATUS wait_for_events(WAIT_TYPE type, LONGLONG timeout)
{
    PVOID objects[] = { &program_things.events[0], &program_things.events[1] };
    LARGE_INTEGER due;

    due.QuadPart = timeout;
    return KeWaitForMultipleObjects(2, objects, type, Executive, KernelMode, FALSE, &due, NULL);
}

static void wait_or_look(unsigned actor, unsigned what, const program_doing *by)
{
    program_theme_objects *o = &program_theme_things;

    if (program_is_isr(actor)) {
        return;
    }
    switch (what) {
    case DO_RELEASE_SEMAPHORE:
        by->note(actor, KeReleaseSemaphore(&o->semaphore, 0, 1, FALSE));
        break;
    case DO_READ_SEMAPHORE:
        by->note(actor, KeReadStateSemaphore(&o->semaphore));
        break;
    case DO_READ_MUTEX:
        by->note(actor, KeReadStateMutex(&o->mutex));
        break;
    case DO_PULSE_EVENT:
        by->note(actor, KePulseEvent(&program_things.events[1], 0, FALSE));
        break;
    case DO_POLL_SEMAPHORE:
        by->note(actor, wait_for(&o->semaphore, 0));
        break;
    case DO_POLL_ANY:
        by->note(actor, wait_for_events(WaitAny, 0));
        break;
    case DO_POLL_ALL:
        by->note(actor, wait_for_events(WaitAll, 0));
        break;
    case DO_AWAIT_SEMAPHORE:
        by->note(actor, can_wait(actor) ? wait_for(&o->semaphore, -30) : 1);
        break;
    case DO_AWAIT_ANY:
        by->note(actor, can_wait(actor) ? wait_for_events(WaitAny, -30) : 1);
        break;
    default: /* DO_AWAIT_ALL */
        by->note(actor, can_wait(actor) ? wait_for_events(WaitAll, -30) : 1);
        break;
    }
}

/* ---- Locks ----------------------------------------------------------------------------------- */

static void lock_waiting(unsigned actor, unsigned what, LONG *at, const program_doing *by)
{
    program_theme_objects *o = &program_theme_things;

    if (!can_wait(actor)) {
        return;
    }
    switch (what) {
    case DO_MUTEX_ADD:
        (void)KeWaitForSingleObject(&o->mutex, Executive, KernelMode, FALSE, NULL);
        add(at, 100);
        KeReleaseMutex(&o->mutex, FALSE);
        break;
    case DO_TRY_MUTEX:
        if (wait_for(&o->mutex, 0) == STATUS_SUCCESS) {
            add(at, 7);
            KeReleaseMutex(&o->mutex, FALSE);
        } else {
            by->note(actor, 3);
        }
        break;
    case DO_FAST_ADD:
        ExAcquireFastMutex(&o->fast);
        add(at, 100);
        ExReleaseFastMutex(&o->fast);
        break;
    case DO_TRY_FAST:
        if (ExTryToAcquireFastMutex(&o->fast)) {
            add(at, 7);
            ExReleaseFastMutex(&o->fast);
        } else {
            by->note(actor, 3);
        }
        break;
    case DO_GUARDED_ADD:
        KeAcquireGuardedMutex(&o->guarded);
        add(at, 100);
        KeReleaseGuardedMutex(&o->guarded);
        break;
    case DO_PUSH_SHARED_READ:
        KeEnterCriticalRegion();
        ExAcquirePushLockShared(&o->push);
        by->note(actor, *at);
        ExReleasePushLockShared(&o->push);
        KeLeaveCriticalRegion();
        break;
    default: /* DO_PUSH_ADD */
        KeEnterCriticalRegion();
        ExAcquirePushLockExclusive(&o->push);
        add(at, 100);
        ExReleasePushLockExclusive(&o->push);
        KeLeaveCriticalRegion();
        break;
    }
}

static void use_resource(unsigned actor, unsigned what, LONG *at, const program_doing *by)
{
    PERESOURCE resource = &program_theme_things.resource;
    const BOOLEAN waits = (BOOLEAN)(what == DO_SHARED_READ || what == DO_EXCLUSIVE_ADD);
    const BOOLEAN shares = (BOOLEAN)(what == DO_SHARED_READ || what == DO_TRY_SHARED);
    BOOLEAN has;

    if (!can_wait(actor)) {
        return;
    }
    KeEnterCriticalRegion();
    has = shares ? ExAcquireResourceSharedLite(resource, waits)
                 : ExAcquireResourceExclusiveLite(resource, waits);
    if (!has) {
        by->note(actor, 3);
    } else if (shares) {
        by->note(actor, *at);
    } else {
        add(at, 100);
    }
    if (has) {
        ExReleaseResourceLite(resource);
    }
    KeLeaveCriticalRegion();
}

static void add_queued(LONG *at)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&program_theme_things.queued_lock, &handle);
    add(at, 100);
    KeReleaseInStackQueuedSpinLock(&handle);
}

static void spin(unsigned actor, unsigned what, LONG *at, const program_doing *by)
{
    PEX_SPIN_LOCK lock = &program_theme_things.spin;
    KIRQL old;

    if (program_is_isr(actor)) {
        return;
    }
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    switch (what) {
    case DO_QUEUED_ADD:
        add_queued(at);
        break;
    case DO_SPIN_SHARED_READ:
        ExAcquireSpinLockSharedAtDpcLevel(lock);
        by->note(actor, *at);
        ExReleaseSpinLockSharedFromDpcLevel(lock);
        break;
    case DO_SPIN_ADD:
        ExAcquireSpinLockExclusiveAtDpcLevel(lock);
        add(at, 100);
        ExReleaseSpinLockExclusiveFromDpcLevel(lock);
        break;
    case DO_TRY_SPIN_SHARED:
        if (ExTryAcquireSpinLockSharedAtDpcLevel(lock)) {
            by->note(actor, *at);
            ExReleaseSpinLockSharedFromDpcLevel(lock);
        } else {
            by->note(actor, 3);
        }
        break;
    default: /* DO_TRY_SPIN */
        if (ExTryAcquireSpinLockExclusiveAtDpcLevel(lock)) {
            add(at, 7);
            ExReleaseSpinLockExclusiveFromDpcLevel(lock);
        } else {
            by->note(actor, 3);
        }
        break;
    }
    KeLowerIrql(old);
}

/* ---- Going away ------------------------------------------------------------------------------ */

static void remove_object(unsigned actor, const program_doing *by)
{
    program_theme_objects *o = &program_theme_things;

    if (can_wait(actor) && InterlockedExchange(&o->is_removed, 1) == 0 &&
        NT_SUCCESS(IoAcquireRemoveLock(&o->remove, o))) {
        IoReleaseRemoveLockAndWait(&o->remove, o);
        by->note(actor, 4);
    }
}

static void hold(unsigned actor, unsigned what, LONG *at, const program_doing *by)
{
    program_theme_objects *o = &program_theme_things;

    if (program_is_isr(actor)) {
        return;
    }
    switch (what) {
    case DO_HOLD_REMOVE:
        if (NT_SUCCESS(IoAcquireRemoveLock(&o->remove, at))) {
            InterlockedIncrement(at);
            IoReleaseRemoveLock(&o->remove, at);
        } else {
            by->note(actor, 3);
        }
        break;
    case DO_HOLD_RUNDOWN:
        if (ExAcquireRundownProtection(&o->rundown)) {
            InterlockedIncrement(at);
            ExReleaseRundownProtection(&o->rundown);
        } else {
            by->note(actor, 3);
        }
        break;
    case DO_REMOVE:
        remove_object(actor, by);
        break;
    default: /* DO_RUN_DOWN */
        if (can_wait(actor) && InterlockedExchange(&o->is_run_down, 1) == 0) {
            ExWaitForRundownProtectionRelease(&o->rundown);
            by->note(actor, 4);
        }
        break;
    }
}

/* ---- Threads, DPCs, work items, processors --------------------------------------------------- */

static void change_turn(unsigned actor, const program_step *step, const program_doing *by)
{
    LARGE_INTEGER moment;

    if (!can_wait(actor) || actor == ACTOR_WORK || actor == ACTOR_OTHER_WORK) {
        return;
    }
    switch (step->what) {
    case DO_RAISE_PRIORITY:
        by->note(actor, KeSetPriorityThread(KeGetCurrentThread(), 12));
        break;
    case DO_LOWER_PRIORITY:
        by->note(actor, KeSetPriorityThread(KeGetCurrentThread(), 4));
        break;
    case DO_MOVE:
        dirql_thread_move(step->which % program_now.processors);
        break;
    case DO_YIELD_THREAD:
        moment.QuadPart = 0;
        (void)KeDelayExecutionThread(KernelMode, FALSE, &moment);
        break;
    default: /* DO_REST */
        moment.QuadPart = -10;
        (void)KeDelayExecutionThread(KernelMode, FALSE, &moment);
        break;
    }
}

static ULONG_PTR NTAPI on_each(ULONG_PTR at)
{
    return (ULONG_PTR)InterlockedIncrement((LONG *)at);
}

static void ask_others(unsigned actor, unsigned what, LONG *at, const program_doing *by)
{
    switch (what) {
    case DO_QUEUE_OTHER_DPC:
        if (!program_is_dpc(actor)) { /* Else for ever. */
            by->note(actor, KeInsertQueueDpc(&program_things.other_dpc, NULL, NULL));
        }
        break;
    case DO_REMOVE_OTHER_DPC:
        by->note(actor, KeRemoveQueueDpc(&program_things.other_dpc));
        break;
    case DO_FLUSH_DPCS:
        if (can_wait(actor)) {
            KeFlushQueuedDpcs();
        }
        break;
    case DO_QUEUE_OTHER_WORK:
        if (program_is_thread(actor) && actor != ACTOR_WORK && actor != ACTOR_OTHER_WORK) {
            by->queue_work(1);
        }
        break;
    default: /* DO_CALL_ALL */
        if (!program_is_isr(actor)) {
            by->note(actor, (LONG)KeIpiGenericCall(on_each, (ULONG_PTR)at));
        }
        break;
    }
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void take(unsigned actor, const program_step *step, const program_doing *by)
{
    LONG *at = by->variable(actor, step);
    const unsigned what = step->what;

    if (what == DO_MUTEX_ADD || what == DO_TRY_MUTEX || what == DO_PUSH_ADD ||
        what == DO_PUSH_SHARED_READ || (what >= DO_FAST_ADD && what <= DO_GUARDED_ADD)) {
        lock_waiting(actor, what, at, by);
    } else if (what <= DO_POLL_ALL) {
        wait_or_look(actor, what, by);
    } else if (what <= DO_TRY_EXCLUSIVE) {
        use_resource(actor, what, at, by);
    } else if (what <= DO_TRY_SPIN) {
        spin(actor, what, at, by);
    } else if (what <= DO_RUN_DOWN) {
        hold(actor, what, at, by);
    } else if (what <= DO_YIELD_THREAD) {
        change_turn(actor, step, by);
    } else if (what <= DO_CALL_ALL) {
        ask_others(actor, what, at, by);
    } else {
        PROGRAM_JOINED(PROGRAM_CODE, _memory).take(actor, step, by);
    }
}

static void prepare(void)
{
    program_theme_objects *o = &program_theme_things;

    KeInitializeSpinLock(&o->queued_lock);
    KeInitializeSemaphore(&o->semaphore, 0, 100);
    KeInitializeMutex(&o->mutex, 0);
    ExInitializeFastMutex(&o->fast);
    KeInitializeGuardedMutex(&o->guarded);
    (void)ExInitializeResourceLite(&o->resource);
    ExInitializePushLock(&o->push);
    o->spin = 0;
    IoInitializeRemoveLock(&o->remove, 'psat', 0, 0);
    ExInitializeRundownProtection(&o->rundown);
    PROGRAM_JOINED(PROGRAM_CODE, _memory).prepare();
}

static void settle(void)
{
    PROGRAM_JOINED(PROGRAM_CODE, _memory).settle();
    (void)ExDeleteResourceLite(&program_theme_things.resource);
}

const program_theme_code PROGRAM_JOINED(PROGRAM_CODE, _theme) = { take, prepare, settle };
