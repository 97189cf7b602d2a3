/*
 * wdm_spinlock.h: executive spin locks, queued and reader/writer ones.
 *
 * A lock taken by one family is released by the same family.
 */
#ifndef WDM_SPINLOCK_H
#define WDM_SPINLOCK_H

#include <wdm_irql.h>

EXTERN_C_START

/* Any IRQL, before the first use. "wdm: KeInitializeSpinLock". */
NTKERNELAPI VOID NTAPI KeInitializeSpinLock(_Out_ PKSPIN_LOCK SpinLock);

/* IRQL <= DISPATCH_LEVEL; DISPATCH_LEVEL on return. "wdm: KeAcquireSpinLock". */
NTKERNELAPI VOID NTAPI KeAcquireSpinLock(_Inout_ PKSPIN_LOCK SpinLock, _Out_ PKIRQL OldIrql);
NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(_Inout_ PKSPIN_LOCK SpinLock);

/* IRQL = DISPATCH_LEVEL; NewIrql on return. "wdm: KeReleaseSpinLock". */
NTKERNELAPI VOID NTAPI KeReleaseSpinLock(_Inout_ PKSPIN_LOCK SpinLock, _In_ KIRQL NewIrql);

/* IRQL >= DISPATCH_LEVEL, unchanged. "wdm: KeAcquireSpinLockAtDpcLevel" and its release. */
NTKERNELAPI VOID NTAPI KeAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
NTKERNELAPI VOID NTAPI KeReleaseSpinLockFromDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);

/* IRQL = DISPATCH_LEVEL, unchanged; FALSE if busy. "wdm: KeTryToAcquireSpinLockAtDpcLevel". */
_Must_inspect_result_ NTKERNELAPI BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(
    _Inout_ PKSPIN_LOCK SpinLock);

/* In a threaded DPC, PASSIVE_LEVEL or DISPATCH_LEVEL. "wdm: KeAcquireSpinLockForDpc". */
NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockForDpc(_Inout_ PKSPIN_LOCK SpinLock);
NTKERNELAPI VOID NTAPI KeReleaseSpinLockForDpc(_Inout_ PKSPIN_LOCK SpinLock, _In_ KIRQL OldIrql);

/* Any IRQL; TRUE if the lock is free. "wdm: KeTestSpinLock". */
_Must_inspect_result_ NTKERNELAPI BOOLEAN NTAPI KeTestSpinLock(_In_ PKSPIN_LOCK SpinLock);

/* -- In-stack queued spin locks: served in order of arrival ----------------------------------- */

typedef struct _KSPIN_LOCK_QUEUE {
    struct _KSPIN_LOCK_QUEUE *volatile Next;
    PKSPIN_LOCK volatile Lock;
} KSPIN_LOCK_QUEUE, *PKSPIN_LOCK_QUEUE;

typedef struct _KLOCK_QUEUE_HANDLE {
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;

/* IRQL <= DISPATCH_LEVEL; DISPATCH_LEVEL on return. "wdm: KeAcquireInStackQueuedSpinLock". */
NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLock(_Inout_ PKSPIN_LOCK SpinLock,
                                                      _Out_ PKLOCK_QUEUE_HANDLE LockHandle);

/* IRQL = DISPATCH_LEVEL; the saved IRQL on return. "wdm: KeReleaseInStackQueuedSpinLock". */
NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLock(_In_ PKLOCK_QUEUE_HANDLE LockHandle);

/* IRQL >= DISPATCH_LEVEL, unchanged. "wdm: KeAcquireInStackQueuedSpinLockAtDpcLevel". */
NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(
    _Inout_ PKSPIN_LOCK SpinLock, _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(
    _In_ PKLOCK_QUEUE_HANDLE LockHandle);

/* In a threaded DPC. "wdm: KeAcquireInStackQueuedSpinLockForDpc". */
NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(_Inout_ PKSPIN_LOCK SpinLock,
                                                            _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(_In_ PKLOCK_QUEUE_HANDLE LockHandle);

/* -- Reader/writer spin locks: zero is the free lock ------------------------------------------ */

typedef volatile LONG EX_SPIN_LOCK, *PEX_SPIN_LOCK;

#define EX_SPIN_LOCK_INIT 0

/* IRQL <= DISPATCH_LEVEL; DISPATCH_LEVEL on return. "wdm: ExAcquireSpinLockShared". */
NTKERNELAPI KIRQL NTAPI ExAcquireSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI KIRQL NTAPI ExAcquireSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock);

/* IRQL = DISPATCH_LEVEL; OldIrql on return. "wdm: ExReleaseSpinLockShared". */
NTKERNELAPI VOID NTAPI ExReleaseSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock,
                                               _In_ KIRQL OldIrql);
NTKERNELAPI VOID NTAPI ExReleaseSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock,
                                                  _In_ KIRQL OldIrql);

/* IRQL >= DISPATCH_LEVEL, unchanged. "wdm: ExAcquireSpinLockSharedAtDpcLevel". */
NTKERNELAPI VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);

/* IRQL >= DISPATCH_LEVEL, unchanged; FALSE if it cannot be had at once.
 * "wdm: ExTryAcquireSpinLockSharedAtDpcLevel", "wdm: ExTryAcquireSpinLockExclusiveAtDpcLevel". */
_Must_inspect_result_ NTKERNELAPI LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(
    _Inout_ PEX_SPIN_LOCK SpinLock);
_Must_inspect_result_ NTKERNELAPI LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(
    _Inout_ PEX_SPIN_LOCK SpinLock);

/* IRQL = DISPATCH_LEVEL, held shared. "wdm: ExTryConvertSharedSpinLockExclusive". */
_Must_inspect_result_ NTKERNELAPI LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(
    _Inout_ PEX_SPIN_LOCK SpinLock);

/* -- The system's cancel spin lock ------------------------------------------------------------ */

/* IRQL <= DISPATCH_LEVEL; DISPATCH_LEVEL on return. "wdm: IoAcquireCancelSpinLock". */
NTKERNELAPI VOID NTAPI IoAcquireCancelSpinLock(_Out_ PKIRQL Irql);

/* IRQL = DISPATCH_LEVEL; Irql on return. "wdm: IoReleaseCancelSpinLock". */
NTKERNELAPI VOID NTAPI IoReleaseCancelSpinLock(_In_ KIRQL Irql);

EXTERN_C_END

#endif
