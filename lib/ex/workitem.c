/*
 * workitem.c - work items that belong to no device: obsolete, but in use.
 */
#include "ex/workqueue.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static void call_routine(const dq_work *work)
{
    ((PWORKER_THREAD_ROUTINE)(uintptr_t)work->routine)(work->parameter);
}

VOID NTAPI ExInitializeWorkItem(PWORK_QUEUE_ITEM Item, PWORKER_THREAD_ROUTINE Routine,
                                PVOID Context)
{
    const dq_work *queued;
    char place[PLACE_TEXT];

    DQ_ENTER(ExInitializeWorkItem, Item, Item, (uintptr_t)Routine, Context, DQ_VOID);
    queued = dq_work_inside(cpu->machine, Item, sizeof(*Item));
    if (queued != NULL) {
        dq_bugcheck(cpu, INVALID_WORK_QUEUE_ITEM, (uintptr_t)Item, 0, 0, (uintptr_t)queued->routine,
                    "a work item is initialised while it is queued, since %s",
                    dq_place_describe(queued->place, place, sizeof(place)));
    }
    *Item = (WORK_QUEUE_ITEM){ .WorkerRoutine = Routine, .Parameter = Context };
}

VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    DQ_ENTER(ExQueueWorkItem, WorkItem, WorkItem, QueueType, 0, DQ_VOID);
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = WorkItem,
                                     .bytes = sizeof(*WorkItem),
                                     .routine = DQ_CODE(WorkItem->WorkerRoutine),
                                     .parameter = WorkItem->Parameter,
                                     .call = call_routine,
                                     .place = DQ_CALL_PLACE },
                         QueueType);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}
