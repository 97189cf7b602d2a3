/*
 * test_interruptsync_races.c - IInterruptSync: connecting and disconnecting while others use it.
 */
#define INITGUID
#include "rig.h"

typedef struct race {
    rig *rig;
    volatile LONG over;
    volatile LONG calls;
} race;

static NTSTATUS take_long(IInterruptSync *sync, PVOID context)
{
    UNREFERENCED_PARAMETER(sync);
    UNREFERENCED_PARAMETER(context);
    KeStallExecutionProcessor(5);
    return STATUS_SUCCESS;
}

static NTSTATUS count(IInterruptSync *sync, PVOID context)
{
    UNREFERENCED_PARAMETER(sync);
    InterlockedIncrement(&((race *)context)->calls);
    return STATUS_SUCCESS;
}

static void call_on(void *context)
{
    race *r = context;

    while (!ReadAcquire(&r->over)) {
        IInterruptSync_CallSynchronizedRoutine(r->rig->sync, count, r);
        KeStallExecutionProcessor(1);
    }
}

static void pulse_on(void *context)
{
    race *r = context;

    while (!ReadAcquire(&r->over)) {
        dirql_line_pulse(r->rig->line);
        dirql_time_advance_us(1);
    }
}

/* An ISR that runs while Disconnect waits for it must not make the interrupt object known again. */
static void no_caller_meets_a_stale_interrupt_object(void **state)
{
    rig *r = *state;
    race shared = { .rig = r };
    dirql_thread *threads[3];

    dirql_suppress("LostInterrupt", NULL, "the line does not wait for the driver");
    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, InterruptSyncModeAll), 0);
    IInterruptSync_RegisterServiceRoutine(r->sync, take_long, NULL, FALSE);
    threads[0] = dirql_thread_start("caller", 1, call_on, &shared);
    threads[1] = dirql_thread_start("line", 0, pulse_on, &shared);
    threads[2] = dirql_thread_start("line", 1, pulse_on, &shared);
    for (ULONG i = 0; i < 30; i++) {
        assert_int_equal(IInterruptSync_Connect(r->sync), STATUS_SUCCESS);
        dirql_time_advance_us(i % 5 + 1);
        IInterruptSync_Disconnect(r->sync);
        assert_null(IInterruptSync_GetKInterrupt(r->sync));
    }
    InterlockedExchange(&shared.over, 1);
    for (int i = 0; i < 3; i++) {
        dirql_thread_join(threads[i]);
    }
    assert_true(shared.calls > 0);
}

#define RACE(f, n)                                                          \
    dirql_unit_test_setup_teardown(f, rig_start, rig_stop, .processors = 2, \
                                   .mode = DIRQL_MODE_RANDOM, .seed = n)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RACE(no_caller_meets_a_stale_interrupt_object, 1),
        RACE(no_caller_meets_a_stale_interrupt_object, 2),
        RACE(no_caller_meets_a_stale_interrupt_object, 3),
        RACE(no_caller_meets_a_stale_interrupt_object, 4),
        RACE(no_caller_meets_a_stale_interrupt_object, 5),
        RACE(no_caller_meets_a_stale_interrupt_object, 6),
        RACE(no_caller_meets_a_stale_interrupt_object, 7),
        RACE(no_caller_meets_a_stale_interrupt_object, 8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
