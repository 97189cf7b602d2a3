/*
 * wppbegin.c - beginning and ending WPP tracing: a driver does it once.
 *
 * Nothing has to be set up for messages to be written. What is kept is who has begun, known by the
 * spelling of its providers (WPP_CONTROL_GUIDS): its driver object may be NULL.
 */
#include <string.h>

#include <wdkwpp.h>

#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

struct dq_wpp {
    PCSTR providers;
    const void *place;
    struct dq_wpp *next;
};

static struct dq_wpp **find(dq_processor *cpu, PCSTR providers)
{
    struct dq_wpp **link = &dq_kernel_of(cpu)->wpps;

    while (*link != NULL && strcmp((*link)->providers, providers) != 0) {
        link = &(*link)->next;
    }
    return link;
}

static void warn(dq_processor *cpu, const struct dq_wpp *begun, const void *place)
{
    char text[PLACE_TEXT];

    dq_find(cpu,
            &(dq_finding){ .severity = DQ_WARNING,
                           .rule = "WppTracing",
                           .page = "devtest: WPP_INIT_TRACING for Kernel-Mode Drivers",
                           .place = place },
            "WPP_INIT_TRACING follows another one of the same providers, at %s, without "
            "WPP_CLEANUP between them",
            dq_place_describe(begun->place, text, sizeof(text)));
}

VOID WdkWppBegin(PCSTR Providers)
{
    struct dq_wpp *begun;

    DQ_ENTER(WPP_INIT_TRACING, NULL, 0, 0, 0, DQ_VOID);
    begun = *find(cpu, Providers);
    if (begun != NULL) {
        warn(cpu, begun, DQ_CALL_PLACE);
        return;
    }
    begun = dq_keep(cpu->machine, sizeof(*begun));
    if (begun != NULL) {
        *begun = (struct dq_wpp){ .providers = Providers,
                                  .place = DQ_CALL_PLACE,
                                  .next = dq_kernel_of(cpu)->wpps };
        dq_kernel_of(cpu)->wpps = begun;
    }
}

/* Without a beginning it does nothing. */
VOID WdkWppEnd(PCSTR Providers)
{
    struct dq_wpp **link, *begun;

    DQ_ENTER(WPP_CLEANUP, NULL, 0, 0, 0, DQ_VOID);
    link = find(cpu, Providers);
    begun = *link;
    if (begun != NULL) {
        *link = begun->next;
        dq_keep_drop(cpu->machine, begun);
    }
}
