/*
 * wdm_removelock.h: remove locks: a device is not deleted while requests use it. "Using Remove
 * Locks".
 *
 * The lock lies in the device extension; its members are the system's.
 */
#ifndef WDM_REMOVELOCK_H
#define WDM_REMOVELOCK_H

#include <wdm_event.h>

EXTERN_C_START

typedef struct _IO_REMOVE_LOCK_COMMON_BLOCK {
    BOOLEAN Removed;
    BOOLEAN Reserved[3];
    volatile LONG IoCount;
    KEVENT RemoveEvent;
} IO_REMOVE_LOCK_COMMON_BLOCK;

typedef struct _IO_REMOVE_LOCK {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
} IO_REMOVE_LOCK, *PIO_REMOVE_LOCK;

/* PASSIVE_LEVEL. At most HighWatermark acquisitions at once, for MaxLockedMinutes each; 0: any.
 * "wdm: IoInitializeRemoveLock". */
#define IoInitializeRemoveLock(Lock, Tag, Maxmin, HighWater) \
    IoInitializeRemoveLockEx((Lock), (Tag), (Maxmin), (HighWater), sizeof(IO_REMOVE_LOCK))
NTKERNELAPI VOID NTAPI IoInitializeRemoveLockEx(_Out_ PIO_REMOVE_LOCK Lock, _In_ ULONG AllocateTag,
                                                _In_ ULONG MaxLockedMinutes,
                                                _In_ ULONG HighWatermark, _In_ ULONG RemlockSize);

/* IRQL <= DISPATCH_LEVEL; STATUS_SUCCESS or STATUS_DELETE_PENDING. "wdm: IoAcquireRemoveLock". */
#define IoAcquireRemoveLock(RemoveLock, Tag)                                   \
    IoAcquireRemoveLockEx((RemoveLock), (Tag), __FILE__, (ULONG)__LINE__,      \
                          sizeof(IO_REMOVE_LOCK))
NTKERNELAPI NTSTATUS NTAPI IoAcquireRemoveLockEx(_Inout_ PIO_REMOVE_LOCK RemoveLock,
                                                 _In_opt_ PVOID Tag, _In_ PCSTR File,
                                                 _In_ ULONG Line, _In_ ULONG RemlockSize);

/* IRQL <= DISPATCH_LEVEL. "wdm: IoReleaseRemoveLock". */
#define IoReleaseRemoveLock(RemoveLock, Tag) \
    IoReleaseRemoveLockEx((RemoveLock), (Tag), sizeof(IO_REMOVE_LOCK))
NTKERNELAPI VOID NTAPI IoReleaseRemoveLockEx(_Inout_ PIO_REMOVE_LOCK RemoveLock,
                                             _In_opt_ PVOID Tag, _In_ ULONG RemlockSize);

/* PASSIVE_LEVEL. Returns when the lock is free; nobody can acquire it any more.
 * "wdm: IoReleaseRemoveLockAndWait". */
#define IoReleaseRemoveLockAndWait(RemoveLock, Tag) \
    IoReleaseRemoveLockAndWaitEx((RemoveLock), (Tag), sizeof(IO_REMOVE_LOCK))
NTKERNELAPI VOID NTAPI IoReleaseRemoveLockAndWaitEx(_Inout_ PIO_REMOVE_LOCK RemoveLock,
                                                    _In_opt_ PVOID Tag, _In_ ULONG RemlockSize);

EXTERN_C_END

#endif
