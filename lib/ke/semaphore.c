/*
 * semaphore.c - counting semaphores.
 */
#include "ke/initplace.h"
#include "ke/ki.h"
#include "ke/raise.h"
#include "ke/waiters.h"

static void expect_semaphore(dq_processor *cpu, PRKSEMAPHORE semaphore, dq_service service,
                             const void *place)
{
    dq_wait_expect(cpu, &semaphore->Header, 1u << DQ_TYPE_SEMAPHORE, service, place);
}

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    DQ_ENTER(KeInitializeSemaphore, Semaphore, Semaphore, Count, Limit, DQ_VOID);
    dq_waiters_check_init(cpu, &Semaphore->Header);
    dq_wait_header_init(&Semaphore->Header, DQ_TYPE_SEMAPHORE, Count);
    dq_initplace_set(cpu->machine, &Semaphore->Header, DQ_CALL_PLACE);
    Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                              BOOLEAN Wait)
{
    LONG before;

    DQ_ENTER(KeReleaseSemaphore, Semaphore, Semaphore, Adjustment, Wait, 0);
    (void)Increment;
    expect_semaphore(cpu, Semaphore, DQ_SERVICE_KeReleaseSemaphore, DQ_CALL_PLACE);
    before = Semaphore->Header.SignalState;
    if (Adjustment <= 0 || Adjustment > Semaphore->Limit - before) {
        dq_raise_status(cpu, STATUS_SEMAPHORE_LIMIT_EXCEEDED, DQ_CALL_PLACE,
                        "KeReleaseSemaphore by %d, with a count of %d and a limit of %d",
                        Adjustment, before, Semaphore->Limit);
    }
    dq_emit(cpu, SIGNAL, Semaphore, before, 0, 0);
    Semaphore->Header.SignalState += Adjustment;
    if (dq_wait_has_waiters(&Semaphore->Header)) {
        dq_wait_release(cpu->machine, &Semaphore->Header);
    }
    if (Wait) {
        dq_wait_announce(cpu);
    } else if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return before;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    DQ_ENTER(KeReadStateSemaphore, Semaphore, Semaphore, 0, 0, 0);
    expect_semaphore(cpu, Semaphore, DQ_SERVICE_KeReadStateSemaphore, DQ_CALL_PLACE);
    dq_wait_tell_read(cpu, &Semaphore->Header);
    return Semaphore->Header.SignalState;
}
