/*
 * test_dpcrules.c - lost arguments, and a DPC that a timer and the driver queue, are warned of;
 * what is not for DISPATCH_LEVEL is found in a threaded DPC.
 */
#include "rule.h"

static KDPC dpc;
static KIRQL old;
static PVOID second;

static VOID nothing(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
}

static void insert_twice(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, nothing, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, &dpc);
    KeInsertQueueDpc(&dpc, NULL, second);
    KeLowerIrql(old);
}

static void arguments_that_are_lost_are_warned_of(void **state)
{
    (void)state;
    second = NULL;
    assert_warned(insert_twice, 1, 1, "DpcArguments");
    assert_report_has("KeInsertQueueDpc was called for a DPC that is queued already");
    second = &dpc;
    assert_silent(insert_twice, 1, "DpcArguments");
}

/* ---- Of a timer, and of the driver itself ---------------------------------------------------- */

static KTIMER timer;
static const LARGE_INTEGER soon = { .QuadPart = -10 };

static void insert_what_a_timer_has(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, nothing, NULL);
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, soon, &dpc);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    dirql_time_advance_us(2);
}

static void give_a_timer_what_was_inserted(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, nothing, NULL);
    KeInitializeTimer(&timer);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeSetTimerEx(&timer, soon, 0, &dpc);
    dirql_time_advance_us(2);
}

static void give_each_its_own(void *context)
{
    static KDPC other;

    (void)context;
    KeInitializeDpc(&other, nothing, NULL);
    KeInitializeTimer(&timer);
    KeInsertQueueDpc(&other, NULL, NULL);
    KeInsertQueueDpc(&other, NULL, NULL);
    KeInitializeDpc(&dpc, nothing, NULL);
    KeSetTimer(&timer, soon, &dpc);
    KeSetTimer(&timer, soon, &dpc);
    dirql_time_advance_us(2);
    KeInitializeDpc(&dpc, nothing, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void a_dpc_that_both_queue_is_warned_of(void **state)
{
    (void)state;
    assert_warned(insert_what_a_timer_has, 1, 1, "DpcOfTimer");
    assert_report_has("KeInsertQueueDpc was called with a DPC that a timer was given, too");
    assert_warned(give_a_timer_what_was_inserted, 1, 1, "DpcOfTimer");
    assert_report_has("KeSetTimerEx was called with a DPC that KeInsertQueueDpc was given, too");
    assert_silent(give_each_its_own, 1, "DpcOfTimer");
}

/* ---- Threaded DPCs --------------------------------------------------------------------------- */

static VOID delay(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    LARGE_INTEGER interval = { .QuadPart = -10 };

    (void)object;
    (void)argument1;
    (void)argument2;
    if (context != NULL) {
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
    } else {
        (void)KeQueryPerformanceCounter(NULL);
    }
}

static void run_threaded(void *context)
{
    (void)context;
    KeInitializeThreadedDpc(&dpc, delay, second);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static void what_may_wait_is_found_in_a_threaded_dpc(void **state)
{
    (void)state;
    second = &dpc;
    rule_run(1, run_threaded);
    assert_int_equal(rule_result.code, ATTEMPTED_SWITCH_FROM_DPC);
    assert_report_has("rule:  WaitInDpc:");
    assert_report_has("KeDelayExecutionThread, which may wait");
    second = NULL;
    assert_silent(run_threaded, 1, "WaitInDpc");
}

/* ---- What a threaded DPC may do is what an ordinary one may ---------------------------------- */

static KSPIN_LOCK lock;
static PAGED_LOOKASIDE_LIST lookaside;
static PVOID block;

#define THREADED(routine)                                                               \
    static VOID routine##_in_dpc(PKDPC object, PVOID context, PVOID first, PVOID other) \
    {                                                                                   \
        (void)object;                                                                   \
        (void)context;                                                                  \
        (void)first;                                                                    \
        (void)other;                                                                    \
        routine();                                                                      \
    }                                                                                   \
    static void threaded_##routine(void *context)                                       \
    {                                                                                   \
        (void)context;                                                                  \
        KeInitializeSpinLock(&lock);                                                    \
        KeInitializeThreadedDpc(&dpc, routine##_in_dpc, NULL);                          \
        KeInsertQueueDpc(&dpc, NULL, NULL);                                             \
        KeFlushQueuedDpcs();                                                            \
    }

static void disable_apcs(void)
{
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
}

static void make_text(void)
{
    DECLARE_CONST_UNICODE_STRING(text, L"text");
    ANSI_STRING ansi;

    RtlUnicodeStringToAnsiString(&ansi, &text, TRUE);
    RtlFreeAnsiString(&ansi);
}

static void allocate_paged(void)
{
    ExFreePool(ExAllocatePool2(POOL_FLAG_PAGED, 16, 'dprT'));
}

static void free_paged(void)
{
    ExFreePool(block);
}

static void run_pageable_code(void)
{
    PAGED_CODE();
}

static void do_what_any_dpc_may(void)
{
    PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'dprT');

    ExFreePool(memory);
    KeReleaseSpinLockForDpc(&lock, KeAcquireSpinLockForDpc(&lock));
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
}

THREADED(disable_apcs)
THREADED(make_text)
THREADED(allocate_paged)
THREADED(free_paged)
THREADED(run_pageable_code)
THREADED(do_what_any_dpc_may)

static void free_paged_later(void *context)
{
    block = ExAllocatePool2(POOL_FLAG_PAGED, 16, 'dprT');
    threaded_free_paged(context);
}

/* The same by a thread. */
static void do_it_outside(void *context)
{
    (void)context;
    disable_apcs();
    make_text();
    allocate_paged();
    run_pageable_code();
    ExInitializePagedLookasideList(&lookaside, NULL, NULL, 0, 16, 'dprT', 0);
    ExFreeToPagedLookasideList(&lookaside, ExAllocateFromPagedLookasideList(&lookaside));
    ExDeletePagedLookasideList(&lookaside);
}

static void allocate_from_list(void)
{
    ExFreeToPagedLookasideList(&lookaside, ExAllocateFromPagedLookasideList(&lookaside));
}

THREADED(allocate_from_list)

static void allocate_from_list_later(void *context)
{
    ExInitializePagedLookasideList(&lookaside, NULL, NULL, 0, 16, 'dprT', 0);
    threaded_allocate_from_list(context);
}

static void what_is_not_for_dispatch_level_is_found_in_a_threaded_dpc(void **state)
{
    (void)state;
    assert_verifier(threaded_disable_apcs, 0x11A, DISPATCH_LEVEL, 0, 0, "ThreadedDpc");
    assert_report_has("KeEnterCriticalRegion was called by a threaded DPC; it needs IRQL <= "
                      "APC_LEVEL");
    assert_verifier(threaded_make_text, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, 0, "ThreadedDpc");
    assert_verifier(allocate_from_list_later, 0xE5, DISPATCH_LEVEL, (ULONG_PTR)&lookaside, 0,
                    "ThreadedDpc");
}

static void paged_pool_is_not_for_a_threaded_dpc(void **state)
{
    (void)state;
    assert_verifier(threaded_allocate_paged, 0x01, DISPATCH_LEVEL, POOL_FLAG_PAGED, 16,
                    "ThreadedDpc");
    assert_report_has("ExAllocatePool2 was called for paged memory by a threaded DPC");
    assert_verifier(free_paged_later, 0x11, DISPATCH_LEVEL, 1, (ULONG_PTR)block, "ThreadedDpc");
    assert_report_has("paged memory is freed by a threaded DPC");
}

static void pageable_code_is_found_in_a_threaded_dpc(void **state)
{
    (void)state;
    assert_error(threaded_run_pageable_code, 1, "ThreadedDpc");
    assert_report_has("PAGED_CODE was called by a threaded DPC");
}

static void what_any_dpc_may_do_a_threaded_one_may_do(void **state)
{
    (void)state;
    assert_silent(threaded_do_what_any_dpc_may, 1, "ThreadedDpc");
    assert_silent(do_it_outside, 1, "ThreadedDpc");
}

/* ---- Its locks ------------------------------------------------------------------------------- */

static void lock_at_dpc_level(void)
{
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
}

static void queue_at_dpc_level(void)
{
    KLOCK_QUEUE_HANDLE handle;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeLowerIrql(old);
}

THREADED(lock_at_dpc_level)
THREADED(queue_at_dpc_level)

static void lock_at_dpc_level_outside(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    lock_at_dpc_level();
}

static void the_forms_for_dpc_level_are_warned_of_in_a_threaded_dpc(void **state)
{
    (void)state;
    assert_warned(threaded_lock_at_dpc_level, 1, 2, "ThreadedDpcLock");
    assert_report_has("KeAcquireSpinLockAtDpcLevel was called by a threaded DPC");
    assert_report_has("KeReleaseSpinLockFromDpcLevel was called by a threaded DPC");
    assert_warned(threaded_queue_at_dpc_level, 1, 2, "ThreadedDpcLock");
    assert_silent(threaded_do_what_any_dpc_may, 1, "ThreadedDpcLock");
    assert_silent(lock_at_dpc_level_outside, 1, "ThreadedDpcLock");
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
        cmocka_unit_test(arguments_that_are_lost_are_warned_of),
        cmocka_unit_test(a_dpc_that_both_queue_is_warned_of),
        cmocka_unit_test(what_may_wait_is_found_in_a_threaded_dpc),
        cmocka_unit_test(what_is_not_for_dispatch_level_is_found_in_a_threaded_dpc),
        cmocka_unit_test(paged_pool_is_not_for_a_threaded_dpc),
        cmocka_unit_test(pageable_code_is_found_in_a_threaded_dpc),
        cmocka_unit_test(what_any_dpc_may_do_a_threaded_one_may_do),
        cmocka_unit_test(the_forms_for_dpc_level_are_warned_of_in_a_threaded_dpc),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
