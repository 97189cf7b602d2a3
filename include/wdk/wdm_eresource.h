/*
 * wdm_eresource.h: executive resources: locks for many readers or one writer, which wait.
 *
 * Normal kernel APCs must be disabled while one is owned. The members are the system's.
 */
#ifndef WDM_ERESOURCE_H
#define WDM_ERESOURCE_H

#include <wdm_thread.h>

EXTERN_C_START

typedef ULONG_PTR ERESOURCE_THREAD, *PERESOURCE_THREAD;

typedef struct _ERESOURCE {
    LIST_ENTRY SystemResourcesList;
    PVOID OwnerTable;
    SHORT ActiveCount;
    USHORT Flag;
    ULONG ActiveEntries;
    ULONG ContentionCount;
    ULONG NumberOfSharedWaiters;
    ULONG NumberOfExclusiveWaiters;
    KSPIN_LOCK SpinLock;
} ERESOURCE, *PERESOURCE;

#define ExGetCurrentResourceThread() ((ERESOURCE_THREAD)PsGetCurrentThread())

/* IRQL <= DISPATCH_LEVEL, deletion <= APC_LEVEL. "wdm: ExInitializeResourceLite",
 * "wdm: ExReinitializeResourceLite", "wdm: ExDeleteResourceLite". */
NTKERNELAPI NTSTATUS NTAPI ExInitializeResourceLite(_Out_ PERESOURCE Resource);
NTKERNELAPI NTSTATUS NTAPI ExReinitializeResourceLite(_Inout_ PERESOURCE Resource);
NTKERNELAPI NTSTATUS NTAPI ExDeleteResourceLite(_Inout_ PERESOURCE Resource);

/* IRQL <= APC_LEVEL, normal kernel APCs disabled. FALSE: not at once, and Wait is FALSE.
 * "wdm: ExAcquireResourceSharedLite", "wdm: ExAcquireResourceExclusiveLite",
 * "wdm: ExTryToAcquireResourceExclusiveLite". */
NTKERNELAPI BOOLEAN NTAPI ExAcquireResourceSharedLite(_Inout_ PERESOURCE Resource,
                                                      _In_ BOOLEAN Wait);
NTKERNELAPI BOOLEAN NTAPI ExAcquireResourceExclusiveLite(_Inout_ PERESOURCE Resource,
                                                         _In_ BOOLEAN Wait);
NTKERNELAPI BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(_Inout_ PERESOURCE Resource);

/* Shared, before and behind those that wait for exclusive access.
 * "wdm: ExAcquireSharedStarveExclusive", "wdm: ExAcquireSharedWaitForExclusive". */
NTKERNELAPI BOOLEAN NTAPI ExAcquireSharedStarveExclusive(_Inout_ PERESOURCE Resource,
                                                         _In_ BOOLEAN Wait);
NTKERNELAPI BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(_Inout_ PERESOURCE Resource,
                                                          _In_ BOOLEAN Wait);

/* IRQL <= DISPATCH_LEVEL. "wdm: ExReleaseResourceLite", "wdm: ExReleaseResourceForThreadLite". */
NTKERNELAPI VOID NTAPI ExReleaseResourceLite(_Inout_ PERESOURCE Resource);
NTKERNELAPI VOID NTAPI ExReleaseResourceForThreadLite(_Inout_ PERESOURCE Resource,
                                                      _In_ ERESOURCE_THREAD ResourceThreadId);

/* IRQL <= APC_LEVEL. "wdm: ExConvertExclusiveToSharedLite". */
NTKERNELAPI VOID NTAPI ExConvertExclusiveToSharedLite(_Inout_ PERESOURCE Resource);

/* IRQL <= DISPATCH_LEVEL. The owner is no thread any more but this pointer, with its two lowest
 * bits set. "wdm: ExSetResourceOwnerPointer", "wdm: ExSetResourceOwnerPointerEx". */
#define FLAG_OWNER_POINTER_IS_THREAD 0x1
NTKERNELAPI VOID NTAPI ExSetResourceOwnerPointer(_Inout_ PERESOURCE Resource,
                                                 _In_ PVOID OwnerPointer);
NTKERNELAPI VOID NTAPI ExSetResourceOwnerPointerEx(_Inout_ PERESOURCE Resource,
                                                   _In_ PVOID OwnerPointer, _In_ ULONG Flags);

/* IRQL <= DISPATCH_LEVEL. Of the calling thread; the second counts acquisitions of either kind.
 * "wdm: ExIsResourceAcquiredExclusiveLite", "wdm: ExIsResourceAcquiredSharedLite". */
NTKERNELAPI BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(_In_ PERESOURCE Resource);
NTKERNELAPI ULONG NTAPI ExIsResourceAcquiredSharedLite(_In_ PERESOURCE Resource);
#define ExIsResourceAcquiredLite ExIsResourceAcquiredSharedLite

/* IRQL <= DISPATCH_LEVEL. "wdm: ExGetExclusiveWaiterCount", "wdm: ExGetSharedWaiterCount". */
NTKERNELAPI ULONG NTAPI ExGetExclusiveWaiterCount(_In_ PERESOURCE Resource);
NTKERNELAPI ULONG NTAPI ExGetSharedWaiterCount(_In_ PERESOURCE Resource);

/* IRQL <= APC_LEVEL, release <= DISPATCH_LEVEL. With a critical region around.
 * "wdm: ExEnterCriticalRegionAndAcquireResourceExclusive" and its neighbours. */
NTKERNELAPI PVOID NTAPI
ExEnterCriticalRegionAndAcquireResourceExclusive(_Inout_ PERESOURCE Resource);
NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(_Inout_ PERESOURCE Resource);
NTKERNELAPI PVOID NTAPI
ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(_Inout_ PERESOURCE Resource);
NTKERNELAPI VOID FASTCALL ExReleaseResourceAndLeaveCriticalRegion(_Inout_ PERESOURCE Resource);

EXTERN_C_END

#endif
