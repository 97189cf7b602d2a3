/*
 * test_lockmutex.c - opposite orders of mutexes, fast mutexes, resources and passive-level
 * interrupts are found in a run that does not deadlock, and only those that could.
 */
#include "rule.h"

#include <stdio.h>

#include <dirql/lock.h>

/* One of each kind twice; the case of a letter says which. */
static KMUTEX mutexes[2];
static FAST_MUTEX fast[2];
static KGUARDED_MUTEX guarded[2];
static ERESOURCE resources[2];
static KSPIN_LOCK spin;
static KIRQL old;

static void begin(void)
{
    KeInitializeMutex(&mutexes[0], 0);
    KeInitializeMutex(&mutexes[1], 0);
    ExInitializeFastMutex(&fast[0]);
    ExInitializeFastMutex(&fast[1]);
    KeInitializeGuardedMutex(&guarded[0]);
    KeInitializeGuardedMutex(&guarded[1]);
    ExInitializeResourceLite(&resources[0]);
    ExInitializeResourceLite(&resources[1]);
    KeInitializeSpinLock(&spin);
    KeEnterCriticalRegion();
}

static void end(void)
{
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resources[0]);
    ExDeleteResourceLite(&resources[1]);
}

static NTSTATUS wait(KMUTEX *mutex, LONGLONG timeout_100ns)
{
    LARGE_INTEGER timeout;

    timeout.QuadPart = timeout_100ns;
    return KeWaitForSingleObject(mutex, Executive, KernelMode, FALSE, &timeout);
}

static void acquire(char letter)
{
    switch (letter) {
    case 'm':
    case 'M':
        KeWaitForSingleObject(&mutexes[letter == 'M'], Executive, KernelMode, FALSE, NULL);
        break;
    case 'p': /* Polls. */
        assert_int_equal(wait(&mutexes[0], 0), STATUS_SUCCESS);
        break;
    case 'f':
    case 'F':
        ExAcquireFastMutexUnsafe(&fast[letter == 'F']);
        break;
    case 't':
        assert_true(ExTryToAcquireFastMutex(&fast[0]));
        break;
    case 'g':
    case 'G':
        KeEnterGuardedRegion();
        KeAcquireGuardedMutexUnsafe(&guarded[letter == 'G']);
        break;
    case 'x':
    case 'X':
        assert_true(ExAcquireResourceExclusiveLite(&resources[letter == 'X'], TRUE));
        break;
    case 'y': /* Only if it is free. */
        assert_true(ExAcquireResourceExclusiveLite(&resources[0], FALSE));
        break;
    case 's':
    case 'S':
        assert_true(ExAcquireResourceSharedLite(&resources[letter == 'S'], TRUE));
        break;
    case 'u':
    case 'U':
        assert_true(ExAcquireSharedStarveExclusive(&resources[letter == 'U'], TRUE));
        break;
    default:
        KeAcquireSpinLock(&spin, &old);
        break;
    }
}

static void release(char letter)
{
    switch (letter) {
    case 'm':
    case 'M':
    case 'p':
        KeReleaseMutex(&mutexes[letter == 'M'], FALSE);
        break;
    case 'f':
    case 'F':
        ExReleaseFastMutexUnsafe(&fast[letter == 'F']);
        break;
    case 't':
        ExReleaseFastMutex(&fast[0]);
        break;
    case 'g':
    case 'G':
        KeReleaseGuardedMutexUnsafe(&guarded[letter == 'G']);
        KeLeaveGuardedRegion();
        break;
    case 'k':
        KeReleaseSpinLock(&spin, old);
        break;
    default:
        ExReleaseResourceLite(&resources[letter < 'a']);
        break;
    }
}

/* Acquires each in turn, and releases the latest first. */
static void nest(const char *letters)
{
    const size_t count = strlen(letters);

    for (size_t i = 0; i < count; i++) {
        acquire(letters[i]);
    }
    for (size_t i = count; i > 0; i--) {
        release(letters[i - 1]);
    }
}

/* Words, one after the other. */
static const char *words;

static void nest_each(void *context)
{
    char word[8];
    const char *at = words;

    (void)context;
    begin();
    for (int length; sscanf(at, "%7s%n", word, &length) == 1; at += length) {
        nest(word);
    }
    end();
}

#define assert_cycle(body)                                                              \
    do {                                                                                \
        rule_run(1, body);                                                              \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);                            \
        assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);         \
        assert_int_equal(rule_result.parameters[0], 0x1001);                            \
        assert_report_has("rule:  LockOrder:");                                         \
        assert_report_has("At the same time, each could wait for the other for ever."); \
    } while (0)

#define assert_opposite(words_)  \
    do {                         \
        words = words_;          \
        assert_cycle(nest_each); \
    } while (0)

#define assert_no_opposite(words_)                \
    do {                                          \
        words = words_;                           \
        assert_silent(nest_each, 1, "LockOrder"); \
    } while (0)

static void opposite_orders_of_what_threads_wait_for_are_found(void **state)
{
    (void)state;
    assert_opposite("mf fm");
    assert_opposite("fg gf");
    assert_opposite("gx xg");
    assert_opposite("xm mx");
    assert_opposite("mM Mm");
    assert_opposite("fm mx xf");
    assert_opposite("fF Ff");
}

static void one_order_is_fine_with_a_spin_lock_as_the_innermost(void **state)
{
    (void)state;
    assert_no_opposite("mfgx mx fg mk fk gk xk mfgxk");
}

static void tries_and_polls_wait_for_nobody(void **state)
{
    (void)state;
    assert_no_opposite("mf fp");
    assert_no_opposite("fm mt");
    assert_no_opposite("xf fy");
}

static void readers_wait_only_where_a_writer_may_come_between(void **state)
{
    (void)state;
    assert_no_opposite("sm ms");
    assert_opposite("sm ms x");
}

static void an_unfair_reader_does_not_wait_for_those_who_wait(void **state)
{
    (void)state;
    assert_no_opposite("um mu x");
    assert_opposite("xm mu");
}

/* ---- Names, several at once ------------------------------------------------------------------ */

static void two_mutexes_with_names(void *context)
{
    (void)context;
    begin();
    dirql_lock_class(&mutexes[0], "device list");
    dirql_lock_class(&fast[0], "queue");
    nest("mf");
    nest("fm");
    end();
}

static void names_are_those_of_the_test(void **state)
{
    (void)state;
    rule_run_undisturbed(1, two_mutexes_with_names);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("lock A: \"queue\"\n  lock B: \"device list\"\n");
}

static void wait_for_both(int first)
{
    PVOID both[2];

    both[0] = &mutexes[first];
    both[1] = &mutexes[1 - first];
    KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    KeReleaseMutex(&mutexes[0], FALSE);
    KeReleaseMutex(&mutexes[1], FALSE);
}

static void both_in_two_orders(void *context)
{
    (void)context;
    KeInitializeMutex(&mutexes[0], 0);
    KeInitializeMutex(&mutexes[1], 0);
    wait_for_both(0);
    wait_for_both(1);
}

static void both_under_what_one_is_around(void *context)
{
    (void)context;
    begin();
    nest("mf");
    acquire('f');
    wait_for_both(1);
    release('f');
    end();
}

static void a_wait_for_all_has_no_order_of_its_own(void **state)
{
    (void)state;
    assert_silent(both_in_two_orders, 1, "LockOrder");
    assert_cycle(both_under_what_one_is_around);
}

static void recursive(void *context)
{
    (void)context;
    begin();
    nest("mfm");
    nest("xfx");
    nest("mf");
    end();
}

static void what_is_owned_already_is_not_waited_for(void **state)
{
    (void)state;
    assert_silent(recursive, 1, "LockOrder");
}

/* ---- Attempts, and holds that end otherwise -------------------------------------------------- */

static void hold_first(void *context)
{
    (void)context;
    nest("m");
    acquire('m');
    dirql_time_advance_us(1000);
    release('m');
}

static void time_out_against_the_order(void *context)
{
    dirql_thread *thread;

    (void)context;
    begin();
    nest("mf");
    thread = dirql_thread_start("holder", 0, hold_first, NULL);
    dirql_time_advance_us(100);
    acquire('f');
    (void)wait(&mutexes[0], -1000);
    release('f');
    dirql_thread_join(thread);
    end();
}

static void an_attempt_that_times_out_is_one(void **state)
{
    (void)state;
    rule_run_undisturbed(1, time_out_against_the_order);
    assert_report_has("rule:  LockOrder:");
}

static void give_away_and_begin_anew(void *context)
{
    (void)context;
    begin();
    nest("fx");
    acquire('x');
    ExSetResourceOwnerPointer(&resources[0], (PVOID)((ULONG_PTR)&spin | 3));
    nest("f"); /* The resource is somebody else's. */
    ExReleaseResourceForThreadLite(&resources[0], (ERESOURCE_THREAD)&spin | 3);
    nest("fm");
    KeInitializeMutex(&mutexes[0], 0); /* It is another one. */
    dirql_lock_class(&mutexes[0], "another");
    nest("mf");
    end();
}

static void what_is_given_away_or_begins_anew_is_not_held(void **state)
{
    (void)state;
    assert_silent(give_away_and_begin_anew, 1, "LockOrder");
}

static void shared_then_ordered(void *context)
{
    (void)context;
    begin();
    acquire('x');
    acquire('f');
    ExConvertExclusiveToSharedLite(&resources[0]); /* Waits for nobody. */
    release('f');
    release('x');
    nest("xf");
    end();
}

static void a_conversion_waits_for_nobody(void **state)
{
    (void)state;
    assert_silent(shared_then_ordered, 1, "LockOrder");
}

/* ---- Passive-level interrupts ---------------------------------------------------------------- */

static dirql_line *line;
static PKINTERRUPT interrupt;

static BOOLEAN isr(PKINTERRUPT which, PVOID context)
{
    (void)which;
    (void)context;
    dirql_line_deassert(line);
    nest("m");
    return TRUE;
}

static BOOLEAN NTAPI nothing(PVOID context)
{
    (void)context;
    return TRUE;
}

static void connect_passive(void)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = { .Version = CONNECT_FULLY_SPECIFIED };
    PDEVICE_OBJECT pdo;

    line = dirql_line_create(&(dirql_line_options){ .name = "slow bus", .passive = TRUE });
    pdo = dirql_pdo_create("slow device", &line, 1);
    parameters.FullySpecified.PhysicalDeviceObject = pdo;
    parameters.FullySpecified.InterruptObject = &interrupt;
    parameters.FullySpecified.ServiceRoutine = isr;
    parameters.FullySpecified.Vector = dirql_line_vector(line);
    parameters.FullySpecified.InterruptMode = dirql_line_mode(line);
    parameters.FullySpecified.ProcessorEnableMask = dirql_line_processors(line);
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
}

static void disconnect_passive(void)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = { .Version = CONNECT_FULLY_SPECIFIED };

    parameters.ConnectionContext.InterruptObject = interrupt;
    IoDisconnectInterruptEx(&parameters);
}

static void take_passive_interrupt(const char *around)
{
    begin();
    connect_passive();
    dirql_line_assert(line);
    dirql_time_advance_us(100);
    acquire(around[0]);
    KeSynchronizeExecution(interrupt, nothing, NULL);
    release(around[0]);
    disconnect_passive();
    end();
}

static void synchronize_under_the_isrs_mutex(void *context)
{
    (void)context;
    take_passive_interrupt("m");
}

static void synchronize_under_another_mutex(void *context)
{
    (void)context;
    take_passive_interrupt("f");
}

static void a_passive_isr_has_a_lock_like_any_other(void **state)
{
    (void)state;
    rule_run_undisturbed(1, synchronize_under_the_isrs_mutex);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("rule:  LockOrder:");
    assert_report_has("the interrupt lock of line \"slow bus\"");
    assert_report_has("passive-level ISR isr acquired B at isr");
    assert_silent(synchronize_under_another_mutex, 1, "LockOrder");
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
        cmocka_unit_test(opposite_orders_of_what_threads_wait_for_are_found),
        cmocka_unit_test(one_order_is_fine_with_a_spin_lock_as_the_innermost),
        cmocka_unit_test(tries_and_polls_wait_for_nobody),
        cmocka_unit_test(readers_wait_only_where_a_writer_may_come_between),
        cmocka_unit_test(an_unfair_reader_does_not_wait_for_those_who_wait),
        cmocka_unit_test(names_are_those_of_the_test),
        cmocka_unit_test(a_wait_for_all_has_no_order_of_its_own),
        cmocka_unit_test(what_is_owned_already_is_not_waited_for),
        cmocka_unit_test(an_attempt_that_times_out_is_one),
        cmocka_unit_test(what_is_given_away_or_begins_anew_is_not_held),
        cmocka_unit_test(a_conversion_waits_for_nobody),
        cmocka_unit_test(a_passive_isr_has_a_lock_like_any_other),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
