/*
 * name.c - names of devices, and symbolic links to them.
 */
#include "io/name.h"

#include <string.h>

#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"

enum { LINKS_MOST = 32 }; /* Of links to links. */

/* ---- Names ----------------------------------------------------------------------------------- */

/* The letters of Latin-1: names of devices have no others in practice. */
static WCHAR fold(WCHAR c)
{
    const bool small = (c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7);

    return small ? (WCHAR)(c - 0x20) : c;
}

bool dq_name_is(const UNICODE_STRING *one, const UNICODE_STRING *other)
{
    if (one->Length != other->Length) {
        return false;
    }
    for (size_t i = 0; i < one->Length / sizeof(WCHAR); i++) {
        if (fold(one->Buffer[i]) != fold(other->Buffer[i])) {
            return false;
        }
    }
    return true;
}

bool dq_name_is_valid(const UNICODE_STRING *name)
{
    const size_t length = name != NULL ? name->Length / sizeof(WCHAR) : 0;

    if (length < 2 || name->Length % sizeof(WCHAR) != 0 || name->Buffer[0] != '\\' ||
        name->Buffer[length - 1] == '\\') {
        return false;
    }
    for (size_t i = 1; i < length; i++) {
        if (name->Buffer[i] == '\\' && name->Buffer[i - 1] == '\\') {
            return false;
        }
    }
    return true;
}

UNICODE_STRING dq_name_keep(dq_machine *machine, const UNICODE_STRING *name)
{
    UNICODE_STRING kept = { .Length = name->Length, .MaximumLength = name->Length };

    kept.Buffer = dq_keep(machine, name->Length);
    if (kept.Buffer != NULL) {
        memcpy(kept.Buffer, name->Buffer, name->Length);
    }
    return kept;
}

void dq_name_drop(dq_machine *machine, UNICODE_STRING *name)
{
    if (name->Buffer != NULL) {
        dq_keep_drop(machine, name->Buffer);
    }
    *name = (UNICODE_STRING){ 0 };
}

/* ---- Links ----------------------------------------------------------------------------------- */

static dq_symbolic_link **find_link(dq_machine *machine, const UNICODE_STRING *name)
{
    dq_symbolic_link **link = &dq_io_of(machine)->links;

    while (*link != NULL && !dq_name_is(&(*link)->name, name)) {
        link = &(*link)->next;
    }
    return link;
}

PDEVICE_OBJECT dq_name_device(dq_machine *machine, const UNICODE_STRING *name)
{
    PDEVICE_OBJECT device = NULL;
    unsigned links = 0;

    while (dq_io_of(machine) != NULL && links++ < LINKS_MOST && name != NULL) {
        const dq_symbolic_link *link = *find_link(machine, name);

        device = dq_device_named(machine, name);
        name = device == NULL && link != NULL ? &link->target : NULL;
    }
    return device;
}

static void drop(dq_machine *machine, dq_symbolic_link *link)
{
    dq_name_drop(machine, &link->name);
    dq_name_drop(machine, &link->target);
    dq_keep_drop(machine, link);
}

static NTSTATUS make(dq_processor *cpu, const UNICODE_STRING *name, const UNICODE_STRING *target,
                     const void *place)
{
    dq_machine *machine = cpu->machine;
    dq_io *io = dq_io_of(machine);
    dq_symbolic_link *link;

    if (!dq_name_is_valid(name) || !dq_name_is_valid(target)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (dq_fails(cpu, DQ_FAIL_DEVICE, 0, NULL, place) || io == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (*find_link(machine, name) != NULL || dq_device_named(machine, name) != NULL) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    link = dq_keep(machine, sizeof(*link));
    if (link == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *link = (dq_symbolic_link){ .name = dq_name_keep(machine, name),
                                .target = dq_name_keep(machine, target),
                                .place = place,
                                .next = io->links };
    if (link->name.Buffer == NULL || link->target.Buffer == NULL) {
        drop(machine, link);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    io->links = link;
    return STATUS_SUCCESS;
}

/* The target need not be there yet. */
NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    DQ_ENTER(IoCreateSymbolicLink, NULL, SymbolicLinkName, DeviceName, 0, STATUS_UNSUCCESSFUL);
    return make(cpu, SymbolicLinkName, DeviceName, DQ_CALL_PLACE);
}

/* There are no other users whom a link could be protected from. */
NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName,
                                               PUNICODE_STRING DeviceName)
{
    DQ_ENTER(IoCreateUnprotectedSymbolicLink, NULL, SymbolicLinkName, DeviceName, 0,
             STATUS_UNSUCCESSFUL);
    return make(cpu, SymbolicLinkName, DeviceName, DQ_CALL_PLACE);
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    dq_symbolic_link **link, *found;

    DQ_ENTER(IoDeleteSymbolicLink, NULL, SymbolicLinkName, 0, 0, STATUS_UNSUCCESSFUL);
    if (!dq_name_is_valid(SymbolicLinkName)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (dq_io_of(cpu->machine) == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    link = find_link(cpu->machine, SymbolicLinkName);
    found = *link;
    if (found == NULL) {
        return dq_device_named(cpu->machine, SymbolicLinkName) != NULL
                   ? STATUS_OBJECT_TYPE_MISMATCH
                   : STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *link = found->next;
    drop(cpu->machine, found);
    return STATUS_SUCCESS;
}
