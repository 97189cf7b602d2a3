/*
 * rig.h - a line, a resource list with it, and ISRs that answer as they are told.
 */
#ifndef RIG_H
#define RIG_H

#include <portcls.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <stdlib.h>
#include <string.h>

#include "../settle.h"

enum { RIG_ISRS = 4, RIG_ORDER = 32 };

typedef struct rig_isr {
    struct rig *rig;
    char letter;
    int successes; /* How often it still answers STATUS_SUCCESS. */
    int calls;
    KIRQL irql; /* At its last call. */
} rig_isr;

typedef struct rig {
    dirql_line *line;
    PRESOURCELIST resources;
    PINTERRUPTSYNC sync;
    rig_isr isrs[RIG_ISRS];
    char order[RIG_ORDER + 1]; /* Letters of the ISRs in the order of their calls. */
    BOOLEAN silences;          /* An ISR that succeeds deasserts the line. */
} rig;

static inline PRESOURCELIST rig_resources(dirql_line *line)
{
    dirql_resources *resources = dirql_resources_create();
    PRESOURCELIST list = NULL;

    dirql_resources_add_line(resources, line);
    assert_int_equal(PcNewResourceList(&list, NULL, NonPagedPoolNx,
                                       dirql_resources_translated(resources),
                                       dirql_resources_raw(resources)),
                     STATUS_SUCCESS);
    return list;
}

static inline NTSTATUS rig_answer(IInterruptSync *sync, PVOID context)
{
    rig_isr *isr = context;
    rig *r = isr->rig;
    const size_t length = strlen(r->order);

    UNREFERENCED_PARAMETER(sync);
    isr->calls++;
    isr->irql = KeGetCurrentIrql();
    if (length < RIG_ORDER) {
        r->order[length] = isr->letter;
    }
    if (isr->successes == 0) {
        return STATUS_UNSUCCESSFUL;
    }
    isr->successes--;
    if (r->silences) {
        dirql_line_deassert(r->line);
    }
    return STATUS_SUCCESS;
}

static inline int rig_start(void **state)
{
    static rig
        the_rig; /* Not from the heap: a run that ends in a bug check has no teardown to free it. */
    rig *r = &the_rig;

    *r = (rig){ 0 };
    r->line =
        dirql_line_create(&(dirql_line_options){ .name = "rig", .irql = 7, .trigger = DIRQL_EDGE });
    r->resources = rig_resources(r->line);
    r->silences = TRUE;
    for (int i = 0; i < RIG_ISRS; i++) {
        r->isrs[i].rig = r;
        r->isrs[i].letter = (char)('a' + i);
    }
    *state = r;
    return 0;
}

static inline int rig_stop(void **state)
{
    rig *r = *state;

    if (r->sync != NULL) {
        if (IInterruptSync_GetKInterrupt(r->sync) != NULL) {
            IInterruptSync_Disconnect(r->sync);
        }
        IInterruptSync_Release(r->sync);
    }
    IResourceList_Release(r->resources);
    return 0;
}

/* Interrupts once; when it returns, that is over. PASSIVE_LEVEL. */
static inline void rig_interrupt(rig *r)
{
    dirql_line_pulse(r->line);
    settle();
}

/* Makes the sync object with the first `isrs` ISRs, each at the tail, and connects it. */
static inline void rig_connect(rig *r, INTERRUPTSYNCMODE mode, int isrs)
{
    assert_int_equal(PcNewInterruptSync(&r->sync, NULL, r->resources, 0, mode), STATUS_SUCCESS);
    for (int i = 0; i < isrs; i++) {
        assert_int_equal(
            IInterruptSync_RegisterServiceRoutine(r->sync, rig_answer, &r->isrs[i], FALSE),
            STATUS_SUCCESS);
    }
    assert_int_equal(IInterruptSync_Connect(r->sync), STATUS_SUCCESS);
}

#endif
