/*
 * regkey.c - the Zw routines of keys.
 *
 * Callers are the kernel, which is refused nothing; but who does what its handle was not opened for
 * is told.
 */
#include "ex/registry.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/fail.h"

/* What a handle stands for. */
typedef struct open_key {
    dq_object object;
    dq_key *key;
    ACCESS_MASK access;
} open_key;

static void retire(dq_machine *machine, dq_object *object)
{
    dq_object_remove(machine, object);
    dq_keep_drop(machine, CONTAINING_RECORD(object, open_key, object));
}

static ACCESS_MASK granted(ACCESS_MASK wanted)
{
    ACCESS_MASK access = wanted & 0x00FFFFFF;

    access |= wanted & GENERIC_READ ? KEY_READ : 0;
    access |= wanted & GENERIC_WRITE ? KEY_WRITE : 0;
    access |= wanted & GENERIC_EXECUTE ? KEY_EXECUTE : 0;
    access |= wanted & (GENERIC_ALL | MAXIMUM_ALLOWED) ? KEY_ALL_ACCESS : 0;
    return access;
}

NTSTATUS dq_key_open(dq_processor *cpu, dq_key *key, ACCESS_MASK access, const void *place,
                     PHANDLE handle)
{
    open_key *open = dq_keep(cpu->machine, sizeof(*open));

    *handle = NULL;
    if (open == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    open->object =
        (dq_object){ .pointer = open, .what = "registry key", .references = 1, .retire = retire };
    open->key = key;
    open->access = granted(access);
    dq_object_add(cpu->machine, &open->object);
    *handle = dq_handle_open_object(cpu->machine, &open->object, cpu->execution->service, place);
    if (*handle == NULL) {
        retire(cpu->machine, &open->object);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

static void check_access(dq_processor *cpu, const open_key *open, ACCESS_MASK needed)
{
    if ((needed & ~open->access) != 0 && dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "RegistryAccess",
                               .page = dq_service_name(cpu->execution->service),
                               .place = cpu->execution->place },
                "%s needs access 0x%X to a key, but this handle was opened for 0x%X",
                dq_service_name(cpu->execution->service), needed, open->access);
    }
}

NTSTATUS dq_key_of_handle(dq_processor *cpu, HANDLE handle, ACCESS_MASK access, dq_key **key)
{
    dq_object *object = dq_handle_object(cpu->machine, handle);
    open_key *open;

    *key = NULL;
    if (object == NULL) {
        return dq_handle_refuse(cpu, handle);
    }
    if (object->retire != retire) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    open = CONTAINING_RECORD(object, open_key, object);
    *key = open->key;
    if ((*key)->deleted) {
        return STATUS_KEY_DELETED;
    }
    check_access(cpu, open, access);
    return STATUS_SUCCESS;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static NTSTATUS find_by_name(dq_processor *cpu, const OBJECT_ATTRIBUTES *attributes,
                             dq_key_search *search, dq_key **key)
{
    static const UNICODE_STRING empty;
    NTSTATUS status = STATUS_SUCCESS;

    search->name = attributes->ObjectName != NULL ? attributes->ObjectName : &empty;
    if (attributes->Length != sizeof(*attributes)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (attributes->RootDirectory != NULL) {
        status = dq_key_of_handle(cpu, attributes->RootDirectory, 0, &search->from);
    }
    return NT_SUCCESS(status) ? dq_key_find(cpu->machine, search, key) : status;
}

static NTSTATUS open_by_name(dq_processor *cpu, PHANDLE handle, ACCESS_MASK access,
                             const OBJECT_ATTRIBUTES *attributes, const void *place)
{
    dq_key_search search = { .name = NULL };
    dq_key *key;
    NTSTATUS status;

    *handle = NULL;
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = find_by_name(cpu, attributes, &search, &key);
    return NT_SUCCESS(status) ? dq_key_open(cpu, key, access, place, handle) : status;
}

/* Symbolic links are not there: STATUS_NOT_SUPPORTED. The security descriptor of the attributes has
 * no effect, because all callers are the kernel. A key that is made below a volatile one must be
 * volatile, too: STATUS_CHILD_MUST_BE_VOLATILE. */
NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
                           PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    const void *place = DQ_CALL_PLACE;
    dq_key_search search = { .class_name = Class, .make = true };
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwCreateKey, NULL, DesiredAccess, CreateOptions, 0, STATUS_UNSUCCESSFUL);
    (void)TitleIndex;
    *KeyHandle = NULL;
    if ((CreateOptions & ~(ULONG)REG_LEGAL_OPTION) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((CreateOptions & REG_OPTION_CREATE_LINK) != 0) {
        return STATUS_NOT_SUPPORTED;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    search.is_volatile = (CreateOptions & REG_OPTION_VOLATILE) != 0;
    status = find_by_name(cpu, ObjectAttributes, &search, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (Disposition != NULL) {
        *Disposition = search.made ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    }
    return dq_key_open(cpu, key, DesiredAccess, place, KeyHandle);
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes)
{
    DQ_ENTER(ZwOpenKey, NULL, DesiredAccess, 0, 0, STATUS_UNSUCCESSFUL);
    return open_by_name(cpu, KeyHandle, DesiredAccess, ObjectAttributes,
                        DQ_CALL_PLACE);
}

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions)
{
    DQ_ENTER(ZwOpenKeyEx, NULL, DesiredAccess, OpenOptions, 0, STATUS_UNSUCCESSFUL);
    *KeyHandle = NULL;
    if ((OpenOptions & ~(ULONG)(REG_OPTION_OPEN_LINK | REG_OPTION_BACKUP_RESTORE)) != 0) {
        return STATUS_INVALID_PARAMETER_4;
    }
    return open_by_name(cpu, KeyHandle, DesiredAccess, ObjectAttributes,
                        DQ_CALL_PLACE);
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle)
{
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwDeleteKey, NULL, KeyHandle, 0, 0, STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(cpu, KeyHandle, DELETE, &key);
    return NT_SUCCESS(status) ? dq_key_delete(cpu->machine, key) : status;
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle)
{
    dq_key *key;

    DQ_ENTER(ZwFlushKey, NULL, KeyHandle, 0, 0, STATUS_UNSUCCESSFUL);
    return dq_key_of_handle(cpu, KeyHandle, 0, &key);
}
