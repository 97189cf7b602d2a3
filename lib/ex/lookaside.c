/*
 * lookaside.c - lookaside lists.
 *
 * How many free entries a list keeps is the system's choice, and here it is none: an entry goes
 * back to the pool at once, so that a use after free, a second free and an overrun are seen as
 * those of any other block. So there is nothing to flush, and nothing to free at deletion; entries
 * that are still in use then are pool blocks that their owner must free. The lists themselves are
 * held to the Driver Verifier's rules (0xC4, 0xCA to 0xCD).
 */
#include "ex/lookaside.h"

#include <stddef.h>
#include <stdio.h>

#include "ex/executive.h"
#include "ex/pool.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

/* One initialisation. */
typedef struct setup {
    PGENERAL_LOOKASIDE list;
    const void *allocate, *release; /* The driver's routines, or NULL. */
    bool takes_list;
    unsigned type; /* A POOL_TYPE and flags. */
    SIZE_T bytes;
    ULONG tag;
    const void *place;
} setup;

/* ---- Lists in use ---------------------------------------------------------------------------- */

const dq_lookaside *dq_lookaside_inside(dq_machine *machine, const void *base, size_t bytes)
{
    const dq_executive *ex = ((dq_kernel *)machine->kernel)->ex;
    const dq_lookaside *in_use = ex != NULL ? ex->lookasides : NULL;

    while (in_use != NULL && (uintptr_t)in_use->list - (uintptr_t)base >= bytes) {
        in_use = in_use->next;
    }
    return in_use;
}

static dq_lookaside **find(dq_executive *ex, const GENERAL_LOOKASIDE *list)
{
    dq_lookaside **link = &ex->lookasides;

    while (*link != NULL && (*link)->list != list) {
        link = &(*link)->next;
    }
    return link;
}

static void accuse(dq_processor *cpu, uint64_t subcode, const void *list, uint64_t p3, uint64_t p4,
                   const char *what)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "LookasideList",
                           .page = dq_service_name(cpu->execution->service),
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { subcode, (uintptr_t)list, p3, p4 } },
            "%s %s", dq_service_name(cpu->execution->service), what);
}

/* The list's entry, or NULL after a finding. */
static dq_lookaside *check(dq_processor *cpu, const GENERAL_LOOKASIDE *list)
{
    dq_executive *ex = dq_executive_of(cpu->machine);
    dq_lookaside *in_use = ex != NULL ? *find(ex, list) : NULL;

    if (in_use == NULL) {
        dq_expect_not_freed(cpu, list, NULL);
        accuse(cpu, 0xCB, list, 0, 0,
               "was given a lookaside list that was not initialised, or was deleted");
    }
    return in_use;
}

/* ---- Initialising and deleting --------------------------------------------------------------- */

static void check_setup(dq_processor *cpu, const setup *s, const dq_lookaside *before)
{
    char what[PLACE_TEXT + 80], place[PLACE_TEXT];

    if (before != NULL) {
        snprintf(what, sizeof(what), "was given a lookaside list that is in use, since %s",
                 dq_place_describe(before->place, place, sizeof(place)));
        accuse(cpu, 0xCA, s->list, 0, 0, what);
    }
    if ((uintptr_t)s->list % MEMORY_ALLOCATION_ALIGNMENT != 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "LookasideAlignment",
                               .page = dq_service_name(cpu->execution->service) },
                "%s was given a list at %p, which is no multiple of %d",
                dq_service_name(cpu->execution->service), (void *)s->list,
                MEMORY_ALLOCATION_ALIGNMENT);
    }
    if (s->bytes < LOOKASIDE_MINIMUM_BLOCK_SIZE) {
        accuse(cpu, 0xCD, s->list, s->bytes, LOOKASIDE_MINIMUM_BLOCK_SIZE,
               "was asked for entries smaller than LOOKASIDE_MINIMUM_BLOCK_SIZE");
    }
}

static NTSTATUS initialise(dq_processor *cpu, const setup *s)
{
    dq_executive *ex = dq_executive_of(cpu->machine);
    dq_lookaside *in_use = ex != NULL ? *find(ex, s->list) : NULL;

    check_setup(cpu, s, in_use);
    if (in_use == NULL) {
        in_use = ex != NULL ? dq_keep(cpu->machine, sizeof(*in_use)) : NULL;
        if (in_use == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        in_use->next = ex->lookasides;
        ex->lookasides = in_use;
    }
    in_use->list = s->list;
    in_use->takes_list = s->takes_list;
    in_use->place = s->place;
    *s->list = (GENERAL_LOOKASIDE){ .Type = (POOL_TYPE)s->type,
                                    .Tag = s->tag,
                                    .Size = (ULONG)s->bytes,
                                    .Allocate = (PALLOCATE_FUNCTION)(uintptr_t)s->allocate,
                                    .Free = (PFREE_FUNCTION)(uintptr_t)s->release };
    return STATUS_SUCCESS;
}

/* The services that return nothing: being short of memory must be told. */
static void initialise_or_find(dq_processor *cpu, const setup *s)
{
    if (initialise(cpu, s) != STATUS_SUCCESS) {
        dq_find_outside(cpu->machine, "memory", "no memory for a lookaside list");
    }
}

static void delete (dq_processor *cpu, PGENERAL_LOOKASIDE list)
{
    dq_lookaside **link, *gone;

    if (check(cpu, list) == NULL) {
        return;
    }
    link = find(dq_executive_of(cpu->machine), list);
    gone = *link;
    *link = gone->next;
    dq_keep_drop(cpu->machine, gone);
}

/* ---- Entries --------------------------------------------------------------------------------- */

static void *call_allocate(const dq_lookaside *in_use, PGENERAL_LOOKASIDE list)
{
    const bool takes_list = in_use->takes_list;
    const void *routine = takes_list ? DQ_CODE(list->AllocateEx) : DQ_CODE(list->Allocate);
    const unsigned depth = dq_guest_call(dq_self, routine);
    void *entry = takes_list ? list->AllocateEx(list->Type, list->Size, list->Tag,
                                                (PLOOKASIDE_LIST_EX)(void *)list)
                             : list->Allocate(list->Type, list->Size, list->Tag);

    dq_guest_return(depth);
    return entry;
}

static void call_free(const dq_lookaside *in_use, PGENERAL_LOOKASIDE list, void *entry)
{
    const bool takes_list = in_use->takes_list;
    const void *routine = takes_list ? DQ_CODE(list->FreeEx) : DQ_CODE(list->Free);
    const unsigned depth = dq_guest_call(dq_self, routine);

    if (takes_list) {
        list->FreeEx(entry, (PLOOKASIDE_LIST_EX)(void *)list);
    } else {
        list->Free(entry);
    }
    dq_guest_return(depth);
}

static void *allocate(dq_processor *cpu, PGENERAL_LOOKASIDE list, dq_service service,
                      const void *place)
{
    const dq_lookaside *in_use = check(cpu, list);

    if (in_use == NULL) {
        return NULL;
    }
    DQ_CALLS_ROUTINES(service, place);
    list->TotalAllocates++;
    list->AllocateMisses++;
    return list->Allocate != NULL ? call_allocate(in_use, list)
                                  : dq_pool_allocate(cpu, list->Type, list->Size, list->Tag, place);
}

static void release(dq_processor *cpu, PGENERAL_LOOKASIDE list, void *entry, dq_service service,
                    const void *place)
{
    const dq_lookaside *in_use = check(cpu, list);

    if (in_use == NULL) {
        return;
    }
    DQ_CALLS_ROUTINES(service, place);
    list->TotalFrees++;
    list->FreeMisses++;
    if (list->Free != NULL) {
        call_free(in_use, list, entry);
    } else {
        dq_pool_give_back(cpu, entry, list->Tag, place);
    }
}

/* ---- Services -------------------------------------------------------------------------------- */

/* Each kind of list begins with it; a list that is not aligned is not looked into. */
#define LIST_OF(lookaside) ((PGENERAL_LOOKASIDE)(PVOID)(lookaside))

/* The pages reserve it: the system chooses how many entries a list keeps. */
static void check_depth(dq_processor *cpu, USHORT depth)
{
    if (depth != 0 && dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "LookasideDepth",
                               .page = dq_service_name(cpu->execution->service) },
                "%s was given %u for its depth, which is reserved",
                dq_service_name(cpu->execution->service), (unsigned)depth);
    }
}

C_ASSERT(offsetof(NPAGED_LOOKASIDE_LIST, L) == 0);
C_ASSERT(offsetof(PAGED_LOOKASIDE_LIST, L) == 0);
C_ASSERT(offsetof(LOOKASIDE_LIST_EX, L) == 0);

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside,
                                           PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                           ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    DQ_ENTER(ExInitializeNPagedLookasideList, Lookaside, Lookaside, Size, Tag, DQ_VOID);
    check_depth(cpu, Depth);
    initialise_or_find(cpu, &(setup){ .list = LIST_OF(Lookaside),
                                      .allocate = DQ_CODE(Allocate),
                                      .release = DQ_CODE(Free),
                                      .type = NonPagedPoolBase | Flags,
                                      .bytes = Size,
                                      .tag = Tag,
                                      .place = DQ_CALL_PLACE });
}

VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside,
                                          PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                          ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    DQ_ENTER(ExInitializePagedLookasideList, Lookaside, Lookaside, Size, Tag, DQ_VOID);
    check_depth(cpu, Depth);
    initialise_or_find(cpu, &(setup){ .list = LIST_OF(Lookaside),
                                      .allocate = DQ_CODE(Allocate),
                                      .release = DQ_CODE(Free),
                                      .type = PagedPool | Flags,
                                      .bytes = Size,
                                      .tag = Tag,
                                      .place = DQ_CALL_PLACE });
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    DQ_ENTER(ExDeleteNPagedLookasideList, Lookaside, Lookaside, 0, 0, DQ_VOID);
    delete (cpu, LIST_OF(Lookaside));
}

VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    DQ_ENTER(ExDeletePagedLookasideList, Lookaside, Lookaside, 0, 0, DQ_VOID);
    delete (cpu, LIST_OF(Lookaside));
}

PVOID NTAPI ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    DQ_ENTER(ExAllocateFromNPagedLookasideList, Lookaside, Lookaside, 0, 0, NULL);
    return allocate(cpu, LIST_OF(Lookaside), DQ_SERVICE_ExAllocateFromNPagedLookasideList,
                    DQ_CALL_PLACE);
}

PVOID NTAPI ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    DQ_ENTER(ExAllocateFromPagedLookasideList, Lookaside, Lookaside, 0, 0, NULL);
    return allocate(cpu, LIST_OF(Lookaside), DQ_SERVICE_ExAllocateFromPagedLookasideList,
                    DQ_CALL_PLACE);
}

VOID NTAPI ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    DQ_ENTER(ExFreeToNPagedLookasideList, Lookaside, Lookaside, Entry, 0, DQ_VOID);
    release(cpu, LIST_OF(Lookaside), Entry, DQ_SERVICE_ExFreeToNPagedLookasideList, DQ_CALL_PLACE);
}

VOID NTAPI ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    DQ_ENTER(ExFreeToPagedLookasideList, Lookaside, Lookaside, Entry, 0, DQ_VOID);
    release(cpu, LIST_OF(Lookaside), Entry, DQ_SERVICE_ExFreeToPagedLookasideList, DQ_CALL_PLACE);
}

/* ---- The Ex form ----------------------------------------------------------------------------- */

static bool is_pool(POOL_TYPE type)
{
    const unsigned value = (unsigned)type;
    const unsigned variants = NonPagedPoolBaseCacheAligned | NonPagedPoolSession;

    return (value & ~variants & ~(unsigned)PagedPool) == 0 ||
           (value & ~variants) == (unsigned)NonPagedPoolNx;
}

NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside,
                                           PALLOCATE_FUNCTION_EX Allocate, PFREE_FUNCTION_EX Free,
                                           POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag,
                                           USHORT Depth)
{
    static const unsigned type_flags[] = { 0, POOL_RAISE_IF_ALLOCATION_FAILURE,
                                           POOL_QUOTA_FAIL_INSTEAD_OF_RAISE };

    DQ_ENTER(ExInitializeLookasideListEx, Lookaside, Lookaside, Size, Tag, STATUS_UNSUCCESSFUL);
    check_depth(cpu, Depth);
    if (dq_fails(cpu, DQ_FAIL_LOOKASIDE, Tag, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!is_pool(PoolType)) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (Flags > EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE) {
        return STATUS_INVALID_PARAMETER_5;
    }
    return initialise(cpu, &(setup){ .list = LIST_OF(Lookaside),
                                     .allocate = DQ_CODE(Allocate),
                                     .release = DQ_CODE(Free),
                                     .takes_list = true,
                                     .type = (unsigned)PoolType | type_flags[Flags],
                                     .bytes = Size,
                                     .tag = Tag,
                                     .place = DQ_CALL_PLACE });
}

VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    DQ_ENTER(ExDeleteLookasideListEx, Lookaside, Lookaside, 0, 0, DQ_VOID);
    delete (cpu, LIST_OF(Lookaside));
}

/* No entry is ever kept. */
VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    DQ_ENTER(ExFlushLookasideListEx, Lookaside, Lookaside, 0, 0, DQ_VOID);
    (void)check(cpu, LIST_OF(Lookaside));
}

PVOID NTAPI ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    DQ_ENTER(ExAllocateFromLookasideListEx, Lookaside, Lookaside, 0, 0, NULL);
    return allocate(cpu, LIST_OF(Lookaside), DQ_SERVICE_ExAllocateFromLookasideListEx,
                    DQ_CALL_PLACE);
}

VOID NTAPI ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry)
{
    DQ_ENTER(ExFreeToLookasideListEx, Lookaside, Lookaside, Entry, 0, DQ_VOID);
    release(cpu, LIST_OF(Lookaside), Entry, DQ_SERVICE_ExFreeToLookasideListEx, DQ_CALL_PLACE);
}
