/*
 * devicequeue.h - device queues, for the I/O manager.
 */
#ifndef DQ_DEVICEQUEUE_H
#define DQ_DEVICEQUEUE_H

#include <stdbool.h>

#include <wdm.h>

/* As the services, without being calls of them. `key` NULL: in order of arrival. */
void dq_devicequeue_init(PKDEVICE_QUEUE queue);
bool dq_devicequeue_insert(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const ULONG *key);
PKDEVICE_QUEUE_ENTRY dq_devicequeue_remove(PKDEVICE_QUEUE queue, const ULONG *key);

#endif
