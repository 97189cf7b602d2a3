/*
 * framerange.c - which page frames are free, and which of them a wish gets.
 *
 * Blocks lie in zones of their own, below and above the pages that get a frame by being asked for;
 * a zone is filled upwards, then from its beginning.
 */
#include "mm/framerange.h"

#include "sim/device.h"

/* Frame numbers: first and one behind the last. */
typedef struct zone {
    uint64_t first, end;
} zone;

/* In the order of preference. */
static const zone zones[DQ_FRAME_ZONES] = {
    { 0x1000, DQ_FRAME_ASKED_FIRST }, /* 16 MB to 1 GB. */
    { 0x100, 0x1000 },                /* 1 MB to 16 MB, what ISA devices reach. */
    { 0x100000, 0x200000 },           /* 4 GB to 8 GB. */
};
static const unsigned upwards[DQ_FRAME_ZONES] = { 1, 0, 2 };

/* ---- What is taken --------------------------------------------------------------------------- */

bool dq_framerange_is_devices(dq_machine *machine, uint64_t number)
{
    return dq_window_by_physical(machine, DQ_SPACE_MEMORY, number << PAGE_SHIFT) != NULL;
}

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

static uint64_t span_of(const dq_frame_run *run)
{
    return (uint64_t)(run->pages - 1) * run->stride + 1;
}

/* The run in use that stands in the way of [first, first + span), or NULL. */
static const dq_frame_run *in_the_way(const dq_frame_block *blocks, uint64_t first, uint64_t span)
{
    for (const dq_frame_block *block = blocks; block != NULL; block = block->next) {
        for (size_t i = 0; block->memory != NULL && i < block->run_count; i++) {
            const dq_frame_run *run = &block->runs[i];

            /* One frame is left free between blocks: an access behind the end finds nobody. */
            if (first < run->first + span_of(run) + 1 && run->first < first + span + 1) {
                return run;
            }
        }
    }
    return NULL;
}

static uint64_t first_frame(uint64_t lowest)
{
    return (lowest >> PAGE_SHIFT) + ((lowest & (PAGE_SIZE - 1)) != 0);
}

static uint64_t end_frame(uint64_t highest)
{
    return (highest >> PAGE_SHIFT) + ((highest & (PAGE_SIZE - 1)) == PAGE_SIZE - 1 ? 1u : 0u);
}

/* ---- The machine's memory -------------------------------------------------------------------- */

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
    visit_between(machine, zones[1].first, DQ_FRAME_ASKED_END, visit, context);
    visit_between(machine, zones[2].first, zones[2].end, visit, context);
}

/* ---- One run --------------------------------------------------------------------------------- */

/* The first range of `span` frames in [from, end), or 0. */
static uint64_t search(dq_machine *machine, const dq_frame_block *blocks, const zone *within,
                       uint64_t span, uint64_t multiple)
{
    uint64_t first = within->first, behind;

    while (first < within->end && span <= within->end - first) {
        const dq_frame_run *taken = in_the_way(blocks, first, span);

        if (taken != NULL) {
            first = taken->first + span_of(taken) + 1;
        } else if (multiple != 0 && first / multiple != (first + span - 1) / multiple) {
            first = (first / multiple + 1) * multiple;
        } else if (next_device(machine, first, first + span, &behind) < first + span) {
            first = behind;
        } else {
            return first;
        }
    }
    return 0;
}

bool dq_framerange_find(dq_machine *machine, const dq_frame_block *blocks,
                        uint64_t next[DQ_FRAME_ZONES], const dq_frame_wish *wish, dq_frame_run *run)
{
    const uint64_t lowest = first_frame(wish->lowest), limit = end_frame(wish->highest);
    const uint64_t multiple = wish->boundary >> PAGE_SHIFT;

    run->pages = BYTES_TO_PAGES(wish->bytes);
    run->stride = wish->scattered ? 2 : 1;
    if (run->pages == 0 || (wish->boundary != 0 && span_of(run) > multiple)) {
        return false;
    }
    for (unsigned i = 0; i < DQ_FRAME_ZONES; i++) {
        const zone all = { max(lowest, zones[i].first), min(limit, zones[i].end) };
        const zone rest = { max(all.first, next[i]), all.end };

        run->first = search(machine, blocks, &rest, span_of(run), multiple);
        if (run->first == 0) {
            run->first = search(machine, blocks, &all, span_of(run), multiple);
        }
        if (run->first != 0) {
            next[i] = run->first + span_of(run) + 1;
            return true;
        }
    }
    return false;
}

/* ---- Many runs ------------------------------------------------------------------------------- */

typedef struct collection {
    dq_machine *machine;
    const dq_frame_block *blocks;
    uint64_t unit; /* Pages that belong together, at a multiple of their number. */
    dq_frame_run *runs;
    size_t count, pages, wanted;
} collection;

/* Of what is free from one end to the other. */
static void take(collection *c, uint64_t from, uint64_t end)
{
    const uint64_t first = (from + c->unit - 1) / c->unit * c->unit;
    const size_t most = first < end ? (size_t)min(end - first, c->wanted - c->pages) : 0;
    const size_t pages = most - most % (size_t)c->unit;

    if (pages != 0) {
        if (c->runs != NULL) {
            c->runs[c->count] = (dq_frame_run){ .first = first, .pages = pages, .stride = 1 };
        }
        c->count++;
        c->pages += pages;
    }
}

/* Where what is free from `from` on ends. */
static uint64_t end_of_gap(const collection *c, uint64_t from, uint64_t end)
{
    uint64_t behind, nearest = next_device(c->machine, from, end, &behind);

    for (const dq_frame_block *block = c->blocks; block != NULL; block = block->next) {
        for (size_t i = 0; block->memory != NULL && i < block->run_count; i++) {
            if (block->runs[i].first > from) {
                nearest = min(nearest, block->runs[i].first - 1);
            }
        }
    }
    return nearest;
}

static void take_between(collection *c, uint64_t from, uint64_t end)
{
    uint64_t behind;

    while (from < end && c->pages < c->wanted) {
        const dq_frame_run *taken = in_the_way(c->blocks, from, 1);

        if (taken != NULL) {
            from = taken->first + span_of(taken) + 1;
        } else if (next_device(c->machine, from, end, &behind) == from) {
            from = behind;
        } else {
            const uint64_t gap = end_of_gap(c, from, end);

            take(c, from, gap);
            from = gap;
        }
    }
}

size_t dq_framerange_collect(dq_machine *machine, const dq_frame_block *blocks,
                             const dq_frame_wish *wish, dq_frame_run *runs, size_t *pages)
{
    collection c = { .machine = machine,
                     .blocks = blocks,
                     .unit = wish->chunk != 0 ? wish->chunk >> PAGE_SHIFT : 1,
                     .runs = runs,
                     .wanted = BYTES_TO_PAGES(wish->bytes) };
    uint64_t low = wish->lowest, high = wish->highest, done = 0;
    bool more = true;

    while (more && c.pages < c.wanted) {
        const uint64_t first = max(first_frame(low), done), end = end_frame(high);

        for (unsigned i = 0; i < DQ_FRAME_ZONES; i++) {
            const zone *at = &zones[upwards[i]];

            take_between(&c, max(first, at->first), min(end, at->end));
        }
        done = max(done, end);
        more = wish->skip != 0 && low <= (zones[2].end << PAGE_SHIFT);
        low += wish->skip;
        high = high > UINT64_MAX - wish->skip ? UINT64_MAX : high + wish->skip;
    }
    *pages = c.pages;
    return c.count;
}
