/*
 * reservedmapping.c - addresses that are reserved beforehand, so that mapping an MDL cannot fail.
 *
 * Memory has one address here: an MDL is mapped where its pages are anyway, not in the range that
 * was reserved. What is held is the order of the calls, the tag, and that the MDL fits; who gets it
 * wrong is stopped as Windows does it (0xDA).
 */
#include "mm/reservedmapping.h"

#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/mdl.h"
#include "mm/mdlheld.h"
#include "sim/fail.h"

static const char misused[] = "%s was given %p, %s";

/* Parameter 1 of bug check 0xDA. */
enum {
    NOTHING_ASKED = 0x100,
    FREE_OTHERS = 0x101,
    FREE_EMPTY = 0x102,
    FREE_MAPPED = 0x103,
    MAP_OTHERS = 0x104,
    MAP_INVALID = 0x105,
    MAP_MAPPED = 0x107,
    UNMAP_OTHERS = 0x108,
    UNMAP_EMPTY = 0x109,
    UNMAP_MORE = 0x10A,
    UNMAP_UNMAPPED = 0x10B,
    UNMAP_LESS = 0x10C,
    UNMAP_OTHER_MDL = 0x06
};

static _Noreturn void refuse(dq_processor *cpu, uint64_t subcode, const void *address, uint64_t p3,
                             uint64_t p4, const char *why)
{
    dq_bugcheck(cpu, SYSTEM_PTE_MISUSE, subcode, (uintptr_t)address, p3, p4, misused,
                dq_service_name(cpu->execution->service), address, why);
}

/* ---- Reserving ------------------------------------------------------------------------------- */

static void *reserve(dq_processor *cpu, size_t bytes, ULONG tag, const void *place)
{
    dq_kernel *kernel = dq_kernel_of(cpu);
    dq_machine *machine = cpu->machine;
    dq_reserved_mapping *made;

    if (bytes == 0) {
        dq_bugcheck(cpu, SYSTEM_PTE_MISUSE, NOTHING_ASKED, 0, tag, (uintptr_t)place,
                    "%s was asked for 0 bytes", dq_service_name(cpu->execution->service));
    }
    if (dq_fails(cpu, DQ_FAIL_MAP, tag, NULL, place)) {
        return NULL;
    }
    made = dq_keep(machine, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    *made = (dq_reserved_mapping){ .address = dq_shelf_range(&machine->shelf, machine->ranges_taken,
                                                             ROUND_TO_PAGES(bytes)),
                                   .bytes = ROUND_TO_PAGES(bytes),
                                   .tag = tag,
                                   .service = cpu->execution->service,
                                   .place = place,
                                   .next = kernel->reserved_mappings };
    if (made->address == NULL) {
        dq_keep_drop(machine, made);
        return NULL;
    }
    machine->ranges_taken++;
    kernel->reserved_mappings = made;
    return made->address;
}

PVOID NTAPI MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag)
{
    DQ_ENTER(MmAllocateMappingAddress, NULL, NumberOfBytes, PoolTag, 0, NULL);
    return reserve(cpu, NumberOfBytes, PoolTag, DQ_CALL_PLACE);
}

PVOID NTAPI MmAllocateMappingAddressEx(SIZE_T NumberOfBytes, ULONG PoolTag, ULONG Flags)
{
    DQ_ENTER(MmAllocateMappingAddressEx, NULL, NumberOfBytes, PoolTag, Flags, NULL);
    return reserve(cpu, NumberOfBytes, PoolTag, DQ_CALL_PLACE);
}

static dq_reserved_mapping **find(dq_kernel *kernel, const void *address)
{
    dq_reserved_mapping **link = &kernel->reserved_mappings;

    while (*link != NULL && (*link)->address != address) {
        link = &(*link)->next;
    }
    return link;
}

VOID NTAPI MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag)
{
    dq_reserved_mapping **link, *gone;

    DQ_ENTER(MmFreeMappingAddress, BaseAddress, BaseAddress, PoolTag, 0, DQ_VOID);
    link = find(dq_kernel_of(cpu), BaseAddress);
    gone = *link;
    if (gone == NULL) {
        refuse(cpu, FREE_EMPTY, BaseAddress, PoolTag, 0, "where nothing is reserved");
    }
    if (gone->tag != PoolTag) {
        refuse(cpu, FREE_OTHERS, BaseAddress, PoolTag, gone->tag,
               "which was reserved with another tag");
    }
    if (gone->mdl != NULL) {
        refuse(cpu, FREE_MAPPED, BaseAddress, PoolTag, gone->bytes / PAGE_SIZE,
               "where an MDL is mapped: call MmUnmapReservedMapping first");
    }
    *link = gone->next;
    dq_keep_drop(cpu->machine, gone);
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static void *map(dq_processor *cpu, dq_reserved_mapping *reserved, PMDL mdl, const void *place)
{
    char *address = dq_mdl_memory(cpu->machine, mdl);

    if (address == NULL) {
        dq_mdl_refuse(cpu, mdl,
                      &(dq_mdl_error){ .rule = "MdlMap", .warning = true, .place = place },
                      "of pages that are not next to each other in memory, or are freed: such a "
                      "mapping is not possible here");
        return NULL;
    }
    if (!dq_mdl_hold_add(cpu->machine, &(dq_mdl_hold){ .kind = DQ_MDL_MAPPED,
                                                       .mdl = mdl,
                                                       .bytes = mdl->ByteCount,
                                                       .place = place })) {
        return NULL;
    }
    mdl->MappedSystemVa = address - mdl->ByteOffset;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    reserved->mdl = mdl;
    reserved->mapped_pages = dq_mdl_pages(mdl);
    return address;
}

/* An MDL has one system address at a time. */
static bool check_unmapped(dq_processor *cpu, const MDL *mdl, const void *place)
{
    const ULONG mapped =
        (ULONG)mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL);

    if (mapped == 0) {
        return true;
    }
    dq_mdl_refuse(cpu, mdl, &(dq_mdl_error){ .rule = "MdlMap", .flags = mapped, .place = place },
                  "that has a system address already");
    return false;
}

PVOID NTAPI MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag,
                                                PMDL MemoryDescriptorList,
                                                MEMORY_CACHING_TYPE CacheType)
{
    const void *place = DQ_CALL_PLACE;
    dq_reserved_mapping *reserved;

    DQ_ENTER(MmMapLockedPagesWithReservedMapping, MappingAddress, MappingAddress,
             MemoryDescriptorList, CacheType, NULL);
    reserved = *find(dq_kernel_of(cpu), MappingAddress);
    if (reserved == NULL) {
        refuse(cpu, MAP_INVALID, MappingAddress, PoolTag, 0, "where nothing is reserved");
    }
    if (reserved->tag != PoolTag) {
        refuse(cpu, MAP_OTHERS, MappingAddress, PoolTag, reserved->tag,
               "which was reserved with another tag");
    }
    if (reserved->mdl != NULL) {
        refuse(cpu, MAP_MAPPED, MappingAddress, (uintptr_t)MappingAddress,
               (uintptr_t)MappingAddress + reserved->bytes - PAGE_SIZE,
               "where an MDL is mapped: call MmUnmapReservedMapping first");
    }
    if (!dq_mdl_check_described(cpu, MemoryDescriptorList, place) ||
        !check_unmapped(cpu, MemoryDescriptorList, place) ||
        dq_mdl_pages(MemoryDescriptorList) > reserved->bytes / PAGE_SIZE) {
        return NULL;
    }
    return map(cpu, reserved, MemoryDescriptorList, place);
}

/* ---- Unmapping ------------------------------------------------------------------------------- */

/* By the address that was reserved, or the one where the MDL was mapped: the page names both,
 * which are one on Windows. */
static dq_reserved_mapping *find_either(dq_kernel *kernel, const void *address, const MDL *mdl)
{
    dq_reserved_mapping *reserved = *find(kernel, address);
    dq_reserved_mapping *other = kernel->reserved_mappings;

    while (reserved == NULL && other != NULL) {
        if (other->mdl == mdl && PAGE_ALIGN(address) == mdl->MappedSystemVa) {
            reserved = other;
        }
        other = other->next;
    }
    return reserved;
}

static void check_unmap(dq_processor *cpu, const dq_reserved_mapping *reserved, const void *address,
                        ULONG tag, const MDL *mdl)
{
    const size_t pages = dq_mdl_pages(mdl);

    if (reserved == NULL) {
        refuse(cpu, UNMAP_EMPTY, address, tag, 0, "where nothing is reserved");
    }
    if (reserved->tag != tag) {
        refuse(cpu, UNMAP_OTHERS, address, tag, reserved->tag,
               "which was reserved with another tag");
    }
    if (reserved->mdl == NULL) {
        refuse(cpu, UNMAP_UNMAPPED, address, tag, pages, "where no MDL is mapped");
    }
    if (pages > reserved->mapped_pages) {
        refuse(cpu, UNMAP_MORE, address, reserved->mapped_pages, pages,
               "and an MDL with more pages than are mapped there");
    }
    if (pages < reserved->mapped_pages) {
        refuse(cpu, UNMAP_LESS, address, tag, pages,
               "and an MDL with fewer pages than are mapped there");
    }
    if (reserved->mdl != mdl) {
        dq_bugcheck(cpu, SYSTEM_PTE_MISUSE, UNMAP_OTHER_MDL, (uintptr_t)mdl, (uintptr_t)address,
                    pages, misused, "MmUnmapReservedMapping", address,
                    "and an MDL that is not the one mapped there");
    }
}

VOID NTAPI MmUnmapReservedMapping(PVOID BaseAddress, ULONG PoolTag, PMDL MemoryDescriptorList)
{
    dq_reserved_mapping *reserved;

    DQ_ENTER(MmUnmapReservedMapping, BaseAddress, BaseAddress, PoolTag, MemoryDescriptorList,
             DQ_VOID);
    reserved = find_either(dq_kernel_of(cpu), BaseAddress, MemoryDescriptorList);
    check_unmap(cpu, reserved, BaseAddress, PoolTag, MemoryDescriptorList);
    reserved->mdl = NULL;
    dq_mdl_unmap(cpu->machine, MemoryDescriptorList);
}
