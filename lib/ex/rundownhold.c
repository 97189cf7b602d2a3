/*
 * rundownhold.c - who has acquired rundown protection, and where.
 *
 * The count in the driver's memory says how often, not by whom, and a release does not say which
 * acquisition it ends: the latest one of the same code is taken for it, else the latest of all.
 * What is remembered here is for reports only; the count decides.
 */
#include "ex/executive.h"
#include "ex/rundown.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static dq_rundown_hold **holds_of(dq_machine *machine)
{
    dq_executive *ex = dq_executive_of(machine);

    return ex != NULL ? &ex->rundown_holds : NULL;
}

static dq_rundown_hold *make(dq_machine *machine)
{
    dq_executive *ex = dq_executive_of(machine);
    dq_rundown_hold *made = ex->unused_rundown_holds;

    if (made == NULL) {
        return dq_keep(machine, sizeof(*made));
    }
    ex->unused_rundown_holds = made->next;
    return made;
}

static void remove_at(dq_machine *machine, dq_rundown_hold **link)
{
    dq_executive *ex = dq_executive_of(machine);
    dq_rundown_hold *hold = *link;

    *link = hold->next;
    hold->next = ex->unused_rundown_holds;
    ex->unused_rundown_holds = hold;
}

void dq_rundown_hold_add(dq_processor *cpu, const EX_RUNDOWN_REF *ref, ULONG_PTR count,
                         const void *place)
{
    dq_rundown_hold **holds = holds_of(cpu->machine);
    dq_rundown_hold *hold = holds != NULL ? *holds : NULL;

    if (holds == NULL) {
        return;
    }
    while (hold != NULL && (hold->ref != ref || hold->place != place ||
                            hold->execution != cpu->execution->ordinal)) {
        hold = hold->next;
    }
    if (hold != NULL) {
        hold->count += count;
        return;
    }
    hold = make(cpu->machine);
    if (hold != NULL) {
        *hold = (dq_rundown_hold){ .ref = ref,
                                   .count = count,
                                   .service = cpu->execution->service,
                                   .place = place,
                                   .execution = cpu->execution->ordinal,
                                   .next = *holds };
        *holds = hold;
    }
}

/* The latest of this execution, else of all; NULL: none. */
static dq_rundown_hold **find(dq_rundown_hold **holds, const EX_RUNDOWN_REF *ref,
                              uint32_t execution)
{
    dq_rundown_hold **found = NULL;

    for (dq_rundown_hold **link = holds; *link != NULL; link = &(*link)->next) {
        if ((*link)->ref == ref) {
            if ((*link)->execution == execution) {
                return link;
            }
            found = found != NULL ? found : link;
        }
    }
    return found;
}

void dq_rundown_hold_release(dq_processor *cpu, const EX_RUNDOWN_REF *ref, ULONG_PTR count)
{
    dq_rundown_hold **holds = holds_of(cpu->machine);

    while (count > 0 && holds != NULL) {
        dq_rundown_hold **link = find(holds, ref, cpu->execution->ordinal);
        ULONG_PTR taken;

        if (link == NULL) {
            return;
        }
        taken = (*link)->count < count ? (*link)->count : count;
        (*link)->count -= taken;
        count -= taken;
        if ((*link)->count == 0) {
            remove_at(cpu->machine, link);
        }
    }
}

void dq_rundown_hold_forget(dq_machine *machine, const void *base, size_t bytes)
{
    const dq_kernel *kernel = machine->kernel;
    dq_rundown_hold **link = kernel->ex != NULL ? &kernel->ex->rundown_holds : NULL;

    while (link != NULL && *link != NULL) {
        if ((uintptr_t)(*link)->ref - (uintptr_t)base < bytes) {
            remove_at(machine, link);
        } else {
            link = &(*link)->next;
        }
    }
}

const dq_rundown_hold *dq_rundown_hold_inside(dq_machine *machine, const void *base, size_t bytes)
{
    const dq_kernel *kernel = machine->kernel;
    const dq_rundown_hold *hold = kernel->ex != NULL ? kernel->ex->rundown_holds : NULL;

    while (hold != NULL && (uintptr_t)hold->ref - (uintptr_t)base >= bytes) {
        hold = hold->next;
    }
    return hold;
}

/* Whoever releases it would do so in memory that is somebody else's. */
void dq_rundown_check_free(dq_processor *cpu, const void *base, size_t bytes)
{
    const dq_rundown_hold *hold = dq_rundown_hold_inside(cpu->machine, base, bytes);
    char place[PLACE_TEXT];

    if (hold != NULL) {
        const uintptr_t ref = (uintptr_t)hold->ref;

        (void)dq_place_describe(hold->place, place, sizeof(place));
        dq_rundown_hold_forget(cpu->machine, base, bytes);
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "RundownProtection",
                               .page = "ExWaitForRundownProtectionRelease",
                               .parameters = { ref },
                               .memory = base,
                               .memory_bytes = bytes },
                "a pool block is freed that holds rundown protection, which was acquired at %s and "
                "has not been released.",
                place);
    }
}
