/*
 * test_rules.c - what keeps the rules is not reported, in a table by rule; and rules that have no
 * file of their own are reported when they are broken.
 *
 * tests/check/rules_tested.cmake holds the tables, and the other tests, against rules.def.
 */
#include "rule.h"

#include <portcls.h>

enum { TAG = 0x74736554 };

static KSPIN_LOCK lock, other_lock;
static EX_SPIN_LOCK rwlock;
static KLOCK_QUEUE_HANDLE handle;
static KEVENT event;
static KMUTEX mutex;
static FAST_MUTEX fast, other_fast;
static KGUARDED_MUTEX guarded;
static ERESOURCE resource;
static KTIMER timer;
static KIRQL old, older;
static dirql_line *line;
static PKINTERRUPT interrupt;

/* ---- Kept ------------------------------------------------------------------------------------ */

static void raise_and_lower(void *context)
{
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    KeRaiseIrql(DISPATCH_LEVEL, &older);
    KeLowerIrql(older);
    KeLowerIrql(old);
}

static void use_spin_locks(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    KeInitializeSpinLock(&other_lock);
    rwlock = 0;
    for (int i = 0; i < 2; i++) {
        KeAcquireSpinLock(&lock, &old);
        KeAcquireSpinLockAtDpcLevel(&other_lock);
        KeReleaseSpinLockFromDpcLevel(&other_lock);
        KeReleaseSpinLock(&lock, old);
        old = ExAcquireSpinLockShared(&rwlock);
        ExReleaseSpinLockShared(&rwlock, old);
    }
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
}

static void free_a_lock(void *context)
{
    PKSPIN_LOCK allocated = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KSPIN_LOCK), TAG);

    (void)context;
    KeInitializeSpinLock(allocated);
    KeAcquireSpinLock(allocated, &old);
    KeReleaseSpinLock(allocated, old);
    ExFreePoolWithTag(allocated, TAG);
}

static void use_dispatcher_objects(void *context)
{
    LARGE_INTEGER due = { .QuadPart = -100 };

    (void)context;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeMutex(&mutex, 0);
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, due, NULL);
    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&mutex, FALSE);
    KeDelayExecutionThread(KernelMode, FALSE, &due);
}

static void use_fast_mutexes(void *context)
{
    (void)context;
    ExInitializeFastMutex(&fast);
    ExInitializeFastMutex(&other_fast);
    KeInitializeGuardedMutex(&guarded);
    ExAcquireFastMutex(&fast);
    ExAcquireFastMutex(&other_fast);
    ExReleaseFastMutex(&other_fast);
    ExReleaseFastMutex(&fast);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&fast);
    ExReleaseFastMutexUnsafe(&fast);
    KeLeaveCriticalRegion();
    KeEnterGuardedRegion();
    KeLeaveGuardedRegion();
    KeAcquireGuardedMutex(&guarded);
    KeReleaseGuardedMutex(&guarded);
}

static void use_resources(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

static VOID start_thread(PVOID context)
{
    (void)context;
    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void use_threads(void *context)
{
    HANDLE thread;
    PVOID object;

    (void)context;
    PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, start_thread, NULL);
    ObReferenceObjectByHandle(thread, THREAD_ALL_ACCESS, NULL, KernelMode, &object, NULL);
    ZwClose(thread);
    KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(object);
    KeSetSystemAffinityThreadEx(KeQueryActiveProcessors());
    KeRevertToUserAffinityThreadEx(0);
    KeFlushQueuedDpcs();
}

static ULONG_PTR answer(ULONG_PTR context)
{
    return context;
}

static void print(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"name");
    ANSI_STRING text;

    (void)context;
    (void)KeIpiGenericCall(answer, 1);
    DbgPrint("%wZ\n", &name);
    if (NT_SUCCESS(RtlUnicodeStringToAnsiString(&text, &name, TRUE))) {
        RtlFreeAnsiString(&text);
    }
}

/* It ends the run, but by another bug check than the rule's. */
static void raise_a_status(void *context)
{
    (void)context;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_UNSUCCESSFUL, DIRQL_ANY,
                               0, 0);
    KeRaiseIrql(APC_LEVEL, &old);
    ExRaiseStatus(STATUS_UNSUCCESSFUL);
}

static void use_pool(void *context)
{
    LARGE_INTEGER due = { .QuadPart = -10000 };
    PKTIMER allocated = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KTIMER), TAG);
    void *paged = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);

    (void)context;
    KeInitializeTimer(allocated);
    KeSetTimer(allocated, due, NULL);
    KeCancelTimer(allocated);
    ExFreePoolWithTag(allocated, TAG);
    ExFreePoolWithTag(paged, TAG);
}

static BOOLEAN isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    return TRUE;
}

static BOOLEAN synchronized(PVOID context)
{
    (void)context;
    return TRUE;
}

static void use_an_interrupt(void *context)
{
    (void)context;
    line = dirql_line_create(NULL);
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), dirql_line_irql(line),
                       dirql_line_irql(line), dirql_line_mode(line), FALSE,
                       dirql_line_processors(line), FALSE);
    dirql_line_assert(line);
    settle();
    KeSynchronizeExecution(interrupt, synchronized, NULL);
    old = KeAcquireInterruptSpinLock(interrupt);
    KeReleaseInterruptSpinLock(interrupt, old);
    IoDisconnectInterrupt(interrupt);
}

typedef struct row {
    const char *rule;
    void (*body)(void *);
} row;

#define KEPT(rule, body) \
    {                    \
        rule, body       \
    }

static const row kept[] = {
    KEPT("IrqlKeRaiseLower", raise_and_lower),
    KEPT("IrqlKeRaiseLower2", raise_and_lower),
    KEPT("IrqlKeDispatchLte", use_spin_locks),
    KEPT("IrqlDispatch", use_spin_locks),
    KEPT("IrqlDispatchPedantic", use_spin_locks),
    KEPT("IrqlKeReleaseSpinLock", use_spin_locks),
    KEPT("IrqlBelowHeldLock", use_spin_locks),
    KEPT("SpinLockFamily", use_spin_locks),
    KEPT("SpinLockRelease", use_spin_locks),
    KEPT("SpinLockOwner", use_spin_locks),
    KEPT("SpinLockShared", use_spin_locks),
    KEPT("SpinLockOrder", use_spin_locks),
    KEPT("LockOrder", use_spin_locks),
    KEPT("SpinLockInit", use_spin_locks),
    KEPT("SpinLockHeld", use_spin_locks),
    KEPT("deadlock", use_spin_locks),
    KEPT("SpinLockFreed", free_a_lock),
    KEPT("IrqlKeSetEvent", use_dispatcher_objects),
    KEPT("IrqlKeWait", use_dispatcher_objects),
    KEPT("IrqlKeApcLte1", use_dispatcher_objects),
    KEPT("WaitOnStack", use_dispatcher_objects),
    KEPT("wrong object", use_dispatcher_objects),
    KEPT("lost wake-up", use_dispatcher_objects),
    KEPT("livelock", use_dispatcher_objects),
    KEPT("abandoned mutex", use_dispatcher_objects),
    KEPT("IrqlExApcLte1", use_fast_mutexes),
    KEPT("IrqlExApc", use_fast_mutexes),
    KEPT("FastMutexUnsafe", use_fast_mutexes),
    KEPT("FastMutexRelease", use_fast_mutexes),
    KEPT("FastMutexOrder", use_fast_mutexes),
    KEPT("FastMutexHeld", use_fast_mutexes),
    KEPT("CriticalRegions", use_fast_mutexes),
    KEPT("GuardedRegions", use_fast_mutexes),
    KEPT("ResourceInit", use_resources),
    KEPT("ResourceHeld", use_resources),
    KEPT("WithinCriticalRegion", use_resources),
    KEPT("IrqlKePassive", use_threads),
    KEPT("IrqlPsPassive", use_threads),
    KEPT("IrqlZwPassive", use_threads),
    KEPT("priority", use_threads),
    KEPT("affinity", use_threads),
    KEPT("IrqlKeIpi", print),
    KEPT("DbgPrintUnicode", print),
    KEPT("IrqlExPassive", raise_a_status),
    KEPT("IrqlRtlPassive", print),
    KEPT("IrqlRtlApcLte", print),
    KEPT("IrqlExAllocatePool", use_pool),
    KEPT("IrqlExFree1", use_pool),
    KEPT("PoolSize", use_pool),
    KEPT("PoolFreedTwice", use_pool),
    KEPT("PoolHoldsTimer", use_pool),
    KEPT("IrqlIoPassive4", use_an_interrupt),
    KEPT("IrqlKeSynchronizeExecution", use_an_interrupt),
    KEPT("IsrIrql", use_an_interrupt),
    KEPT("IsrClaim", use_an_interrupt),
    KEPT("LostInterrupt", use_an_interrupt),
    KEPT("DisconnectAsserting", use_an_interrupt),
    KEPT("InterruptPointer", use_an_interrupt),
    KEPT("ConnectSynchronizeIrql", use_an_interrupt),
    KEPT("ConnectSpinLock", use_an_interrupt),
    KEPT("DisconnectInIsr", use_an_interrupt),
    KEPT("KeReleaseInterruptSpinLock", use_an_interrupt),
};

static void what_keeps_a_rule_is_not_reported(void **state)
{
    (void)state;
    assert_all_kept(kept, 1);
}

/* ---- Broken ---------------------------------------------------------------------------------- */

static void acquire_fast_mutex_at_dispatch(void *context)
{
    (void)context;
    ExInitializeFastMutex(&fast);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireFastMutex(&fast);
}

static void release_fast_mutex_at_passive(void *context)
{
    (void)context;
    ExInitializeFastMutex(&fast);
    ExReleaseFastMutex(&fast);
}

static void release_fast_mutexes_in_order(void *context)
{
    (void)context;
    ExInitializeFastMutex(&fast);
    ExInitializeFastMutex(&other_fast);
    ExAcquireFastMutex(&fast);
    ExAcquireFastMutex(&other_fast);
    ExReleaseFastMutex(&fast);
}

static void acquire_unsafe_outside_a_region(void *context)
{
    (void)context;
    ExInitializeFastMutex(&fast);
    ExAcquireFastMutexUnsafe(&fast);
}

static void release_unsafe_outside_a_region(void *context)
{
    (void)context;
    ExInitializeFastMutex(&fast);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&fast);
    KeLeaveCriticalRegion();
    ExReleaseFastMutexUnsafe(&fast);
}

static void close_at_apc_level(void *context)
{
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    ZwClose(NULL);
}

static void close_in_a_guarded_region(void *context)
{
    (void)context;
    KeEnterGuardedRegion();
    ZwClose(NULL);
}

static VOID end_at_once(PVOID context)
{
    (void)context;
}

static void close_in_a_critical_region(void *context)
{
    HANDLE thread;

    (void)context;
    (void)PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, end_at_once, NULL);
    KeEnterCriticalRegion();
    ZwClose(thread);
    KeLeaveCriticalRegion();
    settle();
}

static void disconnect_at_apc_level(void *context)
{
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    IoDisconnectInterrupt(NULL);
}

static void delete_device_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoDeleteDevice(NULL);
}

static void raise_status_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExRaiseStatus(STATUS_UNSUCCESSFUL);
}

static void print_wide_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    DbgPrint("%ws\n", L"name");
}

static void delete_unknown_resource(void *context)
{
    (void)context;
    ExDeleteResourceLite(&resource);
}

static void acquire_resource_outside_a_region(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}

static void make_service_group_at_dispatch(void *context)
{
    PSERVICEGROUP group;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    PcNewServiceGroup(&group, NULL);
}

static void what_breaks_a_rule_is_reported(void **state)
{
    (void)state;
    assert_verifier(acquire_fast_mutex_at_dispatch, 0x33, DISPATCH_LEVEL, (ULONG_PTR)&fast, 0,
                    "IrqlExApcLte1");
    assert_verifier(release_fast_mutex_at_passive, 0x34, PASSIVE_LEVEL, 0, (ULONG_PTR)&fast,
                    "IrqlExApc");
    assert_verifier(release_fast_mutexes_in_order, 0x1003, (ULONG_PTR)&fast, (ULONG_PTR)&other_fast,
                    0, "FastMutexOrder");
    assert_verifier(acquire_unsafe_outside_a_region, 0x39, PASSIVE_LEVEL, 0, (ULONG_PTR)&fast,
                    "FastMutexUnsafe");
    assert_verifier(release_unsafe_outside_a_region, 0x3A, PASSIVE_LEVEL, 0, (ULONG_PTR)&fast,
                    "FastMutexUnsafe");
    assert_verifier(disconnect_at_apc_level, 0xE5, APC_LEVEL, 0, 0, "IrqlIoPassive4");
    assert_verifier(delete_device_at_dispatch, 0xE5, DISPATCH_LEVEL, 0, 0, "IrqlIoApcLte");
    assert_verifier(raise_status_at_dispatch, 0xE5, DISPATCH_LEVEL, 0, 0, "IrqlExPassive");
    assert_verifier(print_wide_at_dispatch, 0xE5, DISPATCH_LEVEL, 0, 0, "DbgPrintUnicode");
    assert_verifier(delete_unknown_resource, 0xD1, (ULONG_PTR)&resource, 0, 0, "ResourceInit");
    assert_verifier(acquire_resource_outside_a_region, 0x37, PASSIVE_LEVEL, 0, (ULONG_PTR)&resource,
                    "WithinCriticalRegion");
    assert_verifier(close_at_apc_level, 0xE6, DIRQL_ANY, APC_LEVEL, 0, "IrqlZwPassive");
    assert_verifier(close_in_a_guarded_region, 0xE6, DIRQL_ANY, PASSIVE_LEVEL, (ULONG_PTR)-1,
                    "IrqlZwPassive");
    assert_silent(close_in_a_critical_region, 1, "IrqlZwPassive");
    assert_verifier(make_service_group_at_dispatch, 0x00071001, DISPATCH_LEVEL, 0, 0,
                    "PcIrqlDDIs");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_keeps_a_rule_is_not_reported),
        cmocka_unit_test(what_breaks_a_rule_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
