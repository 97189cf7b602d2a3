/*
 * rundown.c - rundown protection.
 *
 * The lowest bit of the count says that the object runs down, or has: nobody acquires it any more.
 * The rest is how often it is acquired. Where a cache-aware one has a count for each processor on
 * Windows, one is enough here: processors do not share a cache that could be slow.
 */
#include <stdio.h>

#include "ex/executive.h"
#include "ex/pool.h"
#include "ke/ki.h"
#include "ke/waitreport.h"
#include "ke/wrongobject.h"
#include "sim/place.h"

enum { RUNDOWN = 1, ONE = 2, PLACE_TEXT = 160 };

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    EX_RUNDOWN_REF ref;
    ULONG tag; /* Of the pool block that it is; 0: it is the driver's memory. */
};

static void accuse(dq_processor *cpu, const EX_RUNDOWN_REF *ref, const char *what)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "RundownProtection",
                           .page = dq_service_name(cpu->execution->service),
                           .parameters = { (uintptr_t)ref, ref->Count } },
            "%s %s", dq_service_name(cpu->execution->service), what);
}

/* So often nothing is acquired: the memory is something else's, or nobody's. */
static void check(dq_processor *cpu, const EX_RUNDOWN_REF *ref)
{
    if (DQ_UNLIKELY(ref->Count / ONE > UINT32_MAX)) {
        dq_expect_not_freed(cpu, ref, NULL);
    }
}

static bool acquire(dq_processor *cpu, PEX_RUNDOWN_REF ref, ULONG count, const void *place)
{
    check(cpu, ref);
    if ((ref->Count & RUNDOWN) != 0) {
        return false;
    }
    if (ref->Count == 0) { /* What else is known of this memory is of something before. */
        dq_rundown_hold_forget(cpu->machine, ref, 1);
    }
    dq_rundown_hold_add(cpu, ref, count, place);
    ref->Count += (ULONG_PTR)count * ONE;
    return true;
}

static void wake(dq_processor *cpu, const EX_RUNDOWN_REF *ref)
{
    for (dq_rundown_wait *wait = dq_executive_of(cpu->machine)->rundowns; wait != NULL;
         wait = wait->next) {
        if (wait->ref == ref) {
            dq_signal(cpu, &wait->released);
        }
    }
}

static void release(dq_processor *cpu, PEX_RUNDOWN_REF ref, ULONG count)
{
    check(cpu, ref);
    if (ref->Count / ONE < count) {
        accuse(cpu, ref, "releases rundown protection more often than it was acquired");
        return;
    }
    dq_emit(cpu, ORDER_GIVE, ref, 0, 0, 0);
    dq_rundown_hold_release(cpu, ref, count);
    ref->Count -= (ULONG_PTR)count * ONE;
    if (ref->Count == RUNDOWN && dq_executive_of(cpu->machine) != NULL) {
        wake(cpu, ref);
    }
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

/* How often, and by whom. */
static void tell_count(dq_machine *machine, const dq_wait_matter *matter, dq_text *text)
{
    const EX_RUNDOWN_REF *ref = matter->object;

    const dq_executive *ex = dq_executive_of(machine);
    char place[PLACE_TEXT];

    dq_text_add(text, "\n    it is acquired %u times, and was not released as often",
                (unsigned)(ref->Count / ONE));
    for (const dq_rundown_hold *h = ex->rundown_holds; h != NULL; h = h->next) {
        if (h->ref == ref) {
            dq_text_add(text, "\n    it was acquired at %s",
                        dq_place_describe(h->place, place, sizeof(place)));
        }
    }
}

static void wait_for_release(dq_processor *cpu, PEX_RUNDOWN_REF ref, const void *place)
{
    dq_executive *ex = dq_executive_of(cpu->machine);
    dq_rundown_wait wait = { .ref = ref };
    dq_rundown_wait **link;
    const dq_wait_matter matter = { .what = "the release of rundown protection",
                                    .object = ref,
                                    .tell = tell_count };

    check(cpu, ref);
    ref->Count |= RUNDOWN;
    if (ref->Count == RUNDOWN || ex == NULL) {
        dq_emit(cpu, ORDER_TAKE, ref, 0, 0, 0);
        return;
    }
    dq_wait_header_init(&wait.released.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    wait.next = ex->rundowns;
    ex->rundowns = &wait;
    (void)dq_wait_for_matter(cpu, &wait.released, cpu->execution->service, place, &matter);
    dq_emit(dq_self, ORDER_TAKE, ref, 0, 0, 0);
    link = &ex->rundowns;
    while (*link != &wait) {
        link = &(*link)->next;
    }
    *link = wait.next;
}

static void initialise(dq_processor *cpu, PEX_RUNDOWN_REF ref)
{
    const dq_rundown_hold *hold = dq_rundown_hold_inside(cpu->machine, ref, 1);
    char what[PLACE_TEXT + 80], place[PLACE_TEXT];

    /* Memory that was zeroed, or used for something else, is acquired by nobody any more. */
    if (hold != NULL && ref->Count / ONE >= hold->count && ref->Count / ONE <= UINT32_MAX) {
        snprintf(what, sizeof(what), "initialises rundown protection that is acquired, since %s",
                 dq_place_describe(hold->place, place, sizeof(place)));
        accuse(cpu, ref, what);
    }
    dq_rundown_hold_forget(cpu->machine, ref, 1);
    ref->Count = 0;
}

/* The pages let only what has run down be used again. */
static void initialise_again(dq_processor *cpu, PEX_RUNDOWN_REF ref)
{
    check(cpu, ref);
    if (ref->Count != RUNDOWN) {
        accuse(cpu, ref, "was given rundown protection that has not run down");
    }
    dq_rundown_hold_forget(cpu->machine, ref, 1);
    ref->Count = 0;
}

static void complete(dq_processor *cpu, PEX_RUNDOWN_REF ref)
{
    check(cpu, ref);
    if (ref->Count > RUNDOWN) {
        accuse(cpu, ref,
               "was given rundown protection that is still acquired: wait for its "
               "release first");
    }
    dq_rundown_hold_forget(cpu->machine, ref, 1);
    ref->Count = RUNDOWN;
}

/* ---- Services -------------------------------------------------------------------------------- */

VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    DQ_ENTER(ExInitializeRundownProtection, RunRef, RunRef, 0, 0, DQ_VOID);
    initialise(cpu, RunRef);
}

VOID NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    DQ_ENTER(ExReInitializeRundownProtection, RunRef, RunRef, 0, 0, DQ_VOID);
    initialise_again(cpu, RunRef);
}

VOID NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    DQ_ENTER(ExRundownCompleted, RunRef, RunRef, 0, 0, DQ_VOID);
    complete(cpu, RunRef);
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    DQ_ENTER(ExAcquireRundownProtection, RunRef, RunRef, 1, 0, FALSE);
    return acquire(cpu, RunRef, 1, DQ_CALL_PLACE);
}

BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    DQ_ENTER(ExAcquireRundownProtectionEx, RunRef, RunRef, Count, 0, FALSE);
    return acquire(cpu, RunRef, Count, DQ_CALL_PLACE);
}

VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    DQ_ENTER(ExReleaseRundownProtection, RunRef, RunRef, 1, 0, DQ_VOID);
    release(cpu, RunRef, 1);
}

VOID NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    DQ_ENTER(ExReleaseRundownProtectionEx, RunRef, RunRef, Count, 0, DQ_VOID);
    release(cpu, RunRef, Count);
}

VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    DQ_ENTER(ExWaitForRundownProtectionRelease, RunRef, RunRef, 0, 0, DQ_VOID);
    wait_for_release(cpu, RunRef, DQ_CALL_PLACE);
}

/* ---- Cache-aware ----------------------------------------------------------------------------- */

PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType,
                                                                        ULONG PoolTag)
{
    PEX_RUNDOWN_REF_CACHE_AWARE made;

    DQ_ENTER(ExAllocateCacheAwareRundownProtection, NULL, PoolType, PoolTag, 0, NULL);
    made = dq_pool_allocate(cpu, PoolType, sizeof(*made), PoolTag, DQ_CALL_PLACE);
    if (made != NULL) {
        *made = (struct _EX_RUNDOWN_REF_CACHE_AWARE){ .tag = PoolTag };
    }
    return made;
}

VOID NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DQ_ENTER(ExFreeCacheAwareRundownProtection, RunRefCacheAware, RunRefCacheAware, 0, 0, DQ_VOID);
    if (RunRefCacheAware->ref.Count > RUNDOWN) {
        accuse(cpu, &RunRefCacheAware->ref, "frees rundown protection that is still acquired");
        dq_rundown_hold_forget(cpu->machine, &RunRefCacheAware->ref, 1);
    }
    dq_pool_give_back(cpu, RunRefCacheAware, RunRefCacheAware->tag, DQ_CALL_PLACE);
}

SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(VOID)
{
    DQ_ENTER(ExSizeOfRundownProtectionCacheAware, NULL, 0, 0, 0, 0);
    (void)cpu;
    return sizeof(EX_RUNDOWN_REF_CACHE_AWARE);
}

VOID NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                   SIZE_T RunRefSize)
{
    DQ_ENTER(ExInitializeRundownProtectionCacheAware, RunRefCacheAware, RunRefCacheAware,
             RunRefSize, 0, DQ_VOID);
    if (RunRefSize < sizeof(*RunRefCacheAware)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "RundownProtection",
                               .page = "ExInitializeRundownProtectionCacheAware" },
                "ExInitializeRundownProtectionCacheAware was given %u bytes: "
                "ExSizeOfRundownProtectionCacheAware says how many it needs",
                (unsigned)RunRefSize);
        return;
    }
    initialise(cpu, &RunRefCacheAware->ref);
    RunRefCacheAware->tag = 0;
}

VOID NTAPI ExInitializeRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                     ULONG Flags)
{
    DQ_ENTER(ExInitializeRundownProtectionCacheAwareEx, RunRefCacheAware, RunRefCacheAware, Flags,
             0, DQ_VOID);
    initialise(cpu, &RunRefCacheAware->ref);
    RunRefCacheAware->tag = 0;
}

VOID NTAPI ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DQ_ENTER(ExReInitializeRundownProtectionCacheAware, RunRefCacheAware, RunRefCacheAware, 0, 0,
             DQ_VOID);
    initialise_again(cpu, &RunRefCacheAware->ref);
}

VOID NTAPI ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DQ_ENTER(ExRundownCompletedCacheAware, RunRefCacheAware, RunRefCacheAware, 0, 0, DQ_VOID);
    complete(cpu, &RunRefCacheAware->ref);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DQ_ENTER(ExAcquireRundownProtectionCacheAware, RunRefCacheAware, RunRefCacheAware, 1, 0, FALSE);
    return acquire(cpu, &RunRefCacheAware->ref, 1, DQ_CALL_PLACE);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                     ULONG Count)
{
    DQ_ENTER(ExAcquireRundownProtectionCacheAwareEx, RunRefCacheAware, RunRefCacheAware, Count, 0,
             FALSE);
    return acquire(cpu, &RunRefCacheAware->ref, Count, DQ_CALL_PLACE);
}

VOID NTAPI ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DQ_ENTER(ExReleaseRundownProtectionCacheAware, RunRefCacheAware, RunRefCacheAware, 1, 0,
             DQ_VOID);
    release(cpu, &RunRefCacheAware->ref, 1);
}

VOID NTAPI ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, ULONG Count)
{
    DQ_ENTER(ExReleaseRundownProtectionCacheAwareEx, RunRef, RunRef, Count, 0, DQ_VOID);
    release(cpu, &RunRef->ref, Count);
}

VOID NTAPI ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef)
{
    DQ_ENTER(ExWaitForRundownProtectionReleaseCacheAware, RunRef, RunRef, 0, 0, DQ_VOID);
    wait_for_release(cpu, &RunRef->ref, DQ_CALL_PLACE);
}
