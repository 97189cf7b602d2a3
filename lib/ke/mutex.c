/*
 * mutex.c - kernel mutexes: owned by a thread, recursive, abandoned when their owner ends.
 *
 * SignalState is 1 when free, 0 when owned once, one less for each recursion. While a thread owns
 * one, normal kernel APCs are off for it. DISPATCHER_HEADER.Size remembers whether the mutex was
 * acquired at DISPATCH_LEVEL: it must be released as it was acquired.
 */
#include "ke/initplace.h"
#include "ke/ki.h"
#include "ke/raise.h"
#include "ke/waiters.h"
#include "sim/lock.h"

static PKMUTANT mutant_of(DISPATCHER_HEADER *header)
{
    return CONTAINING_RECORD(header, KMUTANT, Header);
}

static void expect_mutex(dq_processor *cpu, PRKMUTEX mutex, dq_service service, const void *place)
{
    dq_wait_expect(cpu, &mutex->Header, 1u << DQ_TYPE_MUTANT, service, place);
}

bool dq_mutex_is_owned_by(const dq_thread *thread, const DISPATCHER_HEADER *header)
{
    return CONTAINING_RECORD(header, KMUTANT, Header)->OwnerThread == (PKTHREAD)(uintptr_t)thread;
}

bool dq_mutex_is_free_for(const dq_thread *thread, const DISPATCHER_HEADER *header)
{
    return header->SignalState > 0 || dq_mutex_is_owned_by(thread, header);
}

/* Who is given it in a wait has waited below. */
static bool at_dispatch(const dq_thread *thread)
{
    return thread->state == DQ_THREAD_RUNNING && dq_self->irql >= DQ_LEVEL_DISPATCH;
}

bool dq_mutex_take(dq_thread *thread, DISPATCHER_HEADER *header)
{
    PKMUTANT mutex = mutant_of(header);
    const bool abandoned = mutex->Abandoned;

    if (header->SignalState == MINLONG) {
        dq_raise_status(dq_self, STATUS_MUTANT_LIMIT_EXCEEDED, dq_self->execution->place,
                        "a mutex is acquired too often by its owner");
    }
    if (--header->SignalState == 0) {
        mutex->OwnerThread = (PKTHREAD)thread;
        mutex->Abandoned = FALSE;
        mutex->Reserved = dq_initplace_number(thread->machine, thread->wait_place);
        header->Size = at_dispatch(thread);
        thread->apc_disable += mutex->ApcDisable;
        thread->mutex_count++;
        InsertTailList(&thread->mutexes, &mutex->MutantListEntry);
    }
    return abandoned;
}

static void let_go(dq_thread *owner, PKMUTANT mutex)
{
    (void)RemoveEntryList(&mutex->MutantListEntry);
    mutex->OwnerThread = NULL;
    owner->apc_disable -= mutex->ApcDisable;
    owner->mutex_count--;
}

void dq_mutex_abandon_all(dq_processor *cpu, dq_thread *thread)
{
    while (!IsListEmpty(&thread->mutexes)) {
        PKMUTANT mutex = CONTAINING_RECORD(thread->mutexes.Flink, KMUTANT, MutantListEntry);

        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "abandoned mutex",
                               .code = THREAD_TERMINATE_HELD_MUTEX,
                               .parameters = { (uintptr_t)thread, (uintptr_t)mutex },
                               .page = "KeReleaseMutex" },
                "thread %s ended while it owned a mutex: the next owner is told STATUS_ABANDONED",
                thread->name);
        let_go(thread, mutex);
        mutex->Abandoned = TRUE;
        mutex->Header.SignalState = 1;
        dq_emit(cpu, SIGNAL, mutex, 0, 0, 0);
        dq_wait_release(cpu->machine, &mutex->Header);
    }
}

static void forget_of(dq_thread *owner, const void *base, size_t bytes)
{
    LIST_ENTRY *link = owner->mutexes.Flink;

    for (int left = owner->mutex_count; left > 0 && link != NULL; left--) {
        PKMUTANT mutex = CONTAINING_RECORD(link, KMUTANT, MutantListEntry);

        link = link->Flink; /* NULL: a driver has cleared its memory, and cut the list. */
        if ((uintptr_t)mutex - (uintptr_t)base < bytes && link != NULL) {
            let_go(owner, mutex);
        } else if ((uintptr_t)mutex - (uintptr_t)base < bytes) {
            InitializeListHead(&owner->mutexes);
            owner->apc_disable -= owner->mutex_count;
            owner->mutex_count = 0;
        }
    }
}

void dq_mutex_forget(dq_processor *cpu, const void *base, size_t bytes)
{
    for (dq_thread *t = dq_kernel_of(cpu)->threads.all; t != NULL; t = t->next) {
        forget_of(t, base, bytes);
    }
    for (unsigned i = 0; i < cpu->machine->processor_count; i++) {
        forget_of(&dq_prcb_of(&cpu->machine->processors[i])->idle, base, bytes);
    }
}

/* ---- Services -------------------------------------------------------------------------------- */

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    DQ_ENTER(KeInitializeMutex, Mutex, Mutex, Level, 0, DQ_VOID);
    dq_mutex_forget(cpu, Mutex, 1);
    dq_waiters_check_init(cpu, &Mutex->Header);
    dq_wait_header_init(&Mutex->Header, DQ_TYPE_MUTANT, 1);
    dq_initplace_set(cpu->machine, &Mutex->Header, DQ_CALL_PLACE);
    InitializeListHead(&Mutex->MutantListEntry);
    Mutex->OwnerThread = NULL;
    Mutex->Abandoned = FALSE;
    Mutex->ApcDisable = 1;
    Mutex->Reserved = 0;
}

static void check_owner(dq_processor *cpu, PRKMUTEX mutex, const void *place)
{
    const dq_thread *thread = dq_thread_current(cpu);

    if (mutex->OwnerThread != (PKTHREAD)(uintptr_t)thread) {
        dq_raise_status(cpu, mutex->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED, place,
                        "KeReleaseMutex by thread %s, which does not own the mutex (its owner: %s)",
                        thread->name,
                        mutex->OwnerThread != NULL ? ((dq_thread *)mutex->OwnerThread)->name
                        : mutex->Abandoned         ? "a thread that ended"
                                                   : "nobody");
    }
    if ((mutex->Header.Size != 0) != (cpu->irql >= DQ_LEVEL_DISPATCH)) {
        dq_raise_status(cpu, STATUS_MUTANT_NOT_OWNED, place,
                        "KeReleaseMutex at IRQL %u of a mutex that was acquired %s DISPATCH_LEVEL",
                        cpu->irql, mutex->Header.Size != 0 ? "at" : "below");
    }
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    LONG before;

    DQ_ENTER(KeReleaseMutex, Mutex, Mutex, 0, Wait, 0);
    expect_mutex(cpu, Mutex, DQ_SERVICE_KeReleaseMutex, DQ_CALL_PLACE);
    check_owner(cpu, Mutex, DQ_CALL_PLACE);
    before = Mutex->Header.SignalState;
    dq_emit(cpu, SIGNAL, Mutex, before, 0, 0);
    if (++Mutex->Header.SignalState == 1) {
        dq_emit(cpu, LOCK_RELEASE, Mutex, DQ_LOCK_MUTEX, cpu->irql, 0);
        let_go(dq_thread_current(cpu), Mutex);
        if (dq_wait_has_waiters(&Mutex->Header)) {
            dq_wait_release(cpu->machine, &Mutex->Header);
        }
    }
    if (Wait) {
        dq_wait_announce(cpu);
    } else if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return before;
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    DQ_ENTER(KeReadStateMutex, Mutex, Mutex, 0, 0, 0);
    expect_mutex(cpu, Mutex, DQ_SERVICE_KeReadStateMutex, DQ_CALL_PLACE);
    dq_notice_tried(cpu->machine);
    dq_wait_tell_read(cpu, &Mutex->Header);
    return Mutex->Header.SignalState;
}
