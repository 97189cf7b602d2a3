/*
 * slist.c - sequenced singly linked lists: a stack that needs no lock.
 *
 * Push, pop and flush are one step each, at any IRQL. Simulated processors cannot interrupt it (in
 * live mode, because the monitor is held for the whole of it); other host threads are kept out by
 * the lowest bit of the header's second word, which an aligned entry leaves free.
 */
#include <wdm.h>

#include "sim/access.h"
#include "sim/computing.h"
#include "sim/emit.h"
#include "sim/finding.h"

enum { BUSY = 1 };

/* Like the other Interlocked functions, these are for device callbacks and foreign host threads
 * too. */
static inline void step(dq_service service, PSLIST_HEADER header, unsigned flags,
                        const void *place)
{
    dq_processor *cpu = dq_self;

    if (dq_must_look(cpu, cpu->irql) && !dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        cpu = dq_enter(service, place, header, 0, 0, 0);
        DQ_LEAVES(cpu);
        if (cpu != NULL) {
            dq_access_by_service(cpu, header, sizeof(*header), flags);
            dq_emit(cpu, ORDER_TAKE, header, 0, 0, 0);
            dq_emit(cpu, ORDER_GIVE, header, 0, 0, 0);
        }
    }
}

#define CHANGE_FLAGS dq_access_atomic_flags(DQ_ACCESS_READ | DQ_ACCESS_WRITE, __ATOMIC_SEQ_CST)
#define QUERY_FLAGS  dq_access_atomic_flags(DQ_ACCESS_READ, __ATOMIC_ACQUIRE)

/* Until the function returns. */
#define STEP(service, header, flags) \
    DQ_INSIDE(dq_self->live);        \
    step(DQ_SERVICE_##service, (header), (flags), __builtin_return_address(0))

/* ---- What is no list ------------------------------------------------------------------------- */

static void refuse(const char *rule, dq_service service, const void *place, const char *text,
                   const void *what)
{
    dq_processor *cpu;

    DQ_INSIDE(dq_self->live);
    cpu = dq_self;
    if (!dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = rule,
                               .page = "wdm: InitializeSListHead",
                               .service = service,
                               .place = place },
                "the %s: %p", text, what);
    }
}

static inline void check_alignment(const void *what, const char *text, dq_service service,
                                   const void *place)
{
    if (DQ_UNLIKELY((uintptr_t)what % MEMORY_ALLOCATION_ALIGNMENT != 0)) {
        refuse("SListAlignment", service, place, text, what);
    }
}

#define CHECK_PLACED(service, header)                                               \
    check_alignment((header), "SLIST_HEADER is not aligned to 16 bytes", (service), \
                    DQ_CALL_PLACE)
#define CHECK_ENTRY(entry)                                             \
    check_alignment((entry), "SLIST_ENTRY is not aligned to 16 bytes", \
                    DQ_SERVICE_ExInterlockedPushEntrySList, DQ_CALL_PLACE)

/* These bits are zero in every list, and some are set in what fills new pool. */
static inline void check_bits(const SLIST_HEADER *header, dq_service service, const void *place)
{
    if (DQ_UNLIKELY((__atomic_load_n(&header->Region, __ATOMIC_RELAXED) & 15 & ~BUSY) != 0)) {
        refuse("SListInit", service, place,
               "SLIST_HEADER was not initialised, or is overwritten", header);
    }
}

#define CHECK_HEADER(service, header)                                 \
    do {                                                              \
        CHECK_PLACED((service), (header));                            \
        check_bits((header), (service), DQ_CALL_PLACE); \
    } while (0)

/* ---- Steps ----------------------------------------------------------------------------------- */

/* The list's first entry, with the header in the caller's hands. */
static PSLIST_ENTRY seize(PSLIST_HEADER header)
{
    ULONGLONG region;

    do {
        region = __atomic_fetch_or(&header->Region, BUSY, __ATOMIC_ACQUIRE);
    } while ((region & BUSY) != 0);
    return (PSLIST_ENTRY)(uintptr_t)(region & ~(ULONGLONG)15);
}

static void let_go(PSLIST_HEADER header, PSLIST_ENTRY first, unsigned depth)
{
    header->HeaderX64.Depth = depth & 0xFFFF;
    header->HeaderX64.Sequence = (header->HeaderX64.Sequence + 1) & (((ULONGLONG)1 << 48) - 1);
    __atomic_store_n(&header->Region, (ULONGLONG)(uintptr_t)first, __ATOMIC_RELEASE);
}

static PSLIST_ENTRY push(PSLIST_HEADER header, PSLIST_ENTRY entry)
{
    PSLIST_ENTRY first = seize(header);

    entry->Next = first;
    let_go(header, entry, (unsigned)header->HeaderX64.Depth + 1);
    return first;
}

static PSLIST_ENTRY pop(PSLIST_HEADER header)
{
    PSLIST_ENTRY first = seize(header);

    if (first == NULL) {
        let_go(header, NULL, 0);
    } else {
        let_go(header, first->Next, (unsigned)header->HeaderX64.Depth - 1);
    }
    return first;
}

static PSLIST_ENTRY flush(PSLIST_HEADER header)
{
    PSLIST_ENTRY first = seize(header);

    let_go(header, NULL, 0);
    return first;
}

VOID NTAPI ExInitializeSListHead(PSLIST_HEADER SListHead)
{
    DQ_COMPUTES();
    CHECK_PLACED(DQ_SERVICE_NONE, SListHead);
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}

VOID NTAPI InitializeSListHead(PSLIST_HEADER SListHead)
{
    DQ_COMPUTES();
    CHECK_PLACED(DQ_SERVICE_NONE, SListHead);
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}

static USHORT depth_of(PSLIST_HEADER header)
{
    return (USHORT)(__atomic_load_n(&header->Alignment, __ATOMIC_ACQUIRE) & 0xFFFF);
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    STEP(ExQueryDepthSList, SListHead, QUERY_FLAGS);
    CHECK_HEADER(DQ_SERVICE_ExQueryDepthSList, SListHead);
    return depth_of(SListHead);
}

USHORT NTAPI QueryDepthSList(PSLIST_HEADER SListHead)
{
    STEP(ExQueryDepthSList, SListHead, QUERY_FLAGS);
    CHECK_HEADER(DQ_SERVICE_ExQueryDepthSList, SListHead);
    return depth_of(SListHead);
}

PSLIST_ENTRY NTAPI FirstEntrySList(const SLIST_HEADER *SListHead)
{
    DQ_COMPUTES();
    CHECK_HEADER(DQ_SERVICE_NONE, SListHead);
    return (PSLIST_ENTRY)(uintptr_t)(__atomic_load_n(&SListHead->Region, __ATOMIC_ACQUIRE) &
                                     ~(ULONGLONG)15);
}

PSLIST_ENTRY NTAPI ExInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry,
                                               PKSPIN_LOCK Lock)
{
    (void)Lock;
    STEP(ExInterlockedPushEntrySList, ListHead, CHANGE_FLAGS);
    CHECK_HEADER(DQ_SERVICE_ExInterlockedPushEntrySList, ListHead);
    CHECK_ENTRY(ListEntry);
    return push(ListHead, ListEntry);
}

PSLIST_ENTRY NTAPI ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock)
{
    (void)Lock;
    STEP(ExInterlockedPopEntrySList, ListHead, CHANGE_FLAGS);
    CHECK_HEADER(DQ_SERVICE_ExInterlockedPopEntrySList, ListHead);
    return pop(ListHead);
}

PSLIST_ENTRY NTAPI ExInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    STEP(ExInterlockedFlushSList, ListHead, CHANGE_FLAGS);
    CHECK_HEADER(DQ_SERVICE_ExInterlockedFlushSList, ListHead);
    return flush(ListHead);
}

PSLIST_ENTRY NTAPI InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    STEP(ExInterlockedPushEntrySList, ListHead, CHANGE_FLAGS);
    CHECK_HEADER(DQ_SERVICE_ExInterlockedPushEntrySList, ListHead);
    CHECK_ENTRY(ListEntry);
    return push(ListHead, ListEntry);
}

PSLIST_ENTRY NTAPI InterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    STEP(ExInterlockedPopEntrySList, ListHead, CHANGE_FLAGS);
    CHECK_HEADER(DQ_SERVICE_ExInterlockedPopEntrySList, ListHead);
    return pop(ListHead);
}

PSLIST_ENTRY NTAPI InterlockedFlushSList(PSLIST_HEADER ListHead)
{
    STEP(ExInterlockedFlushSList, ListHead, CHANGE_FLAGS);
    CHECK_HEADER(DQ_SERVICE_ExInterlockedFlushSList, ListHead);
    return flush(ListHead);
}
