/*
 * regkey.c - the Zw routines of keys.
 *
 * A handle grants whatever it is asked for: callers are the kernel.
 */
#include <string.h>

#include "ex/registry.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/fail.h"

enum { NO_CLASS = -1 };

/* What a handle stands for. */
typedef struct open_key {
    dq_object object;
    dq_key *key;
} open_key;

static void retire(dq_machine *machine, dq_object *object)
{
    dq_object_remove(machine, object);
    dq_keep_drop(machine, CONTAINING_RECORD(object, open_key, object));
}

static NTSTATUS open_handle(dq_machine *machine, dq_key *key, PHANDLE handle)
{
    open_key *open = dq_keep(machine, sizeof(*open));

    if (open == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    open->object = (dq_object){ .pointer = open, .references = 1, .retire = retire };
    open->key = key;
    dq_object_add(machine, &open->object);
    *handle = dq_handle_open_object(machine, &open->object);
    if (*handle == NULL) {
        retire(machine, &open->object);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

NTSTATUS dq_key_of_handle(dq_machine *machine, HANDLE handle, dq_key **key)
{
    dq_object *object = dq_handle_object(machine, handle);

    if (object == NULL) {
        return dq_handle_thread(machine, handle) != NULL ? STATUS_OBJECT_TYPE_MISMATCH
                                                         : STATUS_INVALID_HANDLE;
    }
    if (object->retire != retire) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *key = CONTAINING_RECORD(object, open_key, object)->key;
    return (*key)->deleted ? STATUS_KEY_DELETED : STATUS_SUCCESS;
}

NTSTATUS dq_answer_give(const dq_answer *answer, void *buffer, ULONG length, PULONG result_length)
{
    *result_length = (ULONG)answer->bytes;
    if (length < answer->fixed || buffer == NULL) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(buffer, answer->information, min((size_t)length, answer->bytes));
    return length < answer->bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static NTSTATUS open_by_name(dq_processor *cpu, PHANDLE handle,
                             const OBJECT_ATTRIBUTES *attributes, bool make, bool *made)
{
    static const UNICODE_STRING empty;
    dq_key_search search = { .name = attributes->ObjectName != NULL ? attributes->ObjectName
                                                                    : &empty,
                             .make = make };
    dq_key *key;
    NTSTATUS status = STATUS_SUCCESS;

    *handle = NULL;
    if (attributes->Length != sizeof(*attributes)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (attributes->RootDirectory != NULL) {
        status = dq_key_of_handle(cpu->machine, attributes->RootDirectory, &search.from);
    }
    if (NT_SUCCESS(status)) {
        status = dq_key_find(cpu->machine, &search, &key);
    }
    *made = search.made;
    return NT_SUCCESS(status) ? open_handle(cpu->machine, key, handle) : status;
}

NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
                           PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    NTSTATUS status;
    bool made;

    DQ_ENTER(ZwCreateKey, NULL, DesiredAccess, CreateOptions, 0, STATUS_UNSUCCESSFUL);
    (void)TitleIndex;
    (void)Class;
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, __builtin_return_address(0))) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = open_by_name(cpu, KeyHandle, ObjectAttributes, true, &made);
    if (NT_SUCCESS(status) && Disposition != NULL) {
        *Disposition = made ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    }
    return status;
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes)
{
    bool made;

    DQ_ENTER(ZwOpenKey, NULL, DesiredAccess, 0, 0, STATUS_UNSUCCESSFUL);
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, __builtin_return_address(0))) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return open_by_name(cpu, KeyHandle, ObjectAttributes, false, &made);
}

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions)
{
    bool made;

    DQ_ENTER(ZwOpenKeyEx, NULL, DesiredAccess, OpenOptions, 0, STATUS_UNSUCCESSFUL);
    return open_by_name(cpu, KeyHandle, ObjectAttributes, false, &made);
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle)
{
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwDeleteKey, NULL, KeyHandle, 0, 0, STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(cpu->machine, KeyHandle, &key);
    return NT_SUCCESS(status) ? dq_key_delete(cpu->machine, key) : status;
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle)
{
    dq_key *key;

    DQ_ENTER(ZwFlushKey, NULL, KeyHandle, 0, 0, STATUS_UNSUCCESSFUL);
    return dq_key_of_handle(cpu->machine, KeyHandle, &key);
}

/* ---- Queries --------------------------------------------------------------------------------- */

static void count(const dq_key *key, PKEY_FULL_INFORMATION full)
{
    for (const dq_key *child = key->children; child != NULL; child = child->next) {
        full->SubKeys++;
        full->MaxNameLen = max(full->MaxNameLen, (ULONG)child->name.Length);
    }
    for (const dq_value *value = key->values; value != NULL; value = value->next) {
        full->Values++;
        full->MaxValueNameLen = max(full->MaxValueNameLen, (ULONG)value->name.Length);
        full->MaxValueDataLen = max(full->MaxValueDataLen, value->bytes);
    }
}

static NTSTATUS answer_full(const dq_key *key, PVOID buffer, ULONG length, PULONG result_length)
{
    KEY_FULL_INFORMATION full = { .ClassOffset = (ULONG)NO_CLASS };
    const dq_answer answer = { &full, offsetof(KEY_FULL_INFORMATION, Class),
                               offsetof(KEY_FULL_INFORMATION, Class) };

    full.LastWriteTime.QuadPart = key->written_100ns;
    count(key, &full);
    return dq_answer_give(&answer, buffer, length, result_length);
}

/* The name, behind what stands before it in that class. */
static NTSTATUS answer_name(const dq_key *key, KEY_INFORMATION_CLASS class, PVOID buffer,
                            ULONG length, PULONG result_length)
{
    const size_t offset = class == KeyBasicInformation  ? offsetof(KEY_BASIC_INFORMATION, Name)
                          : class == KeyNodeInformation ? offsetof(KEY_NODE_INFORMATION, Name)
                                                        : offsetof(KEY_NAME_INFORMATION, Name);
    union {
        KEY_BASIC_INFORMATION basic;
        KEY_NODE_INFORMATION node;
        KEY_NAME_INFORMATION name;
    } information = { .node = { .ClassOffset = (ULONG)NO_CLASS } };
    const ULONG wanted = key->name.Length;

    *result_length = (ULONG)offset + wanted;
    if (length < offset || buffer == NULL) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (class == KeyNodeInformation) {
        information.node.LastWriteTime.QuadPart = key->written_100ns;
        information.node.NameLength = wanted;
    } else if (class == KeyBasicInformation) {
        information.basic = (KEY_BASIC_INFORMATION){ .NameLength = wanted };
        information.basic.LastWriteTime.QuadPart = key->written_100ns;
    } else {
        information.name.NameLength = wanted;
    }
    memcpy(buffer, &information, offset);
    memcpy((char *)buffer + offset, key->name.Buffer, min((size_t)wanted, length - offset));
    return length - offset < wanted ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS query(const dq_key *key, KEY_INFORMATION_CLASS class, PVOID buffer, ULONG length,
                      PULONG result_length)
{
    if (class == KeyFullInformation) {
        return answer_full(key, buffer, length, result_length);
    }
    if (class == KeyBasicInformation || class == KeyNodeInformation) {
        return answer_name(key, class, buffer, length, result_length);
    }
    return STATUS_INVALID_PARAMETER;
}

/* The whole path, as the caller would have to write it. */
static NTSTATUS answer_path(dq_machine *machine, const dq_key *key, PVOID buffer, ULONG length,
                            PULONG result_length)
{
    dq_key path = *key;
    size_t bytes = 0, at;
    NTSTATUS status;

    for (const dq_key *part = key; part->parent != NULL; part = part->parent) {
        bytes += sizeof(WCHAR) + part->name.Length;
    }
    path.name.Buffer = dq_keep(machine, bytes);
    path.name.Length = (USHORT)bytes;
    if (path.name.Buffer == NULL || bytes > UNICODE_STRING_MAX_BYTES) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    at = bytes;
    for (const dq_key *part = key; part->parent != NULL; part = part->parent) {
        at -= part->name.Length;
        memcpy((char *)path.name.Buffer + at, part->name.Buffer, part->name.Length);
        at -= sizeof(WCHAR);
        path.name.Buffer[at / sizeof(WCHAR)] = '\\';
    }
    status = answer_name(&path, KeyNameInformation, buffer, length, result_length);
    dq_keep_drop(machine, path.name.Buffer);
    return status;
}

NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass,
                          PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwQueryKey, NULL, KeyHandle, KeyInformationClass, Length, STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(cpu->machine, KeyHandle, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return KeyInformationClass == KeyNameInformation
               ? answer_path(cpu->machine, key, KeyInformation, Length, ResultLength)
               : query(key, KeyInformationClass, KeyInformation, Length, ResultLength);
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index,
                              KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                              ULONG Length, PULONG ResultLength)
{
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwEnumerateKey, NULL, KeyHandle, Index, Length, STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(cpu->machine, KeyHandle, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    key = key->children;
    while (key != NULL && Index > 0) {
        key = key->next;
        Index--;
    }
    return key != NULL ? query(key, KeyInformationClass, KeyInformation, Length, ResultLength)
                       : STATUS_NO_MORE_ENTRIES;
}
