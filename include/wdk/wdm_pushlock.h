/*
 * wdm_pushlock.h: push locks: locks for many readers or one writer, of one word, in any memory.
 *
 * IRQL <= APC_LEVEL, normal kernel APCs disabled while one is owned. Not recursive.
 */
#ifndef WDM_PUSHLOCK_H
#define WDM_PUSHLOCK_H

#include <wdm_base.h>

EXTERN_C_START

typedef ULONG_PTR EX_PUSH_LOCK, *PEX_PUSH_LOCK;

#define EX_DEFAULT_PUSH_LOCK_FLAGS 0x00000000
#define EX_PUSH_LOCK_ENABLE_AUTO_BOOST 0x00000001
#define EX_PUSH_LOCK_DISABLE_AUTO_BOOST 0x00000002

/* Any IRQL. "wdm: ExInitializePushLock". */
NTKERNELAPI VOID NTAPI ExInitializePushLock(_Out_ PEX_PUSH_LOCK PushLock);

/* "wdm: ExAcquirePushLockExclusive", "wdm: ExReleasePushLockExclusive". */
NTKERNELAPI VOID NTAPI ExAcquirePushLockExclusiveEx(_Inout_ PEX_PUSH_LOCK Lock, _In_ ULONG Flags);
NTKERNELAPI VOID NTAPI ExReleasePushLockExclusiveEx(_Inout_ PEX_PUSH_LOCK Lock, _In_ ULONG Flags);

/* "wdm: ExAcquirePushLockShared", "wdm: ExReleasePushLockShared". */
NTKERNELAPI VOID NTAPI ExAcquirePushLockSharedEx(_Inout_ PEX_PUSH_LOCK Lock, _In_ ULONG Flags);
NTKERNELAPI VOID NTAPI ExReleasePushLockSharedEx(_Inout_ PEX_PUSH_LOCK Lock, _In_ ULONG Flags);

#define ExAcquirePushLockExclusive(Lock) \
    ExAcquirePushLockExclusiveEx((Lock), EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockExclusive(Lock) \
    ExReleasePushLockExclusiveEx((Lock), EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExAcquirePushLockShared(Lock) \
    ExAcquirePushLockSharedEx((Lock), EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockShared(Lock) \
    ExReleasePushLockSharedEx((Lock), EX_DEFAULT_PUSH_LOCK_FLAGS)

EXTERN_C_END

#endif
