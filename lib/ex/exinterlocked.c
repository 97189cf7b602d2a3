/*
 * exinterlocked.c - lists and sums that are changed under a spin lock at HIGH_LEVEL.
 *
 * Nothing interrupts the change on its processor, so that an ISR and the code that it interrupts
 * may share a list. The lock is only for these routines: one that is also taken with
 * KeAcquireSpinLock can be held by the very code that an ISR interrupted, which is found as a
 * recursion.
 */
#include <wdm.h>

#include "ke/ki.h"
#include "ke/spinlock.h"
#include "sim/access.h"
#include "sim/computing.h"

/* What is done to the list's head, or to the sum. */
#define ATOMIC_CHANGE dq_access_atomic_flags(DQ_ACCESS_READ | DQ_ACCESS_WRITE, __ATOMIC_SEQ_CST)

/* Around a change: the processor on which it happens and where to return to. */
typedef struct change {
    dq_processor *cpu;
    PKSPIN_LOCK lock;
    KIRQL old_irql;
} change;

/* False if the caller was refused. */
static bool begin(change *this, dq_service service, const void *object, size_t bytes,
                  PKSPIN_LOCK lock, const void *place)
{
    this->cpu = dq_enter(service, place, object, (uintptr_t)lock != 0, 0, 0);
    if (this->cpu == NULL) {
        return false;
    }
    this->lock = lock;
    this->old_irql = this->cpu->irql;
    dq_irql_raise(this->cpu, HIGH_LEVEL);
    dq_spinlock_acquire(this->cpu, lock, DQ_LOCK_EXINTERLOCKED, this->old_irql, false, place);
    dq_access_by_service(this->cpu, object, bytes, ATOMIC_CHANGE);
    return true;
}

static void end(change *this)
{
    dq_spinlock_release(this->cpu, this->lock, DQ_LOCK_EXINTERLOCKED, this->old_irql);
    dq_irql_lower(this->cpu, this->old_irql);
    dq_leave(this->cpu);
}

#define BEGIN(this, name, object, lock) \
    begin(this, DQ_SERVICE_##name, object, sizeof(*(object)), lock, DQ_CALL_PLACE)

/* ---- Doubly linked lists --------------------------------------------------------------------- */

/* Lists are the driver's: a corrupt one is found as by the routines without a lock. */

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    PLIST_ENTRY first;
    change this;

    if (!BEGIN(&this, ExInterlockedInsertHeadList, ListHead, Lock)) {
        return NULL;
    }
    dq_expect_list_entry(this.cpu, ListHead);
    first = IsListEmpty(ListHead) ? NULL : ListHead->Flink;
    InsertHeadList(ListHead, ListEntry);
    end(&this);
    return first;
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    PLIST_ENTRY last;
    change this;

    if (!BEGIN(&this, ExInterlockedInsertTailList, ListHead, Lock)) {
        return NULL;
    }
    dq_expect_list_entry(this.cpu, ListHead);
    last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;
    InsertTailList(ListHead, ListEntry);
    end(&this);
    return last;
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    PLIST_ENTRY first;
    change this;

    if (!BEGIN(&this, ExInterlockedRemoveHeadList, ListHead, Lock)) {
        return NULL;
    }
    dq_expect_list_entry(this.cpu, ListHead->Flink);
    first = IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);
    end(&this);
    return first;
}

/* ---- Singly linked lists --------------------------------------------------------------------- */

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                                    PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    PSINGLE_LIST_ENTRY first;
    change this;

    if (!BEGIN(&this, ExInterlockedPushEntryList, ListHead, Lock)) {
        return NULL;
    }
    first = ListHead->Next;
    PushEntryList(ListHead, ListEntry);
    end(&this);
    return first;
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    PSINGLE_LIST_ENTRY first;
    change this;

    if (!BEGIN(&this, ExInterlockedPopEntryList, ListHead, Lock)) {
        return NULL;
    }
    first = PopEntryList(ListHead);
    end(&this);
    return first;
}

/* ---- Sums ------------------------------------------------------------------------------------ */

ULONG NTAPI ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    ULONG before;
    change this;

    if (!BEGIN(&this, ExInterlockedAddUlong, Addend, Lock)) {
        return 0;
    }
    before = *Addend;
    *Addend = before + Increment;
    end(&this);
    return before;
}

LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                 PKSPIN_LOCK Lock)
{
    LARGE_INTEGER before = { .QuadPart = 0 };
    change this;

    if (!BEGIN(&this, ExInterlockedAddLargeInteger, Addend, Lock)) {
        return before;
    }
    before = *Addend;
    Addend->QuadPart = (LONGLONG)((ULONGLONG)before.QuadPart + (ULONGLONG)Increment.QuadPart);
    end(&this);
    return before;
}

/* Without a lock: one atomic step. */
VOID NTAPI ExInterlockedAddLargeStatistic(PLARGE_INTEGER Addend, ULONG Increment)
{
    DQ_ENTER(ExInterlockedAddLargeStatistic, Addend, Increment, 0, 0, DQ_VOID);
    dq_access_by_service(cpu, Addend, sizeof(*Addend), ATOMIC_CHANGE);
    __atomic_fetch_add(&Addend->QuadPart, (LONGLONG)Increment, __ATOMIC_SEQ_CST);
}

/* The lock has no part in it: one atomic step, so that plain 64-bit Interlocked functions may be
 * used beside it. */
LONGLONG NTAPI ExInterlockedCompareExchange64(LONGLONG volatile *Destination, PLONGLONG Exchange,
                                              PLONGLONG Comparand, PKSPIN_LOCK Lock)
{
    LONGLONG before = DQ_READ(ExInterlockedCompareExchange64, *Comparand);

    DQ_ENTER(ExInterlockedCompareExchange64, (const void *)Destination, 0, 0, 0, 0);
    (void)Lock;
    dq_access_by_service(cpu, Destination, sizeof(*Destination), ATOMIC_CHANGE);
    __atomic_compare_exchange_n(Destination, &before, *Exchange, 0, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return before;
}
