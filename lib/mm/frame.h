/*
 * frame.h - physical memory: which page of the host's memory stands in which page frame.
 *
 * A page gets its frame when somebody first asks, and keeps it. Neighbours in virtual memory are
 * never neighbours in physical memory, but for blocks that were asked for as contiguous: who takes
 * a buffer for contiguous is found. Frames of freed blocks are used again late, so that a stale
 * physical address can be told whose it was.
 */
#ifndef DQ_FRAME_H
#define DQ_FRAME_H

#include <wdm.h>

#include "sim/machine.h"

typedef enum dq_frame_use {
    DQ_FRAME_CONTIGUOUS, /* MmAllocateContiguousMemory and its family. */
    DQ_FRAME_NONCACHED,  /* MmAllocateNonCachedMemory. */
    DQ_FRAME_PAGES,      /* MmAllocatePagesForMdl. */
    DQ_FRAME_COMMON,     /* A common buffer. */
    DQ_FRAME_REGISTERS   /* Map registers of an adapter. */
} dq_frame_use;

/* Frames one behind the other, `stride` apart. */
typedef struct dq_frame_run {
    uint64_t first;
    size_t pages;
    unsigned stride;
} dq_frame_run;

/* Memory that the machine gave out page by page. Kept when freed. */
typedef struct dq_frame_block {
    dq_frame_use use;
    char *memory; /* NULL once it is freed. */
    uintptr_t address; /* Where it was. */
    size_t bytes; /* As asked for. */
    size_t told;  /* By the driver, where that may be less; else 0. */
    size_t pages;
    const dq_frame_run *runs; /* Its frames, in the order of its pages. */
    size_t run_count;
    dq_frame_run only; /* The run, where there is but one. */
    const void *owner; /* The adapter, for those that belong to one. */
    int caching;       /* As the driver wished it: a MEMORY_CACHING_TYPE. */
    dq_service service; /* That made it. */
    const void *place, *freed_place;
    bool special; /* Its memory is special pool's; once it is freed: that nobody may touch. */
    struct dq_frame_block *next;
} dq_frame_block;

typedef struct dq_frame_wish {
    dq_frame_use use;
    size_t bytes;
    size_t told;              /* As in the block. */
    uint64_t lowest, highest; /* Physical addresses of its bytes. */
    uint64_t boundary;        /* A power of two that it must not cross; 0: any. */
    bool scattered;           /* No two frames may be neighbours. */
    bool partly;              /* In several runs, and fewer pages where there are no more. */
    uint64_t skip;  /* Then: bytes from one range of addresses to the next; 0: there is one. */
    uint64_t chunk; /* Then: bytes that belong together, at a multiple of their number; 0: none. */
    bool zeroed;
    int caching; /* As in the block. */
    const void *owner;
    const void *place;
} dq_frame_wish;

/* NULL: there is no such range, or memory is short. */
dq_frame_block *dq_frame_block_make(dq_machine *machine, const dq_frame_wish *wish);

/* A range of physical memory, in frames. */
typedef struct dq_frame_range {
    uint64_t first, end;
} dq_frame_range;

/* Calls visit() for each range of the machine's memory that is no device's, upwards. */
void dq_frame_for_each_range(dq_machine *machine,
                             void (*visit)(void *context, const dq_frame_range *range),
                             void *context);

/* True if somebody has written next to the block, which is in use: then says so. */
bool dq_frame_block_tell_damage(dq_machine *machine, const dq_frame_block *block, char *text,
                                size_t bytes);

/* The same, as a finding at `place`: bug check 0xC1. */
void dq_frame_block_check(dq_processor *cpu, const dq_frame_block *block, const void *place);

/* The use of the memory is over. */
void dq_frame_block_free(dq_machine *machine, dq_frame_block *block, const void *place);

/* True if all its frames are neighbours. */
static inline bool dq_frame_block_is_contiguous(const dq_frame_block *block)
{
    return block->run_count == 1 && block->runs[0].stride == 1;
}

/* Number of the frame that its page stands in. */
uint64_t dq_frame_block_frame(const dq_frame_block *block, size_t page);

/* The block that begins at this address: in use, or the latest that was freed there; NULL. */
dq_frame_block *dq_frame_block_at(dq_machine *machine, dq_frame_use use, const void *address);

/* The block that the frame belongs to, or belonged to; NULL. */
dq_frame_block *dq_frame_block_of(dq_machine *machine, uint64_t frame);

/* The block of that owner which is in use, beginning the search after `block` (NULL: at the
 * first); NULL. */
dq_frame_block *dq_frame_block_next(dq_machine *machine, const dq_frame_block *block,
                                    const void *owner);

/* The frame in which the page of an address stands; it gets one if it has none. 0: short of
 * memory. */
uint64_t dq_frame_number(dq_machine *machine, const void *address);

/* Where the byte of that physical address is in the host's memory; NULL: nowhere. */
void *dq_frame_byte(dq_machine *machine, uint64_t physical);

/* As dq_frame_byte, for a range that must be in one piece both ways. */
void *dq_frame_bytes(dq_machine *machine, uint64_t physical, size_t bytes);

/* Physical address of a byte; 0: short of memory. Device memory has its own. */
uint64_t dq_frame_physical(dq_machine *machine, const void *address);

#endif
