/*
 * test_irqllimits.c - each service of the kernel is fine where its page ends its IRQL range, and is
 * found one level beyond, with the code, the parameters and the rule that are documented for it.
 *
 * What the pages call reserved is not looked at. Waits and Wait TRUE are in test_waitrules.c and
 * test_objectrules.c, the interrupt's own limits in test_connectrules.c.
 */
#include "rule.h"

#include <stdio.h>

typedef struct limit {
    const char *name;
    void (*call)(void);
    KIRQL last, beyond;   /* Where it may be called, and where it may not. */
    bool is_called_there; /* In `last`. */
    ULONG_PTR subcode;
    const volatile void *object; /* The third parameter, NULL if that is reserved. */
    const char *rule;
} limit;

static const limit *current;
static KIRQL old, other_irql;

static KSPIN_LOCK lock;
static EX_SPIN_LOCK rwlock;
static KLOCK_QUEUE_HANDLE handle;
static KTIMER timer;
static KEVENT event;
static KMUTEX mutex;
static KSEMAPHORE semaphore;
static FAST_MUTEX fast;
static KGUARDED_MUTEX guarded;
static KDEVICE_QUEUE queue;
static KDEVICE_QUEUE_ENTRY entry, second_entry;
static KFLOATING_SAVE floating;
static LARGE_INTEGER no_time, soon = { .QuadPart = -10 };

static void start(void)
{
    KeInitializeSpinLock(&lock);
    rwlock = 0;
    KeInitializeTimer(&timer);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeMutex(&mutex, 0);
    KeInitializeSemaphore(&semaphore, 0, 9);
    ExInitializeFastMutex(&fast);
    KeInitializeGuardedMutex(&guarded);
    KeInitializeDeviceQueue(&queue);
    entry.Inserted = second_entry.Inserted = FALSE;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static BOOLEAN ignore_nmi(PVOID context, BOOLEAN handled)
{
    (void)context;
    return handled;
}

static VOID do_nothing(PVOID context)
{
    (void)context;
}

static VOID ignore_processor(PVOID context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change,
                             PNTSTATUS status)
{
    (void)context;
    (void)change;
    (void)status;
}

static VOID end_at_once(PVOID context)
{
    (void)context;
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static PKINTERRUPT interrupt;
static IO_CONNECT_INTERRUPT_PARAMETERS connecting = { .Version = CONNECT_FULLY_SPECIFIED };
static IO_DISCONNECT_INTERRUPT_PARAMETERS disconnecting = { .Version = CONNECT_FULLY_SPECIFIED };
static IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS reporting = {
    .Version = CONNECT_FULLY_SPECIFIED
};

static BOOLEAN isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    return FALSE;
}

static ULONG_PTR on_each(ULONG_PTR context)
{
    return context;
}

#define CALL(kind, service, ...)              \
    static void call_##service##_##kind(void) \
    {                                         \
        __VA_ARGS__;                          \
    }
#define AT_MOST(service, irql, subcode, object, rule, ...)  CALL(at_most, service, __VA_ARGS__)
#define AT_LEAST(service, subcode, object, rule, ...)       CALL(at_least, service, __VA_ARGS__)
#define TOO_HIGH(service, irql, subcode, object, rule, ...) CALL(too_high, service, __VA_ARGS__)
#define TOO_LOW(service, subcode, object, rule, ...)        CALL(too_low, service, __VA_ARGS__)
#include "irqllimits.def"
#undef AT_MOST
#undef AT_LEAST
#undef TOO_HIGH
#undef TOO_LOW

/* ---- Limits ---------------------------------------------------------------------------------- */

#define LIMIT(kind, service, last, beyond, there, subcode, object, rule) \
    { #service, call_##service##_##kind, last, beyond, there, subcode, object, #rule },
#define AT_MOST(service, irql, subcode, object, rule, ...) \
    LIMIT(at_most, service, irql, irql + 1, true, subcode, object, rule)
#define AT_LEAST(service, subcode, object, rule, ...) \
    LIMIT(at_least, service, DISPATCH_LEVEL, APC_LEVEL, true, subcode, object, rule)
#define TOO_HIGH(service, irql, subcode, object, rule, ...) \
    LIMIT(too_high, service, irql, irql + 1, false, subcode, object, rule)
#define TOO_LOW(service, subcode, object, rule, ...) \
    LIMIT(too_low, service, DISPATCH_LEVEL, APC_LEVEL, false, subcode, object, rule)

static const limit limits[] = {
#include "irqllimits.def"
};

static void call_within(void *context)
{
    (void)context;
    start();
    KeRaiseIrql(current->last, &old);
    current->call();
    KeLowerIrql(old);
    KeCancelTimer(&timer);
    KeRevertToUserAffinityThreadEx(0);
    dirql_time_advance_ms(1); /* A thread that was made ends. */
}

static void call_beyond(void *context)
{
    (void)context;
    start();
    KeRaiseIrql(current->beyond, &old);
    current->call();
}

#define EACH(c) for ((c) = limits; (c) < limits + sizeof(limits) / sizeof(*limits); (c)++)

static void where_a_page_ends_its_range_a_service_is_fine(void **state)
{
    (void)state;
    EACH(current)
    {
        if (current->is_called_there) {
            print_message("%s\n", current->name);
            assert_kept(call_within, 1);
        }
    }
}

static void one_level_beyond_it_is_found(void **state)
{
    char rule[80];

    (void)state;
    EACH(current)
    {
        print_message("%s\n", current->name);
        rule_run(1, call_beyond);
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);
        assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
        assert_int_equal(rule_result.parameters[0], current->subcode);
        assert_int_equal(rule_result.parameters[1], current->beyond);
        if (current->object != NULL) {
            assert_int_equal(rule_result.parameters[2], (ULONG_PTR)current->object);
        }
        snprintf(rule, sizeof(rule), "rule:  %s:", current->rule);
        assert_report_has(rule);
        snprintf(rule, sizeof(rule), "%s was called at ", current->name);
        assert_report_has(rule);
    }
}

/* ---- At any IRQL ----------------------------------------------------------------------------- */

static VOID no_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
}

static VOID no_bug_check(PVOID buffer, ULONG length)
{
    (void)buffer;
    (void)length;
}

static KDPC dpc;
static KBUGCHECK_CALLBACK_RECORD record;

static void call_at_high_level(void *context)
{
    PROCESSOR_NUMBER number = { .Group = 0 };
    LARGE_INTEGER time;
    ULONG64 stamp;

    (void)context;
    KeInitializeCallbackRecord(&record);
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeInitializeSpinLock(&lock);
    (void)KeTestSpinLock(&lock);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeMutex(&mutex, 0);
    KeInitializeDpc(&dpc, no_dpc, NULL);
    KeInitializeThreadedDpc(&dpc, no_dpc, NULL);
    KeSetImportanceDpc(&dpc, LowImportance);
    KeSetTargetProcessorDpc(&dpc, 0);
    (void)KeSetTargetProcessorDpcEx(&dpc, &number);
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    (void)KeRemoveQueueDpc(&dpc);
    (void)KeGetCurrentIrql();
    (void)KeGetCurrentThread();
    (void)PsGetCurrentThread();
    (void)PsGetCurrentThreadId();
    (void)KeGetCurrentProcessorNumber();
    (void)KeGetCurrentProcessorNumberEx(&number);
    (void)KeQueryActiveProcessorCount(NULL);
    (void)KeQueryActiveProcessorCountEx(0);
    (void)KeQueryActiveProcessors();
    (void)KeQueryMaximumProcessorCount();
    (void)KeGetProcessorIndexFromNumber(&number);
    (void)KeGetProcessorNumberFromIndex(0, &number);
    (void)KeGetCurrentNodeNumber();
    (void)KeQueryPerformanceCounter(&time);
    KeQuerySystemTime(&time);
    KeQuerySystemTimePrecise(&time);
    (void)KeQueryInterruptTime();
    (void)KeQueryInterruptTimePrecise(&stamp);
    (void)KeQueryUnbiasedInterruptTime();
    KeQueryTickCount(&time);
    (void)KeQueryTimeIncrement();
    (void)KeIsExecutingDpc();
    KeStallExecutionProcessor(1);
    (void)KeRegisterBugCheckCallback(&record, no_bug_check, NULL, 0, (PUCHAR) "test");
    (void)KeDeregisterBugCheckCallback(&record);
    KeLowerIrql(old);
}

static void what_may_be_called_anywhere_is_fine_at_high_level(void **state)
{
    (void)state;
    assert_kept(call_at_high_level, 1);
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
        cmocka_unit_test(where_a_page_ends_its_range_a_service_is_fine),
        cmocka_unit_test(one_level_beyond_it_is_found),
        cmocka_unit_test(what_may_be_called_anywhere_is_fine_at_high_level),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
