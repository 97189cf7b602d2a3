/*
 * specialpool.c - pool blocks on pages of their own, with pages around them that fault when
 * touched.
 */
#include "ex/specialpool.h"

#include <stdlib.h>
#include <string.h>

#include <wdm.h>

enum {
    FILL = 0xFB,
    BLOCKS_MAX = 16384 /* In use at a time: each splits a mapping of the host's, of which there are
                          not many more than four times as many. */
};

static const size_t range_bytes = (size_t)256 * 1024 * 1024;
static const size_t block_bytes_max = (size_t)32 * 1024 * 1024;

/* Pages up to there stay the process's, for the next schedule; others are given back. */
static const size_t lasting_bytes = (size_t)16 * 1024 * 1024;

typedef struct dq_special {
    char *start;
    size_t page_bytes;
    size_t pages;  /* Of the range. */
    size_t cursor; /* The page where the search for the next block begins. */
    size_t used;   /* Pages behind this one were not in use since the start. */
    unsigned blocks;
    uintptr_t owner[]; /* By page: the block that it is a page of, or lies behind; 0: none. */
} dq_special;

static HOST_KEPT dq_special *kept; /* Under host_lock(). */

/* ---- The range ------------------------------------------------------------------------------- */

static dq_special *keep_instead(dq_special *special)
{
    dq_special *before;

    host_lock();
    before = kept;
    kept = special;
    host_unlock();
    return before;
}

static dq_special *reserve(void)
{
    const size_t page_bytes = host_page_bytes() > PAGE_SIZE ? host_page_bytes() : PAGE_SIZE;
    const size_t pages = range_bytes / page_bytes;
    dq_special *special = calloc(1, sizeof(*special) + pages * sizeof(special->owner[0]));

    if (special == NULL) {
        return NULL;
    }
    special->start = host_address_reserve(range_bytes);
    if (special->start == NULL) {
        free(special);
        return NULL;
    }
    special->page_bytes = page_bytes;
    special->pages = pages;
    special->cursor = 1;
    return special;
}

/* The first page is the one before the first block. */
dq_special *dq_special_start(void)
{
    dq_special *special = keep_instead(NULL);

    return special != NULL ? special : reserve();
}

static void close_pages(const dq_special *special, size_t first, size_t count)
{
    const size_t lasting = lasting_bytes / special->page_bytes;
    const size_t stay = first >= lasting ? 0 : first + count <= lasting ? count : lasting - first;
    char *start = special->start + first * special->page_bytes;

    if (stay > 0) {
        host_address_close(start, stay * special->page_bytes, false);
    }
    if (stay < count) {
        host_address_close(start + stay * special->page_bytes, (count - stay) * special->page_bytes,
                           true);
    }
}

void dq_special_stop(dq_special *special)
{
    if (special == NULL) {
        return;
    }
    close_pages(special, 0, special->used + 1);
    memset(special->owner, 0, (special->used + 1) * sizeof(special->owner[0]));
    special->cursor = 1;
    special->used = 0;
    special->blocks = 0;
    special = keep_instead(special);
    if (special != NULL) {
        host_address_release(special->start, range_bytes);
        free(special);
    }
}

/* ---- Where a block lies ---------------------------------------------------------------------- */

static size_t up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* A block of no bytes has an address, too. */
static size_t some(size_t bytes)
{
    return bytes > 0 ? bytes : 1;
}

static size_t page_of(const dq_special *special, const void *address)
{
    return ((uintptr_t)address - (uintptr_t)special->start) / special->page_bytes;
}

/* Without the one behind it. */
static size_t pages_of(const dq_special *special, const void *block, size_t bytes)
{
    return page_of(special, (const char *)block + some(bytes) - 1) - page_of(special, block) + 1;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

/* So many free pages from `first` on, before `end`; 0: there are none. */
static size_t find_between(const dq_special *special, size_t count, size_t first, size_t end)
{
    size_t found = 0;

    for (size_t page = first; page < end; page++) {
        found = special->owner[page] == 0 ? found + 1 : 0;
        if (found == count) {
            return page + 1 - count;
        }
    }
    return 0;
}

static size_t find_room(const dq_special *special, size_t count)
{
    const size_t ahead = find_between(special, count, special->cursor, special->pages);

    return ahead != 0 ? ahead : find_between(special, count, 1, special->pages);
}

static void own(dq_special *special, size_t first, size_t count, const void *block)
{
    for (size_t page = first; page < first + count; page++) {
        special->owner[page] = (uintptr_t)block;
    }
}

void *dq_special_allocate(dq_special *special, size_t bytes, size_t alignment,
                          dq_special_pool side)
{
    const size_t taken = up(some(bytes), alignment);
    size_t count, first, room;
    char *start, *block;

    if (bytes > block_bytes_max || special->blocks == BLOCKS_MAX) {
        return NULL;
    }
    room = up(taken, special->page_bytes);
    count = room / special->page_bytes;
    first = find_room(special, count + 1);
    start = special->start + first * special->page_bytes;
    if (first == 0 || !host_address_open(start, room)) {
        return NULL;
    }
    block = side == DQ_SPECIAL_UNDERRUNS ? start : start + room - taken;
    memset(start, FILL, (size_t)(block - start));
    memset(block + bytes, FILL, (size_t)(start + room - (block + bytes)));
    own(special, first, count + 1, block);
    special->cursor = first + count + 1;
    special->used = special->used > first + count ? special->used : first + count;
    special->blocks++;
    return block;
}

bool dq_special_is_full(const dq_special *special, size_t bytes)
{
    return bytes <= block_bytes_max && special->blocks < BLOCKS_MAX;
}

const char *dq_special_damage(const dq_special *special, const void *block, size_t bytes)
{
    const char *first = block;
    const char *start = special->start + page_of(special, block) * special->page_bytes;
    const char *end = start + pages_of(special, block, bytes) * special->page_bytes;

    for (const char *at = first + bytes; at != end; at++) {
        if ((unsigned char)*at != FILL) {
            return at;
        }
    }
    for (const char *at = first; at != start; at--) {
        if ((unsigned char)at[-1] != FILL) {
            return at - 1;
        }
    }
    return NULL;
}

void dq_special_close(dq_special *special, const void *block, size_t bytes)
{
    close_pages(special, page_of(special, block), pages_of(special, block, bytes));
    special->blocks--;
}

void dq_special_forget(dq_special *special, const void *block, size_t bytes)
{
    own(special, page_of(special, block), pages_of(special, block, bytes) + 1, NULL);
}

/* ---- By address ------------------------------------------------------------------------------ */

const void *dq_special_owner(const dq_special *special, const void *address)
{
    const size_t page = page_of(special, address);

    return page < special->pages ? (const void *)special->owner[page] : NULL;
}

const void *dq_special_next(const dq_special *special, const void *address)
{
    const size_t page = page_of(special, address);

    return page < special->pages - 1 && special->owner[page + 1] != special->owner[page]
               ? (const void *)special->owner[page + 1]
               : NULL;
}

bool dq_special_was_used(const dq_special *special, const void *address)
{
    return page_of(special, address) <= special->used;
}
