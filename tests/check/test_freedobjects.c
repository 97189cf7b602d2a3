/*
 * test_freedobjects.c - a service that is given what lies in freed memory says so, and who freed it.
 */
#include "rule.h"

#include "ex/poolguard.h"

enum { TAG = 'eerF' };

/* ---- The memory ------------------------------------------------------------------------------ */

static PVOID object;

/* Memory for it, which some object begins in. */
static PVOID make(SIZE_T bytes)
{
    object = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG);
    return object;
}

__attribute__((noinline)) static void give_back(void)
{
    ExFreePoolWithTag(object, TAG);
}

/* What was given to a service, as a number of bytes from the start of its block. */
static void assert_told(void (*body)(void *), const char *said)
{
    assert_broken(body, 1, PAGE_FAULT_IN_FREED_SPECIAL_POOL, DIRQL_ANY, 0, 0, 0,
                  "PoolUsedAfterFree");
    assert_report_has(said);
    assert_report_has("(tag Free) that was freed");
    assert_report_has("It was freed by give_back test_freedobjects.c");
    assert_report_has("and had been allocated by make test_freedobjects.c");
}

/* AddressSanitizer sees that the service reads it, and ends the process. */
static void skip_where_a_sanitizer_watches(void)
{
    if (DQ_POOL_IS_SANITIZED) {
        skip();
    }
}

/* ---- Locks ----------------------------------------------------------------------------------- */

static KIRQL old;
static KLOCK_QUEUE_HANDLE handle;

static void make_lock(void)
{
    KeInitializeSpinLock(make(64));
    give_back();
}

static void acquire_lock(void *context)
{
    (void)context;
    make_lock();
    KeAcquireSpinLock(object, &old);
}

static void acquire_queued_lock(void *context)
{
    (void)context;
    make_lock();
    KeAcquireInStackQueuedSpinLock(object, &handle);
}

static void release_lock(void *context)
{
    (void)context;
    make_lock();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeReleaseSpinLockFromDpcLevel(object);
}

static void test_lock(void *context)
{
    (void)context;
    make_lock();
    while (!KeTestSpinLock(object)) {
    }
}

static void acquire_shared(void *context)
{
    EX_SPIN_LOCK *lock = make(64);

    (void)context;
    *lock = 0;
    give_back();
    old = ExAcquireSpinLockShared(lock);
}

static void acquire_push_lock(void *context)
{
    (void)context;
    ExInitializePushLock(make(sizeof(EX_PUSH_LOCK)));
    give_back();
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(object);
}

static void acquire_resource(void *context)
{
    (void)context;
    ExInitializeResourceLite(make(sizeof(ERESOURCE)));
    ExDeleteResourceLite(object);
    give_back();
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(object, TRUE);
}

static void acquire_rundown(void *context)
{
    (void)context;
    ExInitializeRundownProtection(make(sizeof(EX_RUNDOWN_REF)));
    give_back();
    (void)ExAcquireRundownProtection(object);
}

static void acquire_remove_lock(void *context)
{
    (void)context;
    (void)make(sizeof(IO_REMOVE_LOCK));
    give_back();
    (void)IoAcquireRemoveLock((PIO_REMOVE_LOCK)object, NULL);
}

static void acquire_fast_mutex(void *context)
{
    (void)context;
    ExInitializeFastMutex(make(sizeof(FAST_MUTEX)));
    give_back();
    ExAcquireFastMutex(object);
}

static void a_freed_lock_is_told_as_that(void **state)
{
    (void)state;
    skip_where_a_sanitizer_watches();
    assert_told(acquire_lock, "KeAcquireSpinLock was given what lies at byte 0 of a pool block of "
                              "64 bytes");
    assert_null(strstr(rule_result.report, "that CPU"));
    assert_report_has("acquire_lock test_freedobjects.c");
    assert_told(acquire_queued_lock, "KeAcquireInStackQueuedSpinLock was given");
    assert_told(release_lock, "KeReleaseSpinLockFromDpcLevel was given");
    assert_told(test_lock, "KeTestSpinLock was given");
    assert_told(acquire_shared, "ExAcquireSpinLockShared was given");
    assert_told(acquire_push_lock, "ExAcquirePushLockExclusive was given");
    assert_told(acquire_resource, "ExAcquireResourceSharedLite was given");
    assert_told(acquire_rundown, "ExAcquireRundownProtection was given");
    assert_told(acquire_remove_lock, "IoAcquireRemoveLockEx was given");
    assert_told(acquire_fast_mutex, "ExAcquireFastMutex was given");
}

/* ---- What threads wait for ------------------------------------------------------------------- */

static void set_event(void *context)
{
    PKEVENT event = (PKEVENT)((char *)make(64) + 8);

    (void)context;
    KeInitializeEvent(event, NotificationEvent, FALSE);
    give_back();
    KeSetEvent(event, 0, FALSE);
}

static void wait_for_event(void *context)
{
    (void)context;
    KeInitializeEvent(make(sizeof(KEVENT)), NotificationEvent, FALSE);
    give_back();
    KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

static void release_semaphore(void *context)
{
    (void)context;
    KeInitializeSemaphore(make(sizeof(KSEMAPHORE)), 0, 1);
    give_back();
    KeReleaseSemaphore(object, 0, 1, FALSE);
}

static void release_mutex(void *context)
{
    (void)context;
    KeInitializeMutex(make(sizeof(KMUTEX)), 0);
    give_back();
    KeReleaseMutex(object, FALSE);
}

static void set_timer(void *context)
{
    (void)context;
    KeInitializeTimer(make(sizeof(KTIMER)));
    give_back();
    KeSetTimer(object, (LARGE_INTEGER){ .QuadPart = -10 }, NULL);
}

static void what_threads_wait_for_is_told_as_freed(void **state)
{
    (void)state;
    skip_where_a_sanitizer_watches();
    assert_told(set_event, "KeSetEvent was given what lies at byte 8 of a pool block of 64 bytes");
    assert_told(wait_for_event, "KeWaitForSingleObject was given");
    assert_told(release_semaphore, "KeReleaseSemaphore was given");
    assert_told(release_mutex, "KeReleaseMutex was given");
    assert_told(set_timer, "KeSetTimer was given");
}

/* ---- What is queued -------------------------------------------------------------------------- */

static VOID nothing(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
}

static void queue_dpc(void *context)
{
    (void)context;
    KeInitializeDpc(make(sizeof(KDPC)), nothing, NULL);
    give_back();
    KeInsertQueueDpc(object, NULL, NULL);
}

static void let_a_timer_queue_dpc(void *context)
{
    static KTIMER timer;

    (void)context;
    KeInitializeTimer(&timer);
    KeInitializeDpc(make(sizeof(KDPC)), nothing, NULL);
    KeSetTimer(&timer, (LARGE_INTEGER){ .QuadPart = -10 }, object);
    give_back();
    settle();
}

static void allocate_from_list(void *context)
{
    (void)context;
    ExInitializeNPagedLookasideList(make(sizeof(NPAGED_LOOKASIDE_LIST)), NULL, NULL, 0, 64, TAG, 0);
    ExDeleteNPagedLookasideList(object);
    give_back();
    (void)ExAllocateFromNPagedLookasideList(object);
}

static void what_is_queued_or_queues_is_told_as_freed(void **state)
{
    (void)state;
    skip_where_a_sanitizer_watches();
    assert_told(queue_dpc, "KeInsertQueueDpc was given");
    assert_told(let_a_timer_queue_dpc, "a timer that expires was given");
    assert_told(allocate_from_list, "ExAllocateFromNPagedLookasideList was given");
}

/* ---- What is not that ------------------------------------------------------------------------ */

static void set_what_never_was_an_event(void *context)
{
    (void)context;
    memset(make(sizeof(KEVENT)), 0xDD, sizeof(KEVENT));
    KeSetEvent(object, 0, FALSE);
}

static void memory_in_use_is_told_as_before(void **state)
{
    (void)state;
    assert_verifier(set_what_never_was_an_event, 0xE1, DIRQL_ANY, 0, 0, "wrong object");
}

static void use_what_is_there_again(void *context)
{
    (void)context;
    for (int i = 0; i < 300; i++) {
        KeInitializeEvent(make(sizeof(KEVENT)), NotificationEvent, FALSE);
        KeSetEvent(object, 0, FALSE);
        give_back();
        KeInitializeSpinLock(make(64));
        KeAcquireSpinLock(object, &old);
        KeReleaseSpinLock(object, old);
        give_back();
    }
}

static void memory_that_is_used_again_is_fine(void **state)
{
    (void)state;
    assert_silent(use_what_is_there_again, 1, "PoolUsedAfterFree");
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
        cmocka_unit_test(a_freed_lock_is_told_as_that),
        cmocka_unit_test(what_threads_wait_for_is_told_as_freed),
        cmocka_unit_test(what_is_queued_or_queues_is_told_as_freed),
        cmocka_unit_test(memory_in_use_is_told_as_before),
        cmocka_unit_test(memory_that_is_used_again_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
