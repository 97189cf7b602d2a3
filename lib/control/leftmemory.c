/*
 * leftmemory.c - what is left over of MDLs, physical memory and DMA when the body has returned.
 */
#include <stdio.h>

#include "control/left.h"
#include "hal/adapter.h"
#include "ke/ki.h"
#include "mm/mdlheld.h"
#include "mm/reservedmapping.h"

static void add(dq_leaks *leaks, const char *rule, dq_service service, const void *place,
                size_t bytes, const char *text)
{
    dq_leak leak = {
        .rule = rule, .severity = DQ_ERROR, .service = service, .place = place, .bytes = bytes
    };

    snprintf(leak.text, sizeof(leak.text), "%s", text);
    dq_leaks_add(leaks, &leak);
}

static void find_mdls(const dq_kernel *kernel, dq_leaks *leaks)
{
    for (const dq_mdl_hold *hold = kernel->mdl_holds; hold != NULL; hold = hold->next) {
        if (hold->kind == DQ_MDL_LOCKED) {
            add(leaks, "LockedPagesLeft", DQ_SERVICE_MmProbeAndLockPages, hold->place, hold->bytes,
                "the pages of an MDL are still locked");
        } else {
            add(leaks, "MdlMappingLeft", DQ_SERVICE_MmMapLockedPagesSpecifyCache, hold->place,
                hold->bytes,
                hold->kind == DQ_MDL_MAPPED ? "the pages of an MDL are still mapped"
                                            : "the pages of an MDL are still mapped for user mode");
        }
    }
}

/* ---- Physical memory that was given out ------------------------------------------------------ */

static void find_blocks(dq_machine *machine, const void *owner, dq_leaks *leaks)
{
    for (const dq_frame_block *block = dq_frame_block_next(machine, NULL, owner); block != NULL;
         block = dq_frame_block_next(machine, block, owner)) {
        if (block->use == DQ_FRAME_CONTIGUOUS) {
            add(leaks, "ContiguousMemoryLeft", block->service, block->place, block->bytes,
                "contiguous memory is not freed");
        } else if (block->use == DQ_FRAME_NONCACHED) {
            add(leaks, "NonCachedMemoryLeft", block->service, block->place, block->bytes,
                "noncached memory is not freed");
        } else if (block->use == DQ_FRAME_PAGES) {
            add(leaks, "MdlMemoryLeft", block->service, block->place, block->bytes,
                "the pages that an MDL was allocated with are not freed");
        } else if (block->use == DQ_FRAME_COMMON) {
            add(leaks, "CommonBufferLeft", block->service, block->place, block->bytes,
                "a common buffer is not freed");
        }
    }
}

/* ---- DMA ------------------------------------------------------------------------------------- */

static void find_registers(const dq_adapter *adapter, dq_leaks *leaks)
{
    for (const dq_dma_registers *set = adapter->sets; set != NULL; set = set->next) {
        if (set->list != NULL) {
            dirql_left(leaks, "MapRegistersLeft", set->service, set->place,
                       "a scatter/gather list is not given back");
        } else {
            dirql_left(leaks, "MapRegistersLeft", set->service, set->place,
                       set->kept ? "the map registers of an adapter are not freed"
                                 : "the channel of an adapter is not freed");
        }
    }
    for (const dq_dma_request *request = adapter->first; request != NULL; request = request->next) {
        dirql_left(leaks, "MapRegistersLeft", request->service, request->place,
                   "a request still waits for an adapter");
    }
}

void dirql_left_memory(dq_machine *machine, dq_leaks *leaks)
{
    const dq_kernel *kernel = machine->kernel;

    find_mdls(kernel, leaks);
    find_blocks(machine, NULL, leaks);
    for (const dq_reserved_mapping *m = kernel->reserved_mappings; m != NULL; m = m->next) {
        add(leaks, "MappingAddressLeft", m->service, m->place, m->bytes,
            "a reserved mapping address is not freed");
    }
    for (const dq_adapter *adapter = kernel->adapters; adapter != NULL; adapter = adapter->next) {
        find_blocks(machine, adapter, leaks);
        find_registers(adapter, leaks);
        if (!adapter->released) {
            dirql_left(leaks, "DmaAdapterLeft", DQ_SERVICE_IoGetDmaAdapter, adapter->place,
                       "a DMA adapter is not given back");
        }
    }
}
