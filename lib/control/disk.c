/*
 * disk.c - the files of the machine in a test's hands (include/dirql/disk.h).
 */
#include <dirql/disk.h>

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "control/control.h"
#include "control/wide.h"
#include "io/io.h"
#include "io/volume.h"

static const char unnameable[] = "has a part that no file can be named";

/* ---- Paths ----------------------------------------------------------------------------------- */

/* A path that was followed. `rest` is in use until `leave()`. */
typedef struct place {
    dq_machine *machine;
    dq_volume *volume;
    UNICODE_STRING rest;
    dq_path path;
    const char *function;
    const char *text;
} place;

static void refuse(const place *p, const char *what)
{
    dirql_control_fail(p->machine, "disk", "%s: \"%s\" %s", p->function,
                       p->text != NULL ? p->text : "NULL", what);
}

static bool is_short(const char *text)
{
    return text != NULL && isalpha((unsigned char)text[0]) && text[1] == ':';
}

/* False after a failure: it is no path of a file of the volume. */
static bool find_volume(place *p)
{
    static const UNICODE_STRING drives = RTL_CONSTANT_STRING(L"\\??\\");
    WCHAR whole[DIRQL_WIDE_CHARACTERS + 4];
    PDEVICE_OBJECT device;
    dirql_wide wide;
    NTSTATUS status;

    p->volume = dq_volume_of(p->machine);
    if (!dirql_widen(p->machine, &wide, p->text, "disk", p->function)) {
        return false;
    }
    if (is_short(p->text)) {
        memcpy(whole, drives.Buffer, drives.Length);
        memcpy(whole + drives.Length / sizeof(WCHAR), wide.text, wide.name.Length);
        wide.name.Buffer = whole;
        wide.name.Length = (USHORT)(wide.name.Length + drives.Length);
    }
    device = dq_name_open(p->machine, &wide.name, &p->rest, &status);
    if (p->volume == NULL || device != p->volume->device || p->rest.Length == 0) {
        refuse(p, "is no path of a file on drive C:");
        dq_name_drop(p->machine, &p->rest);
        return false;
    }
    return true;
}

/* False after a failure. The node is NULL if there is none. leave() afterwards. */
static bool follow(place *p)
{
    NTSTATUS status;

    if (p->machine == NULL || !find_volume(p)) {
        return false;
    }
    p->path = (dq_path){ .text = &p->rest };
    status = dq_path_follow(p->volume, &p->path);
    if (status == STATUS_OBJECT_NAME_INVALID) {
        refuse(p, unnameable);
        dq_name_drop(p->machine, &p->rest);
        return false;
    }
    if (!NT_SUCCESS(status)) {
        p->path.node = NULL;
    }
    return true;
}

static void leave(place *p)
{
    dq_name_drop(p->machine, &p->rest);
}

/* The directory in which the last part is, made with all above it. NULL after a failure. */
static dq_node *make_above(place *p)
{
    UNICODE_STRING part = p->rest, whole = p->rest;
    dq_node *node = p->volume->root;

    for (USHORT i = 1; node != NULL && i < whole.Length / sizeof(WCHAR); i++) {
        if (whole.Buffer[i] == '\\' && i + 1u < whole.Length / sizeof(WCHAR)) {
            part.Length = (USHORT)(i * sizeof(WCHAR));
            p->path.text = &part;
            if (dq_path_follow(p->volume, &p->path) == STATUS_OBJECT_NAME_INVALID) {
                refuse(p, unnameable);
                return NULL;
            }
            node = p->path.node != NULL
                       ? p->path.node
                       : dq_node_make(p->machine, p->path.parent, &p->path.last, true, 0);
            if (node == NULL || !node->directory) {
                refuse(p, "has a file where a directory is to be");
                return NULL;
            }
        }
    }
    p->path.text = &whole;
    if (dq_path_follow(p->volume, &p->path) == STATUS_OBJECT_NAME_INVALID) {
        refuse(p, unnameable);
        return NULL;
    }
    return p->path.parent;
}

/* The node, made if need be. NULL after a failure. */
static dq_node *obtain(place *p, bool directory)
{
    dq_node *node = p->path.node;

    if (node == NULL && make_above(p) != NULL) {
        node = dq_node_make(p->machine, p->path.parent, &p->path.last, directory, 0);
    }
    if (node != NULL && node->directory != directory) {
        refuse(p, directory ? "is a file" : "is a directory");
        return NULL;
    }
    return node;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static place begin(const char *path, const char *function)
{
    return (
        place){ .machine = dirql_control_machine(function), .text = path, .function = function };
}

void dirql_disk_write(const char *path, const void *data, size_t bytes)
{
    DIRQL_INSIDE;
    place p = begin(path, "dirql_disk_write");
    uint64_t free_bytes;
    dq_node *node;

    if (p.machine != NULL && data == NULL && bytes > 0) {
        dirql_control_fail(p.machine, "disk", "dirql_disk_write: `data` is NULL, but `bytes` is %zu",
                           bytes);
        return;
    }
    if (!follow(&p)) {
        return;
    }
    node = obtain(&p, false);
    if (node != NULL) { /* Room for it is not what the test has left for drivers. */
        free_bytes = p.volume->free_bytes + min(node->allocated, UINT64_MAX - p.volume->free_bytes);
        dq_node_empty(p.machine, node);
        p.volume->free_bytes = UINT64_MAX / 2;
        if (!NT_SUCCESS(dq_node_write(p.machine, node, 0, data, bytes))) {
            dirql_control_fail(p.machine, "memory", "dirql_disk_write: short of memory");
        }
        p.volume->free_bytes = free_bytes > node->allocated ? free_bytes - node->allocated : 0;
    }
    leave(&p);
}

void dirql_disk_add_directory(const char *path)
{
    DIRQL_INSIDE;
    place p = begin(path, "dirql_disk_add_directory");

    if (follow(&p)) {
        (void)obtain(&p, true);
        leave(&p);
    }
}

int64_t dirql_disk_read(const char *path, void *data, size_t bytes)
{
    DIRQL_INSIDE;
    place p = begin(path, "dirql_disk_read");
    int64_t count = -1;

    if (!follow(&p)) {
        return -1;
    }
    if (p.path.node != NULL && !p.path.node->directory) {
        count = (int64_t)p.path.node->bytes;
        if (data != NULL) {
            (void)dq_node_read(p.path.node, 0, data, bytes);
        }
    }
    leave(&p);
    return count;
}

int dirql_disk_has(const char *path)
{
    DIRQL_INSIDE;
    place p = begin(path, "dirql_disk_has");

    if (!follow(&p)) {
        return 0;
    }
    leave(&p);
    return p.path.node != NULL;
}

static void remove_tree(dq_machine *machine, dq_node *node)
{
    while (node->children != NULL) {
        dq_node *child = node->children;

        while (child->children != NULL) {
            child = child->children;
        }
        dq_node_remove(machine, child);
    }
    dq_node_remove(machine, node);
}

void dirql_disk_remove(const char *path)
{
    DIRQL_INSIDE;
    place p = begin(path, "dirql_disk_remove");

    if (follow(&p)) {
        if (p.path.node != NULL) {
            remove_tree(p.machine, p.path.node);
        }
        leave(&p);
    }
}

int dirql_disk_entry(const char *path, unsigned number, char *name, size_t bytes)
{
    DIRQL_INSIDE;
    place p = begin(path, "dirql_disk_entry");
    const dq_node *child;
    size_t count;

    if (p.machine != NULL && name == NULL && bytes > 0) {
        dirql_control_fail(p.machine, "disk", "dirql_disk_entry: `name` is NULL");
        return 0;
    }
    if (!follow(&p)) {
        return 0;
    }
    child = p.path.node != NULL ? p.path.node->children : NULL;
    while (child != NULL && number > 0) {
        child = child->next;
        number--;
    }
    count = child != NULL ? child->name.Length / sizeof(WCHAR) : 0;
    for (size_t i = 0; i < count && i + 1 < bytes; i++) {
        name[i] = child->name.Buffer[i] < 0x7F ? (char)child->name.Buffer[i] : '?';
    }
    if (child != NULL && bytes > 0) {
        name[min(count, bytes - 1)] = '\0';
    }
    leave(&p);
    return child != NULL;
}

/* The node of a path that must be there. NULL after a failure; else leave(). */
static dq_node *need(place *p)
{
    if (!follow(p)) {
        return NULL;
    }
    if (p->path.node == NULL) {
        refuse(p, "is not there");
        leave(p);
    }
    return p->path.node;
}

void dirql_disk_set_attributes(const char *path, ULONG attributes)
{
    DIRQL_INSIDE;
    place p = begin(path, "dirql_disk_set_attributes");
    dq_node *node = need(&p);

    if (node != NULL) {
        node->attributes = attributes & FILE_ATTRIBUTE_VALID_SET_FLAGS & ~FILE_ATTRIBUTE_NORMAL;
        leave(&p);
    }
}

/* ---- The disk -------------------------------------------------------------------------------- */

static dq_volume *volume_for(const char *function)
{
    dq_machine *machine = dirql_control_machine(function);

    return machine != NULL ? dq_volume_of(machine) : NULL;
}

void dirql_disk_set_free(uint64_t bytes)
{
    DIRQL_INSIDE;
    dq_volume *volume = volume_for("dirql_disk_set_free");

    if (volume != NULL) {
        volume->free_bytes = bytes;
    }
}

void dirql_disk_fail(const char *path, NTSTATUS status)
{
    DIRQL_INSIDE;
    place p = begin(path, "dirql_disk_fail");
    dq_volume *volume = path == NULL ? volume_for("dirql_disk_fail") : NULL;
    dq_node *node = path != NULL ? need(&p) : NULL;

    if (volume != NULL) {
        volume->failure = status;
    }
    if (node != NULL) {
        node->failure = status;
        leave(&p);
    }
}

void dirql_disk_set_latency_us(uint64_t microseconds)
{
    DIRQL_INSIDE;
    dq_volume *volume = volume_for("dirql_disk_set_latency_us");

    if (volume != NULL && microseconds > UINT64_MAX / 2000) {
        dirql_control_fail(dq_self->machine, "disk", "dirql_disk_set_latency_us: no disk takes as long "
                           "as %" PRIu64 " us. Was a negative number meant?", microseconds);
    } else if (volume != NULL) {
        volume->latency_ns = microseconds * 1000;
    }
}
