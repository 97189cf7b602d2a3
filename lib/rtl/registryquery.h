/*
 * registryquery.h - what the files of RtlQueryRegistryValues share.
 */
#ifndef DQ_RTL_REGISTRYQUERY_H
#define DQ_RTL_REGISTRYQUERY_H

#include "rtl/registry.h"

/* A value on its way to the caller: a copy that belongs to nobody else. */
typedef struct dq_registry_value {
    PWSTR name;
    ULONG type;
    ULONG bytes;
    void *data;
} dq_registry_value;

/* ---- registryexpand.c ------------------------------------------------------------------------ */

/* Text with %NAME% replaced by what `environment` ("A=b", null, "C=d", null, null; or NULL) has for
 * it; what it does not have stays. Of the kept memory. NULL: short of memory. */
WCHAR *dq_registry_expand(dq_machine *machine, const WCHAR *environment, const WCHAR *text,
                          size_t *characters);

/* ---- registrystore.c ------------------------------------------------------------------------- */

/* Stores a value where the entry's EntryContext says, as for RTL_QUERY_REGISTRY_DIRECT. */
NTSTATUS dq_registry_store(dq_processor *cpu, const dq_registry_value *value, void *to,
                           const void *place);

static inline bool dq_registry_is_text(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

#endif
