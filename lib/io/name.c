/*
 * name.c - names of devices, and symbolic links to them.
 *
 * Links are kept by a name in which \DosDevices is written as \??, which is the same.
 */
#include "io/name.h"

#include <string.h>

#include "io/io.h"
#include "io/volume.h"
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

bool dq_name_begins(const UNICODE_STRING *name, const UNICODE_STRING *prefix)
{
    UNICODE_STRING start = *name;

    start.Length = prefix->Length;
    return name->Length >= prefix->Length && dq_name_is(&start, prefix) &&
           (name->Length == prefix->Length || name->Buffer[prefix->Length / sizeof(WCHAR)] == '\\');
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
    if (kept.Buffer != NULL && name->Length > 0) {
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

/* A copy of the name with `count` bytes of its beginning replaced. Buffer NULL: no memory, or it
 * would be longer than a name can be. */
static UNICODE_STRING replace(dq_machine *machine, const UNICODE_STRING *name, USHORT count,
                              const UNICODE_STRING *by)
{
    const USHORT rest = (USHORT)(name->Length - count);
    UNICODE_STRING made = { .Length = (USHORT)(by->Length + rest),
                            .MaximumLength = (USHORT)(by->Length + rest) };

    if (by->Length > MAXUSHORT - rest) {
        return (UNICODE_STRING){ 0 };
    }
    made.Buffer = dq_keep(machine, made.Length);
    if (made.Buffer != NULL && by->Length > 0) {
        memcpy(made.Buffer, by->Buffer, by->Length);
    }
    if (made.Buffer != NULL) {
        memcpy((char *)made.Buffer + by->Length, (const char *)name->Buffer + count, rest);
    }
    return made;
}

/* A copy by which links are kept and found. Buffer NULL: no memory. */
static UNICODE_STRING keep_canonical(dq_machine *machine, const UNICODE_STRING *name)
{
    static const UNICODE_STRING dos = RTL_CONSTANT_STRING(L"\\??");
    static const UNICODE_STRING same[] = { RTL_CONSTANT_STRING(L"\\DosDevices"),
                                           RTL_CONSTANT_STRING(L"\\GLOBAL??") };

    for (size_t i = 0; i < RTL_NUMBER_OF(same); i++) {
        if (dq_name_begins(name, &same[i])) {
            return replace(machine, name, same[i].Length, &dos);
        }
    }
    return dq_name_keep(machine, name);
}

/* Where links of the system's own lead. NULL: the name is none. */
static const UNICODE_STRING *system_target(const UNICODE_STRING *name)
{
    static const struct {
        UNICODE_STRING name, target;
    } links[] = {
        { RTL_CONSTANT_STRING(L"\\??\\C:"), RTL_CONSTANT_STRING(DQ_VOLUME_NAME) },
        { RTL_CONSTANT_STRING(L"\\SystemRoot"), RTL_CONSTANT_STRING(DQ_VOLUME_NAME L"\\Windows") },
    };

    for (size_t i = 0; i < RTL_NUMBER_OF(links); i++) {
        if (dq_name_is(name, &links[i].name)) {
            return &links[i].target;
        }
    }
    return NULL;
}

/* The name is canonical. */
static dq_symbolic_link **find_link(dq_machine *machine, const UNICODE_STRING *name)
{
    dq_symbolic_link **link = &dq_io_of(machine)->links;

    while (*link != NULL && !dq_name_is(&(*link)->name, name)) {
        link = &(*link)->next;
    }
    return link;
}

bool dq_name_is_link(dq_machine *machine, const UNICODE_STRING *name)
{
    UNICODE_STRING own = keep_canonical(machine, name);
    const bool is = own.Buffer != NULL &&
                    (*find_link(machine, &own) != NULL || system_target(&own) != NULL);

    dq_name_drop(machine, &own);
    return is;
}

static void drop(dq_machine *machine, dq_symbolic_link *link)
{
    dq_name_drop(machine, &link->name);
    dq_name_drop(machine, &link->target);
    dq_keep_drop(machine, link);
}

/* Takes over `name`, which is canonical. */
static NTSTATUS add(dq_machine *machine, UNICODE_STRING *name, const UNICODE_STRING *target,
                    const void *place)
{
    dq_io *io = dq_io_of(machine);
    dq_symbolic_link *link;

    if (name->Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (*find_link(machine, name) != NULL || dq_device_named(machine, name) != NULL ||
        system_target(name) != NULL) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    link = dq_keep(machine, sizeof(*link));
    if (link == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    link->target = dq_name_keep(machine, target);
    link->place = place;
    if (link->target.Buffer == NULL) {
        dq_keep_drop(machine, link);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    link->name = *name;
    *name = (UNICODE_STRING){ 0 };
    link->next = io->links;
    io->links = link;
    return STATUS_SUCCESS;
}

static NTSTATUS make(dq_processor *cpu, const UNICODE_STRING *name, const UNICODE_STRING *target,
                     const void *place)
{
    dq_machine *machine = cpu->machine;
    UNICODE_STRING own;
    NTSTATUS status;

    if (!dq_name_is_valid(name) || !dq_name_is_valid(target)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (dq_fails(cpu, DQ_FAIL_DEVICE, 0, NULL, place) || dq_io_of(machine) == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    own = keep_canonical(machine, name);
    status = add(machine, &own, target, place);
    dq_name_drop(machine, &own);
    return status;
}

/* ---- Following a name ------------------------------------------------------------------------ */

/* What a name was found to begin with: a device, or a link that leads on. */
typedef struct match {
    PDEVICE_OBJECT device;
    const UNICODE_STRING *target;
    USHORT bytes; /* Of the name. */
} match;

static match look_up(dq_machine *machine, const UNICODE_STRING *name)
{
    const USHORT all = (USHORT)(name->Length / sizeof(WCHAR));
    UNICODE_STRING part = *name;
    match f = { 0 };

    f.device = dq_interface_device(machine, name, &f.bytes);
    for (USHORT i = 1; i <= all && f.device == NULL && f.target == NULL; i++) {
        if (i == all || name->Buffer[i] == '\\') {
            const dq_symbolic_link *link;

            part.Length = (USHORT)(i * sizeof(WCHAR));
            link = *find_link(machine, &part);
            f.bytes = part.Length;
            f.target = link != NULL ? &link->target : system_target(&part);
            f.device = dq_volume_is_named(&part) ? dq_volume_device(machine)
                                                 : dq_device_named(machine, &part);
        }
    }
    return f;
}

/* Nothing has the name: its last part is missing, or more. */
static NTSTATUS missing(const UNICODE_STRING *name)
{
    static const UNICODE_STRING directories[] = { RTL_CONSTANT_STRING(L"\\??"),
                                                  RTL_CONSTANT_STRING(L"\\Device"),
                                                  RTL_CONSTANT_STRING(L"\\Driver"),
                                                  RTL_CONSTANT_STRING(L"\\FileSystem"),
                                                  RTL_CONSTANT_STRING(L"\\ArcName"),
                                                  RTL_CONSTANT_STRING(L"\\BaseNamedObjects") };
    USHORT i = 1;

    for (size_t d = 0; d < RTL_NUMBER_OF(directories); d++) {
        if (dq_name_begins(name, &directories[d])) {
            i = (USHORT)(directories[d].Length / sizeof(WCHAR) + 1);
        }
    }
    while (i < name->Length / sizeof(WCHAR) && name->Buffer[i] != '\\') {
        i++;
    }
    return i < name->Length / sizeof(WCHAR) ? STATUS_OBJECT_PATH_NOT_FOUND
                                            : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* True if it begins with a backslash, and no part of it but the last is empty. */
static bool can_be_followed(const UNICODE_STRING *name)
{
    UNICODE_STRING whole = *name;
    const USHORT count = (USHORT)(name->Length / sizeof(WCHAR));

    if (count > 1 && name->Buffer[count - 1] == '\\') {
        whole.Length = (USHORT)(whole.Length - sizeof(WCHAR));
    }
    return dq_name_is_valid(&whole);
}

PDEVICE_OBJECT dq_name_open(dq_machine *machine, const UNICODE_STRING *name, UNICODE_STRING *rest,
                            NTSTATUS *status)
{
    static const UNICODE_STRING nothing;
    UNICODE_STRING now;
    match f = { 0 };
    bool too_long = false;

    *rest = nothing;
    *status = STATUS_OBJECT_NAME_INVALID;
    if (dq_io_of(machine) == NULL || !can_be_followed(name)) {
        return NULL;
    }
    now = keep_canonical(machine, name);
    for (unsigned links = 0; now.Buffer != NULL && links < LINKS_MOST; links++) {
        UNICODE_STRING next;

        f = look_up(machine, &now);
        if (f.target == NULL) {
            break;
        }
        too_long = f.target->Length > MAXUSHORT - (now.Length - f.bytes);
        next = replace(machine, &now, f.bytes, f.target);
        dq_name_drop(machine, &now);
        now = next;
        if (now.Buffer != NULL) {
            next = keep_canonical(machine, &now);
            dq_name_drop(machine, &now);
            now = next;
        }
    }
    if (!too_long) {
        *status = now.Buffer == NULL ? STATUS_INSUFFICIENT_RESOURCES : missing(&now);
    }
    if (now.Buffer != NULL && f.device != NULL) {
        *rest = replace(machine, &now, f.bytes, &nothing);
    }
    dq_name_drop(machine, &now);
    return f.device;
}

/* ---- Services -------------------------------------------------------------------------------- */

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

static NTSTATUS delete_link(dq_machine *machine, const UNICODE_STRING *name)
{
    dq_symbolic_link **link, *found;

    if (name->Buffer == NULL || dq_io_of(machine) == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    link = find_link(machine, name);
    found = *link;
    if (found == NULL) {
        return dq_device_named(machine, name) != NULL ? STATUS_OBJECT_TYPE_MISMATCH
                                                      : STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *link = found->next;
    drop(machine, found);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    UNICODE_STRING name;
    NTSTATUS status;

    DQ_ENTER(IoDeleteSymbolicLink, NULL, SymbolicLinkName, 0, 0, STATUS_UNSUCCESSFUL);
    if (!dq_name_is_valid(SymbolicLinkName)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    name = keep_canonical(cpu->machine, SymbolicLinkName);
    status = delete_link(cpu->machine, &name);
    dq_name_drop(cpu->machine, &name);
    return status;
}
