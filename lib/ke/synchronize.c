/*
 * synchronize.c - running other code as the ISR runs: at its IRQL, under its lock, and never
 * beside it.
 *
 * For a passive-level interrupt the lock is an event, and only KeSynchronizeExecution works; the
 * spin lock forms are bug check 0x8, IRQL_NOT_DISPATCH_LEVEL, with the interrupt object as first
 * parameter: the documents say that there is a bug check but not which.
 */
#include "ke/chain.h"
#include "ke/ki.h"
#include "ke/spinlock.h"

/* ---- What the caller did wrong --------------------------------------------------------------- */

static void accuse_irql(dq_processor *cpu, const struct _KINTERRUPT *interrupt,
                        const char *function, const void *place)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "IrqlKeSynchronizeExecution",
                           .page = "wdm: KeSynchronizeExecution",
                           .place = place,
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0xE5, cpu->irql, interrupt->synchronize_irql,
                                           (uintptr_t)interrupt } },
            "%s was called at IRQL %u, above the SynchronizeIrql %u of line \"%s\": it would "
            "have to lower the IRQL to run the routine",
            function, cpu->irql, interrupt->synchronize_irql,
            dq_interrupt_name(cpu->machine, interrupt));
}

static void accuse_return(dq_processor *cpu, const struct _KINTERRUPT *interrupt,
                          const void *routine, unsigned irql)
{
    dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | irql << 8 | 3,
                (uintptr_t)routine, (uintptr_t)interrupt, 0,
                "the routine that KeSynchronizeExecution called at IRQL %u returned at IRQL %u",
                irql, cpu->irql);
}

static void accuse_passive(dq_processor *cpu, const struct _KINTERRUPT *interrupt,
                           const char *function)
{
    dq_bugcheck(
        cpu, IRQL_NOT_DISPATCH_LEVEL, (uintptr_t)interrupt, 0, 0, 0,
        "%s was called for the passive-level interrupt of line \"%s\", which has no spin lock: use "
        "KeSynchronizeExecution",
        function, dq_interrupt_name(cpu->machine, interrupt));
}

/* ---- KeSynchronizeExecution ------------------------------------------------------------------ */

/* Events first: a checker may say it in its own words. */
static BOOLEAN call_watched(dq_processor *cpu, PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine,
                            void *context)
{
    const unsigned irql = cpu->irql;
    unsigned depth;
    BOOLEAN result;

    dq_emit(cpu, SYNC_BEGIN, interrupt, irql, (uintptr_t)routine, 0);
    depth = dq_guest_call(cpu, DQ_CODE(routine));
    result = routine(context);
    dq_guest_return(depth);
    cpu = dq_self;
    dq_emit(cpu, SYNC_END, interrupt, irql, (uintptr_t)routine, 0);
    if (DQ_UNLIKELY(cpu->irql != irql)) {
        accuse_return(cpu, interrupt, (const void *)(uintptr_t)routine, irql);
    }
    return result;
}

static BOOLEAN synchronize_passive(dq_processor *cpu, PKINTERRUPT interrupt,
                                   PKSYNCHRONIZE_ROUTINE routine, void *context)
{
    BOOLEAN result;

    dq_passive_lock_acquire(cpu, interrupt, "KeSynchronizeExecution");
    result = call_watched(dq_self, interrupt, routine, context);
    dq_passive_lock_release(interrupt);
    return result;
}

BOOLEAN KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                               PVOID SynchronizeContext)
{
    const void *place = DQ_CALL_PLACE;
    PKINTERRUPT interrupt;
    unsigned irql;
    BOOLEAN result;

    DQ_ENTER(KeSynchronizeExecution, Interrupt, (uintptr_t)SynchronizeRoutine,
             (uintptr_t)SynchronizeContext, 0, FALSE);
    DQ_CALLS_ROUTINES(DQ_SERVICE_KeSynchronizeExecution, place);
    interrupt = dq_interrupt_check(cpu, Interrupt, "KeSynchronizeExecution", place);
    if (DQ_UNLIKELY(interrupt == NULL)) {
        return FALSE;
    }
    irql = cpu->irql;
    if (DQ_UNLIKELY(irql > interrupt->synchronize_irql)) {
        accuse_irql(cpu, interrupt, "KeSynchronizeExecution", place);
    }
    if (DQ_UNLIKELY(interrupt->passive)) {
        return synchronize_passive(cpu, interrupt, SynchronizeRoutine, SynchronizeContext);
    }
    if (irql < interrupt->synchronize_irql) {
        dq_irql_raise(cpu, interrupt->synchronize_irql);
    }
    dq_spinlock_acquire(cpu, interrupt->lock, DQ_LOCK_INTERRUPT, irql, false, place);
    result = call_watched(cpu, interrupt, SynchronizeRoutine, SynchronizeContext);
    dq_spinlock_release(cpu, interrupt->lock, DQ_LOCK_INTERRUPT, irql);
    if (cpu->irql != irql) {
        dq_irql_lower(cpu, irql);
    }
    return result;
}

/* ---- The lock by itself ---------------------------------------------------------------------- */

KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    const void *place = DQ_CALL_PLACE;
    PKINTERRUPT interrupt;
    KIRQL irql;

    DQ_ENTER(KeAcquireInterruptSpinLock, Interrupt, 0, 0, 0, 0);
    interrupt = dq_interrupt_check(cpu, Interrupt, "KeAcquireInterruptSpinLock", place);
    irql = cpu->irql;
    if (DQ_UNLIKELY(interrupt == NULL)) {
        return irql;
    }
    if (DQ_UNLIKELY(interrupt->passive)) {
        accuse_passive(cpu, interrupt, "KeAcquireInterruptSpinLock");
    }
    if (DQ_UNLIKELY(irql > interrupt->synchronize_irql)) {
        accuse_irql(cpu, interrupt, "KeAcquireInterruptSpinLock", place);
    } else if (irql < interrupt->synchronize_irql) {
        dq_irql_raise(cpu, interrupt->synchronize_irql);
    }
    dq_spinlock_acquire(cpu, interrupt->lock, DQ_LOCK_INTERRUPT, irql, false, place);
    interrupt->saved_irql = irql;
    return irql;
}

static void check_release(dq_processor *cpu, const struct _KINTERRUPT *interrupt, unsigned new_irql,
                          const void *place)
{
    if (dq_spinlock_is_held_by(interrupt->lock, cpu) &&
        (new_irql != interrupt->saved_irql || cpu->irql < interrupt->synchronize_irql)) {
        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_ERROR,
                    .rule = "KeReleaseInterruptSpinLock",
                    .page = "wdm: KeReleaseInterruptSpinLock",
                    .place = place,
                    .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                    .parameters = { 0x32, cpu->irql, (uintptr_t)interrupt->lock, new_irql } },
                "KeReleaseInterruptSpinLock was called at IRQL %u with OldIrql %u; the lock of "
                "line \"%s\" is held at IRQL %u, and KeAcquireInterruptSpinLock had returned %u",
                cpu->irql, new_irql, dq_interrupt_name(cpu->machine, interrupt),
                interrupt->synchronize_irql, interrupt->saved_irql);
    }
}

VOID KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    const void *place = DQ_CALL_PLACE;
    PKINTERRUPT interrupt;

    DQ_ENTER(KeReleaseInterruptSpinLock, Interrupt, OldIrql, 0, 0, DQ_VOID);
    interrupt = dq_interrupt_check(cpu, Interrupt, "KeReleaseInterruptSpinLock", place);
    if (DQ_UNLIKELY(interrupt == NULL)) {
        return;
    }
    if (DQ_UNLIKELY(interrupt->passive)) {
        accuse_passive(cpu, interrupt, "KeReleaseInterruptSpinLock");
    }
    check_release(cpu, interrupt, OldIrql, place);
    dq_spinlock_release(cpu, interrupt->lock, DQ_LOCK_INTERRUPT, OldIrql);
    if (OldIrql != cpu->irql) {
        dq_irql_lower(cpu, OldIrql);
    }
}
