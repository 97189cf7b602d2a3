/*
 * volumeinfo.c - what is told of a file and what can be set: IRP_MJ_QUERY_INFORMATION and
 * IRP_MJ_SET_INFORMATION.
 */
#include <string.h>

#include "io/io.h"
#include "io/volume.h"
#include "ke/ki.h"

/* ---- Telling --------------------------------------------------------------------------------- */

static void fill_basic(const FILE_OBJECT *file, void *information)
{
    const dq_node *node = file->FsContext;
    FILE_BASIC_INFORMATION *basic = information;

    basic->CreationTime.QuadPart = node->made_100ns;
    basic->LastAccessTime.QuadPart = node->read_100ns;
    basic->LastWriteTime.QuadPart = node->written_100ns;
    basic->ChangeTime.QuadPart = node->changed_100ns;
    basic->FileAttributes = dq_node_attributes(node);
}

static void fill_standard(const FILE_OBJECT *file, void *information)
{
    const dq_node *node = file->FsContext;
    FILE_STANDARD_INFORMATION *standard = information;

    standard->AllocationSize.QuadPart = (LONGLONG)node->allocated;
    standard->EndOfFile.QuadPart = (LONGLONG)node->bytes;
    standard->NumberOfLinks = node->delete_pending ? 0 : 1;
    standard->DeletePending = node->delete_pending;
    standard->Directory = node->directory;
}

static void fill_internal(const FILE_OBJECT *file, void *information)
{
    const dq_node *node = file->FsContext;

    ((FILE_INTERNAL_INFORMATION *)information)->IndexNumber.QuadPart = (LONGLONG)node->number;
}

/* There are no extended attributes. */
static void fill_ea(const FILE_OBJECT *file, void *information)
{
    (void)file;
    ((FILE_EA_INFORMATION *)information)->EaSize = 0;
}

static void fill_position(const FILE_OBJECT *file, void *information)
{
    ((FILE_POSITION_INFORMATION *)information)->CurrentByteOffset = file->CurrentByteOffset;
}

static void fill_network(const FILE_OBJECT *file, void *information)
{
    const dq_node *node = file->FsContext;
    FILE_NETWORK_OPEN_INFORMATION *all = information;

    all->CreationTime.QuadPart = node->made_100ns;
    all->LastAccessTime.QuadPart = node->read_100ns;
    all->LastWriteTime.QuadPart = node->written_100ns;
    all->ChangeTime.QuadPart = node->changed_100ns;
    all->AllocationSize.QuadPart = (LONGLONG)node->allocated;
    all->EndOfFile.QuadPart = (LONGLONG)node->bytes;
    all->FileAttributes = dq_node_attributes(node);
}

static void fill_tag(const FILE_OBJECT *file, void *information)
{
    FILE_ATTRIBUTE_TAG_INFORMATION *tag = information;

    tag->FileAttributes = dq_node_attributes(file->FsContext);
    tag->ReparseTag = 0;
}

static void fill_remote(const FILE_OBJECT *file, void *information)
{
    (void)file;
    ((FILE_IS_REMOTE_DEVICE_INFORMATION *)information)->IsRemote = FALSE;
}

/* The I/O manager adds what it knows itself. */
static void fill_all(const FILE_OBJECT *file, void *information)
{
    FILE_ALL_INFORMATION *all = information;

    fill_basic(file, &all->BasicInformation);
    fill_standard(file, &all->StandardInformation);
    fill_internal(file, &all->InternalInformation);
    fill_ea(file, &all->EaInformation);
    fill_position(file, &all->PositionInformation);
}

static const struct {
    FILE_INFORMATION_CLASS class;
    ULONG bytes;
    void (*fill)(const FILE_OBJECT *file, void *information);
} tellers[] = {
    { FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), fill_basic },
    { FileStandardInformation, sizeof(FILE_STANDARD_INFORMATION), fill_standard },
    { FileInternalInformation, sizeof(FILE_INTERNAL_INFORMATION), fill_internal },
    { FileEaInformation, sizeof(FILE_EA_INFORMATION), fill_ea },
    { FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), fill_position },
    { FileNetworkOpenInformation, sizeof(FILE_NETWORK_OPEN_INFORMATION), fill_network },
    { FileAttributeTagInformation, sizeof(FILE_ATTRIBUTE_TAG_INFORMATION), fill_tag },
    { FileIsRemoteDeviceInformation, sizeof(FILE_IS_REMOTE_DEVICE_INFORMATION), fill_remote },
};

/* As much of the name as fits. `at` is where its length is. */
static NTSTATUS tell_name(PIRP irp, const dq_node *node, size_t at, ULONG length)
{
    const size_t fixed = at + FIELD_OFFSET(FILE_NAME_INFORMATION, FileName);
    char *buffer = irp->AssociatedIrp.SystemBuffer;
    FILE_NAME_INFORMATION *name = (FILE_NAME_INFORMATION *)(void *)(buffer + at);
    const size_t room = (length - fixed) / sizeof(WCHAR) * sizeof(WCHAR);
    const size_t bytes = dq_node_path(node, buffer + fixed, room);

    name->FileNameLength = (ULONG)bytes;
    irp->IoStatus.Information = fixed + min(bytes, room);
    return bytes <= room ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static NTSTATUS tell_with_name(PIRP irp, const IO_STACK_LOCATION *stack, size_t at)
{
    const ULONG length = stack->Parameters.QueryFile.Length;
    const size_t fixed = at == 0 ? sizeof(FILE_NAME_INFORMATION) : sizeof(FILE_ALL_INFORMATION);

    if (length < fixed) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (at != 0) {
        fill_all(stack->FileObject, irp->AssociatedIrp.SystemBuffer);
    }
    return tell_name(irp, stack->FileObject->FsContext, at, length);
}

NTSTATUS dq_volume_query(PIRP irp, const IO_STACK_LOCATION *stack)
{
    const FILE_INFORMATION_CLASS class = stack->Parameters.QueryFile.FileInformationClass;

    if (class == FileNameInformation) {
        return tell_with_name(irp, stack, 0);
    }
    if (class == FileAllInformation) {
        return tell_with_name(irp, stack, FIELD_OFFSET(FILE_ALL_INFORMATION, NameInformation));
    }
    for (size_t i = 0; i < RTL_NUMBER_OF(tellers); i++) {
        if (tellers[i].class == class) {
            if (stack->Parameters.QueryFile.Length < tellers[i].bytes) {
                return STATUS_INFO_LENGTH_MISMATCH;
            }
            tellers[i].fill(stack->FileObject, irp->AssociatedIrp.SystemBuffer);
            irp->IoStatus.Information = tellers[i].bytes;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_INFO_CLASS;
}

/* ---- Setting --------------------------------------------------------------------------------- */

/* What a request sets. */
typedef struct setting {
    dq_volume *volume;
    dq_machine *machine;
    PFILE_OBJECT file;
    PFILE_OBJECT target; /* Of a rename: the directory that the name is relative to, or NULL. */
    dq_node *node;
    const void *information;
    ULONG length;
} setting;

/* 0 leaves a time as it is; so do -1 and -2, after which requests of this opening leave it alone, or
 * do so no longer. */
static void set_time(int64_t *time, bool *keeps, LARGE_INTEGER wanted)
{
    if (wanted.QuadPart > 0) {
        *time = wanted.QuadPart;
    } else if (wanted.QuadPart < 0) {
        *keeps = wanted.QuadPart == -1;
    }
}

static NTSTATUS set_basic(const setting *s)
{
    const FILE_BASIC_INFORMATION *basic = s->information;
    const ULONG attributes = basic->FileAttributes;
    dq_opening *opening = s->file->FsContext2;
    dq_node *node = s->node;
    bool ignored;

    if (basic->CreationTime.QuadPart < -2 || basic->LastAccessTime.QuadPart < -2 ||
        basic->LastWriteTime.QuadPart < -2 || basic->ChangeTime.QuadPart < -2 ||
        (!node->directory && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) ||
        (node->directory && (attributes & FILE_ATTRIBUTE_TEMPORARY) != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    set_time(&node->made_100ns, &ignored, basic->CreationTime); /* Nothing changes it anyway. */
    set_time(&node->read_100ns, &opening->keeps_read, basic->LastAccessTime);
    set_time(&node->written_100ns, &opening->keeps_written, basic->LastWriteTime);
    if (!opening->keeps_changed && basic->ChangeTime.QuadPart != -1) {
        node->changed_100ns = (int64_t)dq_timer_system_100ns(s->machine);
    }
    set_time(&node->changed_100ns, &opening->keeps_changed, basic->ChangeTime);
    if (attributes != 0) {
        node->attributes = attributes & FILE_ATTRIBUTE_VALID_SET_FLAGS & ~FILE_ATTRIBUTE_NORMAL;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS set_disposition(const setting *s)
{
    const FILE_DISPOSITION_INFORMATION *disposition = s->information;

    if (!disposition->DeleteFile) {
        s->node->delete_pending = false;
        return STATUS_SUCCESS;
    }
    if ((s->node->attributes & FILE_ATTRIBUTE_READONLY) != 0 || s->node == s->volume->root) {
        return STATUS_CANNOT_DELETE;
    }
    if (s->node->children != NULL) {
        return STATUS_DIRECTORY_NOT_EMPTY;
    }
    s->node->delete_pending = true;
    s->file->DeletePending = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS set_position(const setting *s)
{
    const FILE_POSITION_INFORMATION *position = s->information;
    const bool by_sectors = (s->file->Flags & FO_NO_INTERMEDIATE_BUFFERING) != 0;

    if (position->CurrentByteOffset.QuadPart < 0 ||
        (by_sectors && position->CurrentByteOffset.QuadPart % DQ_VOLUME_SECTOR != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    s->file->CurrentByteOffset = position->CurrentByteOffset;
    return STATUS_SUCCESS;
}

static NTSTATUS set_size(const setting *s,
                         NTSTATUS (*set)(dq_machine *machine, dq_node *node, uint64_t bytes))
{
    const LARGE_INTEGER *bytes = s->information;

    if (s->node->directory || bytes->QuadPart < 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return set(s->machine, s->node, (uint64_t)bytes->QuadPart);
}

static NTSTATUS set_end(const setting *s)
{
    return set_size(s, dq_node_resize);
}

static NTSTATUS set_allocation(const setting *s)
{
    return set_size(s, dq_node_allocate);
}

/* ---- Renaming -------------------------------------------------------------------------------- */

/* A directory goes with what is in it, unless any of that is open. */
static bool is_in_use(const dq_node *directory)
{
    for (const dq_node *child = directory->children; child != NULL; child = child->next) {
        if (child->handles > 0 || is_in_use(child)) {
            return true;
        }
    }
    return false;
}

static bool is_within(const dq_node *node, const dq_node *directory)
{
    while (node != NULL && node != directory) {
        node = node->parent;
    }
    return node != NULL;
}

/* Finds where the file goes. A name alone stays in its directory; one that begins with a backslash
 * goes on from the root; one that is relative to another directory, from there. */
static NTSTATUS find_target(const setting *s, dq_path *path, UNICODE_STRING *name)
{
    const FILE_RENAME_INFORMATION *rename = s->information;
    const bool full = rename->FileNameLength > 0 && rename->FileName[0] == '\\';
    NTSTATUS status;

    if (rename->FileNameLength % sizeof(WCHAR) != 0 || rename->FileNameLength > MAXUSHORT ||
        rename->FileNameLength > s->length - FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName)) {
        return STATUS_INVALID_PARAMETER;
    }
    *name = (UNICODE_STRING){ .Buffer = (PWCH)(uintptr_t)rename->FileName,
                              .Length = (USHORT)rename->FileNameLength };
    *path = (dq_path){ .from = full ? NULL : s->node->parent, .text = name };
    if (s->target != NULL && !full) {
        path->from = s->target->FsContext;
    }
    if (path->from == NULL && !full) {
        return STATUS_OBJECT_PATH_NOT_FOUND; /* The volume itself is no directory. */
    }
    status = dq_path_follow(s->volume, path);
    if (NT_SUCCESS(status) &&
        (path->parent == NULL || path->ends_in_backslash || is_within(path->parent, s->node))) {
        status = STATUS_OBJECT_NAME_INVALID;
    }
    return status;
}

static NTSTATUS set_name(const setting *s)
{
    const FILE_RENAME_INFORMATION *rename = s->information;
    UNICODE_STRING name;
    NTSTATUS status;
    dq_path path;

    if (s->node->parent == NULL) {
        return STATUS_INVALID_PARAMETER; /* The root, or one that is deleted. */
    }
    status = find_target(s, &path, &name);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (is_in_use(s->node)) {
        return STATUS_ACCESS_DENIED;
    }
    if (path.node != NULL && path.node != s->node) {
        if (!rename->ReplaceIfExists) {
            return STATUS_OBJECT_NAME_COLLISION;
        }
        if (path.node->directory || path.node->handles > 0 ||
            (path.node->attributes & FILE_ATTRIBUTE_READONLY) != 0) {
            return STATUS_ACCESS_DENIED;
        }
        dq_node_remove(s->machine, path.node);
    }
    return dq_node_move(s->machine, s->node, path.parent, &path.last);
}

/* ---- Which ----------------------------------------------------------------------------------- */

static const struct {
    FILE_INFORMATION_CLASS class;
    ULONG bytes;
    NTSTATUS (*set)(const setting *s);
} setters[] = {
    { FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), set_basic },
    { FileDispositionInformation, sizeof(FILE_DISPOSITION_INFORMATION), set_disposition },
    { FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), set_position },
    { FileEndOfFileInformation, sizeof(FILE_END_OF_FILE_INFORMATION), set_end },
    { FileAllocationInformation, sizeof(FILE_ALLOCATION_INFORMATION), set_allocation },
    { FileRenameInformation, sizeof(FILE_RENAME_INFORMATION), set_name },
};

NTSTATUS dq_volume_set(dq_volume *volume, dq_machine *machine, PIRP irp,
                       const IO_STACK_LOCATION *stack)
{
    const setting s = { .volume = volume,
                        .machine = machine,
                        .file = stack->FileObject,
                        .target = stack->Parameters.SetFile.FileObject,
                        .node = stack->FileObject->FsContext,
                        .information = irp->AssociatedIrp.SystemBuffer,
                        .length = stack->Parameters.SetFile.Length };

    for (size_t i = 0; i < RTL_NUMBER_OF(setters); i++) {
        if (setters[i].class == stack->Parameters.SetFile.FileInformationClass) {
            return s.length < setters[i].bytes ? STATUS_INFO_LENGTH_MISMATCH : setters[i].set(&s);
        }
    }
    return STATUS_INVALID_INFO_CLASS;
}
