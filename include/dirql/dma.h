/*
 * dma.h - a device's view of memory: by the address that the driver gave to the device.
 *
 * The logical addresses that a DMA adapter hands out, and the physical addresses of
 * MmGetPhysicalAddress and of MDLs, are one address space here. A device model that was told such
 * an address reaches the memory behind it by a pointer. Any IRQL, and in device callbacks.
 */
#ifndef DIRQL_DMA_H
#define DIRQL_DMA_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The memory at `physical`, good for `bytes` bytes. An address that nobody owns, that was freed, or
 * a range that leaves its buffer fails the run, with a text that says whose it is or was. Pages of
 * ordinary memory do not follow each other: such a buffer is reached element by element of its
 * scatter/gather list. The pointer is good until the driver frees the memory. */
DIRQL_API void *dirql_dma_pointer(uint64_t physical, size_t bytes);

/* As dirql_dma_pointer, but NULL in place of a failed run. */
DIRQL_API void *dirql_dma_probe(uint64_t physical, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
