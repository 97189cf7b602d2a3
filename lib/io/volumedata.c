/*
 * volumedata.c - the bytes of a file, in pages that are made when they are written to.
 *
 * What no page was made for is zero; what lies behind the end of the file in its last page is, too.
 */
#include <string.h>

#include "io/io.h"
#include "io/volume.h"
#include "ke/keep.h"
#include "ke/ki.h"

enum { PAGE_BYTES = 16384 };

static const uint64_t most_bytes = 1ull << 40;

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + DQ_VOLUME_CLUSTER - 1) / DQ_VOLUME_CLUSTER * DQ_VOLUME_CLUSTER;
}

/* ---- Room on the volume ---------------------------------------------------------------------- */

static NTSTATUS set_allocated(dq_machine *machine, dq_node *node, uint64_t bytes)
{
    dq_volume *volume = dq_io_of(machine)->volume;
    const uint64_t wanted = round_up(bytes);

    if (wanted > node->allocated && wanted - node->allocated > volume->free_bytes) {
        return STATUS_DISK_FULL;
    }
    if (wanted > node->allocated) {
        volume->free_bytes -= wanted - node->allocated;
    } else { /* What a test calls free may be all that can be counted. */
        volume->free_bytes += min(node->allocated - wanted, UINT64_MAX - volume->free_bytes);
    }
    node->allocated = wanted;
    return STATUS_SUCCESS;
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static bool make_table(dq_machine *machine, dq_node *node, size_t count)
{
    const size_t larger = max(count, 2 * node->page_count);
    unsigned char **table;

    if (count <= node->page_count) {
        return true;
    }
    table = dq_keep(machine, larger * sizeof(*table));
    if (table == NULL) {
        return false;
    }
    if (node->pages != NULL) {
        memcpy(table, node->pages, node->page_count * sizeof(*table));
        dq_keep_drop(machine, node->pages);
    }
    node->pages = table;
    node->page_count = larger;
    return true;
}

/* All that are missing in these bytes, before any is written to. */
static bool make_pages(dq_machine *machine, dq_node *node, uint64_t offset, size_t bytes)
{
    const size_t first = (size_t)(offset / PAGE_BYTES);
    const size_t end = (size_t)((offset + bytes - 1) / PAGE_BYTES) + 1;

    if (!make_table(machine, node, end)) {
        return false;
    }
    for (size_t i = first; i < end; i++) {
        if (node->pages[i] == NULL) {
            node->pages[i] = dq_keep(machine, PAGE_BYTES);
        }
        if (node->pages[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* Forgets what lies behind `bytes`. */
static void cut(dq_machine *machine, dq_node *node, uint64_t bytes)
{
    const size_t first = (size_t)((bytes + PAGE_BYTES - 1) / PAGE_BYTES);
    const size_t within = (size_t)(bytes % PAGE_BYTES);

    for (size_t i = first; i < node->page_count; i++) {
        if (node->pages[i] != NULL) {
            dq_keep_drop(machine, node->pages[i]);
            node->pages[i] = NULL;
        }
    }
    if (within > 0 && first - 1 < node->page_count && node->pages[first - 1] != NULL) {
        memset(node->pages[first - 1] + within, 0, PAGE_BYTES - within);
    }
}

void dq_node_empty(dq_machine *machine, dq_node *node)
{
    cut(machine, node, 0);
    if (node->pages != NULL) {
        dq_keep_drop(machine, node->pages);
    }
    node->pages = NULL;
    node->page_count = 0;
    node->bytes = 0;
    (void)set_allocated(machine, node, 0);
}

/* ---- Reading and writing --------------------------------------------------------------------- */

size_t dq_node_read(const dq_node *node, uint64_t offset, void *buffer, size_t bytes)
{
    const uint64_t left = offset < node->bytes ? node->bytes - offset : 0;
    const size_t count = left < bytes ? (size_t)left : bytes;
    size_t done = 0;

    while (done < count) {
        const size_t page = (size_t)((offset + done) / PAGE_BYTES);
        const size_t within = (size_t)((offset + done) % PAGE_BYTES);
        const size_t part = min(count - done, PAGE_BYTES - within);

        if (page < node->page_count && node->pages[page] != NULL) {
            memcpy((char *)buffer + done, node->pages[page] + within, part);
        } else {
            memset((char *)buffer + done, 0, part);
        }
        done += part;
    }
    return count;
}

static void store(dq_node *node, uint64_t offset, const void *buffer, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        const size_t within = (size_t)((offset + done) % PAGE_BYTES);
        const size_t part = min(bytes - done, PAGE_BYTES - within);

        memcpy(node->pages[(offset + done) / PAGE_BYTES] + within, (const char *)buffer + done,
               part);
        done += part;
    }
}

static void stamp(const dq_machine *machine, dq_node *node)
{
    node->written_100ns = (int64_t)dq_timer_system_100ns(machine);
    node->changed_100ns = node->written_100ns;
    node->attributes |= FILE_ATTRIBUTE_ARCHIVE;
}

NTSTATUS dq_node_write(dq_machine *machine, dq_node *node, uint64_t offset, const void *buffer,
                       size_t bytes)
{
    const uint64_t end = offset + bytes;
    NTSTATUS status = STATUS_SUCCESS;

    if (bytes == 0) {
        return STATUS_SUCCESS;
    }
    if (end > most_bytes) {
        return STATUS_DISK_FULL;
    }
    if (end > node->allocated) {
        status = set_allocated(machine, node, end);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!make_pages(machine, node, offset, bytes)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    store(node, offset, buffer, bytes);
    node->bytes = max(node->bytes, end);
    stamp(machine, node);
    return STATUS_SUCCESS;
}

NTSTATUS dq_node_resize(dq_machine *machine, dq_node *node, uint64_t bytes)
{
    NTSTATUS status = STATUS_DISK_FULL;

    if (bytes <= most_bytes) {
        status = set_allocated(machine, node, bytes);
    }
    if (NT_SUCCESS(status)) {
        if (bytes < node->bytes) {
            cut(machine, node, bytes);
        }
        node->bytes = bytes;
        stamp(machine, node);
    }
    return status;
}

NTSTATUS dq_node_allocate(dq_machine *machine, dq_node *node, uint64_t bytes)
{
    if (bytes < node->bytes) {
        return dq_node_resize(machine, node, bytes);
    }
    return bytes <= most_bytes ? set_allocated(machine, node, bytes) : STATUS_DISK_FULL;
}
