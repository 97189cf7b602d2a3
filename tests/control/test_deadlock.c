/*
 * test_deadlock.c - who waits for ever is named with what it waits for, and with who has that.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <string.h>

#include "says.h"

/* In the lines of this one: they are indented more. */
static void assert_says_of(const char *waiter, const char *text)
{
    const char *line = strstr(result.report, waiter), *end = line, *found;

    assert_non_null(line);
    do {
        end = strchr(end + 1, '\n');
    } while (end != NULL && strncmp(end, "\n    ", 5) == 0);
    found = strstr(line, text);
    if (found == NULL || found > end) {
        fail_msg("the report does not say \"%s\" of \"%s\":\n%s", text, waiter, result.report);
    }
}

/* ---- Two locks in two orders ----------------------------------------------------------------- */

typedef struct kind {
    void (*make)(unsigned which);
    void (*take)(unsigned which);
} kind;

static const kind *tried;
static KEVENT has_taken[2];

/* Each has its first lock before any of the two asks for its second. */
static void take_both(void *context)
{
    const unsigned first = (unsigned)(ULONG_PTR)context;

    tried->take(first);
    KeSetEvent(&has_taken[first], IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&has_taken[1 - first], Executive, KernelMode, FALSE, NULL);
    tried->take(1 - first);
}

static void cross(void *context)
{
    dirql_thread *one, *two;

    (void)context;
    dirql_suppress("LockOrder", NULL, "it is what this test makes happen");
    for (unsigned i = 0; i < 2; i++) {
        KeInitializeEvent(&has_taken[i], NotificationEvent, FALSE);
        tried->make(i);
    }
    one = dirql_thread_start("one", DIRQL_ANY_PROCESSOR, take_both, (void *)0);
    two = dirql_thread_start("two", DIRQL_ANY_PROCESSOR, take_both, (void *)1);
    dirql_thread_join(one);
    dirql_thread_join(two);
}

static void run(void (*body)(void *context))
{
    dirql_result_free(&result);
    assert_int_equal(dirql_run(&(dirql_options){ .processors = 2 }, body, NULL, &result),
                     DIRQL_FAILED);
    assert_int_equal(result.errors, 1);
    assert_says("deadlock");
}

static void run_crossed(const kind *with)
{
    tried = with;
    run(cross);
}

static KMUTEX mutexes[2];

static void make_mutex(unsigned which)
{
    KeInitializeMutex(&mutexes[which], 0);
}

static void take_mutex(unsigned which)
{
    KeWaitForSingleObject(&mutexes[which], Executive, KernelMode, FALSE, NULL);
}

static void a_mutex_is_named_with_its_owner(void **state)
{
    (void)state;
    run_crossed(&(kind){ make_mutex, take_mutex });
    assert_says("thread one: KeWaitForSingleObject on a mutex, in take_mutex");
    assert_says("it is byte 56 of the variable `mutexes`, initialised at make_mutex");
    assert_says_of("thread one: ", "thread two owns it, since take_mutex");
    assert_says("it is the variable `mutexes`, initialised at make_mutex");
    assert_says_of("thread two: ", "thread one owns it, since take_mutex");
    assert_says("dirql_thread_join on the end of thread one, in cross");
}

static ERESOURCE resources[2];

static void make_resource(unsigned which)
{
    ExInitializeResourceLite(&resources[which]);
}

static void take_resource(unsigned which)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resources[which], TRUE);
}

static void a_resource_is_named_with_its_owner(void **state)
{
    (void)state;
    run_crossed(&(kind){ make_resource, take_resource });
    assert_says("thread one: ExAcquireResourceExclusiveLite on exclusive access to a resource, in "
                "take_resource");
    assert_says("of the variable `resources`, initialised at make_resource");
    assert_says_of("thread two: ", "thread one owns it exclusively, since take_resource");
    assert_says_of("thread one: ", "thread two owns it exclusively, since take_resource");
    assert_does_not_say("notification event");
}

static FAST_MUTEX fast_mutexes[2];

static void make_fast_mutex(unsigned which)
{
    ExInitializeFastMutex(&fast_mutexes[which]);
}

static void take_fast_mutex(unsigned which)
{
    ExAcquireFastMutex(&fast_mutexes[which]);
}

static void a_circle_of_fast_mutexes_is_named(void **state)
{
    (void)state;
    run_crossed(&(kind){ make_fast_mutex, take_fast_mutex });
    assert_says("2 threads wait for each other's mutexes for ever. Thread ");
    assert_says(" is the variable `fast_mutexes`, initialised at make_fast_mutex");
    assert_says(" of the variable `fast_mutexes`, initialised at make_fast_mutex");
}

static EX_PUSH_LOCK push_locks[2];

static void make_push_lock(unsigned which)
{
    ExInitializePushLock(&push_locks[which]);
}

static void take_push_lock(unsigned which)
{
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&push_locks[which]);
}

static void a_push_lock_is_named_with_its_owner(void **state)
{
    (void)state;
    run_crossed(&(kind){ make_push_lock, take_push_lock });
    assert_says("thread two: ExAcquirePushLockExclusive on exclusive access to a push lock");
    assert_says("it is the variable `push_locks`");
    assert_says_of("thread two: ", "thread one owns it exclusively, since take_push_lock");
    assert_does_not_say("notification event");
}

/* ---- A lock that its owner never gives back -------------------------------------------------- */

static KEVENT never, taken;

static void keep(void *context)
{
    (void)context;
    tried->take(0);
    KeSetEvent(&taken, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void want_what_is_kept(void *context)
{
    (void)context;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeInitializeEvent(&taken, NotificationEvent, FALSE);
    tried->make(0);
    (void)dirql_thread_start("keeper", DIRQL_ANY_PROCESSOR, keep, NULL);
    KeWaitForSingleObject(&taken, Executive, KernelMode, FALSE, NULL);
    tried->take(1);
}

static void run_kept(const kind *with)
{
    tried = with;
    run(want_what_is_kept);
}

static FAST_MUTEX fast;

static void make_fast(unsigned which)
{
    (void)which;
    ExInitializeFastMutex(&fast);
}

static void take_fast(unsigned which)
{
    (void)which;
    ExAcquireFastMutex(&fast);
}

static void a_fast_mutex_is_named_with_its_owner(void **state)
{
    (void)state;
    run_kept(&(kind){ make_fast, take_fast });
    assert_says("thread test: ExAcquireFastMutex on a fast mutex, in take_fast");
    assert_says("it is the variable `fast`, initialised at make_fast");
    assert_says("thread keeper owns it, since take_fast");
    assert_says("thread keeper: KeWaitForSingleObject on a notification event, in keep");
    assert_says("it is the variable `never`, initialised at want_what_is_kept");
    assert_does_not_say("synchronization event");
}

static void make_guarded(unsigned which)
{
    (void)which;
    KeInitializeGuardedMutex(&fast);
}

static void take_guarded(unsigned which)
{
    (void)which;
    KeAcquireGuardedMutex(&fast);
}

static void a_guarded_mutex_is_named_with_its_owner(void **state)
{
    (void)state;
    run_kept(&(kind){ make_guarded, take_guarded });
    assert_says("thread test: KeAcquireGuardedMutex on a guarded mutex, in take_guarded");
    assert_says("initialised at make_guarded");
    assert_says("thread keeper owns it, since take_guarded");
}

static void share_then_want_all(unsigned which)
{
    KeEnterCriticalRegion();
    if (which == 0) {
        ExAcquireResourceSharedLite(&resources[0], TRUE);
    } else {
        ExAcquireResourceExclusiveLite(&resources[0], TRUE);
    }
}

static void shared_owners_are_named(void **state)
{
    (void)state;
    run_kept(&(kind){ make_resource, share_then_want_all });
    assert_says("thread keeper owns it shared, since share_then_want_all");
}

static EX_RUNDOWN_REF rundown;

static void make_rundown(unsigned which)
{
    (void)which;
    ExInitializeRundownProtection(&rundown);
}

static void hold_then_run_down(unsigned which)
{
    if (which == 0) {
        ExAcquireRundownProtectionEx(&rundown, 3);
    } else {
        ExWaitForRundownProtectionRelease(&rundown);
    }
}

static void rundown_protection_says_how_often_it_is_acquired(void **state)
{
    (void)state;
    run_kept(&(kind){ make_rundown, hold_then_run_down });
    assert_says("on the release of rundown protection, in hold_then_run_down");
    assert_says("it is the variable `rundown`");
    assert_says("it is acquired 3 times");
    assert_says("it was acquired at hold_then_run_down test_deadlock.c");
}

static IO_REMOVE_LOCK remove_lock;

static void make_remove_lock(unsigned which)
{
    (void)which;
    IoInitializeRemoveLock(&remove_lock, 'tseT', 0, 0);
}

static void hold_then_remove(unsigned which)
{
    IoAcquireRemoveLock(&remove_lock, (PVOID)(ULONG_PTR)(0x10 + which));
    if (which != 0) {
        IoReleaseRemoveLockAndWait(&remove_lock, (PVOID)(ULONG_PTR)(0x10 + which));
    }
}

static void a_remove_lock_says_with_which_tags_it_is_held(void **state)
{
    (void)state;
    run_kept(&(kind){ make_remove_lock, hold_then_remove });
    assert_says("on the release of a remove lock, in hold_then_remove");
    assert_says("it is the variable `remove_lock`, initialised at make_remove_lock");
    assert_says("it is held with tag 0x10, since hold_then_remove");
    assert_does_not_say("tag 0x11");
}

/* ---- A spin lock whose owner waits ------------------------------------------------------------- */

static KSPIN_LOCK spin_lock;

static void wait_with_a_spin_lock(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&spin_lock, &old);
    KeLowerIrql(old);
    KeSetEvent(&taken, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void spin_for_ever(void *context)
{
    KIRQL old;

    (void)context;
    dirql_thread_move(0);
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeInitializeEvent(&taken, NotificationEvent, FALSE);
    KeInitializeSpinLock(&spin_lock);
    (void)dirql_thread_start("holder", 1, wait_with_a_spin_lock, NULL);
    KeWaitForSingleObject(&taken, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&spin_lock, &old);
}

static void a_spin_lock_is_named_with_its_owner(void **state)
{
    const dirql_options retail = { .processors = 2, .checks = DIRQL_CHECKS_NONE };

    (void)state;
    dirql_result_free(&result);
    assert_int_equal(dirql_run(&retail, spin_for_ever, NULL, &result), DIRQL_FAILED);
    assert_says("CPU0, IRQL 2: thread test spins on a lock, in KeAcquireSpinLock");
    assert_says("it is the variable `spin_lock`");
    assert_says("CPU1 owns it, since wait_with_a_spin_lock");
    assert_says("thread holder: KeWaitForSingleObject");
}

/* ---- Without an owner ------------------------------------------------------------------------ */

static void wait_for_either(void *context)
{
    static KSEMAPHORE semaphore;
    static KTIMER timer;
    void *objects[] = { &semaphore, &timer, &mutexes[0] };

    (void)context;
    KeInitializeSemaphore(&semaphore, 0, 1);
    KeInitializeTimer(&timer);
    make_mutex(0);
    take_mutex(0); /* So that it is not among those that are missing. */
    KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
}

static void each_object_of_several_is_named(void **state)
{
    (void)state;
    run(wait_for_either);
    assert_says("KeWaitForMultipleObjects on all of 3 objects, in wait_for_either");
    assert_says("object 0 is a semaphore");
    assert_says("object 1 is a notification timer");
    assert_says("initialised at wait_for_either");
    assert_does_not_say("object 2");
}

static void wait_on_the_stack(void *context)
{
    KEVENT event;

    (void)context;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static void an_object_without_a_name_is_told_by_where_it_lies(void **state)
{
    (void)state;
    run(wait_on_the_stack);
    assert_says("it is on the stack of thread test, initialised at wait_on_the_stack");
}

static void wait_for_a_thread_object(void *context)
{
    HANDLE handle;
    PVOID thread;

    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeInitializeEvent(&taken, NotificationEvent, FALSE);
    tried = context;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, wait_on_the_stack, NULL);
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
    ZwClose(handle);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
}

static void a_thread_that_is_waited_for_is_named(void **state)
{
    (void)state;
    run(wait_for_a_thread_object);
    assert_says("thread test: KeWaitForSingleObject on the end of thread wait_on_the_stack");
    assert_says("thread wait_on_the_stack: KeWaitForSingleObject on a synchronization event");
}

/* ---- Long ------------------------------------------------------------------------------------ */

static void wait_for_the_context(void *context)
{
    KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
}

static void wait_in_a_crowd(void *context)
{
    static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };

    (void)context;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)dirql_thread_start(names[i], DIRQL_ANY_PROCESSOR, wait_for_the_context, &never);
    }
    wait_for_the_context(&never);
}

static void nobody_is_left_out(void **state)
{
    (void)state;
    run(wait_in_a_crowd);
    assert_says("thread a: KeWaitForSingleObject");
    assert_says("thread h: KeWaitForSingleObject");
    assert_says("fix:");
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutex_is_named_with_its_owner),
        cmocka_unit_test(a_resource_is_named_with_its_owner),
        cmocka_unit_test(a_circle_of_fast_mutexes_is_named),
        cmocka_unit_test(a_push_lock_is_named_with_its_owner),
        cmocka_unit_test(a_fast_mutex_is_named_with_its_owner),
        cmocka_unit_test(a_guarded_mutex_is_named_with_its_owner),
        cmocka_unit_test(shared_owners_are_named),
        cmocka_unit_test(rundown_protection_says_how_often_it_is_acquired),
        cmocka_unit_test(a_remove_lock_says_with_which_tags_it_is_held),
        cmocka_unit_test(a_spin_lock_is_named_with_its_owner),
        cmocka_unit_test(each_object_of_several_is_named),
        cmocka_unit_test(an_object_without_a_name_is_told_by_where_it_lies),
        cmocka_unit_test(a_thread_that_is_waited_for_is_named),
        cmocka_unit_test(nobody_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
