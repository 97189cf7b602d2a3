/*
 * unknown.h - reference counting and QueryInterface, once for all PortCls objects.
 */
#ifndef PC_UNKNOWN_H
#define PC_UNKNOWN_H

#include <portcls.h>

#include "verify.h"

/* Begins every PortCls object. The interface pointer is a pointer to it. */
typedef struct pc_unknown {
    const void *methods; /* The interface's table of functions. */
    volatile LONG references;
    const GUID *const
        *interfaces; /* What QueryInterface knows, besides IUnknown; ends with NULL. */
    void (*destroy)(struct pc_unknown *unknown, const void *place);
} pc_unknown;

/* A zeroed object of `bytes` with one reference, from nonpaged pool. NULL when memory is short. */
void *pc_unknown_create(SIZE_T bytes, const void *methods, const GUID *const *interfaces,
                        void (*destroy)(pc_unknown *unknown, const void *place),
                        const pc_origin *origin);

NTSTATUS pc_unknown_query(pc_unknown *unknown, REFIID interface_id, PVOID *result);
ULONG pc_unknown_add(pc_unknown *unknown);
ULONG pc_unknown_release(pc_unknown *unknown, const void *place);

#endif
