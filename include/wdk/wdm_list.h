/*
 * wdm_list.h: doubly linked rings and singly linked stacks, without any lock.
 *
 * Neighbours that do not point at each other are bug check 0x139 (3, ...), as in Windows: an entry
 * was removed twice, or its memory was freed or overwritten. NO_KERNEL_LIST_ENTRY_CHECKS leaves the
 * checks out.
 *
 * Any IRQL when the entries are resident; the caller holds whatever lock protects the list.
 * Pages: "wdm: InitializeListHead" and its neighbours.
 */
#ifndef WDM_LIST_H
#define WDM_LIST_H

#include <wdm_failfast.h>

EXTERN_C_START

WDK_INLINE VOID InitializeListHead(_Out_ PLIST_ENTRY ListHead)
{
    ListHead->Flink = ListHead;
    ListHead->Blink = ListHead;
}

/* Both neighbours of an entry point back at it. */
WDK_INLINE VOID RtlpCheckListEntry(_In_ PLIST_ENTRY Entry)
{
#ifndef NO_KERNEL_LIST_ENTRY_CHECKS
    if (Entry->Flink->Blink != Entry || Entry->Blink->Flink != Entry) {
        RtlFailFast(FAST_FAIL_CORRUPT_LIST_ENTRY);
    }
#else
    (void)Entry;
#endif
}

_Must_inspect_result_ WDK_INLINE BOOLEAN IsListEmpty(_In_ const LIST_ENTRY *ListHead)
{
    return (BOOLEAN)(ListHead->Flink == ListHead);
}

/* TRUE when the list is empty afterwards. */
WDK_INLINE BOOLEAN RemoveEntryList(_In_ PLIST_ENTRY Entry)
{
    PLIST_ENTRY Next = Entry->Flink;
    PLIST_ENTRY Previous = Entry->Blink;

    RtlpCheckListEntry(Entry);
    Previous->Flink = Next;
    Next->Blink = Previous;
    return (BOOLEAN)(Next == Previous);
}

/* An empty list gives its own head. */
WDK_INLINE PLIST_ENTRY RemoveHeadList(_Inout_ PLIST_ENTRY ListHead)
{
    PLIST_ENTRY First = ListHead->Flink;

    (void)RemoveEntryList(First);
    return First;
}

WDK_INLINE PLIST_ENTRY RemoveTailList(_Inout_ PLIST_ENTRY ListHead)
{
    PLIST_ENTRY Last = ListHead->Blink;

    (void)RemoveEntryList(Last);
    return Last;
}

WDK_INLINE VOID InsertHeadList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry)
{
    PLIST_ENTRY First = ListHead->Flink;

    RtlpCheckListEntry(ListHead);
    Entry->Flink = First;
    Entry->Blink = ListHead;
    First->Blink = Entry;
    ListHead->Flink = Entry;
}

WDK_INLINE VOID InsertTailList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry)
{
    PLIST_ENTRY Last = ListHead->Blink;

    RtlpCheckListEntry(ListHead);
    Entry->Flink = ListHead;
    Entry->Blink = Last;
    Last->Flink = Entry;
    ListHead->Blink = Entry;
}

/* ListToAppend is a ring of entries without a head of its own. */
WDK_INLINE VOID AppendTailList(_Inout_ PLIST_ENTRY ListHead, _Inout_ PLIST_ENTRY ListToAppend)
{
    PLIST_ENTRY Last = ListHead->Blink;

    RtlpCheckListEntry(ListHead);
    RtlpCheckListEntry(ListToAppend);
    Last->Flink = ListToAppend;
    ListHead->Blink = ListToAppend->Blink;
    ListToAppend->Blink->Flink = ListHead;
    ListToAppend->Blink = Last;
}

WDK_INLINE VOID PushEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                               _Inout_ PSINGLE_LIST_ENTRY Entry)
{
    Entry->Next = ListHead->Next;
    ListHead->Next = Entry;
}

/* NULL when the list is empty. */
WDK_INLINE PSINGLE_LIST_ENTRY PopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead)
{
    PSINGLE_LIST_ENTRY First = ListHead->Next;

    if (First != NULL) {
        ListHead->Next = First->Next;
    }
    return First;
}

EXTERN_C_END

#endif
