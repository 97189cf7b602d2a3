/*
 * wdm_slist.h: sequenced singly linked lists. Header and entries are aligned to 16 bytes.
 */
#ifndef WDM_SLIST_H
#define WDM_SLIST_H

#include <wdm_base.h>

EXTERN_C_START

typedef struct _SLIST_ENTRY {
    DECLSPEC_ALIGN(16) struct _SLIST_ENTRY *Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union _SLIST_HEADER {
    __extension__ struct {
        DECLSPEC_ALIGN(16) ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG Reserved : 4;
        ULONGLONG NextEntry : 60; /* The address without its four low bits, which are zero. */
    } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

/* Any IRQL. "wdm: ExInitializeSListHead", "wdm: InitializeSListHead". */
NTKERNELAPI VOID NTAPI ExInitializeSListHead(_Out_ PSLIST_HEADER SListHead);
NTKERNELAPI VOID NTAPI InitializeSListHead(_Out_ PSLIST_HEADER SListHead);

/* IRQL <= DISPATCH_LEVEL. "wdm: ExQueryDepthSList". */
NTKERNELAPI USHORT NTAPI ExQueryDepthSList(_In_ PSLIST_HEADER SListHead);
NTKERNELAPI USHORT NTAPI QueryDepthSList(_In_ PSLIST_HEADER SListHead);

/* Any IRQL. The first entry, which the caller may not follow. "wdm: FirstEntrySList". */
NTKERNELAPI PSLIST_ENTRY NTAPI FirstEntrySList(_In_ const SLIST_HEADER *SListHead);

/* Any IRQL. The entry that was first before, or NULL. "wdm: ExInterlockedPushEntrySList". */
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedPushEntrySList(_Inout_ PSLIST_HEADER ListHead,
                                                           _Inout_ PSLIST_ENTRY ListEntry,
                                                           _Inout_opt_ PKSPIN_LOCK Lock);
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedPopEntrySList(_Inout_ PSLIST_HEADER ListHead,
                                                          _Inout_opt_ PKSPIN_LOCK Lock);

/* Any IRQL. The whole chain, or NULL. "wdm: ExInterlockedFlushSList". */
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedFlushSList(_Inout_ PSLIST_HEADER ListHead);

/* The same services without the lock that they never used. */
NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedPushEntrySList(_Inout_ PSLIST_HEADER ListHead,
                                                         _Inout_ PSLIST_ENTRY ListEntry);
NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedPopEntrySList(_Inout_ PSLIST_HEADER ListHead);
NTKERNELAPI PSLIST_ENTRY NTAPI InterlockedFlushSList(_Inout_ PSLIST_HEADER ListHead);

EXTERN_C_END

#endif
