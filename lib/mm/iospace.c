/*
 * iospace.c - MmMapIoSpace and MmUnmapIoSpace: where a driver sees a device's registers.
 *
 * Every device window has one range of addresses; mappings of it are counted. Physical memory
 * that is no device's cannot be mapped: NULL, as when the system is short of page table entries.
 */
#include <inttypes.h>

#include <wdm.h>

#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/iospace.h"

static void *map(dq_processor *cpu, uint64_t physical, size_t bytes, const void *place)
{
    dq_kernel *kernel = dq_kernel_of(cpu);
    dq_window *window = dq_window_by_physical(cpu->machine, DQ_SPACE_MEMORY, physical);
    dq_mapping *mapping;

    if (window == NULL || bytes == 0 || bytes > window->bytes - (physical - window->base)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "MmMapIoSpace",
                               .page = "wdm: MmMapIoSpace",
                               .place = place },
                "0x%" PRIx64 " bytes at physical address 0x%" PRIx64 " cannot be mapped: %s",
                (uint64_t)bytes, physical,
                bytes == 0       ? "the length is zero"
                : window == NULL ? "no device owns that address (dirql_device_add_memory)"
                                 : "they reach beyond the end of the device");
        return NULL;
    }
    if (dq_fails(cpu, DQ_FAIL_MAP, 0, NULL, place)) {
        return NULL;
    }
    mapping = dq_keep(cpu->machine, sizeof(*mapping));
    if (mapping == NULL) {
        return NULL;
    }
    mapping->address = (char *)window->mapped + (physical - window->base);
    mapping->bytes = bytes;
    mapping->window = window;
    mapping->place = place;
    mapping->next = kernel->mappings;
    kernel->mappings = mapping;
    window->mappings++;
    return mapping->address;
}

PVOID MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                   MEMORY_CACHING_TYPE CacheType)
{
    DQ_ENTER(MmMapIoSpace, NULL, PhysicalAddress.QuadPart, NumberOfBytes, CacheType, NULL);
    return map(cpu, (uint64_t)PhysicalAddress.QuadPart, NumberOfBytes, __builtin_return_address(0));
}

/* One of the protections, and at most one of the ways to cache. */
static bool is_protection(ULONG protect)
{
    const ULONG protections =
        PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
    const ULONG one = protect & protections, caching = protect & ~protections;

    return one != 0 && (one & (one - 1)) == 0 &&
           (caching == 0 || caching == PAGE_NOCACHE || caching == PAGE_WRITECOMBINE);
}

PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    DQ_ENTER(MmMapIoSpaceEx, NULL, PhysicalAddress.QuadPart, NumberOfBytes, Protect, NULL);
    if (!is_protection(Protect)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "MmMapIoSpace",
                               .page = "wdm: MmMapIoSpaceEx",
                               .place = __builtin_return_address(0) },
                "MmMapIoSpaceEx was asked for protection 0x%" PRIx32
                ": it is one of PAGE_READONLY, PAGE_READWRITE, PAGE_EXECUTE, PAGE_EXECUTE_READ and "
                "PAGE_EXECUTE_READWRITE, with PAGE_NOCACHE or PAGE_WRITECOMBINE at most",
                (uint32_t)Protect);
        return NULL;
    }
    return map(cpu, (uint64_t)PhysicalAddress.QuadPart, NumberOfBytes, __builtin_return_address(0));
}

static dq_mapping **find(dq_kernel *kernel, const void *address, size_t bytes)
{
    dq_mapping **link = &kernel->mappings;

    while (*link != NULL && ((*link)->address != address || (*link)->bytes != bytes)) {
        link = &(*link)->next;
    }
    return link;
}

VOID MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    dq_mapping **link;
    dq_mapping *mapping;

    DQ_ENTER(MmUnmapIoSpace, BaseAddress, NumberOfBytes, 0, 0, DQ_VOID);
    link = find(dq_kernel_of(cpu), BaseAddress, NumberOfBytes);
    mapping = *link;
    if (mapping == NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "MmUnmapIoSpace",
                               .page = "wdm: MmUnmapIoSpace",
                               .place = __builtin_return_address(0) },
                "MmUnmapIoSpace was given %p and 0x%" PRIx64
                " bytes, which no MmMapIoSpace returned for that "
                "length, or which was unmapped before",
                BaseAddress, (uint64_t)NumberOfBytes);
        return;
    }
    *link = mapping->next;
    mapping->window->mappings--;
    dq_keep_drop(cpu->machine, mapping);
}
