/*
 * resourcelist.c - IResourceList: the hardware resources of a device, found by type and occurrence.
 *
 * The object keeps its own copy of both lists, as one full descriptor each, with room for the
 * entries that a sublist will get.
 */
#include "unknown.h"
#include "verify.h"

typedef struct resource_list {
    pc_unknown unknown;
    PCM_RESOURCE_LIST translated, untranslated;
    ULONG capacity;
    POOL_TYPE pool;
} resource_list;

enum { ENTRIES_MAX = 65536 }; /* More is no list of resources but a pointer to something else. */

static resource_list *self(IResourceList *This)
{
    return (resource_list *)This;
}

static PCM_PARTIAL_RESOURCE_LIST partial(PCM_RESOURCE_LIST list)
{
    return &list->List[0].PartialResourceList;
}

/* ---- The methods, in the order of the table; all at PASSIVE_LEVEL ---------------------------- */

#define ENTER(method) \
    pc_enter("IResourceList::" #method, PASSIVE_LEVEL, "portcls: IResourceList::" #method, PC_PLACE)

static NTSTATUS STDMETHODCALLTYPE QueryInterface(IResourceList *This, REFIID InterfaceId,
                                                 PVOID *Interface)
{
    PC_CALLED;
    return pc_unknown_query(&self(This)->unknown, InterfaceId, Interface);
}

static ULONG STDMETHODCALLTYPE AddRef(IResourceList *This)
{
    PC_CALLED;
    return pc_unknown_add(&self(This)->unknown);
}

static ULONG STDMETHODCALLTYPE Release(IResourceList *This)
{
    PC_CALLED;
    return pc_unknown_release(&self(This)->unknown, PC_PLACE);
}

static ULONG STDMETHODCALLTYPE NumberOfEntries(IResourceList *This)
{
    PC_CALLED;
    return ENTER(NumberOfEntries) ? partial(self(This)->translated)->Count : 0;
}

static ULONG STDMETHODCALLTYPE NumberOfEntriesOfType(IResourceList *This, CM_RESOURCE_TYPE Type)
{
    PC_CALLED;
    const CM_PARTIAL_RESOURCE_LIST *list = partial(self(This)->translated);
    ULONG count = 0;

    if (!ENTER(NumberOfEntriesOfType)) {
        return 0;
    }
    for (ULONG i = 0; i < list->Count; i++) {
        count += list->PartialDescriptors[i].Type == Type;
    }
    return count;
}

/* The entry's place in both lists, which run in step; the count when there is none. */
static ULONG place_of(const resource_list *list, CM_RESOURCE_TYPE type, ULONG index)
{
    const CM_PARTIAL_RESOURCE_LIST *entries = partial(list->translated);

    for (ULONG i = 0; i < entries->Count; i++) {
        if (entries->PartialDescriptors[i].Type == type && index-- == 0) {
            return i;
        }
    }
    return entries->Count;
}

/* NULL if there are not that many of the type. (portcls: IResourceList::FindTranslatedEntry) */
static PCM_PARTIAL_RESOURCE_DESCRIPTOR STDMETHODCALLTYPE FindTranslatedEntry(IResourceList *This,
                                                                             CM_RESOURCE_TYPE Type,
                                                                             ULONG Index)
{
    PC_CALLED;
    resource_list *list = self(This);
    const ULONG place = place_of(list, Type, Index);

    return ENTER(FindTranslatedEntry) && place < partial(list->translated)->Count
               ? &partial(list->translated)->PartialDescriptors[place]
               : NULL;
}

static PCM_PARTIAL_RESOURCE_DESCRIPTOR STDMETHODCALLTYPE
FindUntranslatedEntry(IResourceList *This, CM_RESOURCE_TYPE Type, ULONG Index)
{
    PC_CALLED;
    resource_list *list = self(This);
    const ULONG place = place_of(list, Type, Index);

    return ENTER(FindUntranslatedEntry) && place < partial(list->translated)->Count
               ? &partial(list->untranslated)->PartialDescriptors[place]
               : NULL;
}

/* STATUS_INSUFFICIENT_RESOURCES when the list is full, STATUS_INVALID_PARAMETER without entries.
 * (portcls: IResourceList::AddEntry) */
static NTSTATUS STDMETHODCALLTYPE AddEntry(IResourceList *This,
                                           PCM_PARTIAL_RESOURCE_DESCRIPTOR Translated,
                                           PCM_PARTIAL_RESOURCE_DESCRIPTOR Untranslated)
{
    PC_CALLED;
    resource_list *list = self(This);
    const ULONG count = partial(list->translated)->Count;

    if (Translated == NULL || Untranslated == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!ENTER(AddEntry)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (count == list->capacity) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    partial(list->translated)->PartialDescriptors[count] = *Translated;
    partial(list->untranslated)->PartialDescriptors[count] = *Untranslated;
    partial(list->translated)->Count = count + 1;
    partial(list->untranslated)->Count = count + 1;
    return STATUS_SUCCESS;
}

/* STATUS_INSUFFICIENT_RESOURCES when the list is full, STATUS_INVALID_PARAMETER when the parent
 * lacks the entry. (portcls: IResourceList::AddEntryFromParent) */
static NTSTATUS STDMETHODCALLTYPE AddEntryFromParent(IResourceList *This, IResourceList *Parent,
                                                     CM_RESOURCE_TYPE Type, ULONG Index)
{
    PC_CALLED;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR translated, untranslated;

    if (Parent == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!ENTER(AddEntryFromParent)) {
        return STATUS_UNSUCCESSFUL;
    }
    translated = IResourceList_FindTranslatedEntry(Parent, Type, Index);
    untranslated = IResourceList_FindUntranslatedEntry(Parent, Type, Index);
    return AddEntry(This, translated, untranslated);
}

static PCM_RESOURCE_LIST STDMETHODCALLTYPE TranslatedList(IResourceList *This)
{
    PC_CALLED;
    return ENTER(TranslatedList) ? self(This)->translated : NULL;
}

static PCM_RESOURCE_LIST STDMETHODCALLTYPE UntranslatedList(IResourceList *This)
{
    PC_CALLED;
    return ENTER(UntranslatedList) ? self(This)->untranslated : NULL;
}

/* ---- The object ------------------------------------------------------------------------------ */

static void free_list(PCM_RESOURCE_LIST list)
{
    if (list != NULL) {
        ExFreePoolWithTag(list, PC_POOL_TAG);
    }
}

static void destroy(pc_unknown *unknown, const void *place)
{
    resource_list *list = (resource_list *)unknown;

    (void)place;
    free_list(list->translated);
    free_list(list->untranslated);
}

static const IResourceListVtbl methods = {
    QueryInterface,
    AddRef,
    Release,
    NumberOfEntries,
    NumberOfEntriesOfType,
    FindTranslatedEntry,
    FindUntranslatedEntry,
    AddEntry,
    AddEntryFromParent,
    TranslatedList,
    UntranslatedList,
};

static const GUID list_id = {
    0x22C6AC60, 0x851B, 0x11D0, { 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE }
};
static const GUID *const interfaces[] = { &list_id, NULL };

static PCM_RESOURCE_LIST new_list(POOL_TYPE pool, ULONG capacity, const void *place)
{
    const SIZE_T bytes =
        FIELD_OFFSET(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors) +
        (SIZE_T)(capacity > 0 ? capacity : 1) * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    const pc_origin part = { "", NULL, place };
    PCM_RESOURCE_LIST list = pc_allocate(pool, bytes, &part);

    if (list != NULL) {
        list->Count = 1;
        list->List[0].InterfaceType = InterfaceTypeUndefined;
        partial(list)->Version = 1;
        partial(list)->Revision = 1;
    }
    return list;
}

static NTSTATUS create(resource_list **out, POOL_TYPE pool, ULONG capacity,
                       const pc_origin *origin)
{
    resource_list *list = pc_unknown_create(sizeof(*list), &methods, interfaces, destroy, origin);

    if (list == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    list->capacity = capacity;
    list->pool = pool;
    list->translated = new_list(pool, capacity, origin->place);
    list->untranslated = new_list(pool, capacity, origin->place);
    if (list->translated == NULL || list->untranslated == NULL) {
        pc_unknown_release(&list->unknown, NULL);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *out = list;
    return STATUS_SUCCESS;
}

/* ---- Reading the system's lists -------------------------------------------------------------- */

/* What follows a descriptor of this type is data of its own, not the next descriptor. */
static SIZE_T extra_bytes(const CM_PARTIAL_RESOURCE_DESCRIPTOR *entry)
{
    return entry->Type == CmResourceTypeDeviceSpecific ? entry->u.DeviceSpecificData.DataSize : 0;
}

static const CM_PARTIAL_RESOURCE_DESCRIPTOR *after(const CM_PARTIAL_RESOURCE_DESCRIPTOR *entry)
{
    return (const CM_PARTIAL_RESOURCE_DESCRIPTOR *)((const UCHAR *)(entry + 1) +
                                                    extra_bytes(entry));
}

/* Counts the entries of a list, or copies them to `to` when that is not NULL. ENTRIES_MAX + 1: not
 * a list. */
static ULONG read_entries(const CM_RESOURCE_LIST *from, PCM_PARTIAL_RESOURCE_DESCRIPTOR to)
{
    const CM_FULL_RESOURCE_DESCRIPTOR *full;
    ULONG total = 0;

    if (from == NULL || from->Count == 0) {
        return 0;
    }
    full = &from->List[0];
    for (ULONG i = 0; i < from->Count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *entry = full->PartialResourceList.PartialDescriptors;
        const ULONG count = full->PartialResourceList.Count;

        if (from->Count > ENTRIES_MAX || count > ENTRIES_MAX - total) {
            return ENTRIES_MAX + 1;
        }
        for (ULONG j = 0; j < count; j++, entry = after(entry)) {
            if (to != NULL) {
                to[total + j] = *entry;
            }
        }
        total += count;
        full = (const CM_FULL_RESOURCE_DESCRIPTOR *)(const void *)entry;
    }
    return total;
}

static BOOLEAN in_step(const resource_list *list)
{
    const CM_PARTIAL_RESOURCE_LIST *translated = partial(list->translated);
    const CM_PARTIAL_RESOURCE_LIST *untranslated = partial(list->untranslated);

    for (ULONG i = 0; i < translated->Count; i++) {
        if (translated->PartialDescriptors[i].Type != untranslated->PartialDescriptors[i].Type) {
            return FALSE;
        }
    }
    return TRUE;
}

static NTSTATUS refuse_lists(const void *place)
{
    pc_report(
        PC_ERROR, "ResourceLists", "portcls: PcNewResourceList", place,
        "PcNewResourceList got a translated and an untranslated list that do not describe the same "
        "resources: their numbers of entries or their types differ, or a count is impossible.");
    return STATUS_INVALID_PARAMETER;
}

static void copy_head(PCM_RESOURCE_LIST to, const CM_RESOURCE_LIST *from)
{
    if (from != NULL && from->Count > 0) {
        to->List[0].InterfaceType = from->List[0].InterfaceType;
        to->List[0].BusNumber = from->List[0].BusNumber;
    }
}

/* ---- The two functions ----------------------------------------------------------------------- */

/* IRQL: PASSIVE_LEVEL. Both lists NULL or empty make an empty list. STATUS_INVALID_PARAMETER: no
 * out pointer, or lists that do not match; STATUS_NOT_SUPPORTED: aggregation;
 * STATUS_INSUFFICIENT_RESOURCES. (portcls: PcNewResourceList; silent about the codes) */
NTSTATUS NTAPI PcNewResourceList(PRESOURCELIST *OutResourceList, PUNKNOWN OuterUnknown,
                                 POOL_TYPE PoolType, PCM_RESOURCE_LIST TranslatedResources,
                                 PCM_RESOURCE_LIST UntranslatedResources)
{
    PC_CALLED;
    const char *page = "portcls: PcNewResourceList";
    resource_list *list;
    ULONG count;
    NTSTATUS status;

    if (!pc_enter("PcNewResourceList", PASSIVE_LEVEL, page, PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (OutResourceList == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *OutResourceList = NULL;
    if (OuterUnknown != NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    count = read_entries(TranslatedResources, NULL);
    if (count > ENTRIES_MAX || count != read_entries(UntranslatedResources, NULL)) {
        return refuse_lists(PC_PLACE);
    }
    status = create(&list, PoolType, count, PC_ORIGIN("IResourceList", "PcNewResourceList"));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    copy_head(list->translated, TranslatedResources);
    copy_head(list->untranslated, UntranslatedResources);
    partial(list->translated)->Count =
        read_entries(TranslatedResources, partial(list->translated)->PartialDescriptors);
    partial(list->untranslated)->Count =
        read_entries(UntranslatedResources, partial(list->untranslated)->PartialDescriptors);
    if (!in_step(list)) {
        pc_unknown_release(&list->unknown, NULL);
        return refuse_lists(PC_PLACE);
    }
    *OutResourceList = (PRESOURCELIST)list;
    return STATUS_SUCCESS;
}

/* IRQL: PASSIVE_LEVEL. An empty list with room for MaximumEntries, to be filled from its parent.
 * STATUS_INVALID_PARAMETER: no out pointer or parent. (portcls: PcNewResourceSublist; silent about
 * the codes) */
NTSTATUS NTAPI PcNewResourceSublist(PRESOURCELIST *OutResourceList, PUNKNOWN OuterUnknown,
                                    POOL_TYPE PoolType, PRESOURCELIST ParentList,
                                    ULONG MaximumEntries)
{
    PC_CALLED;
    resource_list *list;
    NTSTATUS status;

    if (!pc_enter("PcNewResourceSublist", PASSIVE_LEVEL, "portcls: PcNewResourceSublist",
                  PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (OutResourceList == NULL || ParentList == NULL || MaximumEntries > ENTRIES_MAX) {
        return STATUS_INVALID_PARAMETER;
    }
    *OutResourceList = NULL;
    if (OuterUnknown != NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    status = create(&list, PoolType, MaximumEntries,
                    PC_ORIGIN("IResourceList", "PcNewResourceSublist"));
    if (NT_SUCCESS(status)) {
        copy_head(list->translated, IResourceList_TranslatedList(ParentList));
        copy_head(list->untranslated, IResourceList_UntranslatedList(ParentList));
        *OutResourceList = (PRESOURCELIST)list;
    }
    return status;
}
