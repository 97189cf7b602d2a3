/*
 * frame.c - physical memory: which page of the host's memory stands in which page frame.
 *
 * Two hash tables over one set of records. Blocks lie in zones of their own (framerange.c).
 */
#include "mm/frame.h"

#include <stdlib.h>
#include <string.h>

#include "ex/poolguard.h"
#include "ex/pooltable.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/frameguard.h"
#include "mm/framerange.h"
#include "sim/device.h"

enum { BUCKETS = 512, FILL = 0xA5 };

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
    uint64_t next[DQ_FRAME_ZONES];
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
            kernel->frames->next_asked = DQ_FRAME_ASKED_FIRST;
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
    } while (number < DQ_FRAME_ASKED_END && dq_framerange_is_devices(machine, number));
    return number < DQ_FRAME_ASKED_END && bind(machine, number, page) ? number : 0;
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

/* ---- Blocks ---------------------------------------------------------------------------------- */

uint64_t dq_frame_block_frame(const dq_frame_block *block, size_t page)
{
    const dq_frame_run *run = block->runs;

    while (page >= run->pages) {
        page -= run->pages;
        run++;
    }
    return run->first + (uint64_t)page * run->stride;
}

static bool bind_all(dq_machine *machine, const dq_frame_block *block)
{
    const uintptr_t first = (uintptr_t)block->memory >> PAGE_SHIFT;
    size_t page = 0;

    for (size_t i = 0; i < block->run_count; i++) {
        for (size_t j = 0; j < block->runs[i].pages; j++, page++) {
            if (!bind(machine, block->runs[i].first + (uint64_t)j * block->runs[i].stride,
                      first + page)) {
                return false;
            }
        }
    }
    return true;
}

/* Gives the block its frames. False: there are none, or memory is short. */
static bool choose_frames(dq_machine *machine, const dq_frame_wish *wish, dq_frame_block *block)
{
    dq_frames *frames = frames_of(machine);
    dq_frame_run *runs;

    if (frames == NULL) {
        return false;
    }
    block->runs = &block->only;
    block->run_count = 1;
    block->pages = BYTES_TO_PAGES(wish->bytes);
    if (wish->chunk == 0 &&
        dq_framerange_find(machine, frames->blocks, frames->next, wish, &block->only)) {
        return true;
    }
    block->run_count =
        wish->partly ? dq_framerange_collect(machine, frames->blocks, wish, NULL, &block->pages)
                     : 0;
    runs = block->run_count != 0 ? dq_keep(machine, block->run_count * sizeof(*runs)) : NULL;
    if (runs == NULL) {
        return false;
    }
    (void)dq_framerange_collect(machine, frames->blocks, wish, runs, &block->pages);
    block->runs = runs;
    return true;
}

static void drop_block(dq_machine *machine, dq_frame_block *block)
{
    if (block->runs != NULL && block->runs != &block->only) {
        dq_keep_drop(machine, (void *)(uintptr_t)block->runs);
    }
    dq_keep_drop(machine, block);
}

dq_frame_block *dq_frame_block_make(dq_machine *machine, const dq_frame_wish *wish)
{
    dq_frame_block *block = dq_keep(machine, sizeof(*block));

    if (block == NULL) {
        return NULL;
    }
    *block = (dq_frame_block){ .use = wish->use,
                               .told = wish->told,
                               .owner = wish->owner,
                               .caching = wish->caching,
                               .service = dq_self->execution != NULL ? dq_self->execution->service
                                                                     : DQ_SERVICE_NONE,
                               .place = wish->place };
    if (!choose_frames(machine, wish, block)) {
        drop_block(machine, block);
        return NULL;
    }
    block->bytes = min(wish->bytes, block->pages * PAGE_SIZE);
    block->memory = get_memory(machine, block->pages * PAGE_SIZE, &block->special);
    block->address = (uintptr_t)block->memory;
    if (block->memory == NULL || !bind_all(machine, block)) {
        give_back(machine, block);
        drop_block(machine, block);
        return NULL;
    }
    memset(block->memory, wish->zeroed ? 0 : FILL, block->bytes);
    memset(block->memory + block->bytes, DQ_FRAME_PADDING, block->pages * PAGE_SIZE - block->bytes);
    block->next = frames_of(machine)->blocks;
    frames_of(machine)->blocks = block;
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

static bool has_frame(const dq_frame_block *block, uint64_t number)
{
    for (size_t i = 0; i < block->run_count; i++) {
        const dq_frame_run *run = &block->runs[i];
        const uint64_t offset = number - run->first;

        if (number >= run->first && offset % run->stride == 0 &&
            offset / run->stride < run->pages) {
            return true;
        }
    }
    return false;
}

dq_frame_block *dq_frame_block_of(dq_machine *machine, uint64_t number)
{
    const dq_frames *frames = frames_of(machine);
    dq_frame_block *block = frames != NULL ? frames->blocks : NULL;

    while (block != NULL && !has_frame(block, number)) {
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
