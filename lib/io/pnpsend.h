/*
 * pnpsend.h - Plug and Play requests, as the PnP manager sends them.
 */
#ifndef DQ_IO_PNPSEND_H
#define DQ_IO_PNPSEND_H

#include <wdm.h>

#include "io/io.h"

typedef struct dq_pnp_request {
    UCHAR minor;
    void (*fill)(PIRP irp, PIO_STACK_LOCATION stack, void *context); /* May be NULL. */
    void *context;
    const void *place;
} dq_pnp_request;

/* Sends it to the top of the device's stack and waits; who is registered for the device is told,
 * and may object to IRP_MN_QUERY_REMOVE_DEVICE before that is sent. `sent` (or NULL): whether it
 * was. The device's state follows. PASSIVE_LEVEL; afterwards use dq_self. */
NTSTATUS dq_pnp_send(dq_processor *cpu, dq_pdo *pdo, const dq_pnp_request *request, bool *sent);

/* A finding if anything is attached to a device that was removed. */
void dq_pnp_check_detached(dq_processor *cpu, const dq_pdo *pdo, const void *place);

#endif
