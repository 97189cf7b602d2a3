/*
 * devicequeue.c - device queues: a busy device's requests, in order of arrival or of a key.
 *
 * The queue's own lock is held for no longer than a call, so that nobody can tell that it is not
 * taken here; it orders memory all the same.
 */
#include "ke/devicequeue.h"

#include "ke/ki.h"
#include "ke/wrongobject.h"

enum { TYPE_DEVICE_QUEUE = 20 }; /* KDEVICE_QUEUE.Type. */

/* As its lock would. */
static void order(const KDEVICE_QUEUE *queue)
{
    dq_emit(dq_self, ORDER_TAKE, queue, 0, 0, 0);
    dq_emit(dq_self, ORDER_GIVE, queue, 0, 0, 0);
}

static bool check(dq_processor *cpu, const KDEVICE_QUEUE *queue, const void *place)
{
    if (queue != NULL && queue->Type == TYPE_DEVICE_QUEUE) {
        return true;
    }
    dq_wrong_object(cpu, queue, place,
                    "what is no device queue: KeInitializeDeviceQueue has not been called");
    return false;
}

static bool check_entry(dq_processor *cpu, const KDEVICE_QUEUE_ENTRY *entry, const void *place)
{
    if (!entry->Inserted) {
        return true;
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "DeviceQueue",
                           .page = dq_service_name(cpu->execution->service),
                           .place = place },
            "%s was given an entry that is in a device queue already (or was not cleared)",
            dq_service_name(cpu->execution->service));
    return false;
}

void dq_devicequeue_init(PKDEVICE_QUEUE queue)
{
    queue->Type = TYPE_DEVICE_QUEUE;
    queue->Size = sizeof(*queue);
    InitializeListHead(&queue->DeviceListHead);
    queue->Lock = 0;
    queue->Busy = FALSE;
}

/* ---- Inserting ------------------------------------------------------------------------------- */

static KDEVICE_QUEUE_ENTRY *entry_of(PLIST_ENTRY link)
{
    return CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
}

bool dq_devicequeue_insert(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const ULONG *key)
{
    PLIST_ENTRY before = &queue->DeviceListHead;

    order(queue);
    entry->SortKey = key != NULL ? *key : 0;
    if (!queue->Busy) {
        queue->Busy = TRUE;
        entry->Inserted = FALSE;
        return false;
    }
    if (key != NULL) {
        before = queue->DeviceListHead.Flink;
        while (before != &queue->DeviceListHead && entry_of(before)->SortKey <= *key) {
            before = before->Flink;
        }
    }
    InsertTailList(before, &entry->DeviceListEntry);
    entry->Inserted = TRUE;
    return true;
}

VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    DQ_ENTER(KeInitializeDeviceQueue, DeviceQueue, 0, 0, 0, DQ_VOID);
    dq_devicequeue_init(DeviceQueue);
}

BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                  PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(KeInsertDeviceQueue, DeviceQueue, DeviceQueueEntry, 0, 0, FALSE);
    return check(cpu, DeviceQueue, place) && check_entry(cpu, DeviceQueueEntry, place) &&
           dq_devicequeue_insert(DeviceQueue, DeviceQueueEntry, NULL);
}

BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                       PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(KeInsertByKeyDeviceQueue, DeviceQueue, DeviceQueueEntry, SortKey, 0, FALSE);
    return check(cpu, DeviceQueue, place) && check_entry(cpu, DeviceQueueEntry, place) &&
           dq_devicequeue_insert(DeviceQueue, DeviceQueueEntry, &SortKey);
}

/* ---- Removing -------------------------------------------------------------------------------- */

PKDEVICE_QUEUE_ENTRY dq_devicequeue_remove(PKDEVICE_QUEUE queue, const ULONG *key)
{
    const PLIST_ENTRY head = &queue->DeviceListHead;
    PLIST_ENTRY link = head->Flink;

    order(queue);
    if (link == head) {
        queue->Busy = FALSE;
        return NULL;
    }
    while (key != NULL && link != head && entry_of(link)->SortKey < *key) {
        link = link->Flink;
    }
    link = link != head ? link : head->Flink;
    (void)RemoveEntryList(link);
    entry_of(link)->Inserted = FALSE;
    return entry_of(link);
}

static void check_busy(dq_processor *cpu, const KDEVICE_QUEUE *queue)
{
    if (!queue->Busy) {
        dq_bugcheck(cpu, DEVICE_QUEUE_NOT_BUSY, (uintptr_t)queue, 0, 0, 0,
                    "%s of a device queue that is not busy: it is called once for each request "
                    "that is done",
                    dq_service_name(cpu->execution->service));
    }
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    DQ_ENTER(KeRemoveDeviceQueue, DeviceQueue, 0, 0, 0, NULL);
    if (!check(cpu, DeviceQueue, DQ_CALL_PLACE)) {
        return NULL;
    }
    check_busy(cpu, DeviceQueue);
    return dq_devicequeue_remove(DeviceQueue, NULL);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    DQ_ENTER(KeRemoveByKeyDeviceQueue, DeviceQueue, SortKey, 0, 0, NULL);
    if (!check(cpu, DeviceQueue, DQ_CALL_PLACE)) {
        return NULL;
    }
    check_busy(cpu, DeviceQueue);
    return dq_devicequeue_remove(DeviceQueue, &SortKey);
}

BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                       PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    DQ_ENTER(KeRemoveEntryDeviceQueue, DeviceQueue, DeviceQueueEntry, 0, 0, FALSE);
    if (!check(cpu, DeviceQueue, DQ_CALL_PLACE) || !DeviceQueueEntry->Inserted) {
        return FALSE;
    }
    order(DeviceQueue);
    (void)RemoveEntryList(&DeviceQueueEntry->DeviceListEntry);
    DeviceQueueEntry->Inserted = FALSE;
    return TRUE;
}
