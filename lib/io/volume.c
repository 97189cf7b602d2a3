/*
 * volume.c - the tree of files and directories.
 */
#include "io/volume.h"

#include <string.h>

#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"

enum { NAME_BYTES_MOST = 255 * sizeof(WCHAR) };

static const uint64_t volume_bytes = 1ull << 30;

/* ---- Nodes ----------------------------------------------------------------------------------- */

static int64_t now_100ns(const dq_machine *machine)
{
    return (int64_t)dq_timer_system_100ns(machine);
}

ULONG dq_node_attributes(const dq_node *node)
{
    const ULONG attributes = node->attributes | (node->directory ? FILE_ATTRIBUTE_DIRECTORY : 0);

    return attributes != 0 ? attributes : FILE_ATTRIBUTE_NORMAL;
}

dq_node *dq_node_child(const dq_node *directory, const UNICODE_STRING *name)
{
    dq_node *child = directory->children;

    while (child != NULL && !dq_name_is(&child->name, name)) {
        child = child->next;
    }
    return child;
}

static void append(dq_volume *volume, dq_node *parent, dq_node *node)
{
    dq_node **link = &parent->children;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    node->parent = parent;
    node->order = ++volume->nodes_placed;
    node->next = NULL;
    *link = node;
}

static void take_out(dq_node *node)
{
    dq_node **link = &node->parent->children;

    while (*link != node) {
        link = &(*link)->next;
    }
    *link = node->next;
    node->parent = NULL;
}

static void stamp(const dq_machine *machine, dq_node *directory)
{
    directory->written_100ns = now_100ns(machine);
    directory->changed_100ns = directory->written_100ns;
}

dq_node *dq_node_make(dq_machine *machine, dq_node *parent, const UNICODE_STRING *name,
                      bool directory, ULONG attributes)
{
    dq_volume *volume = dq_io_of(machine)->volume;
    dq_node *node = dq_keep(machine, sizeof(*node));

    if (node == NULL) {
        return NULL;
    }
    node->name = dq_name_keep(machine, name);
    if (node->name.Buffer == NULL) {
        dq_keep_drop(machine, node);
        return NULL;
    }
    node->directory = directory;
    node->attributes = attributes & FILE_ATTRIBUTE_VALID_SET_FLAGS & ~FILE_ATTRIBUTE_NORMAL;
    node->attributes |= directory ? 0 : FILE_ATTRIBUTE_ARCHIVE;
    node->number = ++volume->nodes_made;
    node->made_100ns = now_100ns(machine);
    node->read_100ns = node->made_100ns;
    stamp(machine, node);
    if (parent != NULL) {
        append(volume, parent, node);
        stamp(machine, parent);
    }
    return node;
}

static void free_if_unused(dq_machine *machine, dq_node *node)
{
    if (node->references == 0 && node->parent == NULL) {
        dq_node_empty(machine, node);
        dq_name_drop(machine, &node->name);
        dq_keep_drop(machine, node);
    }
}

void dq_node_remove(dq_machine *machine, dq_node *node)
{
    if (node->parent != NULL) {
        stamp(machine, node->parent);
        take_out(node);
        free_if_unused(machine, node);
    }
}

void dq_node_release(dq_machine *machine, dq_node *node)
{
    node->references--;
    if (node != dq_io_of(machine)->volume->root) {
        free_if_unused(machine, node);
    }
}

NTSTATUS dq_node_move(dq_machine *machine, dq_node *node, dq_node *parent,
                      const UNICODE_STRING *name)
{
    UNICODE_STRING kept = dq_name_keep(machine, name);

    if (kept.Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    stamp(machine, node->parent);
    take_out(node);
    dq_name_drop(machine, &node->name);
    node->name = kept;
    append(dq_io_of(machine)->volume, parent, node);
    stamp(machine, parent);
    node->changed_100ns = now_100ns(machine);
    return STATUS_SUCCESS;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static bool is_valid_part(const UNICODE_STRING *part)
{
    static const char refused[] = "\"*/:<>?|";
    const USHORT count = (USHORT)(part->Length / sizeof(WCHAR));

    if (count == 0 || part->Length > NAME_BYTES_MOST ||
        (count <= 2 && part->Buffer[0] == '.' && part->Buffer[count - 1] == '.')) {
        return false;
    }
    for (USHORT i = 0; i < count; i++) {
        if (part->Buffer[i] < ' ' ||
            (part->Buffer[i] < 0x80 && strchr(refused, part->Buffer[i]) != NULL)) {
            return false;
        }
    }
    return true;
}

/* Takes the next part off `rest`, and the backslash after it. */
static UNICODE_STRING next_part(UNICODE_STRING *rest)
{
    const USHORT all = (USHORT)(rest->Length / sizeof(WCHAR));
    UNICODE_STRING part = *rest;
    USHORT count = 0, gone;

    while (count < all && rest->Buffer[count] != '\\') {
        count++;
    }
    gone = (USHORT)(count < all ? count + 1 : count);
    part.Length = (USHORT)(count * sizeof(WCHAR));
    part.MaximumLength = part.Length;
    rest->Buffer += gone;
    rest->Length = (USHORT)(rest->Length - gone * sizeof(WCHAR));
    return part;
}

NTSTATUS dq_path_follow(dq_volume *volume, dq_path *path)
{
    UNICODE_STRING rest = *path->text;

    path->node = path->from != NULL ? path->from : volume->root;
    path->parent = NULL;
    path->ends_in_backslash = false;
    if (path->node != volume->root && path->node->parent == NULL) {
        return STATUS_DELETE_PENDING;
    }
    if (path->from == NULL && rest.Length > 0) {
        (void)next_part(&rest); /* Before the first backslash: nothing. */
    }
    while (rest.Length > 0) {
        if (path->node == NULL || !path->node->directory) {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
        path->parent = path->node;
        path->last = next_part(&rest);
        if (!is_valid_part(&path->last)) {
            return STATUS_OBJECT_NAME_INVALID;
        }
        path->node = dq_node_child(path->parent, &path->last);
        path->ends_in_backslash = rest.Length == 0 && rest.Buffer[-1] == '\\';
    }
    return STATUS_SUCCESS;
}

static bool is_root(const dq_node *node)
{
    return node->name.Length == 0;
}

size_t dq_node_path(const dq_node *node, void *text, size_t bytes)
{
    static const WCHAR backslash = '\\';
    size_t before, count;

    if (is_root(node)) {
        memcpy(text, &backslash, min(bytes, sizeof(backslash)));
        return sizeof(backslash);
    }
    /* One that was removed has lost its directory. */
    before =
        node->parent == NULL || is_root(node->parent) ? 0 : dq_node_path(node->parent, text, bytes);
    count = before + sizeof(backslash) + node->name.Length;
    if (before + sizeof(backslash) <= bytes) {
        memcpy((char *)text + before, &backslash, sizeof(backslash));
        before += sizeof(backslash);
        memcpy((char *)text + before, node->name.Buffer, min(bytes - before, node->name.Length));
    }
    return count;
}

/* ---- The volume ------------------------------------------------------------------------------ */

bool dq_volume_is_named(const UNICODE_STRING *name)
{
    static const UNICODE_STRING own = RTL_CONSTANT_STRING(DQ_VOLUME_NAME);

    return dq_name_is(name, &own);
}

static bool make_first(dq_machine *machine, dq_volume *volume)
{
    static const UNICODE_STRING nothing;
    static const UNICODE_STRING names[] = { RTL_CONSTANT_STRING(L"Windows"),
                                            RTL_CONSTANT_STRING(L"System32"),
                                            RTL_CONSTANT_STRING(L"drivers"),
                                            RTL_CONSTANT_STRING(L"Temp") };
    dq_node *windows, *system;

    volume->root = dq_node_make(machine, NULL, &nothing, true, 0);
    windows = volume->root != NULL ? dq_node_make(machine, volume->root, &names[0], true, 0) : NULL;
    system = windows != NULL ? dq_node_make(machine, windows, &names[1], true, 0) : NULL;
    return system != NULL && dq_node_make(machine, system, &names[2], true, 0) != NULL &&
           dq_node_make(machine, windows, &names[3], true, 0) != NULL;
}

static PDEVICE_OBJECT make_device(dq_machine *machine, dq_volume *volume)
{
    PDEVICE_OBJECT device = dq_device_object_create(machine);

    if (device != NULL) {
        dq_volume_driver_init(&volume->driver);
        device->DriverObject = &volume->driver;
        device->DeviceType = FILE_DEVICE_DISK_FILE_SYSTEM;
        device->SectorSize = DQ_VOLUME_SECTOR;
        device->Flags = 0;
    }
    return device;
}

dq_volume *dq_volume_of(dq_machine *machine)
{
    dq_io *io = dq_io_of(machine);
    dq_volume *volume;

    if (io == NULL || io->volume != NULL) {
        return io != NULL ? io->volume : NULL;
    }
    volume = dq_keep(machine, sizeof(*volume));
    io->volume = volume;
    if (volume != NULL) {
        volume->free_bytes = volume_bytes;
        volume->device = make_device(machine, volume);
    }
    if (volume == NULL || volume->device == NULL || !make_first(machine, volume)) {
        io->volume = NULL;
    }
    return io->volume;
}

PDEVICE_OBJECT dq_volume_device(dq_machine *machine)
{
    dq_volume *volume = dq_volume_of(machine);

    return volume != NULL ? volume->device : NULL;
}
