/*
 * flushdpc.c - KeFlushQueuedDpcs: waits until all DPCs that were queued before have returned, on
 * all processors.
 *
 * Insertion numbers tell which those are. DPCs that wait for an occasion (Low importance, or sent
 * to a busy processor) are given one.
 */
#include "ke/ki.h"

static bool holds_older(const dq_dpc_list *list, uint64_t number)
{
    if (list->running != 0 && list->running <= number) {
        return true;
    }
    for (const KDPC *dpc = list->first; dpc != NULL; dpc = dq_dpc_next(dpc)) {
        if (dq_dpc_insertion(dpc) <= number) {
            return true;
        }
    }
    return false;
}

/* True if any DPC queued before `number` is not done. Makes those that wait for an occasion run. */
static bool press_older(dq_machine *machine, uint64_t number)
{
    bool found = false;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_processor *target = &machine->processors[i];
        dq_dpc_queue *queue = &dq_prcb_of(target)->dpcs;

        if (holds_older(&queue->normal, number)) {
            if (queue->normal.first != NULL) {
                dq_pend(target, DQ_LEVEL_DISPATCH);
            }
            found = true;
        }
        found |= holds_older(&queue->threaded, number);
    }
    return found;
}

VOID NTAPI KeFlushQueuedDpcs(VOID)
{
    const void *place = DQ_CALL_PLACE;
    dq_dpcs *dpcs;
    uint64_t number;

    DQ_ENTER(KeFlushQueuedDpcs, NULL, 0, 0, 0, DQ_VOID);
    dpcs = &dq_kernel_of(cpu)->dpcs;
    number = dpcs->inserted;
    dpcs->flushers++;
    while (press_older(cpu->machine, number)) {
        dpcs->done.Header.SignalState = 0;
        cpu = dq_deliver(cpu);
        if (!press_older(cpu->machine, number)) {
            break;
        }
        (void)dq_wait_for_matter(cpu, &dpcs->done, DQ_SERVICE_KeFlushQueuedDpcs, place,
                                 &(dq_wait_matter){ .what = "the DPCs that were queued before" });
        cpu = dq_self;
    }
    dpcs->flushers--;
    dq_emit(cpu, DPC_FLUSH, NULL, 0, 0, 0);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}
