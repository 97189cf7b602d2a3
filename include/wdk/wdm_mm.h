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

/* NULL on failure. "wdm: MmMapIoSpace", "wdm: MmMapIoSpaceEx". */
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

/* Uninitialised, on a page; NULL when there is none. "wdm: MmAllocateContiguousMemory",
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

/* "wdm: MmFreeContiguousMemory", "wdm: MmFreeContiguousMemorySpecifyCache". */
NTKERNELAPI VOID NTAPI MmFreeContiguousMemory(_In_ PVOID BaseAddress);
NTKERNELAPI VOID NTAPI MmFreeContiguousMemorySpecifyCache(_In_ PVOID BaseAddress,
                                                          _In_ SIZE_T NumberOfBytes,
                                                          _In_ MEMORY_CACHING_TYPE CacheType);

/* Any IRQL, of an address that is valid. "ntddk: MmGetPhysicalAddress". */
NTKERNELAPI PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(_In_ PVOID BaseAddress);

EXTERN_C_END

#endif
