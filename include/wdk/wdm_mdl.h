/*
 * wdm_mdl.h: memory descriptor lists: a buffer, and the physical pages behind it.
 */
#ifndef WDM_MDL_H
#define WDM_MDL_H

#include <wdm_mm.h>

EXTERN_C_START

typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;

/* The page frame numbers follow the structure: MmGetMdlPfnArray. "wdm: MDL". */
typedef struct _MDL {
    struct _MDL *Next;
    CSHORT Size;
    CSHORT MdlFlags;
    USHORT AllocationProcessorNumber;
    USHORT Reserved;
    struct _EPROCESS *Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
} MDL;

#define MDL_MAPPED_TO_SYSTEM_VA 0x0001
#define MDL_PAGES_LOCKED 0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE 0x0008
#define MDL_PARTIAL 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_IO_PAGE_READ 0x0040
#define MDL_WRITE_OPERATION 0x0080
#define MDL_LOCKED_PAGE_TABLES 0x0100
#define MDL_PARENT_MAPPED_SYSTEM_VA MDL_LOCKED_PAGE_TABLES
#define MDL_FREE_EXTRA_PTES 0x0200
#define MDL_DESCRIBES_AWE 0x0400
#define MDL_IO_SPACE 0x0800
#define MDL_NETWORK_HEADER 0x1000
#define MDL_MAPPING_CAN_FAIL 0x2000
#define MDL_PAGE_CONTENTS_INVARIANT 0x4000
#define MDL_ALLOCATED_MUST_SUCCEED MDL_PAGE_CONTENTS_INVARIANT
#define MDL_INTERNAL 0x8000

typedef enum _LOCK_OPERATION {
    IoReadAccess,
    IoWriteAccess,
    IoModifyAccess
} LOCK_OPERATION;

typedef enum _MM_PAGE_PRIORITY {
    LowPagePriority = 0,
    NormalPagePriority = 16,
    HighPagePriority = 32
} MM_PAGE_PRIORITY;

#define MdlMappingNoWrite 0x80000000U
#define MdlMappingNoExecute 0x40000000U
#define MdlMappingWithGuardPtes 0x20000000U

#define MM_DONT_ZERO_ALLOCATION 0x00000001
#define MM_ALLOCATE_FROM_LOCAL_NODE_ONLY 0x00000002
#define MM_ALLOCATE_FULLY_REQUIRED 0x00000004
#define MM_ALLOCATE_NO_WAIT 0x00000008
#define MM_ALLOCATE_PREFER_CONTIGUOUS 0x00000010
#define MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS 0x00000020
#define MM_ALLOCATE_FAST_LARGE_PAGES 0x00000040
#define MM_ALLOCATE_AND_HOT_REMOVE 0x00000100

/* -- What an MDL says. Any IRQL -------------------------------------------------------------- */

/* "wdm: MmGetMdlPfnArray" and its neighbours. */
#define MmGetMdlPfnArray(Mdl) ((PPFN_NUMBER)((Mdl) + 1))
#define MmGetMdlVirtualAddress(Mdl) ((PVOID)((PCHAR)((Mdl)->StartVa) + (Mdl)->ByteOffset))
#define MmGetMdlByteCount(Mdl) ((Mdl)->ByteCount)
#define MmGetMdlByteOffset(Mdl) ((Mdl)->ByteOffset)
#define MmGetMdlBaseVa(Mdl) ((Mdl)->StartVa)

/* Of a driver's own memory, of MmSizeOfMdl bytes. IRQL <= DISPATCH_LEVEL.
 * "wdm: MmInitializeMdl". */
#define MmInitializeMdl(MemoryDescriptorList, BaseVa, Length)                                  \
    do {                                                                                       \
        (MemoryDescriptorList)->Next = (PMDL)NULL;                                             \
        (MemoryDescriptorList)->Size =                                                         \
            (CSHORT)(sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES((BaseVa), \
                                                                                       (Length))); \
        (MemoryDescriptorList)->MdlFlags = 0;                                                  \
        (MemoryDescriptorList)->StartVa = PAGE_ALIGN(BaseVa);                                  \
        (MemoryDescriptorList)->ByteOffset = BYTE_OFFSET(BaseVa);                              \
        (MemoryDescriptorList)->ByteCount = (ULONG)(Length);                                   \
    } while (0)

/* Any IRQL. "wdm: MmSizeOfMdl". */
NTKERNELAPI SIZE_T NTAPI MmSizeOfMdl(_In_opt_ PVOID Base, _In_ SIZE_T Length);

/* -- Making. IRQL <= DISPATCH_LEVEL ---------------------------------------------------------- */

/* NULL when memory is short, or for 4 GB - PAGE_SIZE or more. "wdm: IoAllocateMdl". */
_Must_inspect_result_ NTKERNELAPI PMDL NTAPI IoAllocateMdl(_In_opt_ PVOID VirtualAddress,
                                                           _In_ ULONG Length,
                                                           _In_ BOOLEAN SecondaryBuffer,
                                                           _In_ BOOLEAN ChargeQuota,
                                                           _Inout_opt_ PIRP Irp);

/* Once, when its pages are unlocked and unmapped. "wdm: IoFreeMdl". */
NTKERNELAPI VOID NTAPI IoFreeMdl(_In_ PMDL Mdl);

/* Length 0: all that follows. "wdm: IoBuildPartialMdl". */
NTKERNELAPI VOID NTAPI IoBuildPartialMdl(_In_ PMDL SourceMdl, _Inout_ PMDL TargetMdl,
                                         _In_ PVOID VirtualAddress, _In_ ULONG Length);

/* Of nonpaged memory. "wdm: MmBuildMdlForNonPagedPool". */
NTKERNELAPI VOID NTAPI MmBuildMdlForNonPagedPool(_Inout_ PMDL MemoryDescriptorList);

/* Moves the beginning on; STATUS_INVALID_PARAMETER_2: past the end. "wdm: MmAdvanceMdl". */
NTKERNELAPI NTSTATUS NTAPI MmAdvanceMdl(_Inout_ PMDL Mdl, _In_ ULONG NumberOfBytes);

/* -- Locking --------------------------------------------------------------------------------- */

/* IRQL <= DISPATCH_LEVEL, <= APC_LEVEL for pageable memory. Inside a __try: raises
 * STATUS_ACCESS_VIOLATION where no memory is, and for UserMode where it is not user mode's (see
 * ProbeForRead). "wdm: MmProbeAndLockPages". */
NTKERNELAPI VOID NTAPI MmProbeAndLockPages(_Inout_ PMDL MemoryDescriptorList,
                                           _In_ KPROCESSOR_MODE AccessMode,
                                           _In_ LOCK_OPERATION Operation);

/* IRQL <= DISPATCH_LEVEL. "wdm: MmUnlockPages". */
NTKERNELAPI VOID NTAPI MmUnlockPages(_Inout_ PMDL MemoryDescriptorList);

/* -- Mapping. IRQL <= DISPATCH_LEVEL, <= APC_LEVEL for user mode ----------------------------- */

/* NULL when it cannot be mapped; with BugCheckOnFailure bug check 0x3F, which is no driver's to wish
 * for. UserMode: inside a __try, raises STATUS_INSUFFICIENT_RESOURCES instead.
 * "wdm: MmMapLockedPagesSpecifyCache". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmMapLockedPagesSpecifyCache(
    _Inout_ PMDL MemoryDescriptorList, _In_ KPROCESSOR_MODE AccessMode,
    _In_ MEMORY_CACHING_TYPE CacheType, _In_opt_ PVOID RequestedAddress,
    _In_ ULONG BugCheckOnFailure, _In_ ULONG Priority);

/* Addresses that are reserved beforehand, so that mapping cannot fail. Memory has one address
 * here: an MDL is mapped where its pages are, wherever the range lies. The range: NULL when
 * there is none; IRQL <= APC_LEVEL. "wdm: MmAllocateMappingAddress", "wdm:
 * MmAllocateMappingAddressEx", "wdm: MmFreeMappingAddress". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmAllocateMappingAddress(_In_ SIZE_T NumberOfBytes,
                                                                       _In_ ULONG PoolTag);
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmAllocateMappingAddressEx(_In_ SIZE_T NumberOfBytes,
                                                                         _In_ ULONG PoolTag,
                                                                         _In_ ULONG Flags);
NTKERNELAPI VOID NTAPI MmFreeMappingAddress(_In_ PVOID BaseAddress, _In_ ULONG PoolTag);

/* NULL: the MDL has more pages than are reserved. MappedSystemVa is then without the byte offset.
 * Unmapped by the range's address, or the one that the mapping returned.
 * "wdm: MmMapLockedPagesWithReservedMapping", "wdm: MmUnmapReservedMapping". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI MmMapLockedPagesWithReservedMapping(
    _In_ PVOID MappingAddress, _In_ ULONG PoolTag, _In_ PMDL MemoryDescriptorList,
    _In_ MEMORY_CACHING_TYPE CacheType);
NTKERNELAPI VOID NTAPI MmUnmapReservedMapping(_In_ PVOID BaseAddress, _In_ ULONG PoolTag,
                                              _In_ PMDL MemoryDescriptorList);

/* Obsolete, because it does not fail: bug check 0x3F. "wdm: MmMapLockedPages". */
NTKERNELAPI PVOID NTAPI MmMapLockedPages(_Inout_ PMDL MemoryDescriptorList,
                                         _In_ KPROCESSOR_MODE AccessMode);

/* At the address that the mapping returned. "wdm: MmUnmapLockedPages". */
NTKERNELAPI VOID NTAPI MmUnmapLockedPages(_In_ PVOID BaseAddress,
                                          _Inout_ PMDL MemoryDescriptorList);

/* One of the PAGE values, of an MDL that is mapped: STATUS_NOT_MAPPED_VIEW. What it forbids is not
 * watched. "wdm: MmProtectMdlSystemAddress". */
NTKERNELAPI NTSTATUS NTAPI MmProtectMdlSystemAddress(_In_ PMDL MemoryDescriptorList,
                                                     _In_ ULONG NewProtect);

/* The mapping that there is, or a new one; NULL when there can be none.
 * "wdm: MmGetSystemAddressForMdlSafe". */
WDK_INLINE PVOID MmGetSystemAddressForMdlSafe(_Inout_ PMDL Mdl, _In_ ULONG Priority)
{
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        return Mdl->MappedSystemVa;
    }
    return MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, Priority);
}

/* Obsolete, because it does not fail: bug check 0x3F. "wdm: MmGetSystemAddressForMdl". */
#define MmGetSystemAddressForMdl(Mdl)                                             \
    ((Mdl)->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)    \
         ? (Mdl)->MappedSystemVa                                                  \
         : MmMapLockedPages((Mdl), KernelMode))

/* For a partial MDL: releases a mapping of its own. "wdm: MmPrepareMdlForReuse". */
#define MmPrepareMdlForReuse(Mdl)                                   \
    do {                                                            \
        if ((Mdl)->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) {        \
            MmUnmapLockedPages((Mdl)->MappedSystemVa, (Mdl));       \
        }                                                           \
    } while (0)

/* -- Pages without an address. IRQL <= DISPATCH_LEVEL ---------------------------------------- */

/* May describe fewer bytes than asked for; NULL when there are none. `SkipBytes`, of whole pages:
 * from one range of addresses to the next, 0 for one range; with
 * MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS the size of a chunk, a power of two, 0 for one chunk. Other
 * flags make no difference, but that HOT_REMOVE needs PASSIVE_LEVEL. The MDL itself is given back
 * by ExFreePool. "wdm: MmAllocatePagesForMdl", "wdm: MmAllocatePagesForMdlEx". */
_Must_inspect_result_ NTKERNELAPI PMDL NTAPI MmAllocatePagesForMdl(
    _In_ PHYSICAL_ADDRESS LowAddress, _In_ PHYSICAL_ADDRESS HighAddress,
    _In_ PHYSICAL_ADDRESS SkipBytes, _In_ SIZE_T TotalBytes);
_Must_inspect_result_ NTKERNELAPI PMDL NTAPI MmAllocatePagesForMdlEx(
    _In_ PHYSICAL_ADDRESS LowAddress, _In_ PHYSICAL_ADDRESS HighAddress,
    _In_ PHYSICAL_ADDRESS SkipBytes, _In_ SIZE_T TotalBytes, _In_ MEMORY_CACHING_TYPE CacheType,
    _In_ ULONG Flags);

/* "wdm: MmFreePagesFromMdl". */
NTKERNELAPI VOID NTAPI MmFreePagesFromMdl(_Inout_ PMDL MemoryDescriptorList);

EXTERN_C_END

#endif
