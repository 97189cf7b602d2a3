/*
 * frame.c - physical memory: which page of the host's memory stands in which page frame.
 *
 * Two hash tables over one set of records. Blocks lie in zones of their own, below and above the
 * pages that get a frame by being asked for; a zone is filled upwards, then from its beginning.
 */
#include "mm/frame.h"

#include <stdlib.h>
#include <string.h>

#include "ex/poolguard.h"
#include "ex/pooltable.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/frameguard.h"
#include "sim/device.h"

enum { BUCKETS = 512, FILL = 0xA5, ZONES = 3 };

/* Frame numbers: first and one behind the last, in the order of preference. */
typedef struct zone {
    uint64_t first, end;
} zone;

static const zone zones[ZONES] = {
    { 0x1000, 0x40000 },    /* 16 MB to 1 GB. */
    { 0x100, 0x1000 },      /* 1 MB to 16 MB, what ISA devices reach. */
    { 0x100000, 0x200000 }, /* 4 GB to 8 GB. */
};
static const zone asked = { 0x40000, 0xC0000 }; /* 1 GB to 3 GB: pages that were asked for. */

typedef struct frame {
    uint64_t number;
    uintptr_t page; /* Address, in pages. */
    struct frame *same_number, *same_page;
} frame;

typedef struct dq_frames {
    frame *by_number[BUCKETS];
    frame *by_page[BUCKETS];
    frame *unused;
    uint64_t next_asked;
    uint64_t next[ZONES];
    dq_frame_block *blocks; /* The latest first. */
} dq_frames;

/* ---- Records --------------------------------------------------------------------------------- */

static unsigned bucket(uint64_t value)
{
    return (unsigned)(value * 0x9E3779B97F4A7C15u >> 52) % BUCKETS;
}

static void *get_memory(dq_machine *machine, size_t bytes, bool *special)
{
    dq_pool *pool = dq_pool_of(machine);
    void *memory = pool != NULL ? dq_pool_special_memory(pool, bytes, PAGE_SIZE,
                                                         machine->options.special_pool)
                                : NULL;

    *special = memory != NULL;
    return memory != NULL ? memory : dq_poolguard_get(machine, bytes, PAGE_SIZE);
}

static void give_back(dq_machine *machine, dq_frame_block *block)
{
    if (block->special) {
        dq_frameguard_close(machine, block, ((dq_kernel *)machine->kernel)->frames->blocks);
    } else if (block->memory != NULL) {
        dq_poolguard_give(machine, block->memory, block->pages * PAGE_SIZE);
    }
}

/* Special pool goes with the pool. */
static void halt(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    for (dq_frame_block *block = kernel->frames->blocks; block != NULL; block = block->next) {
        if (!block->special && block->memory != NULL) {
            dq_poolguard_drop(machine, block->memory, block->pages * PAGE_SIZE);
        }
    }
    kernel->frames = NULL;
}

/* dq_kernel.special_other. */
static bool describe(dq_machine *machine, const void *address, dq_special_thing *thing)
{
    return dq_frameguard_describe(((const dq_kernel *)machine->kernel)->frames->blocks, address,
                                  thing);
}

/* dq_kernel.frames_for_each. */
static void for_each(dq_machine *machine,
                     void (*visit)(void *context, const dq_special_thing *thing), void *context)
{
    const dq_frame_block *block = ((const dq_kernel *)machine->kernel)->frames->blocks;

    for (; block != NULL; block = block->next) {
        const dq_special_thing thing = dq_frameguard_thing(block);

        visit(context, &thing);
    }
}

static dq_frames *frames_of(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->frames == NULL) {
        kernel->frames = dq_keep(machine, sizeof(dq_frames));
        if (kernel->frames != NULL) {
            kernel->frames_halt = halt;
            kernel->special_other = describe;
            kernel->frames_for_each = for_each;
            kernel->frames->next_asked = asked.first;
        }
    }
    return kernel->frames;
}

static frame *by_number(const dq_frames *frames, uint64_t number)
{
    frame *at = frames->by_number[bucket(number)];

    while (at != NULL && at->number != number) {
        at = at->same_number;
    }
    return at;
}

static frame *by_page(const dq_frames *frames, uintptr_t page)
{
    frame *at = frames->by_page[bucket(page)];

    while (at != NULL && at->page != page) {
        at = at->same_page;
    }
    return at;
}

static void unbind(dq_frames *frames, frame *what)
{
    frame **link = &frames->by_number[bucket(what->number)];

    while (*link != what) {
        link = &(*link)->same_number;
    }
    *link = what->same_number;
    link = &frames->by_page[bucket(what->page)];
    while (*link != what) {
        link = &(*link)->same_page;
    }
    *link = what->same_page;
    what->same_page = frames->unused;
    frames->unused = what;
}

/* A page of memory that the host gave out anew may still have the frame of what was there. */
static bool bind(dq_machine *machine, uint64_t number, uintptr_t page)
{
    dq_frames *frames = frames_of(machine);
    frame *made = by_page(frames, page);

    if (made != NULL) {
        unbind(frames, made);
    }
    made = frames->unused;
    if (made != NULL) {
        frames->unused = made->same_page;
    } else {
        made = dq_keep(machine, sizeof(*made));
    }
    if (made == NULL) {
        return false;
    }
    *made = (frame){ .number = number, .page = page };
    made->same_number = frames->by_number[bucket(number)];
    frames->by_number[bucket(number)] = made;
    made->same_page = frames->by_page[bucket(page)];
    frames->by_page[bucket(page)] = made;
    return true;
}

static bool is_devices(dq_machine *machine, uint64_t number)
{
    return dq_window_by_physical(machine, DQ_SPACE_MEMORY, number << PAGE_SHIFT) != NULL;
}

uint64_t dq_frame_number(dq_machine *machine, const void *address)
{
    dq_frames *frames = frames_of(machine);
    const uintptr_t page = (uintptr_t)address >> PAGE_SHIFT;
    const frame *known = frames != NULL ? by_page(frames, page) : NULL;
    uint64_t number;

    if (known != NULL || frames == NULL) {
        return known != NULL ? known->number : 0;
    }
    do {
        number = frames->next_asked;
        frames->next_asked += 2; /* Never neighbours. */
    } while (number < asked.end && is_devices(machine, number));
    return number < asked.end && bind(machine, number, page) ? number : 0;
}

uint64_t dq_frame_physical(dq_machine *machine, const void *address)
{
    const dq_window *window = dq_window_by_mapped(machine, address);
    uint64_t number;

    if (window != NULL) {
        return window->base + ((uintptr_t)address - (uintptr_t)window->mapped);
    }
    number = dq_frame_number(machine, address);
    return number != 0 ? (number << PAGE_SHIFT) + BYTE_OFFSET(address) : 0;
}

void *dq_frame_byte(dq_machine *machine, uint64_t physical)
{
    dq_frames *frames = frames_of(machine);
    const frame *known = frames != NULL ? by_number(frames, physical >> PAGE_SHIFT) : NULL;

    return known != NULL
               ? (void *)((known->page << PAGE_SHIFT) + (uintptr_t)(physical & (PAGE_SIZE - 1)))
               : NULL;
}

void *dq_frame_bytes(dq_machine *machine, uint64_t physical, size_t bytes)
{
    char *first = dq_frame_byte(machine, physical);
    const uint64_t last_page = (physical + bytes - 1) >> PAGE_SHIFT;

    for (uint64_t page = (physical >> PAGE_SHIFT) + 1; first != NULL && page <= last_page; page++) {
        const uint64_t at = page << PAGE_SHIFT;

        if (dq_frame_byte(machine, at) != first + (at - physical)) {
            first = NULL;
        }
    }
    return first;
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

/* The first frame from `from` on, below `end`, that a device's memory begins in; else `end`.
 * Behind that memory: *behind. */
static uint64_t next_device(const dq_machine *machine, uint64_t from, uint64_t end,
                            uint64_t *behind)
{
    uint64_t nearest = end;

    *behind = end;
    for (const dq_window *w = machine->addresses.windows; w != NULL; w = w->next) {
        const uint64_t first = w->base >> PAGE_SHIFT;
        const uint64_t last = (w->base + w->bytes - 1) >> PAGE_SHIFT;

        if (w->space == DQ_SPACE_MEMORY && last >= from && first < nearest) {
            nearest = first > from ? first : from;
            *behind = last + 1;
        }
    }
    return nearest;
}

static void visit_between(dq_machine *machine, uint64_t first, uint64_t end,
                          void (*visit)(void *context, const dq_frame_range *range), void *context)
{
    uint64_t behind;

    while (first < end) {
        const uint64_t device = next_device(machine, first, end, &behind);

        if (device > first) {
            visit(context, &(dq_frame_range){ first, device });
        }
        first = device < end ? behind : end;
    }
}

void dq_frame_for_each_range(dq_machine *machine,
                             void (*visit)(void *context, const dq_frame_range *range),
                             void *context)
{
    visit_between(machine, zones[1].first, asked.end, visit, context);
    visit_between(machine, zones[2].first, zones[2].end, visit, context);
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static uint64_t span_of(const dq_frame_block *block)
{
    return (uint64_t)(block->pages - 1) * block->stride + 1;
}

/* The block in use that stands in the way of [first, first + span), or NULL. */
static const dq_frame_block *in_the_way(const dq_frames *frames, uint64_t first, uint64_t span)
{
    for (const dq_frame_block *block = frames->blocks; block != NULL; block = block->next) {
        /* One frame is left free between blocks: an access behind the end finds nobody. */
        if (block->memory != NULL && first < block->first + span_of(block) + 1 &&
            block->first < first + span + 1) {
            return block;
        }
    }
    return NULL;
}

/* The first range of `span` frames in [from, end), or 0. */
static uint64_t search(dq_machine *machine, uint64_t from, uint64_t end, uint64_t span,
                       const dq_frame_wish *wish)
{
    const dq_frames *frames = frames_of(machine);
    const uint64_t multiple = wish->boundary >> PAGE_SHIFT;
    uint64_t first = from;

    while (first < end && span <= end - first) {
        const dq_frame_block *block = in_the_way(frames, first, span);

        if (block != NULL) {
            first = block->first + span_of(block) + 1;
        } else if (multiple != 0 && first / multiple != (first + span - 1) / multiple) {
            first = (first / multiple + 1) * multiple;
        } else if (is_devices(machine, first) || is_devices(machine, first + span - 1)) {
            first++;
        } else {
            return first;
        }
    }
    return 0;
}

static uint64_t find_range(dq_machine *machine, const dq_frame_wish *wish, uint64_t span)
{
    dq_frames *frames = frames_of(machine);
    const uint64_t lowest = (wish->lowest >> PAGE_SHIFT) + ((wish->lowest & (PAGE_SIZE - 1)) != 0);
    const uint64_t limit = (wish->highest >> PAGE_SHIFT) +
                           ((wish->highest & (PAGE_SIZE - 1)) == PAGE_SIZE - 1 ? 1u : 0u);

    if (wish->boundary != 0 && span > wish->boundary >> PAGE_SHIFT) {
        return 0;
    }
    for (unsigned i = 0; i < ZONES; i++) {
        const uint64_t first = max(lowest, zones[i].first);
        const uint64_t end = min(limit, zones[i].end);
        uint64_t found = search(machine, max(first, frames->next[i]), end, span, wish);

        found = found != 0 ? found : search(machine, first, end, span, wish);
        if (found != 0) {
            frames->next[i] = found + span + 1;
            return found;
        }
    }
    return 0;
}

static bool bind_all(dq_machine *machine, const dq_frame_block *block)
{
    for (size_t i = 0; i < block->pages; i++) {
        if (!bind(machine, block->first + (uint64_t)i * block->stride,
                  (uintptr_t)(block->memory + i * PAGE_SIZE) >> PAGE_SHIFT)) {
            return false;
        }
    }
    return true;
}

dq_frame_block *dq_frame_block_make(dq_machine *machine, const dq_frame_wish *wish)
{
    dq_frames *frames = frames_of(machine);
    const size_t pages = BYTES_TO_PAGES(wish->bytes);
    const unsigned stride = wish->scattered ? 2 : 1;
    const uint64_t first = frames != NULL && pages != 0
                               ? find_range(machine, wish, (uint64_t)(pages - 1) * stride + 1)
                               : 0;
    dq_frame_block *block = first != 0 ? dq_keep(machine, sizeof(*block)) : NULL;
    void *memory;
    bool special;

    if (block == NULL) {
        return NULL;
    }
    memory = get_memory(machine, pages * PAGE_SIZE, &special);
    *block = (dq_frame_block){ .use = wish->use,
                               .memory = memory,
                               .special = special,
                               .bytes = wish->bytes,
                               .told = wish->told,
                               .first = first,
                               .pages = pages,
                               .stride = stride,
                               .owner = wish->owner,
                               .service = dq_self->execution != NULL ? dq_self->execution->service
                                                                     : DQ_SERVICE_NONE,
                               .place = wish->place };
    block->address = (uintptr_t)memory;
    if (memory == NULL || !bind_all(machine, block)) {
        give_back(machine, block);
        dq_keep_drop(machine, block);
        return NULL;
    }
    memset(block->memory, wish->zeroed ? 0 : FILL, wish->bytes);
    memset(block->memory + wish->bytes, DQ_FRAME_PADDING, pages * PAGE_SIZE - wish->bytes);
    block->next = frames->blocks;
    frames->blocks = block;
    return block;
}

void dq_frame_block_free(dq_machine *machine, dq_frame_block *block, const void *place)
{
    dq_frames *frames = frames_of(machine);

    for (size_t i = 0; i < block->pages; i++) {
        frame *bound = by_page(frames, (uintptr_t)(block->memory + i * PAGE_SIZE) >> PAGE_SHIFT);

        if (bound != NULL) {
            unbind(frames, bound);
        }
    }
    give_back(machine, block);
    block->memory = NULL;
    block->freed_place = place;
}

dq_frame_block *dq_frame_block_at(dq_machine *machine, dq_frame_use use, const void *address)
{
    const dq_frames *frames = frames_of(machine);
    dq_frame_block *block = frames != NULL ? frames->blocks : NULL;

    while (block != NULL && (block->use != use || block->address != (uintptr_t)address)) {
        block = block->next;
    }
    return block;
}

dq_frame_block *dq_frame_block_of(dq_machine *machine, uint64_t number)
{
    const dq_frames *frames = frames_of(machine);
    dq_frame_block *block = frames != NULL ? frames->blocks : NULL;

    while (block != NULL &&
           (number < block->first || number - block->first >= span_of(block) ||
            (number - block->first) % block->stride != 0)) {
        block = block->next;
    }
    return block;
}

dq_frame_block *dq_frame_block_next(dq_machine *machine, const dq_frame_block *block,
                                    const void *owner)
{
    const dq_frames *frames = ((const dq_kernel *)machine->kernel)->frames;
    dq_frame_block *next = block != NULL ? block->next : frames != NULL ? frames->blocks : NULL;

    while (next != NULL && (next->memory == NULL || next->owner != owner)) {
        next = next->next;
    }
    return next;
}
