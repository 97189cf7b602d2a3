/*
 * adapter.h - DMA adapters: what their files share.
 *
 * Logical addresses are physical addresses. A map register is a page that the device can reach and
 * that stands in for one that it cannot: data is copied into it when a transfer is mapped, and out
 * of it when it is flushed. So a driver that forgets to flush reads what was there before.
 */
#ifndef DQ_ADAPTER_H
#define DQ_ADAPTER_H

#include <wdm.h>

#include "mm/frame.h"
#include "sim/machine.h"

/* A mapped part of a buffer. */
typedef struct dq_dma_piece {
    PMDL mdl;
    size_t offset; /* Into the MDL. */
    size_t bytes;
    uint64_t logical;
    bool bounced;
    bool to_device;
    struct dq_dma_piece *next;
} dq_dma_piece;

/* Map registers of one transfer; its address is the MapRegisterBase. */
typedef struct dq_dma_registers {
    ULONG count, used; /* Pages. */
    bool kept; /* By DeallocateObjectKeepRegisters. */
    dq_frame_block *pages; /* Made when the first is needed. */
    dq_dma_piece *pieces; /* In order of mapping. */
    PSCATTER_GATHER_LIST list; /* That they belong to, or NULL. */
    bool list_is_ours; /* GetScatterGatherList allocated it. */
    bool to_device;
    PMDL target; /* That BuildMdlFromScatterGatherList made, or NULL. */
    dq_service service; /* That asked for them, */
    const void *place;  /* called from there. */
    struct dq_dma_registers *next;
} dq_dma_registers;

/* Somebody who waits for the adapter. */
typedef struct dq_dma_request {
    PDEVICE_OBJECT device;
    ULONG registers;
    PDRIVER_CONTROL control; /* This, or */
    PDRIVER_LIST_CONTROL list_control; /* this with what follows. */
    PVOID context;
    PMDL mdl;
    size_t offset, bytes;
    bool to_device;
    PVOID list_memory;
    bool list_is_ours; /* Not the caller's. */
    dq_service service;
    const void *place;
    struct dq_dma_request *next;
} dq_dma_request;

typedef struct dq_adapter {
    DMA_ADAPTER head; /* First: PDMA_ADAPTER. */
    DEVICE_DESCRIPTION description;
    uint64_t highest; /* Address that the device reaches. */
    ULONG registers, registers_used;
    bool released;
    bool busy; /* Its channel is allocated. */
    PDEVICE_OBJECT served; /* Whose routine runs, or NULL. */
    dq_dma_registers *channel; /* Of the request that has the channel. */
    dq_dma_registers *sets; /* All that are given out. */
    dq_dma_request *first, *last;
    const dq_dma_piece *current; /* Of a subordinate device: what its channel transfers. */
    size_t current_done;
    const void *place;
    struct dq_adapter *next;
} dq_adapter;

/* Bug check 0xE6's words, as findings of the rule "DmaAdapter". Subcode 0 has no code. */
typedef struct dq_dma_error {
    uint32_t subcode;
    uint64_t p2, p3;
    const void *place;
} dq_dma_error;
void dq_dma_refuse(dq_processor *cpu, const dq_dma_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The adapter in use; anything else is a finding, and NULL. */
dq_adapter *dq_adapter_check(dq_processor *cpu, PDMA_ADAPTER pointer, const void *place);

extern DMA_OPERATIONS dq_dma_operations;

/* ---- commonbuffer.c -------------------------------------------------------------------------- */

ALLOCATE_COMMON_BUFFER dq_dma_allocate_common_buffer;
FREE_COMMON_BUFFER dq_dma_free_common_buffer;

/* ---- channel.c ------------------------------------------------------------------------------- */

ALLOCATE_ADAPTER_CHANNEL dq_dma_allocate_channel;
FREE_ADAPTER_CHANNEL dq_dma_free_channel;
FREE_MAP_REGISTERS dq_dma_free_map_registers;

/* Serves the request now or when its turn comes. It is copied. */
NTSTATUS dq_dma_queue(dq_processor *cpu, dq_adapter *adapter, const dq_dma_request *request);

/* Serves those who wait, as far as that is possible. */
void dq_dma_serve(dq_processor *cpu, dq_adapter *adapter);

/* The set is given back, with whatever is mapped in it. */
void dq_dma_registers_drop(dq_processor *cpu, dq_adapter *adapter, dq_dma_registers *set);

/* ---- transfer.c ------------------------------------------------------------------------------ */

MAP_TRANSFER dq_dma_map_transfer;
FLUSH_ADAPTER_BUFFERS dq_dma_flush;
READ_DMA_COUNTER dq_dma_read_counter;

/* Maps [offset, offset + *bytes) of the MDL; a part of it if `partly`, and then says how much. The
 * piece, or NULL after a finding. */
dq_dma_piece *dq_dma_map(dq_processor *cpu, dq_adapter *adapter, dq_dma_registers *set,
                         const dq_dma_piece *wanted, bool partly);

/* Copies what the device has written, and forgets the piece. */
void dq_dma_unmap(dq_processor *cpu, dq_adapter *adapter, dq_dma_registers *set,
                  dq_dma_piece *piece);

/* ---- scatter.c ------------------------------------------------------------------------------- */

GET_SCATTER_GATHER_LIST dq_dma_get_list;
PUT_SCATTER_GATHER_LIST dq_dma_put_list;
CALCULATE_SCATTER_GATHER_LIST_SIZE dq_dma_list_size;
BUILD_SCATTER_GATHER_LIST dq_dma_build_list;
BUILD_MDL_FROM_SCATTER_GATHER_LIST dq_dma_list_mdl;

/* Makes the list of a request in its turn. NULL: short of memory, or a finding. */
PSCATTER_GATHER_LIST dq_dma_list_make(dq_processor *cpu, dq_adapter *adapter,
                                      const dq_dma_request *request, dq_dma_registers *set);

#endif
