/*
 * wmi.h - who provides data for WMI, and the requests that ask for them.
 */
#ifndef DQ_IO_WMI_H
#define DQ_IO_WMI_H

#include <wmistr.h>

#include "io/io.h"

typedef struct dq_wmi_request {
    PDEVICE_OBJECT provider;
    UCHAR minor;
    const void *path; /* A GUID; of registrations WMIREGISTER or WMIUPDATE. */
    void *buffer;
    ULONG bytes;
    const void *place;
} dq_wmi_request;

/* Sends it to the top of the provider's stack, and waits. At PASSIVE_LEVEL. */
NTSTATUS dq_wmi_send(dq_processor *cpu, const dq_wmi_request *request, ULONG_PTR *information);

/* True if the device is registered. */
bool dq_wmi_is_provider(dq_machine *machine, const DEVICE_OBJECT *device);

/* Takes an event to the consumers, and its memory, which lies in the pool, if it succeeds. */
NTSTATUS dq_wmi_write(dq_processor *cpu, WNODE_HEADER *header, const void *place);

/* The device is deleted: a finding if it is still registered. */
void dq_wmi_delete(dq_processor *cpu, const DEVICE_OBJECT *device, const void *place);

#endif
