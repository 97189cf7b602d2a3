/*
 * dma.c - a device's view of memory (include/dirql/dma.h).
 */
#include <dirql/dma.h>

#include <inttypes.h>

#include "control/control.h"
#include "mm/frame.h"
#include "sim/device.h"
#include "sim/place.h"

static const char *use_text(dq_frame_use use)
{
    static const char *const texts[] = {
        [DQ_FRAME_CONTIGUOUS] = "contiguous memory",
        [DQ_FRAME_NONCACHED] = "noncached memory",
        [DQ_FRAME_PAGES] = "pages of MmAllocatePagesForMdl",
        [DQ_FRAME_COMMON] = "a common buffer",
        [DQ_FRAME_REGISTERS] = "map registers",
    };

    return texts[use];
}

static void refuse_block(dq_machine *machine, const dq_frame_block *block, uint64_t physical,
                         uint64_t bytes)
{
    char made[300], freed[300];

    dq_place_describe(block->place, made, sizeof(made));
    if (block->memory == NULL) {
        dirql_control_fail(machine, "DmaAddress",
                           "a device accesses %" PRIu64 " bytes at physical address 0x%" PRIx64
                           ", which were %s (allocated in %s), freed in %s: stop the device first",
                           bytes, physical, use_text(block->use), made,
                           dq_place_describe(block->freed_place, freed, sizeof(freed)));
        return;
    }
    dirql_control_fail(machine, "DmaAddress",
                       "a device accesses %" PRIu64 " bytes at physical address 0x%" PRIx64
                       ", beyond the end of %s: %" PRIu64 " bytes from 0x%" PRIx64
                       ", allocated in %s",
                       bytes, physical, use_text(block->use), (uint64_t)block->bytes,
                       dq_frame_block_frame(block, 0) << PAGE_SHIFT, made);
}

static void refuse(dq_machine *machine, const dq_frame_block *block, uint64_t physical,
                   uint64_t bytes)
{
    const dq_window *window = dq_window_by_physical(machine, DQ_SPACE_MEMORY, physical);

    if (block != NULL) {
        refuse_block(machine, block, physical, bytes);
    } else if (dq_frame_byte(machine, physical) != NULL) {
        dirql_control_fail(machine, "DmaAddress",
                           "a device accesses %" PRIu64 " bytes at physical address 0x%" PRIx64
                           " in one go, but the memory there is not contiguous: its pages are "
                           "somewhere else",
                           bytes, physical);
    } else {
        dirql_control_fail(machine, "DmaAddress",
                           "a device accesses %" PRIu64 " bytes at physical address 0x%" PRIx64
                           ", %s%s",
                           bytes, physical,
                           window != NULL ? "which is no memory but registers of device "
                                          : "which is nobody's memory: is it a virtual address, "
                                            "or not set yet?",
                           window != NULL ? window->name : "");
    }
}

/* NULL if the range is not in one piece, or leaves its block. */
static void *find(dq_machine *machine, const dq_frame_block *block, uint64_t physical, size_t bytes)
{
    const uint64_t offset =
        block != NULL ? physical - (dq_frame_block_frame(block, 0) << PAGE_SHIFT) : 0;

    if (bytes == 0 || bytes > UINT64_MAX - physical) {
        return NULL;
    }
    if (block != NULL &&
        (block->memory == NULL || (dq_frame_block_is_contiguous(block) &&
                                   (offset >= block->bytes || bytes > block->bytes - offset)))) {
        return NULL;
    }
    return dq_frame_bytes(machine, physical, bytes);
}

void *dirql_dma_probe(uint64_t physical, size_t bytes)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_dma_probe");

    return machine != NULL ? find(machine, dq_frame_block_of(machine, physical >> PAGE_SHIFT),
                                  physical, bytes)
                           : NULL;
}

void *dirql_dma_pointer(uint64_t physical, size_t bytes)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_dma_pointer");
    const dq_frame_block *block;
    void *memory;

    if (machine == NULL) {
        return NULL;
    }
    block = dq_frame_block_of(machine, physical >> PAGE_SHIFT);
    memory = find(machine, block, physical, bytes);
    if (memory == NULL) {
        refuse(machine, block, physical, bytes);
    }
    return memory;
}
