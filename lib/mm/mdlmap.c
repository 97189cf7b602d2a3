/*
 * mdlmap.c - system addresses of the pages that an MDL describes.
 *
 * There is one address space, and everything in it stays where it is: a mapping is the address
 * that the pages have anyway. What is held is who has mapped what, and how often.
 */
#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/frame.h"
#include "mm/mdl.h"
#include "sim/fail.h"

/* A mapping for user mode: the MDL has no place for it. */
typedef struct user_mapping {
    const MDL *mdl;
    const void *address;
    struct user_mapping *next;
} user_mapping;

void *dq_mdl_memory(dq_machine *machine, const MDL *mdl)
{
    const PFN_NUMBER *frames = MmGetMdlPfnArray(mdl);
    const unsigned pages = dq_mdl_pages(mdl);
    char *first = dq_frame_byte(machine, (uint64_t)frames[0] << PAGE_SHIFT);

    for (unsigned i = 1; i < pages && first != NULL; i++) {
        if (dq_frame_byte(machine, (uint64_t)frames[i] << PAGE_SHIFT) !=
            first + (size_t)i * PAGE_SIZE) {
            return NULL;
        }
    }
    return first != NULL ? first + mdl->ByteOffset : NULL;
}

void dq_mdl_unmap(PMDL mdl)
{
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) {
        mdl->MdlFlags &= (CSHORT)~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
        mdl->MappedSystemVa = NULL;
    }
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static PVOID map_for_user(dq_processor *cpu, PMDL mdl, void *address)
{
    dq_kernel *kernel = dq_kernel_of(cpu);
    user_mapping *mapping = dq_keep(cpu->machine, sizeof(*mapping));

    if (mapping == NULL) {
        return NULL;
    }
    *mapping = (user_mapping){ .mdl = mdl, .address = address, .next = kernel->user_mappings };
    kernel->user_mappings = mapping;
    return address;
}

static bool check_mappable(dq_processor *cpu, const MDL *mdl, KPROCESSOR_MODE mode,
                           const void *place)
{
    const ULONG mapped =
        (ULONG)mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL);

    if (!dq_mdl_check_described(cpu, mdl, place)) {
        return false;
    }
    if (mode == KernelMode && mapped != 0) {
        dq_mdl_refuse(cpu, mdl,
                      &(dq_mdl_error){
                          .rule = "MdlMap", .subcode = 0xB2, .flags = mapped, .place = place },
                      "that has a system address already: use MmGetSystemAddressForMdlSafe");
        return false;
    }
    if (mode != KernelMode && cpu->irql > APC_LEVEL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "MdlMap",
                               .page = "wdm: MmMapLockedPagesSpecifyCache",
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { 0x77, cpu->irql, (uintptr_t)mdl, (ULONG)mode },
                               .place = place },
                "an MDL is mapped for user mode at IRQL %u: that needs IRQL <= APC_LEVEL",
                cpu->irql);
    }
    return true;
}

static PVOID map(dq_processor *cpu, PMDL mdl, KPROCESSOR_MODE mode, const void *place)
{
    void *address;

    if (!check_mappable(cpu, mdl, mode, place) || dq_fails(cpu, DQ_FAIL_MAP, 0, NULL, place)) {
        return NULL;
    }
    address = dq_mdl_memory(cpu->machine, mdl);
    if (address == NULL) {
        dq_mdl_refuse(cpu, mdl,
                      &(dq_mdl_error){ .rule = "MdlMap", .warning = true, .place = place },
                      "of pages that are not next to each other in memory, or are freed: such a "
                      "mapping is not possible here");
        return NULL;
    }
    if (mode != KernelMode) {
        return map_for_user(cpu, mdl, address);
    }
    mdl->MappedSystemVa = address;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (mdl->MdlFlags & MDL_PARTIAL) {
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    }
    return address;
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                         ULONG BugCheckOnFailure, ULONG Priority)
{
    const void *place = __builtin_return_address(0);

    DQ_ENTER(MmMapLockedPagesSpecifyCache, NULL, MemoryDescriptorList, AccessMode, CacheType, NULL);
    (void)RequestedAddress;
    (void)Priority;
    if (BugCheckOnFailure && AccessMode == KernelMode) {
        dq_mdl_refuse(
            cpu, MemoryDescriptorList,
            &(dq_mdl_error){ .rule = "MdlMap", .subcode = 0x82, .warning = true, .place = place },
            "and BugCheckOnFailure: a driver passes FALSE");
    }
    return map(cpu, MemoryDescriptorList, AccessMode, place);
}

PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    const void *place = __builtin_return_address(0);

    DQ_ENTER(MmMapLockedPages, NULL, MemoryDescriptorList, AccessMode, 0, NULL);
    dq_mdl_refuse(
        cpu, MemoryDescriptorList,
        &(dq_mdl_error){ .rule = "MdlMap", .subcode = 0x81, .warning = true, .place = place },
        "but it is obsolete: call MmMapLockedPagesSpecifyCache");
    return map(cpu, MemoryDescriptorList, AccessMode, place);
}

/* ---- Unmapping ------------------------------------------------------------------------------- */

static bool unmap_for_user(dq_processor *cpu, const MDL *mdl, const void *address)
{
    user_mapping **link = &dq_kernel_of(cpu)->user_mappings;
    user_mapping *mapping;

    while (*link != NULL && ((*link)->mdl != mdl || (*link)->address != address)) {
        link = &(*link)->next;
    }
    mapping = *link;
    if (mapping == NULL) {
        return false;
    }
    *link = mapping->next;
    dq_keep_drop(cpu->machine, mapping);
    return true;
}

VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    const void *place = __builtin_return_address(0);
    const ULONG flags = (USHORT)MemoryDescriptorList->MdlFlags;

    DQ_ENTER(MmUnmapLockedPages, NULL, BaseAddress, MemoryDescriptorList, 0, DQ_VOID);
    if (unmap_for_user(cpu, MemoryDescriptorList, BaseAddress)) {
        return;
    }
    if (!(flags & MDL_MAPPED_TO_SYSTEM_VA)) {
        dq_mdl_refuse(cpu, MemoryDescriptorList,
                      &(dq_mdl_error){ .rule = "MdlMap",
                                       .subcode = 0xB6,
                                       .flags = MDL_MAPPED_TO_SYSTEM_VA,
                                       .place = place },
                      flags & MDL_SOURCE_IS_NONPAGED_POOL
                          ? "of nonpaged memory, which has its address for ever"
                          : "that is not mapped");
    } else if (flags & MDL_PARENT_MAPPED_SYSTEM_VA) {
        dq_mdl_refuse(cpu, MemoryDescriptorList,
                      &(dq_mdl_error){ .rule = "MdlMap",
                                       .subcode = 0xB5,
                                       .flags = MDL_PARTIAL,
                                       .place = place },
                      "that shares the mapping of the MDL it is a part of");
    } else if (MemoryDescriptorList->MappedSystemVa != BaseAddress) {
        dq_mdl_refuse(cpu, MemoryDescriptorList,
                      &(dq_mdl_error){ .rule = "MdlMap", .place = place },
                      "and an address at which it is not mapped");
    } else {
        dq_mdl_unmap(MemoryDescriptorList);
    }
}
