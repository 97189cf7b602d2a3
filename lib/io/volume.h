/*
 * volume.h - the volume of files, drive C: a tree in memory that begins anew with each machine, and
 * the driver of its device.
 *
 * Nothing of it is on the host's disk. The directories that every Windows has are there from the
 * beginning. Whoever opens a file has a file object whose FsContext is the node; names are compared
 * without regard to case.
 */
#ifndef DQ_VOLUME_H
#define DQ_VOLUME_H

#include <ntddk.h>

#include "sim/machine.h"

#define DQ_VOLUME_NAME L"\\Device\\HarddiskVolume1"

enum { DQ_VOLUME_SECTOR = 512, DQ_VOLUME_CLUSTER = 4096 };

/* Who has a node open, and what they let others do: each a count. */
typedef struct dq_sharing {
    unsigned opens, readers, writers, deleters;
    unsigned shared_read, shared_write, shared_delete;
} dq_sharing;

/* A file, or a directory. */
typedef struct dq_node {
    UNICODE_STRING name;
    struct dq_node *parent;   /* NULL: the root, or it was removed. */
    struct dq_node *children; /* In order of making. */
    struct dq_node *next;
    bool directory;
    bool delete_pending;
    uint64_t order; /* Grows in its directory: how a scan finds its way though others go. */
    ULONG attributes;
    uint64_t number; /* Of all that were ever made. */
    int64_t made_100ns, read_100ns, written_100ns, changed_100ns;
    uint64_t bytes;     /* End of file. */
    uint64_t allocated; /* A multiple of the cluster. */
    unsigned char **pages;
    size_t page_count;
    NTSTATUS failure;    /* That its requests are completed with, unless STATUS_SUCCESS. */
    unsigned references; /* By file objects. */
    unsigned handles;    /* Of them, those that are not cleaned up. */
    dq_sharing sharing;  /* By those of the handles that take part in it. */
} dq_node;

/* A machine's part. */
typedef struct dq_volume {
    DRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    dq_node *root;
    uint64_t free_bytes;
    uint64_t latency_ns; /* Of reading, writing and flushing. */
    NTSTATUS failure;
    uint64_t nodes_made, nodes_placed;
} dq_volume;

/* ---- volume.c -------------------------------------------------------------------------------- */

/* Made at the first use. NULL when memory is short. */
dq_volume *dq_volume_of(dq_machine *machine);
/* Its device, or NULL. */
PDEVICE_OBJECT dq_volume_device(dq_machine *machine);
bool dq_volume_is_named(const UNICODE_STRING *name);

/* How a path was followed. */
typedef struct dq_path {
    dq_node *from;              /* NULL: the root. */
    const UNICODE_STRING *text; /* "\dir\x.wav", or relative to `from`. */
    dq_node *parent;            /* Of the last part. */
    UNICODE_STRING last;        /* That part, in `text`. */
    dq_node *node;              /* NULL: there is none of that name. */
    bool ends_in_backslash;
} dq_path;

/* STATUS_SUCCESS: the parent is there; else STATUS_OBJECT_PATH_NOT_FOUND, _NAME_INVALID, or
 * STATUS_DELETE_PENDING: the directory that it is relative to was removed. */
NTSTATUS dq_path_follow(dq_volume *volume, dq_path *path);

/* The next node of a directory whose name is this; NULL: none. */
dq_node *dq_node_child(const dq_node *directory, const UNICODE_STRING *name);

/* Makes a node. NULL when memory is short. */
dq_node *dq_node_make(dq_machine *machine, dq_node *parent, const UNICODE_STRING *name,
                      bool directory, ULONG attributes);

/* Takes a node out of its directory. It is freed when no file object has it. */
void dq_node_remove(dq_machine *machine, dq_node *node);
void dq_node_release(dq_machine *machine, dq_node *node);

/* Into another directory, or by another name. */
NTSTATUS dq_node_move(dq_machine *machine, dq_node *node, dq_node *parent,
                      const UNICODE_STRING *name);

/* The path from the root, into `text` of `bytes` bytes as far as it fits. Returns how many it
 * has. */
size_t dq_node_path(const dq_node *node, void *text, size_t bytes);

/* FILE_ATTRIBUTE_..., as they are told. */
ULONG dq_node_attributes(const dq_node *node);

/* ---- volumedata.c ---------------------------------------------------------------------------- */

/* Copies what there is of the file from `offset` on. Returns how much. */
size_t dq_node_read(const dq_node *node, uint64_t offset, void *buffer, size_t bytes);
/* STATUS_DISK_FULL, STATUS_INSUFFICIENT_RESOURCES: nothing was written. */
NTSTATUS dq_node_write(dq_machine *machine, dq_node *node, uint64_t offset, const void *buffer,
                       size_t bytes);
/* Sets the end of the file; or what is allocated for it, which may set the end. */
NTSTATUS dq_node_resize(dq_machine *machine, dq_node *node, uint64_t bytes);
NTSTATUS dq_node_allocate(dq_machine *machine, dq_node *node, uint64_t bytes);
/* Gives back all memory and room. */
void dq_node_empty(dq_machine *machine, dq_node *node);

/* ---- volumedriver.c: dispatch routines ------------------------------------------------------- */

void dq_volume_driver_init(DRIVER_OBJECT *driver);

/* What a file object's opener was granted: FsContext2. */
typedef struct dq_opening {
    ACCESS_MASK access;
    USHORT share;
    bool delete_on_close;
    bool counted; /* In the node's sharing. */
    bool keeps_read, keeps_written, keeps_changed; /* Times that its requests leave alone. */
    ULONG options;
    UNICODE_STRING pattern; /* Of ZwQueryDirectoryFile. */
    bool scanned;
    uint64_t passed; /* By the scan: how far it is, as volumedirectory.c counts. */
} dq_opening;

/* ---- volumecreate.c, volumeinfo.c, volumedirectory.c ----------------------------------------- */

NTSTATUS dq_volume_create(dq_volume *volume, dq_machine *machine, PIRP irp,
                          const IO_STACK_LOCATION *stack);
void dq_volume_cleanup(dq_machine *machine, PFILE_OBJECT file);
void dq_volume_close(dq_machine *machine, PFILE_OBJECT file);

/* The last three set IoStatus.Information. */
NTSTATUS dq_volume_query(PIRP irp, const IO_STACK_LOCATION *stack);
NTSTATUS dq_volume_set(dq_volume *volume, dq_machine *machine, PIRP irp,
                       const IO_STACK_LOCATION *stack);
NTSTATUS dq_volume_list(dq_machine *machine, PIRP irp, const IO_STACK_LOCATION *stack,
                        void *buffer);

#endif
