/*
 * registry.h - keys by the paths of the Rtl...Registry... routines.
 */
#ifndef DQ_RTL_REGISTRY_H
#define DQ_RTL_REGISTRY_H

#include "ex/registry.h"

/* How such a routine names a key. With `make` the last part is made if it is missing; `access` is
 * what is needed of a handle. */
typedef struct dq_registry_name {
    ULONG relative_to;
    PCWSTR path;
    ACCESS_MASK access;
    bool make;
} dq_registry_name;
NTSTATUS dq_registry_find(dq_processor *cpu, const dq_registry_name *name, dq_key **key);

/* The key lies in a hive that only the system writes. */
bool dq_registry_is_trusted(const dq_key *key);

/* A null-terminated text as a counted one. STATUS_OBJECT_NAME_INVALID: it is too long. */
NTSTATUS dq_registry_count(PCWSTR text, UNICODE_STRING *counted);

#endif
