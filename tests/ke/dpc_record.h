/*
 * dpc_record.h - DPC routines that write down when and where they run: what the tests of DPCs begin
 * with.
 */
#ifndef TEST_DPC_RECORD_H
#define TEST_DPC_RECORD_H

#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

/* What DPC routines write down. */
typedef struct record {
    char order[64];
    volatile LONG runs;
    ULONG processor;
    KIRQL irql;
    PVOID argument1, argument2;
    PKDPC dpc;
    NTSTATUS status;
} record;

static record seen;

static inline int forget(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    return 0;
}

/* Whoever sees it in `runs` sees all that was written. */
static inline void count_run(void)
{
    InterlockedIncrement(&seen.runs);
}

/* Waits with the processor. */
static inline void await_runs(LONG runs)
{
    while (ReadAcquire(&seen.runs) < runs) {
        YieldProcessor();
    }
}

/* The context is the letter of the DPC. */
static inline VOID note(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    seen.order[seen.runs] = *(const char *)context;
    seen.dpc = dpc;
    seen.argument1 = argument1;
    seen.argument2 = argument2;
    seen.irql = KeGetCurrentIrql();
    seen.processor = KeGetCurrentProcessorNumber();
    count_run();
}

static inline void prepare(PKDPC dpc, PKDEFERRED_ROUTINE routine, const char *letter)
{
    KeInitializeDpc(dpc, routine, (PVOID)(uintptr_t)letter);
}

static inline void begin(PKDPC dpc, const char *letter)
{
    prepare(dpc, note, letter);
}

#define WITH(test, ...) dirql_unit_test_setup(test, forget, __VA_ARGS__)
#define ALONE(test)     dirql_unit_test_setup(test, forget, .processors = 1)

#endif
