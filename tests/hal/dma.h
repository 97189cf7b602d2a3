/*
 * dma.h - an adapter and a device object for the tests of DMA.
 */
#ifndef TESTS_HAL_DMA_H
#define TESTS_HAL_DMA_H

#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/dma.h>
#include <dirql/fail.h>

#include <ntddk.h>

typedef enum dma_kind { DMA_GATHERING, DMA_PACKET, DMA_SUBORDINATE } dma_kind;

/* A bus master that reaches 4 GB, with or without scatter/gather; or one that reaches 16 MB. */
static inline PDMA_ADAPTER dma_adapter(dma_kind kind, ULONG bytes)
{
    DEVICE_DESCRIPTION description;
    ULONG registers = 0;
    PDMA_ADAPTER adapter;

    memset(&description, 0, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION2;
    description.Master = kind != DMA_SUBORDINATE;
    description.ScatterGather = kind == DMA_GATHERING;
    description.Dma32BitAddresses = kind != DMA_SUBORDINATE;
    description.InterfaceType = kind == DMA_SUBORDINATE ? Isa : PCIBus;
    description.MaximumLength = bytes;
    adapter = IoGetDmaAdapter(NULL, &description, &registers);
    assert_non_null(adapter);
    assert_int_equal(registers, BYTES_TO_PAGES(bytes) + 1);
    return adapter;
}

static inline PDEVICE_OBJECT dma_device(void)
{
    PDEVICE_OBJECT device;

    assert_int_equal(IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device), 0);
    return device;
}

/* An MDL of nonpaged pool, filled with `fill`. */
static inline PMDL dma_buffer(ULONG bytes, int fill)
{
    char *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes + PAGE_SIZE, 'tseT');
    PMDL mdl;

    dirql_suppress("PoolLeak", NULL, "what is about something else leaves its buffers");
    memset(memory, fill, bytes + PAGE_SIZE);
    mdl = IoAllocateMdl(memory + 4, bytes, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

#endif
