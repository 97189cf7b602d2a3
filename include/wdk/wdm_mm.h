/*
 * wdm_mm.h: mapping device memory, and memory that is contiguous for devices.
 *
 * IRQL <= DISPATCH_LEVEL.
 */
#ifndef WDM_MM_H
#define WDM_MM_H

#include <wdm_base.h>

EXTERN_C_START

typedef enum _MEMORY_CACHING_TYPE_ORIG {
    MmFrameBufferCached = 2
} MEMORY_CACHING_TYPE_ORIG;

typedef enum _MEMORY_CACHING_TYPE {
    MmNonCached = FALSE,
    MmCached = TRUE,
    MmWriteCombined = MmFrameBufferCached,
    MmHardwareCoherentCached,
    MmNonCachedUnordered,
    MmUSWCCached,
    MmMaximumCacheType,
    MmNotMapped = -1
} MEMORY_CACHING_TYPE;

#define PAGE_NOACCESS 0x01
#define PAGE_READONLY 0x02
#define PAGE_READWRITE 0x04
#define PAGE_WRITECOPY 0x08
#define PAGE_EXECUTE 0x10
#define PAGE_EXECUTE_READ 0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_GUARD 0x100
#define PAGE_NOCACHE 0x200
#define PAGE_WRITECOMBINE 0x400

/* A device's memory, or memory that is locked; NULL on failure. All mappings of a page have one
 * cache type. `Protect`: PAGE_READONLY, PAGE_READWRITE or one of the PAGE_EXECUTE..., and
 * PAGE_NOCACHE or PAGE_WRITECOMBINE; without, it is cached. What is only to be read: bug check 0xBE
 * for WRITE_REGISTER_.... "wdm: MmMapIoSpace", "wdm: MmMapIoSpaceEx". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmMapIoSpace(_In_ PHYSICAL_ADDRESS PhysicalAddress,
                                                           _In_ SIZE_T NumberOfBytes,
                                                           _In_ MEMORY_CACHING_TYPE CacheType);
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmMapIoSpaceEx(
    _In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes, _In_ ULONG Protect);

/* "wdm: MmUnmapIoSpace". */
NTKERNELAPI VOID NTAPI MmUnmapIoSpace(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes);

/* -- Contiguous memory. IRQL <= DISPATCH_LEVEL ----------------------------------------------- */

typedef ULONG NODE_REQUIREMENT;

#define MM_ANY_NODE_OK 0x80000000U

/* Uninitialised, on a page; NULL when there is none. The boundary is a power of two, or 0. There is
 * one node: from it comes all memory. `Protect`: PAGE_READWRITE or PAGE_EXECUTE_READWRITE, and
 * PAGE_NOCACHE or PAGE_WRITECOMBINE. "wdm: MmAllocateContiguousMemory",
 * "wdm: MmAllocateContiguousMemorySpecifyCache", "wdm: ...SpecifyCacheNode",
 * "wdm: MmAllocateContiguousNodeMemory". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmAllocateContiguousMemory(
    _In_ SIZE_T NumberOfBytes, _In_ PHYSICAL_ADDRESS HighestAcceptableAddress);
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(
    _In_ SIZE_T NumberOfBytes, _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
    _In_ PHYSICAL_ADDRESS HighestAcceptableAddress,
    _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple, _In_ MEMORY_CACHING_TYPE CacheType);
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(
    _In_ SIZE_T NumberOfBytes, _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
    _In_ PHYSICAL_ADDRESS HighestAcceptableAddress,
    _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple, _In_ MEMORY_CACHING_TYPE CacheType,
    _In_ NODE_REQUIREMENT PreferredNode);
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmAllocateContiguousNodeMemory(
    _In_ SIZE_T NumberOfBytes, _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
    _In_ PHYSICAL_ADDRESS HighestAcceptableAddress,
    _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple, _In_ ULONG Protect,
    _In_ NODE_REQUIREMENT PreferredNode);

/* The second only what ...SpecifyCache... allocated, with its length and cache type; the first any.
 * "wdm: MmFreeContiguousMemory", "wdm: MmFreeContiguousMemorySpecifyCache". */
NTKERNELAPI VOID NTAPI MmFreeContiguousMemory(_In_ PVOID BaseAddress);
NTKERNELAPI VOID NTAPI MmFreeContiguousMemorySpecifyCache(_In_ PVOID BaseAddress,
                                                          _In_ SIZE_T NumberOfBytes,
                                                          _In_ MEMORY_CACHING_TYPE CacheType);

/* -- Memory that is not cached: as any other here --------------------------------------------- */

/* Whole pages, scattered, uninitialised; NULL when there are none. IRQL <= APC_LEVEL.
 * "ntddk: MmAllocateNonCachedMemory". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmAllocateNonCachedMemory(_In_ SIZE_T NumberOfBytes);

/* The length must be the one of its allocation. IRQL <= APC_LEVEL.
 * "ntddk: MmFreeNonCachedMemory". */
NTKERNELAPI VOID NTAPI MmFreeNonCachedMemory(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes);

/* -- Physical memory -------------------------------------------------------------------------- */

typedef struct _PHYSICAL_MEMORY_RANGE {
    PHYSICAL_ADDRESS BaseAddress;
    LARGE_INTEGER NumberOfBytes;
} PHYSICAL_MEMORY_RANGE, *PPHYSICAL_MEMORY_RANGE;

/* The ranges of the machine's memory, upwards, without what belongs to devices; behind the last one
 * two zeroes. A block of nonpaged pool, which the caller frees (ExFreePool); NULL when memory is
 * short, and for a partition: there is none. `Flags` make no difference. PASSIVE_LEVEL.
 * "ntddk: MmGetPhysicalMemoryRangesEx2". */
NTKERNELAPI PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges(VOID);
NTKERNELAPI PPHYSICAL_MEMORY_RANGE NTAPI
MmGetPhysicalMemoryRangesEx(_In_opt_ PVOID PartitionObject);
NTKERNELAPI PPHYSICAL_MEMORY_RANGE NTAPI
MmGetPhysicalMemoryRangesEx2(_In_opt_ PVOID PartitionObject, _In_ ULONG Flags);

/* Any IRQL, of an address that is valid. "ntddk: MmGetPhysicalAddress". */
NTKERNELAPI PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(_In_ PVOID BaseAddress);

EXTERN_C_END

#endif
