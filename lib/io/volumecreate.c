/*
 * volumecreate.c - files and directories opened and made: IRP_MJ_CREATE, _CLEANUP and _CLOSE.
 *
 * Nobody is refused for want of rights, since all callers are the kernel; but by attributes, by how
 * others share the file, and because it is about to be deleted.
 */
#include "io/io.h"
#include "io/volume.h"
#include "ke/keep.h"
#include "ke/ki.h"

enum {
    READS = FILE_READ_DATA | FILE_EXECUTE,
    WRITES = FILE_WRITE_DATA | FILE_APPEND_DATA,
    /* Nobody here grants opportunistic locks, or knows files by numbers. */
    UNKNOWN = FILE_OPEN_BY_FILE_ID | FILE_OPEN_REQUIRING_OPLOCK | FILE_RESERVE_OPFILTER
};

/* A request, taken apart. */
typedef struct request {
    PFILE_OBJECT file;
    ACCESS_MASK access;
    USHORT share;
    ULONG attributes, disposition, options;
    uint64_t allocation;
    dq_path path;
} request;

/* ---- Sharing --------------------------------------------------------------------------------- */

/* Who only looks at attributes is in nobody's way. */
static bool takes_part(ACCESS_MASK access)
{
    return (access & (READS | WRITES | DELETE)) != 0;
}

static bool can_share(const dq_sharing *sharing, ACCESS_MASK access, USHORT share)
{
    return ((access & READS) == 0 || sharing->shared_read == sharing->opens) &&
           ((access & WRITES) == 0 || sharing->shared_write == sharing->opens) &&
           ((access & DELETE) == 0 || sharing->shared_delete == sharing->opens) &&
           ((share & FILE_SHARE_READ) != 0 || sharing->readers == 0) &&
           ((share & FILE_SHARE_WRITE) != 0 || sharing->writers == 0) &&
           ((share & FILE_SHARE_DELETE) != 0 || sharing->deleters == 0);
}

/* `by` is 1 or -1. */
static void count(dq_sharing *sharing, const dq_opening *opening, unsigned by)
{
    const ACCESS_MASK access = opening->access;

    sharing->opens += by;
    sharing->readers += (access & READS) != 0 ? by : 0;
    sharing->writers += (access & WRITES) != 0 ? by : 0;
    sharing->deleters += (access & DELETE) != 0 ? by : 0;
    sharing->shared_read += (opening->share & FILE_SHARE_READ) != 0 ? by : 0;
    sharing->shared_write += (opening->share & FILE_SHARE_WRITE) != 0 ? by : 0;
    sharing->shared_delete += (opening->share & FILE_SHARE_DELETE) != 0 ? by : 0;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static bool replaces(const request *r)
{
    return r->disposition == FILE_SUPERSEDE || r->disposition == FILE_OVERWRITE ||
           r->disposition == FILE_OVERWRITE_IF;
}

/* What the request needs to share. */
static ACCESS_MASK shared_access(const request *r)
{
    ACCESS_MASK access = r->access;

    if (r->path.node != NULL && replaces(r)) {
        access |= r->disposition == FILE_SUPERSEDE ? DELETE : FILE_WRITE_DATA;
    }
    return access;
}

static NTSTATUS check_kind(const request *r)
{
    const dq_node *node = r->path.node;

    if (node->directory && (r->options & FILE_NON_DIRECTORY_FILE) != 0) {
        return STATUS_FILE_IS_A_DIRECTORY;
    }
    if (!node->directory && (r->options & FILE_DIRECTORY_FILE) != 0) {
        return STATUS_NOT_A_DIRECTORY;
    }
    if (!node->directory && r->path.ends_in_backslash) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    return node->directory && replaces(r) ? STATUS_FILE_IS_A_DIRECTORY : STATUS_SUCCESS;
}

static NTSTATUS check_attributes(const request *r)
{
    const dq_node *node = r->path.node;
    const ULONG kept = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM;

    if ((node->attributes & FILE_ATTRIBUTE_READONLY) != 0 && !node->directory) {
        if ((r->access & WRITES) != 0 || replaces(r)) {
            return STATUS_ACCESS_DENIED;
        }
        if ((r->options & FILE_DELETE_ON_CLOSE) != 0) {
            return STATUS_CANNOT_DELETE;
        }
    }
    if ((r->options & FILE_DELETE_ON_CLOSE) != 0 && node->parent == NULL) {
        return STATUS_CANNOT_DELETE; /* The root. */
    }
    if ((r->options & FILE_DELETE_ON_CLOSE) != 0 && node->children != NULL) {
        return STATUS_DIRECTORY_NOT_EMPTY;
    }
    return replaces(r) && (node->attributes & kept & ~r->attributes) != 0 ? STATUS_ACCESS_DENIED
                                                                          : STATUS_SUCCESS;
}

static NTSTATUS check_existing(const request *r)
{
    const dq_node *node = r->path.node;
    NTSTATUS status;

    if (r->disposition == FILE_CREATE) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    if (node->delete_pending) {
        return STATUS_DELETE_PENDING;
    }
    status = check_kind(r);
    if (NT_SUCCESS(status)) {
        status = check_attributes(r);
    }
    if (NT_SUCCESS(status) && takes_part(shared_access(r)) &&
        !can_share(&node->sharing, shared_access(r), r->share)) {
        status = STATUS_SHARING_VIOLATION;
    }
    return status;
}

static NTSTATUS set_up(dq_machine *machine, const request *r, ULONG_PTR *information)
{
    dq_node *node = r->path.node;

    if (!replaces(r)) {
        *information = FILE_OPENED;
        return STATUS_SUCCESS;
    }
    dq_node_empty(machine, node);
    node->attributes = (r->disposition == FILE_SUPERSEDE ? 0 : node->attributes) |
                       (r->attributes & FILE_ATTRIBUTE_VALID_SET_FLAGS & ~FILE_ATTRIBUTE_NORMAL) |
                       FILE_ATTRIBUTE_ARCHIVE;
    node->written_100ns = (int64_t)dq_timer_system_100ns(machine);
    node->changed_100ns = node->written_100ns;
    if (r->disposition == FILE_SUPERSEDE) {
        node->made_100ns = node->written_100ns;
    }
    *information = r->disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED : FILE_OVERWRITTEN;
    return dq_node_allocate(machine, node, r->allocation);
}

static NTSTATUS make(dq_machine *machine, request *r, ULONG_PTR *information)
{
    const bool directory = (r->options & FILE_DIRECTORY_FILE) != 0;
    NTSTATUS status;

    if (r->disposition == FILE_OPEN || r->disposition == FILE_OVERWRITE) {
        *information = FILE_DOES_NOT_EXIST;
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (r->path.ends_in_backslash && !directory) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (r->path.parent->delete_pending) {
        return STATUS_DELETE_PENDING;
    }
    r->path.node = dq_node_make(machine, r->path.parent, &r->path.last, directory, r->attributes);
    if (r->path.node == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *information = FILE_CREATED;
    status = directory ? STATUS_SUCCESS : dq_node_allocate(machine, r->path.node, r->allocation);
    if (!NT_SUCCESS(status)) {
        dq_node_remove(machine, r->path.node);
    }
    return status;
}

static NTSTATUS attach(dq_machine *machine, const request *r)
{
    dq_opening *opening = dq_keep(machine, sizeof(*opening));

    if (opening == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    opening->access = r->access;
    opening->share = r->share;
    opening->options = r->options;
    opening->delete_on_close = (r->options & FILE_DELETE_ON_CLOSE) != 0;
    opening->counted = takes_part(r->access);
    r->file->FsContext = r->path.node;
    r->file->FsContext2 = opening;
    r->path.node->references++;
    r->path.node->handles++;
    if (opening->counted) {
        count(&r->path.node->sharing, opening, 1);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS open_path(dq_volume *volume, dq_machine *machine, request *r,
                          ULONG_PTR *information)
{
    NTSTATUS status = dq_path_follow(volume, &r->path);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (r->path.node != NULL) {
        status = check_existing(r);
        *information = status == STATUS_OBJECT_NAME_COLLISION ? FILE_EXISTS : *information;
        if (NT_SUCCESS(status)) {
            status = set_up(machine, r, information);
        }
    } else {
        status = make(machine, r, information);
    }
    return NT_SUCCESS(status) ? attach(machine, r) : status;
}

/* The volume itself is opened by its name alone; nothing is read from it or written to it. */
static NTSTATUS open_volume(const request *r, ULONG_PTR *information)
{
    if (r->disposition != FILE_OPEN && r->disposition != FILE_OPEN_IF) {
        return STATUS_ACCESS_DENIED;
    }
    if ((r->options & (FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE)) != 0) {
        return STATUS_NOT_A_DIRECTORY;
    }
    r->file->Flags |= FO_VOLUME_OPEN;
    *information = FILE_OPENED;
    return STATUS_SUCCESS;
}

NTSTATUS dq_volume_create(dq_volume *volume, dq_machine *machine, PIRP irp,
                          const IO_STACK_LOCATION *stack)
{
    const PFILE_OBJECT file = stack->FileObject;
    const PIO_SECURITY_CONTEXT security = stack->Parameters.Create.SecurityContext;
    const PFILE_OBJECT related = file != NULL ? file->RelatedFileObject : NULL;
    ULONG_PTR information = 0;
    NTSTATUS status;
    request r;

    if (file == NULL || security == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    r = (request){ .file = file,
                   .access = security->DesiredAccess,
                   .share = stack->Parameters.Create.ShareAccess,
                   .attributes = stack->Parameters.Create.FileAttributes,
                   .disposition = stack->Parameters.Create.Options >> 24,
                   .options = stack->Parameters.Create.Options & FILE_VALID_OPTION_FLAGS,
                   .allocation = (uint64_t)irp->Overlay.AllocationSize.QuadPart,
                   .path = { .from = related != NULL ? related->FsContext : NULL,
                             .text = &file->FileName } };
    if ((r.options & UNKNOWN) != 0) {
        return STATUS_NOT_SUPPORTED;
    }
    if (related == NULL && file->FileName.Length == 0) {
        status = open_volume(&r, &information);
    } else if (related != NULL && file->FileName.Length > 0 && file->FileName.Buffer[0] == '\\') {
        status = STATUS_OBJECT_NAME_INVALID;
    } else if (related != NULL && related->FsContext == NULL) {
        status = STATUS_OBJECT_PATH_NOT_FOUND; /* The volume itself is no directory. */
    } else {
        status = open_path(volume, machine, &r, &information);
    }
    irp->IoStatus.Information = information;
    return status;
}

/* ---- Closing --------------------------------------------------------------------------------- */

void dq_volume_cleanup(dq_machine *machine, PFILE_OBJECT file)
{
    dq_node *node = file->FsContext;
    dq_opening *opening = file->FsContext2;

    file->Flags |= FO_CLEANUP_COMPLETE;
    if (node == NULL) {
        return;
    }
    if (opening->counted) {
        count(&node->sharing, opening, (unsigned)-1);
        opening->counted = false;
    }
    node->handles--;
    /* A directory that is no longer empty stays. */
    node->delete_pending =
        (node->delete_pending || opening->delete_on_close) && node->children == NULL;
    if (node->delete_pending && node->handles == 0) {
        dq_node_remove(machine, node);
    }
}

void dq_volume_close(dq_machine *machine, PFILE_OBJECT file)
{
    dq_node *node = file->FsContext;
    dq_opening *opening = file->FsContext2;

    if (node != NULL) {
        dq_name_drop(machine, &opening->pattern);
        dq_keep_drop(machine, opening);
        dq_node_release(machine, node);
    }
    file->FsContext = NULL;
    file->FsContext2 = NULL;
}
