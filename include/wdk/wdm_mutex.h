/*
 * wdm_mutex.h: semaphores, mutexes, fast mutexes and critical regions.
 */
#ifndef WDM_MUTEX_H
#define WDM_MUTEX_H

#include <wdm_event.h>

EXTERN_C_START

/* -- Semaphores ------------------------------------------------------------------------------- */

typedef struct _KSEMAPHORE {
    DISPATCHER_HEADER Header;
    LONG Limit;
} KSEMAPHORE, *PKSEMAPHORE, *RESTRICTED_POINTER PRKSEMAPHORE;

/* PASSIVE_LEVEL. 0 <= Count <= Limit, which is positive. "wdm: KeInitializeSemaphore". */
NTKERNELAPI VOID NTAPI KeInitializeSemaphore(_Out_ PRKSEMAPHORE Semaphore, _In_ LONG Count,
                                             _In_ LONG Limit);

/* IRQL <= DISPATCH_LEVEL (PASSIVE_LEVEL if Wait); the count before. "wdm: KeReleaseSemaphore". */
NTKERNELAPI LONG NTAPI KeReleaseSemaphore(_Inout_ PRKSEMAPHORE Semaphore,
                                          _In_ KPRIORITY Increment, _In_ LONG Adjustment,
                                          _In_ BOOLEAN Wait);

/* Any IRQL. "wdm: KeReadStateSemaphore". */
NTKERNELAPI LONG NTAPI KeReadStateSemaphore(_In_ PRKSEMAPHORE Semaphore);

/* -- Mutexes: owned by a thread, recursive ---------------------------------------------------- */

typedef struct _KMUTANT {
    DISPATCHER_HEADER Header;
    LIST_ENTRY MutantListEntry;
    PKTHREAD OwnerThread;
    BOOLEAN Abandoned;
    UCHAR ApcDisable;
    USHORT Reserved;
} KMUTANT, *PKMUTANT, *RESTRICTED_POINTER PRKMUTANT, KMUTEX, *PKMUTEX,
    *RESTRICTED_POINTER PRKMUTEX;

/* Any IRQL; Level is 0. "wdm: KeInitializeMutex". */
NTKERNELAPI VOID NTAPI KeInitializeMutex(_Out_ PRKMUTEX Mutex, _In_ ULONG Level);

/* IRQL <= DISPATCH_LEVEL; 0 when it became signaled. "wdm: KeReleaseMutex". */
NTKERNELAPI LONG NTAPI KeReleaseMutex(_Inout_ PRKMUTEX Mutex, _In_ BOOLEAN Wait);

/* IRQL <= DISPATCH_LEVEL; 1 when signaled. "wdm: KeReadStateMutex". */
NTKERNELAPI LONG NTAPI KeReadStateMutex(_In_ PRKMUTEX Mutex);

/* -- Fast mutexes: not recursive; guarded mutexes are the same -------------------------------- */

#define FM_LOCK_BIT 0x1

typedef struct _FAST_MUTEX {
    LONG Count;
    PVOID Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX, KGUARDED_MUTEX, *PKGUARDED_MUTEX;

/* IRQL <= DISPATCH_LEVEL. "wdm: ExInitializeFastMutex". */
NTKERNELAPI VOID NTAPI ExInitializeFastMutex(_Out_ PFAST_MUTEX FastMutex);

/* IRQL <= APC_LEVEL; APC_LEVEL on return. "wdm: ExAcquireFastMutex". */
NTKERNELAPI VOID NTAPI ExAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex);
_Must_inspect_result_ NTKERNELAPI BOOLEAN NTAPI ExTryToAcquireFastMutex(
    _Inout_ PFAST_MUTEX FastMutex);

/* IRQL = APC_LEVEL; the saved IRQL on return. "wdm: ExReleaseFastMutex". */
NTKERNELAPI VOID NTAPI ExReleaseFastMutex(_Inout_ PFAST_MUTEX FastMutex);

/* IRQL = APC_LEVEL or in a critical region, unchanged. "wdm: ExAcquireFastMutexUnsafe". */
NTKERNELAPI VOID NTAPI ExAcquireFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);
NTKERNELAPI VOID NTAPI ExReleaseFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);

/* IRQL <= APC_LEVEL. "wdm: KeInitializeGuardedMutex", "wdm: KeAcquireGuardedMutex". */
NTKERNELAPI VOID NTAPI KeInitializeGuardedMutex(_Out_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI VOID NTAPI KeAcquireGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);
_Must_inspect_result_ NTKERNELAPI BOOLEAN NTAPI KeTryToAcquireGuardedMutex(
    _Inout_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI VOID NTAPI KeReleaseGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);

/* IRQL <= APC_LEVEL, APCs disabled by the caller. "wdm: KeAcquireGuardedMutexUnsafe". */
NTKERNELAPI VOID NTAPI KeAcquireGuardedMutexUnsafe(_Inout_ PKGUARDED_MUTEX FastMutex);
NTKERNELAPI VOID NTAPI KeReleaseGuardedMutexUnsafe(_Inout_ PKGUARDED_MUTEX FastMutex);

/* -- Critical regions ------------------------------------------------------------------------- */

/* IRQL <= APC_LEVEL. "ntddk: KeEnterCriticalRegion", "ntddk: KeLeaveCriticalRegion". */
NTKERNELAPI VOID NTAPI KeEnterCriticalRegion(VOID);
NTKERNELAPI VOID NTAPI KeLeaveCriticalRegion(VOID);
NTKERNELAPI VOID NTAPI KeEnterGuardedRegion(VOID);
NTKERNELAPI VOID NTAPI KeLeaveGuardedRegion(VOID);

/* IRQL <= DISPATCH_LEVEL. "ntddk: KeAreApcsDisabled". */
NTKERNELAPI BOOLEAN NTAPI KeAreApcsDisabled(VOID);

EXTERN_C_END

#endif
