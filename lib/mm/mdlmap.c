/*
 * mdlmap.c - system addresses of the pages that an MDL describes.
 *
 * There is one address space, and everything in it stays where it is: a mapping is the address
 * that the pages have anyway. What is held is who has mapped what, and how often.
 */
#include "ke/ki.h"
#include "ke/raise.h"
#include "mm/frame.h"
#include "mm/mdl.h"
#include "mm/mdlheld.h"
#include "sim/computing.h"
#include "sim/fail.h"

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

void dq_mdl_unmap(dq_machine *machine, PMDL mdl)
{
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) {
        (void)dq_mdl_hold_drop(machine, DQ_MDL_MAPPED, mdl, NULL);
        mdl->MdlFlags &= (CSHORT)~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
        mdl->MappedSystemVa = NULL;
    }
}

/* ---- Mapping --------------------------------------------------------------------------------- */

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
        const bool old = cpu->execution->service == DQ_SERVICE_MmMapLockedPages;

        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_ERROR,
                    .rule = "MdlMap",
                    .page = "wdm: MmMapLockedPagesSpecifyCache",
                    .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                    .parameters = { old ? 0x75 : 0x77, cpu->irql, (uintptr_t)mdl, (ULONG)mode },
                    .place = place },
                "an MDL is mapped for user mode at IRQL %u: that needs IRQL <= APC_LEVEL",
                cpu->irql);
    }
    return true;
}

/* What becomes of a mapping that there are no resources for. */
static PVOID fail(dq_processor *cpu, const MDL *mdl, KPROCESSOR_MODE mode, bool must_succeed,
                  const void *place)
{
    const char *service = dq_service_name(cpu->execution->service);

    if (mode != KernelMode) {
        dq_raise_status(cpu, STATUS_INSUFFICIENT_RESOURCES, place,
                        "%s: %u bytes cannot be mapped for user mode", service, mdl->ByteCount);
    }
    if (must_succeed && !(mdl->MdlFlags & MDL_MAPPING_CAN_FAIL)) {
        dq_bugcheck(cpu, NO_MORE_SYSTEM_PTES, 0, dq_mdl_pages(mdl), 0, 0,
                    "%s: no address is left for %u pages, and it may not fail", service,
                    dq_mdl_pages(mdl));
    }
    return NULL;
}

static PVOID map(dq_processor *cpu, PMDL mdl, KPROCESSOR_MODE mode, bool must_succeed,
                 const void *place)
{
    dq_mdl_hold hold = { .kind = mode == KernelMode ? DQ_MDL_MAPPED : DQ_MDL_MAPPED_FOR_USER,
                         .mdl = mdl,
                         .bytes = mdl->ByteCount,
                         .place = place };
    void *address;

    if (!check_mappable(cpu, mdl, mode, place)) {
        return NULL;
    }
    if (dq_fails(cpu, DQ_FAIL_MAP, 0, NULL, place)) {
        return fail(cpu, mdl, mode, must_succeed, place);
    }
    address = dq_mdl_memory(cpu->machine, mdl);
    if (address == NULL) {
        dq_mdl_refuse(cpu, mdl,
                      &(dq_mdl_error){ .rule = "MdlMap", .warning = true, .place = place },
                      "of pages that are not next to each other in memory, or are freed: such a "
                      "mapping is not possible here");
        return NULL;
    }
    hold.address = mode != KernelMode ? address : NULL;
    if (!dq_mdl_hold_add(cpu->machine, &hold)) {
        return fail(cpu, mdl, mode, must_succeed, place);
    }
    if (mode != KernelMode) {
        return address;
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
    return map(cpu, MemoryDescriptorList, AccessMode, BugCheckOnFailure != FALSE, place);
}

PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    const void *place = __builtin_return_address(0);

    DQ_ENTER(MmMapLockedPages, NULL, MemoryDescriptorList, AccessMode, 0, NULL);
    dq_mdl_refuse(
        cpu, MemoryDescriptorList,
        &(dq_mdl_error){ .rule = "MdlMap", .subcode = 0x81, .warning = true, .place = place },
        "but it is obsolete: call MmMapLockedPagesSpecifyCache");
    return map(cpu, MemoryDescriptorList, AccessMode, true, place);
}

/* ---- Unmapping ------------------------------------------------------------------------------- */

static void check_user_irql(dq_processor *cpu, const MDL *mdl, const void *address,
                            const void *place)
{
    if (cpu->irql > APC_LEVEL) {
        dq_find(
            cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "MdlMap",
                           .page = "wdm: MmUnmapLockedPages",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0x7A, cpu->irql, (uintptr_t)address, (uintptr_t)mdl },
                           .place = place },
            "an MDL is unmapped for user mode at IRQL %u: that needs IRQL <= APC_LEVEL", cpu->irql);
    }
}

/* Somewhere else than where the MDL is mapped for user mode. */
static void refuse_user_address(dq_processor *cpu, const MDL *mdl, const void *address,
                                const void *place)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "MdlMap",
                           .page = "wdm: MmUnmapLockedPages",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0xB9, (uintptr_t)address, (uintptr_t)mdl },
                           .place = place },
            "MmUnmapLockedPages was given %p, which is not where the MDL is mapped for user mode",
            address);
}

VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    const void *place = __builtin_return_address(0);
    const ULONG flags = DQ_READ(MmUnmapLockedPages, (USHORT)MemoryDescriptorList->MdlFlags);

    DQ_ENTER(MmUnmapLockedPages, NULL, BaseAddress, MemoryDescriptorList, 0, DQ_VOID);
    if (dq_mdl_hold_drop(cpu->machine, DQ_MDL_MAPPED_FOR_USER, MemoryDescriptorList,
                         BaseAddress)) {
        check_user_irql(cpu, MemoryDescriptorList, BaseAddress, place);
        return;
    }
    if (!(flags & MDL_MAPPED_TO_SYSTEM_VA) &&
        dq_mdl_is_held(cpu->machine, DQ_MDL_MAPPED_FOR_USER, MemoryDescriptorList)) {
        refuse_user_address(cpu, MemoryDescriptorList, BaseAddress, place);
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
        dq_mdl_unmap(cpu->machine, MemoryDescriptorList);
    }
}
