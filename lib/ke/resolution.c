/*
 * resolution.c - ExSetTimerResolution. Times are exact here, not rounded to ticks: what changes is
 * only what is told.
 */
#include "ke/ki.h"

enum { COARSEST_100NS = 156250, FINEST_100NS = 10000 };

static dq_resolution *resolution_of(const dq_processor *cpu)
{
    return &dq_kernel_of(cpu)->resolution;
}

static ULONG current(const dq_resolution *resolution)
{
    return resolution->asked_100ns != 0 ? resolution->asked_100ns : COARSEST_100NS;
}

VOID NTAPI ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime)
{
    DQ_ENTER(ExQueryTimerResolution, NULL, 0, 0, 0, DQ_VOID);
    *MaximumTime = COARSEST_100NS;
    *MinimumTime = FINEST_100NS;
    *CurrentTime = current(resolution_of(cpu));
}

static void set(dq_resolution *resolution, ULONG wanted, const void *place)
{
    const ULONG possible = wanted > FINEST_100NS ? wanted : FINEST_100NS;

    resolution->setters++;
    resolution->place = place;
    if (possible < current(resolution)) {
        resolution->asked_100ns = possible;
    }
}

/* The default comes back when all who set it have called. */
static void restore(dq_resolution *resolution)
{
    if (resolution->setters > 0 && --resolution->setters == 0) {
        resolution->asked_100ns = 0;
    }
}

ULONG NTAPI ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    DQ_ENTER(ExSetTimerResolution, NULL, DesiredTime, SetResolution, 0, COARSEST_100NS);
    if (SetResolution) {
        set(resolution_of(cpu), DesiredTime, DQ_CALL_PLACE);
    } else {
        restore(resolution_of(cpu));
    }
    return current(resolution_of(cpu));
}
