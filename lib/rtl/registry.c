/*
 * registry.c - keys and values by path: check, create, write, delete.
 *
 * Threads are those of the system's own process, so that the current user is
 * \Registry\User\.Default. A path of NULL or without characters is the place itself where it
 * begins.
 */
#include "rtl/registry.h"

#include <string.h>

#include "ke/handle.h"
#include "ke/ki.h"
#include "sim/fail.h"

static const UNICODE_STRING places[RTL_REGISTRY_MAXIMUM] = {
    [RTL_REGISTRY_ABSOLUTE] = { 0 },
    [RTL_REGISTRY_SERVICES] =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services"),
    [RTL_REGISTRY_CONTROL] =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Control"),
    [RTL_REGISTRY_WINDOWS_NT] = RTL_CONSTANT_STRING(
        L"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion"),
    [RTL_REGISTRY_DEVICEMAP] = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\Hardware\\DeviceMap"),
    [RTL_REGISTRY_USER] = RTL_CONSTANT_STRING(L"\\Registry\\User\\.Default"),
};

NTSTATUS dq_registry_count(PCWSTR text, UNICODE_STRING *counted)
{
    size_t length = 0;

    while (text != NULL && text[length] != 0) {
        length++;
    }
    if (length >= UNICODE_STRING_MAX_CHARS) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    *counted = (UNICODE_STRING){ .Length = (USHORT)(length * sizeof(WCHAR)),
                                 .MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR)),
                                 .Buffer = (PWSTR)text };
    return STATUS_SUCCESS;
}

static NTSTATUS find_below(dq_machine *machine, dq_key *place, PCWSTR path, bool make, dq_key **key)
{
    UNICODE_STRING name;
    dq_key_search search = { .from = place, .name = &name, .make = make };
    NTSTATUS status = dq_registry_count(path, &name);

    *key = place;
    if (!NT_SUCCESS(status) || (place != NULL && name.Length == 0)) {
        return status;
    }
    return dq_key_find(machine, &search, key);
}

static unsigned depth_of(const dq_key *key)
{
    unsigned depth = 0;

    for (; key->parent != NULL; key = key->parent) {
        depth++;
    }
    return depth;
}

bool dq_registry_is_trusted(const dq_key *key)
{
    static const UNICODE_STRING hives[] = {
        RTL_CONSTANT_STRING(L"Hardware"), RTL_CONSTANT_STRING(L"Software"),
        RTL_CONSTANT_STRING(L"System"),   RTL_CONSTANT_STRING(L"Security"),
        RTL_CONSTANT_STRING(L"SAM"),
    };
    static const UNICODE_STRING machine_part = RTL_CONSTANT_STRING(L"Machine");
    enum { HIVE_DEPTH = 3 }; /* \Registry\Machine\System */

    for (unsigned depth = depth_of(key); depth > HIVE_DEPTH; depth--) {
        key = key->parent;
    }
    for (size_t i = 0; i < RTL_NUMBER_OF(hives) && depth_of(key) == HIVE_DEPTH; i++) {
        if (dq_key_name_is(&key->name, &hives[i])) {
            return dq_key_name_is(&key->parent->name, &machine_part);
        }
    }
    return false;
}

NTSTATUS dq_registry_find(dq_processor *cpu, const dq_registry_name *name, dq_key **key)
{
    const ULONG number = name->relative_to & ~(ULONG)(RTL_REGISTRY_HANDLE | RTL_REGISTRY_OPTIONAL);
    dq_key *place = NULL;
    dq_key_search search = { 0 };
    NTSTATUS status = STATUS_SUCCESS;

    if (name->relative_to & RTL_REGISTRY_HANDLE) {
        return dq_key_of_handle(cpu, (HANDLE)name->path, name->access, key);
    }
    if (number >= RTL_REGISTRY_MAXIMUM) {
        return STATUS_INVALID_PARAMETER;
    }
    if (number != RTL_REGISTRY_ABSOLUTE) {
        search.name = &places[number];
        status = dq_key_find(cpu->machine, &search, &place);
    }
    return NT_SUCCESS(status) ? find_below(cpu->machine, place, name->path, name->make, key)
                              : status;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

NTSTATUS NTAPI RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    const void *place = DQ_CALL_PLACE;
    const dq_registry_name name = { .relative_to = RelativeTo, .path = Path };
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(RtlCheckRegistryKey, NULL, RelativeTo, 0, 0, STATUS_UNSUCCESSFUL);
    status = dq_registry_find(cpu, &name, &key);
    if ((RelativeTo & RTL_REGISTRY_HANDLE) != 0 && status != STATUS_INVALID_HANDLE) {
        (void)dq_handle_close(cpu, (HANDLE)Path, place);
        if (dq_attends(cpu, DQ_ATTEND_SINKS)) {
            dq_find(cpu,
                    &(dq_finding){
                        .severity = DQ_WARNING, .rule = "RegistryCheckHandle", .place = place },
                    "RtlCheckRegistryKey was given RTL_REGISTRY_HANDLE: it has closed the handle");
        }
    }
    return status;
}

/* RTL_REGISTRY_HANDLE names no key to be made: STATUS_INVALID_PARAMETER, where the page is
 * silent. */
NTSTATUS NTAPI RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    const dq_registry_name name = { .relative_to = RelativeTo, .path = Path, .make = true };
    dq_key *key;

    DQ_ENTER(RtlCreateRegistryKey, NULL, RelativeTo, 0, 0, STATUS_UNSUCCESSFUL);
    if ((RelativeTo & RTL_REGISTRY_HANDLE) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return dq_registry_find(cpu, &name, &key);
}

/* ---- Values ---------------------------------------------------------------------------------- */

NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName,
                                     ULONG ValueType, PVOID ValueData, ULONG ValueLength)
{
    const dq_registry_name key_name = {
        .relative_to = RelativeTo, .path = Path, .access = KEY_SET_VALUE, .make = true
    };
    UNICODE_STRING name;
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(RtlWriteRegistryValue, NULL, RelativeTo, ValueType, ValueLength, STATUS_UNSUCCESSFUL);
    dq_value_check_text(cpu, ValueType, ValueData, ValueLength);
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = dq_registry_count(ValueName, &name);
    if (NT_SUCCESS(status)) {
        status = dq_registry_find(cpu, &key_name, &key);
    }
    return NT_SUCCESS(status)
               ? dq_value_set(cpu->machine, key, &name, ValueType, ValueData, ValueLength)
               : status;
}

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    const dq_registry_name key_name = { .relative_to = RelativeTo,
                                        .path = Path,
                                        .access = KEY_SET_VALUE };
    UNICODE_STRING name;
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(RtlDeleteRegistryValue, NULL, RelativeTo, 0, 0, STATUS_UNSUCCESSFUL);
    status = dq_registry_count(ValueName, &name);
    if (NT_SUCCESS(status)) {
        status = dq_registry_find(cpu, &key_name, &key);
    }
    return NT_SUCCESS(status) ? dq_value_delete(cpu->machine, key, &name) : status;
}

/* STATUS_OBJECT_NAME_NOT_FOUND: the key has no such value, or there is no key. */
static NTSTATUS look_up(dq_processor *cpu, HANDLE handle, const UNICODE_STRING *name,
                        const dq_value **value)
{
    dq_key *key;
    NTSTATUS status;

    if (handle == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    status = dq_key_of_handle(cpu, handle, KEY_QUERY_VALUE, &key);
    *value = NT_SUCCESS(status) ? dq_value_find(key, name) : NULL;
    return NT_SUCCESS(status) && *value == NULL ? STATUS_OBJECT_NAME_NOT_FOUND : status;
}

/* A handle that is none ends it, also where the other would have had the value; the page is
 * silent. */
NTSTATUS NTAPI RtlQueryRegistryValueWithFallback(HANDLE PrimaryHandle, HANDLE FallbackHandle,
                                                 PUNICODE_STRING ValueName, ULONG ValueLength,
                                                 PULONG ValueType, PVOID ValueData,
                                                 PULONG ResultLength)
{
    const dq_value *value;
    NTSTATUS status;

    DQ_ENTER(RtlQueryRegistryValueWithFallback, NULL, PrimaryHandle, FallbackHandle, ValueLength,
             STATUS_UNSUCCESSFUL);
    status = look_up(cpu, PrimaryHandle, ValueName, &value);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        status = look_up(cpu, FallbackHandle, ValueName, &value);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    *ResultLength = value->bytes;
    if (ValueType != NULL) {
        *ValueType = value->type;
    }
    if (ValueLength < value->bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    if (value->bytes > 0) {
        memcpy(ValueData, value->data, value->bytes);
    }
    return STATUS_SUCCESS;
}
