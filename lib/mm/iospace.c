/*
 * iospace.c - MmMapIoSpace and MmUnmapIoSpace: where a driver sees a device's registers.
 *
 * Every device window has one range of addresses; mappings of it are counted. Memory of the
 * machine's own can be mapped, too, where it was allocated as a block that stays where it is: its
 * mapping is the address that it has anyway.
 */
#include <inttypes.h>

#include <wdm.h>

#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/frame.h"
#include "mm/iospace.h"
#include "sim/fail.h"
#include "sim/place.h"

/* What is asked for. */
typedef struct request {
    uint64_t physical;
    size_t bytes;
    int caching;
    bool read_only;
    const void *place;
} request;

static dq_finding finding_of(const request *r, const char *page)
{
    return (dq_finding){
        .severity = DQ_WARNING, .rule = "MmMapIoSpace", .page = page, .place = r->place
    };
}

/* ---- What can be mapped ---------------------------------------------------------------------- */

/* Where the machine's memory is, if all of the range lies in blocks that are in use; else NULL, and
 * *frame is the first that does not. */
static void *memory_of(dq_machine *machine, const request *r, uint64_t *frame)
{
    const uint64_t last = (r->physical + r->bytes - 1) >> PAGE_SHIFT;

    for (*frame = r->physical >> PAGE_SHIFT; *frame <= last; ++*frame) {
        const dq_frame_block *block = dq_frame_block_of(machine, *frame);

        if (block == NULL || block->memory == NULL) {
            return NULL;
        }
    }
    *frame = r->physical >> PAGE_SHIFT;
    return dq_frame_bytes(machine, r->physical, r->bytes);
}

/* Memory whose owner may give it back. */
static void refuse_memory(dq_processor *cpu, const request *r, uint64_t frame)
{
    dq_finding finding = finding_of(r, "wdm: MmMapIoSpace");

    finding.severity = DQ_ERROR;
    finding.rule = "MapUnlocked";
    finding.code = DRIVER_VERIFIER_DETECTED_VIOLATION;
    finding.parameters[0] = 0x83;
    finding.parameters[1] = r->physical;
    finding.parameters[2] = r->bytes;
    finding.parameters[3] = frame;
    dq_find(cpu, &finding,
            "0x%" PRIx64 " bytes at physical address 0x%" PRIx64
            " are mapped, but they are memory that is not locked: page frame 0x%" PRIx64,
            (uint64_t)r->bytes, r->physical, frame);
}

static void *find_address(dq_processor *cpu, const request *r, dq_window **window)
{
    const dq_finding finding = finding_of(r, "wdm: MmMapIoSpace");
    uint64_t frame = 0;
    void *memory = NULL;

    *window = dq_window_by_physical(cpu->machine, DQ_SPACE_MEMORY, r->physical);
    if (*window != NULL && r->bytes != 0 &&
        r->bytes <= (*window)->bytes - (r->physical - (*window)->base)) {
        return (char *)(*window)->mapped + (r->physical - (*window)->base);
    }
    if (*window == NULL && r->bytes != 0 && r->bytes <= UINT64_MAX - r->physical) {
        memory = memory_of(cpu->machine, r, &frame);
        if (memory == NULL && dq_frame_byte(cpu->machine, frame << PAGE_SHIFT) != NULL) {
            refuse_memory(cpu, r, frame);
            return NULL;
        }
    }
    if (memory == NULL) {
        dq_find(cpu, &finding,
                "0x%" PRIx64 " bytes at physical address 0x%" PRIx64 " cannot be mapped: %s",
                (uint64_t)r->bytes, r->physical,
                r->bytes == 0     ? "the length is zero"
                : *window == NULL ? "no device owns that address (dirql_device_add_memory)"
                                  : "they reach beyond the end of the device");
    }
    return memory;
}

/* A page has one way to be cached, however often it is mapped. */
static void check_caching(dq_processor *cpu, const request *r, const void *address)
{
    const uintptr_t first = (uintptr_t)address >> PAGE_SHIFT;
    const uintptr_t last = ((uintptr_t)address + r->bytes - 1) >> PAGE_SHIFT;
    dq_finding finding = finding_of(r, "wdm: MEMORY_CACHING_TYPE");
    char there[300];

    finding.severity = DQ_ERROR;
    finding.rule = "MapCacheType";
    for (const dq_mapping *m = dq_kernel_of(cpu)->mappings; m != NULL; m = m->next) {
        const uintptr_t page = (uintptr_t)m->address >> PAGE_SHIFT;
        const uintptr_t end = ((uintptr_t)m->address + m->bytes - 1) >> PAGE_SHIFT;

        if (page <= last && first <= end && m->caching != r->caching) {
            dq_find(cpu, &finding,
                    "physical address 0x%" PRIx64
                    " is mapped with cache type %d, but a page of it is mapped with %d, in %s",
                    r->physical, r->caching, m->caching,
                    dq_place_describe(m->place, there, sizeof(there)));
            return;
        }
    }
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static void *map(dq_processor *cpu, const request *r)
{
    dq_kernel *kernel = dq_kernel_of(cpu);
    dq_window *window;
    void *address = find_address(cpu, r, &window);
    dq_mapping *mapping;

    if (address == NULL || dq_fails(cpu, DQ_FAIL_MAP, 0, NULL, r->place)) {
        return NULL;
    }
    check_caching(cpu, r, address);
    mapping = dq_keep(cpu->machine, sizeof(*mapping));
    if (mapping == NULL) {
        return NULL;
    }
    *mapping = (dq_mapping){ .address = address,
                             .bytes = r->bytes,
                             .window = window,
                             .caching = r->caching,
                             .read_only = r->read_only,
                             .place = r->place,
                             .next = kernel->mappings };
    kernel->mappings = mapping;
    if (window != NULL) {
        window->mappings++;
        window->read_only += r->read_only;
    }
    return address;
}

PVOID MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                   MEMORY_CACHING_TYPE CacheType)
{
    DQ_ENTER(MmMapIoSpace, NULL, PhysicalAddress.QuadPart, NumberOfBytes, CacheType, NULL);
    return map(cpu, &(request){ .physical = (uint64_t)PhysicalAddress.QuadPart,
                                .bytes = NumberOfBytes,
                                .caching = CacheType,
                                .place = __builtin_return_address(0) });
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

static int caching_of(ULONG protect)
{
    if (protect & PAGE_NOCACHE) {
        return MmNonCached;
    }
    return protect & PAGE_WRITECOMBINE ? MmWriteCombined : MmCached;
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
    return map(cpu,
               &(request){ .physical = (uint64_t)PhysicalAddress.QuadPart,
                           .bytes = NumberOfBytes,
                           .caching = caching_of(Protect),
                           .read_only = (Protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE)) == 0,
                           .place = __builtin_return_address(0) });
}

/* ---- Unmapping ------------------------------------------------------------------------------- */

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
    if (mapping->window != NULL) {
        mapping->window->mappings--;
        mapping->window->read_only -= mapping->read_only;
    }
    dq_keep_drop(cpu->machine, mapping);
}

/* ---- Looking --------------------------------------------------------------------------------- */

static const dq_mapping *next_at(const dq_mapping *from, const volatile void *address)
{
    while (from != NULL && (uintptr_t)address - (uintptr_t)from->address >= from->bytes) {
        from = from->next;
    }
    return from;
}

const dq_mapping *dq_mapping_at(dq_processor *cpu, const volatile void *address)
{
    return next_at(dq_kernel_of(cpu)->mappings, address);
}

bool dq_mapping_is_writable(dq_processor *cpu, const volatile void *address)
{
    const dq_mapping *at = dq_mapping_at(cpu, address);
    bool writable = at == NULL; /* The tail of a page that is mapped. */

    for (; at != NULL; at = next_at(at->next, address)) {
        writable = writable || !at->read_only;
    }
    return writable;
}
