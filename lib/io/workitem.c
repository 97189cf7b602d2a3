/*
 * workitem.c - work items of a device or driver.
 *
 * The device object stays until the routine has returned, whatever IoDeleteDevice says. Items that
 * IoAllocateWorkItem made are pool blocks: their memory is watched like the driver's own.
 */
#include "ex/pool.h"
#include "ex/workqueue.h"
#include "io/io.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"
#include "sim/place.h"

enum {
    PLACE_TEXT = 160,
    POOL_TAG = 0x6B576F49, /* "IoWk" */
    READY = 0x4957         /* Anything that cleared, filled or freed memory is not. */
};

struct _IO_WORKITEM {
    PVOID object;
    ULONG state; /* READY: it is initialised. */
    bool allocated;
};

static void call_routine(const dq_work *work)
{
    ((PIO_WORKITEM_ROUTINE)(uintptr_t)work->routine)(work->object, work->parameter);
}

static void call_routine_ex(const dq_work *work)
{
    ((PIO_WORKITEM_ROUTINE_EX)(uintptr_t)work->routine)(work->object, work->parameter, work->item);
}

static void release_object(dq_machine *machine, const dq_work *work)
{
    dq_device_object_release(machine, work->object);
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static bool is_initialised(dq_processor *cpu, const struct _IO_WORKITEM *item)
{
    if (item != NULL && item->state == READY) {
        return true;
    }
    dq_wrong_object(cpu, item, NULL,
                    item == NULL
                        ? "a null pointer"
                        : "a work item that was not initialised (or was freed, or cleared)");
    return false;
}

static void check_not_queued(dq_processor *cpu, const struct _IO_WORKITEM *item, const char *done)
{
    const dq_work *queued = dq_work_inside(cpu->machine, item, sizeof(*item));
    char place[PLACE_TEXT];

    if (queued != NULL) {
        dq_bugcheck(cpu, INVALID_WORK_QUEUE_ITEM, (uintptr_t)item, 0, 0, (uintptr_t)queued->routine,
                    "a work item is %s while it is queued, since %s: wait until its routine has "
                    "begun",
                    done, dq_place_describe(queued->place, place, sizeof(place)));
    }
}

/* One that the test has made will do, if it says what it is. The system takes a reference to it
 * when the item is queued, and follows the pointer by that. */
static void check_object(dq_processor *cpu, const void *object)
{
    const DEVICE_OBJECT *header = object; /* A DRIVER_OBJECT has its type at the same place. */

    if (dq_device_is_known(cpu->machine, object)) {
        return;
    }
    if (object != NULL) {
        dq_expect_not_freed(cpu, object, NULL);
        if (header->Type == IO_TYPE_DEVICE || header->Type == IO_TYPE_DRIVER) {
            return;
        }
    }
    dq_wrong_object(cpu, object, NULL,
                    object == NULL ? "a null pointer for a device object"
                                   : "what is neither a device object nor a driver object");
}

/* To be queued. */
static bool is_fit(dq_processor *cpu, const struct _IO_WORKITEM *item)
{
    if (!is_initialised(cpu, item)) {
        return false;
    }
    check_object(cpu, item->object);
    return true;
}

/* A driver object will do for the Ex form, whose routine does not take it for a device. */
static bool check_device(dq_processor *cpu, const struct _IO_WORKITEM *item)
{
    const DRIVER_OBJECT *driver = item->object;

    if (dq_device_is_known(cpu->machine, item->object) || driver == NULL ||
        driver->Type != IO_TYPE_DRIVER) {
        return true;
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "WorkItemDevice",
                           .page = "wdm: IoAllocateWorkItem",
                           .place = cpu->execution->place },
            "IoQueueWorkItem was given a work item of a driver object: its routine expects a "
            "device object; call IoQueueWorkItemEx");
    return false;
}

/* ---- Making and freeing ---------------------------------------------------------------------- */

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    PIO_WORKITEM item;

    DQ_ENTER(IoAllocateWorkItem, DeviceObject, DeviceObject, 0, 0, NULL);
    check_object(cpu, DeviceObject);
    item =
        dq_pool_allocate(cpu, NonPagedPoolNx, sizeof(*item), POOL_TAG, DQ_CALL_PLACE);
    if (item != NULL) {
        *item = (IO_WORKITEM){ .object = DeviceObject, .state = READY, .allocated = true };
    }
    return item;
}

VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    DQ_ENTER(IoFreeWorkItem, IoWorkItem, IoWorkItem, 0, 0, DQ_VOID);
    if (!is_initialised(cpu, IoWorkItem)) {
        return;
    }
    check_not_queued(cpu, IoWorkItem, "freed");
    if (!IoWorkItem->allocated) {
        dq_wrong_object(cpu, IoWorkItem, NULL,
                        "a work item of IoInitializeWorkItem, which is uninitialised");
        return;
    }
    IoWorkItem->state = 0;
    dq_pool_give_back(cpu, IoWorkItem, POOL_TAG, DQ_CALL_PLACE);
}

ULONG NTAPI IoSizeofWorkItem(VOID)
{
    return sizeof(IO_WORKITEM);
}

VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    DQ_ENTER(IoInitializeWorkItem, IoWorkItem, IoObject, IoWorkItem, 0, DQ_VOID);
    check_not_queued(cpu, IoWorkItem, "initialised");
    check_object(cpu, IoObject);
    *IoWorkItem = (IO_WORKITEM){ .object = IoObject, .state = READY };
}

VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    DQ_ENTER(IoUninitializeWorkItem, IoWorkItem, IoWorkItem, 0, 0, DQ_VOID);
    if (!is_initialised(cpu, IoWorkItem)) {
        return;
    }
    check_not_queued(cpu, IoWorkItem, "uninitialised");
    if (IoWorkItem->allocated) {
        dq_wrong_object(cpu, IoWorkItem, NULL,
                        "a work item of IoAllocateWorkItem, which is freed");
        return;
    }
    IoWorkItem->state = 0;
}

/* ---- Queueing -------------------------------------------------------------------------------- */

static void queue(dq_processor *cpu, PIO_WORKITEM item, const dq_work *how, WORK_QUEUE_TYPE type)
{
    dq_work work = *how;

    work.item = item;
    work.bytes = sizeof(*item);
    work.object = item->object;
    work.done = release_object;
    dq_work_queue_insert(cpu, &work, type);
    dq_device_object_hold(cpu->machine, item->object);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    DQ_ENTER(IoQueueWorkItem, IoWorkItem, IoWorkItem, (uintptr_t)WorkerRoutine, QueueType, DQ_VOID);
    if (is_fit(cpu, IoWorkItem) && check_device(cpu, IoWorkItem)) {
        queue(cpu, IoWorkItem,
              &(dq_work){ .routine = DQ_CODE(WorkerRoutine),
                          .parameter = Context,
                          .call = call_routine,
                          .place = DQ_CALL_PLACE },
              QueueType);
    }
}

VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                             WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    DQ_ENTER(IoQueueWorkItemEx, IoWorkItem, IoWorkItem, (uintptr_t)WorkerRoutine, QueueType,
             DQ_VOID);
    if (is_fit(cpu, IoWorkItem)) {
        queue(cpu, IoWorkItem,
              &(dq_work){ .routine = DQ_CODE(WorkerRoutine),
                          .parameter = Context,
                          .call = call_routine_ex,
                          .place = DQ_CALL_PLACE },
              QueueType);
    }
}

/* The page is silent on the routine's type: as the Ex form's. */
BOOLEAN NTAPI IoTryQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                 WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    DQ_ENTER(IoTryQueueWorkItem, IoWorkItem, IoWorkItem, (uintptr_t)WorkerRoutine, QueueType,
             FALSE);
    if (!is_fit(cpu, IoWorkItem) ||
        dq_work_inside(cpu->machine, IoWorkItem, sizeof(*IoWorkItem)) != NULL) {
        return FALSE;
    }
    queue(cpu, IoWorkItem,
          &(dq_work){ .routine = DQ_CODE(WorkerRoutine),
                      .parameter = Context,
                      .call = call_routine_ex,
                      .place = DQ_CALL_PLACE },
          QueueType);
    return TRUE;
}
