/*
 * registryquery.c - RtlQueryRegistryValues: a table of what is wanted of a key.
 *
 * Where its page is silent: a key that is optional and missing is a key without values, and so is a
 * subkey that is missing and not required; an entry for a subkey that has a routine is called for
 * the subkey's values; a text is expanded to REG_SZ. An entry without routine and name ends the
 * table, unless its flags say that it needs a name.
 */
#include "rtl/registryquery.h"

#include <string.h>

#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/fail.h"

typedef struct query {
    dq_key *top, *key; /* NULL: there is none. */
    void *context;
    const WCHAR *environment;
    const void *place;
    bool warned_typecheck, warned_expand;
} query;

typedef const RTL_QUERY_REGISTRY_TABLE entry_type;

static void warn(const query *q, bool *warned, const char *rule, const char *text)
{
    if (!*warned && dq_attends(dq_self, DQ_ATTEND_SINKS)) {
        *warned = true;
        dq_find(dq_self, &(dq_finding){ .severity = DQ_WARNING, .rule = rule, .place = q->place },
                "%s", text);
    }
}

/* ---- Values and their copies ----------------------------------------------------------------- */

/* With two nulls behind it, so that any text in it ends. */
static bool copy(dq_registry_value *to, PWSTR name, ULONG type, const void *data, ULONG bytes)
{
    to->data = dq_keep(dq_self->machine, bytes + 2 * sizeof(WCHAR));
    if (to->data == NULL) {
        return false;
    }
    to->name = name;
    to->type = type;
    to->bytes = bytes;
    if (bytes > 0) {
        memcpy(to->data, data, bytes);
    }
    return true;
}

static bool expand(query *q, dq_registry_value *value)
{
    size_t characters = value->bytes / sizeof(WCHAR);
    WCHAR *expanded;

    warn(q, &q->warned_expand, "RegistryExpand",
         "RtlQueryRegistryValues expands a REG_EXPAND_SZ value: RTL_QUERY_REGISTRY_NOEXPAND is "
         "not set");
    expanded = dq_registry_expand(dq_self->machine, q->environment, value->data, &characters);
    if (expanded == NULL) {
        return false;
    }
    dq_keep_drop(dq_self->machine, value->data);
    value->type = REG_SZ;
    value->data = expanded;
    value->bytes = (ULONG)(characters * sizeof(WCHAR));
    return true;
}

/* ---- Telling the caller ---------------------------------------------------------------------- */

static NTSTATUS call(const query *q, entry_type *entry, const dq_registry_value *value)
{
    DQ_CALLS_ROUTINES(DQ_SERVICE_RtlQueryRegistryValues, q->place);
    const unsigned depth = dq_guest_call(dq_self, DQ_CODE(entry->QueryRoutine));
    const NTSTATUS status =
        entry->QueryRoutine(value->name, value->type, value->bytes > 0 ? value->data : NULL,
                            value->bytes, q->context, entry->EntryContext);

    dq_guest_return(depth);
    return status == STATUS_BUFFER_TOO_SMALL ? STATUS_SUCCESS : status;
}

static NTSTATUS call_for_each_text(const query *q, entry_type *entry, dq_registry_value *value)
{
    WCHAR *at = value->data;
    const WCHAR *end = at + value->bytes / sizeof(WCHAR);
    NTSTATUS status = STATUS_SUCCESS;

    while (NT_SUCCESS(status) && at < end && *at != 0) {
        dq_registry_value text = { .name = value->name, .type = REG_SZ, .data = at };

        while (*at != 0) {
            at++;
        }
        at++;
        text.bytes = (ULONG)((char *)at - (char *)text.data);
        status = call(q, entry, &text);
    }
    return status;
}

static NTSTATUS tell(query *q, entry_type *entry, dq_registry_value *value)
{
    const bool raw = (entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND) != 0;

    if (value->type == REG_EXPAND_SZ && !raw && !expand(q, value)) {
        return STATUS_NO_MEMORY;
    }
    if ((entry->Flags & RTL_QUERY_REGISTRY_DIRECT) == 0) {
        return value->type == REG_MULTI_SZ && !raw ? call_for_each_text(q, entry, value)
                                                   : call(q, entry, value);
    }
    return value->type == REG_MULTI_SZ && !raw
               ? STATUS_INVALID_PARAMETER
               : dq_registry_store(dq_self, value, entry->EntryContext, q->place);
}

static NTSTATUS tell_copy(query *q, entry_type *entry, PWSTR name, ULONG type, const void *data,
                          ULONG bytes)
{
    dq_registry_value value;
    NTSTATUS status;

    if (!copy(&value, name, type, data, bytes)) {
        return STATUS_NO_MEMORY;
    }
    status = tell(q, entry, &value);
    dq_keep_drop(dq_self->machine, value.data);
    return status;
}

/* ---- Entries --------------------------------------------------------------------------------- */

/* For every value of the key. The routine may change them meanwhile. */
static NTSTATUS query_all(query *q, entry_type *entry)
{
    NTSTATUS status = STATUS_SUCCESS;
    bool any = false;
    size_t number = 0;

    while (NT_SUCCESS(status) && q->key != NULL) {
        dq_value *value = q->key->values;
        UNICODE_STRING name;
        dq_registry_value own_name;

        for (size_t i = 0; value != NULL && i < number; i++) {
            value = value->next;
        }
        if (value == NULL) {
            break;
        }
        any = true;
        if (!copy(&own_name, NULL, REG_NONE, value->name.Buffer, value->name.Length)) {
            return STATUS_NO_MEMORY;
        }
        name = (UNICODE_STRING){ .Buffer = own_name.data,
                                 .Length = value->name.Length,
                                 .MaximumLength = value->name.Length };
        status = tell_copy(q, entry, own_name.data, value->type, value->data, value->bytes);
        if (NT_SUCCESS(status) && (entry->Flags & RTL_QUERY_REGISTRY_DELETE) != 0) {
            (void)dq_value_delete(dq_self->machine, q->key, &name);
        } else {
            number++;
        }
        dq_keep_drop(dq_self->machine, own_name.data);
    }
    return NT_SUCCESS(status) && !any && (entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0
               ? STATUS_OBJECT_NAME_NOT_FOUND
               : status;
}

static ULONG default_bytes(entry_type *entry, ULONG type)
{
    const WCHAR *text = entry->DefaultData;
    size_t count = 0;

    if (entry->DefaultLength != 0 || text == NULL || !dq_registry_is_text(type)) {
        return entry->DefaultLength;
    }
    do { /* Of several texts, the last is empty. */
        while (text[count] != 0) {
            count++;
        }
        count++;
    } while (type == REG_MULTI_SZ && count > 1 && text[count] != 0);
    count += type == REG_MULTI_SZ && count > 1 ? 1 : 0;
    return (ULONG)(count * sizeof(WCHAR));
}

static NTSTATUS tell_default(query *q, entry_type *entry)
{
    const ULONG type = entry->DefaultType & 0xFF;

    if ((entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return type != REG_NONE ? tell_copy(q, entry, entry->Name, type, entry->DefaultData,
                                        default_bytes(entry, type))
                            : STATUS_SUCCESS;
}

/* What the page demands of who stores values directly. */
static NTSTATUS check_type(query *q, entry_type *entry, const dq_value *value)
{
    if ((entry->Flags & RTL_QUERY_REGISTRY_DIRECT) == 0) {
        return STATUS_SUCCESS;
    }
    if ((entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0) {
        return entry->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT == value->type
                   ? STATUS_SUCCESS
                   : STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (!dq_registry_is_trusted(q->key)) {
        dq_bugcheck(dq_self, KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_UNSAFE_REGISTRY_ACCESS, 0, 0,
                    0,
                    "RtlQueryRegistryValues was told RTL_QUERY_REGISTRY_DIRECT without "
                    "RTL_QUERY_REGISTRY_TYPECHECK, of a key that is in no hive of the system");
    }
    warn(q, &q->warned_typecheck, "RegistryTypecheck",
         "RtlQueryRegistryValues was told RTL_QUERY_REGISTRY_DIRECT without "
         "RTL_QUERY_REGISTRY_TYPECHECK");
    return STATUS_SUCCESS;
}

static NTSTATUS query_one(query *q, entry_type *entry)
{
    UNICODE_STRING name;
    const dq_value *value = NULL;
    NTSTATUS status = dq_registry_count(entry->Name, &name);

    if (NT_SUCCESS(status) && q->key != NULL) {
        value = dq_value_find(q->key, &name);
    }
    if (!NT_SUCCESS(status) || value == NULL) {
        return NT_SUCCESS(status) ? tell_default(q, entry) : status;
    }
    status = check_type(q, entry, value);
    if (NT_SUCCESS(status)) {
        status = tell_copy(q, entry, entry->Name, value->type, value->data, value->bytes);
    }
    if (NT_SUCCESS(status) && (entry->Flags & RTL_QUERY_REGISTRY_DELETE) != 0) {
        (void)dq_value_delete(dq_self->machine, q->key, &name);
    }
    return status;
}

static NTSTATUS go_to_subkey(query *q, entry_type *entry)
{
    UNICODE_STRING name;
    dq_key_search search = { .from = q->top, .name = &name };
    NTSTATUS status = dq_registry_count(entry->Name, &name);

    q->key = NULL;
    if (NT_SUCCESS(status)) {
        status = q->top != NULL ? dq_key_find(dq_self->machine, &search, &q->key)
                                : STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        q->key = NULL;
        return (entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0 ? status : STATUS_SUCCESS;
    }
    return status;
}

/* False after a finding, or for what is no entry that can be served. */
static bool is_valid(const query *q, entry_type *entry)
{
    const bool direct = (entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0;

    if (direct && entry->Name != NULL && entry->EntryContext == NULL) {
        dq_find(dq_self,
                &(dq_finding){ .severity = DQ_ERROR, .rule = "RegistryTable", .place = q->place },
                "RtlQueryRegistryValues was given an entry with RTL_QUERY_REGISTRY_DIRECT whose "
                "EntryContext is NULL");
        return false;
    }
    if (direct) {
        return entry->Name != NULL && entry->QueryRoutine == NULL &&
               (entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) == 0;
    }
    if ((entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) {
        return entry->Name != NULL;
    }
    return entry->QueryRoutine != NULL;
}

static NTSTATUS query_entry(query *q, entry_type *entry)
{
    const dq_registry_value nothing = { .type = REG_NONE };
    NTSTATUS status;

    if (!is_valid(q, entry)) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) {
        status = go_to_subkey(q, entry);
        return NT_SUCCESS(status) && entry->QueryRoutine != NULL ? query_all(q, entry) : status;
    }
    if ((entry->Flags & RTL_QUERY_REGISTRY_TOPKEY) != 0) {
        q->key = q->top;
    }
    if (q->key != NULL && q->key->deleted) {
        return STATUS_KEY_DELETED;
    }
    if (entry->Name != NULL) {
        return query_one(q, entry);
    }
    return (entry->Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0 ? call(q, entry, &nothing)
                                                            : query_all(q, entry);
}

static bool is_end(entry_type *entry)
{
    return entry->QueryRoutine == NULL && entry->Name == NULL &&
           (entry->Flags & (RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_SUBKEY)) == 0;
}

NTSTATUS NTAPI RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path,
                                      PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                      PVOID Environment)
{
    const dq_registry_name name = { .relative_to = RelativeTo,
                                    .path = Path,
                                    .access = KEY_QUERY_VALUE };
    query q = { .context = Context,
                .environment = Environment,
                .place = DQ_CALL_PLACE };
    NTSTATUS status;

    DQ_ENTER(RtlQueryRegistryValues, QueryTable, RelativeTo, 0, 0, STATUS_UNSUCCESSFUL);
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, q.place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = dq_registry_find(cpu, &name, &q.top);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && (RelativeTo & RTL_REGISTRY_OPTIONAL) != 0) {
        q.top = NULL;
        status = STATUS_SUCCESS;
    }
    q.key = q.top;
    for (entry_type *entry = QueryTable; NT_SUCCESS(status) && !is_end(entry); entry++) {
        status = query_entry(&q, entry);
    }
    return status;
}
