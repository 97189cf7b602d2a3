/*
 * volumedirectory.c - the entries of a directory: IRP_MN_QUERY_DIRECTORY.
 *
 * The first request of a file object sets the pattern for all that follow. A directory that is not
 * the root begins with "." and "..".
 */
#include <string.h>

#include <ntifs.h>

#include "io/io.h"
#include "io/volume.h"
#include "ke/ki.h"

/* Where a structure of one class has its members. */
typedef struct layout {
    FILE_INFORMATION_CLASS class;
    ULONG name, name_length;
    ULONG number; /* 0: it is not told. */
    bool has_times;
} layout;

#define LAYOUT(class, type, ...)                                                      \
    { class, FIELD_OFFSET(type, FileName), FIELD_OFFSET(type, FileNameLength), __VA_ARGS__ }

static const layout layouts[] = {
    LAYOUT(FileDirectoryInformation, FILE_DIRECTORY_INFORMATION, 0, true),
    LAYOUT(FileFullDirectoryInformation, FILE_FULL_DIR_INFORMATION, 0, true),
    LAYOUT(FileBothDirectoryInformation, FILE_BOTH_DIR_INFORMATION, 0, true),
    LAYOUT(FileNamesInformation, FILE_NAMES_INFORMATION, 0, false),
    LAYOUT(FileIdFullDirectoryInformation, FILE_ID_FULL_DIR_INFORMATION,
           FIELD_OFFSET(FILE_ID_FULL_DIR_INFORMATION, FileId), true),
    LAYOUT(FileIdBothDirectoryInformation, FILE_ID_BOTH_DIR_INFORMATION,
           FIELD_OFFSET(FILE_ID_BOTH_DIR_INFORMATION, FileId), true),
};

/* ---- Patterns -------------------------------------------------------------------------------- */

static bool is_same(WCHAR one, WCHAR other)
{
    const UNICODE_STRING a = { .Buffer = &one, .Length = sizeof(one) };
    const UNICODE_STRING b = { .Buffer = &other, .Length = sizeof(other) };

    return dq_name_is(&a, &b);
}

/* Remembers the last star, and lets it take one character more where the rest does not fit. */
static bool matches(const UNICODE_STRING *pattern, const UNICODE_STRING *name)
{
    const size_t all = pattern->Length / sizeof(WCHAR), count = name->Length / sizeof(WCHAR);
    size_t p = 0, n = 0, star = all, taken = 0;

    while (n < count) {
        if (p < all && pattern->Buffer[p] == '*') {
            star = p++;
            taken = n;
        } else if (p < all &&
                   (pattern->Buffer[p] == '?' || is_same(pattern->Buffer[p], name->Buffer[n]))) {
            p++;
            n++;
        } else if (star < all) {
            p = star + 1;
            n = ++taken;
        } else {
            return false;
        }
    }
    while (p < all && pattern->Buffer[p] == '*') {
        p++;
    }
    return p == all;
}

static bool is_wanted(const dq_opening *opening, const UNICODE_STRING *name)
{
    return opening->pattern.Length == 0 || matches(&opening->pattern, name);
}

/* ---- Entries --------------------------------------------------------------------------------- */

enum { DOTS = 2 }; /* "." and "..": passed as 1 and 2, in front of all nodes. */

/* An entry; node NULL: there are no more. */
typedef struct entry {
    const dq_node *node;
    UNICODE_STRING name;
    uint64_t passed; /* What the scan has passed when this was told. */
} entry;

static entry entry_after(const dq_node *directory, uint64_t passed)
{
    static const UNICODE_STRING dots = RTL_CONSTANT_STRING(L"..");
    const dq_node *child = directory->children;
    entry e = { .node = directory, .name = dots, .passed = passed + 1 };

    if (directory->parent != NULL && passed < DOTS) {
        e.name.Length = (USHORT)(e.passed * sizeof(WCHAR));
        return e;
    }
    while (child != NULL && child->order + DOTS <= passed) {
        child = child->next;
    }
    e.node = child;
    e.name = child != NULL ? child->name : dots;
    e.passed = child != NULL ? child->order + DOTS : passed;
    return e;
}

/* Zeroes what is in front of the name, and fills it. Both begin alike. */
static void fill(const layout *l, const entry *e, char *buffer)
{
    const ULONG length = e->name.Length;

    memset(buffer, 0, l->name);
    memcpy(buffer + l->name_length, &length, sizeof(length));
    if (l->has_times) {
        FILE_DIRECTORY_INFORMATION *all = (FILE_DIRECTORY_INFORMATION *)(void *)buffer;

        all->CreationTime.QuadPart = e->node->made_100ns;
        all->LastAccessTime.QuadPart = e->node->read_100ns;
        all->LastWriteTime.QuadPart = e->node->written_100ns;
        all->ChangeTime.QuadPart = e->node->changed_100ns;
        all->EndOfFile.QuadPart = (LONGLONG)e->node->bytes;
        all->AllocationSize.QuadPart = (LONGLONG)e->node->allocated;
        all->FileAttributes = dq_node_attributes(e->node);
    }
    if (l->number != 0) {
        memcpy(buffer + l->number, &e->node->number, sizeof(e->node->number));
    }
}

/* ---- The request ----------------------------------------------------------------------------- */

/* Writes entries as long as they fit. Returns how many there are; `bytes` are in use. */
static unsigned write_entries(const layout *l, PFILE_OBJECT file, char *buffer, ULONG length,
                              bool single, ULONG *bytes)
{
    const dq_node *directory = file->FsContext;
    dq_opening *opening = file->FsContext2;
    ULONG *previous = NULL, at = 0;
    unsigned count = 0;

    for (entry e = entry_after(directory, opening->passed); e.node != NULL;
         e = entry_after(directory, opening->passed)) {
        if (is_wanted(opening, &e.name)) {
            if ((single && count == 1) || at > length || length - at < l->name + e.name.Length) {
                break;
            }
            fill(l, &e, buffer + at);
            memcpy(buffer + at + l->name, e.name.Buffer, e.name.Length);
            if (previous != NULL) {
                *previous = at - *bytes;
            }
            previous = (ULONG *)(void *)(buffer + at);
            *bytes = at;
            at = (ULONG)ALIGN_UP_BY(at + l->name + e.name.Length, 8);
            count++;
        }
        opening->passed = e.passed;
    }
    if (count > 0) { /* Up to the end of the last name. */
        ULONG name_length;

        memcpy(&name_length, buffer + *bytes + l->name_length, sizeof(name_length));
        *bytes += l->name + name_length;
    }
    return count;
}

/* The next entry does not fit: as much of its name as does. */
static void write_part(const layout *l, PFILE_OBJECT file, char *buffer, ULONG length)
{
    dq_opening *opening = file->FsContext2;
    const entry e = entry_after(file->FsContext, opening->passed);

    fill(l, &e, buffer);
    memcpy(buffer + l->name, e.name.Buffer, length - l->name);
    opening->passed = e.passed;
}

static const layout *layout_of(FILE_INFORMATION_CLASS class)
{
    for (size_t i = 0; i < RTL_NUMBER_OF(layouts); i++) {
        if (layouts[i].class == class) {
            return &layouts[i];
        }
    }
    return NULL;
}

/* False: no memory. */
static bool begin_scan(dq_machine *machine, dq_opening *opening, const IO_STACK_LOCATION *stack)
{
    const UNICODE_STRING *pattern = stack->Parameters.QueryDirectory.FileName;

    if (pattern != NULL && pattern->Length > 0) {
        opening->pattern = dq_name_keep(machine, pattern);
        return opening->pattern.Buffer != NULL;
    }
    return true;
}

NTSTATUS dq_volume_list(dq_machine *machine, PIRP irp, const IO_STACK_LOCATION *stack, void *buffer)
{
    const layout *l = layout_of(stack->Parameters.QueryDirectory.FileInformationClass);
    const ULONG length = stack->Parameters.QueryDirectory.Length;
    const PFILE_OBJECT file = stack->FileObject;
    dq_opening *opening = file->FsContext2;
    const bool first = !opening->scanned;
    ULONG bytes = 0;

    if (stack->MinorFunction != IRP_MN_QUERY_DIRECTORY) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (!((const dq_node *)file->FsContext)->directory) {
        return STATUS_INVALID_PARAMETER;
    }
    if (l == NULL) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (length < l->name) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (first && !begin_scan(machine, opening, stack)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    opening->scanned = true;
    if ((stack->Flags & SL_RESTART_SCAN) != 0) {
        opening->passed = 0;
    }
    if (write_entries(l, file, buffer, length, (stack->Flags & SL_RETURN_SINGLE_ENTRY) != 0,
                      &bytes) > 0) {
        irp->IoStatus.Information = bytes;
        return STATUS_SUCCESS;
    }
    if (entry_after(file->FsContext, opening->passed).node == NULL) {
        return first ? STATUS_NO_SUCH_FILE : STATUS_NO_MORE_FILES;
    }
    if (!first) { /* It would fit into a larger buffer. */
        return STATUS_SUCCESS;
    }
    write_part(l, file, buffer, length);
    irp->IoStatus.Information = length;
    return STATUS_BUFFER_OVERFLOW;
}
