/*
 * mdl.c - memory descriptor lists: describing and locking pages.
 *
 * Nothing is paged out here: locking is bookkeeping, in the MDL's own flags, as drivers see it.
 */
#include "mm/mdl.h"

#include <inttypes.h>

#include "ke/ki.h"
#include "ke/raise.h"
#include "mm/frame.h"
#include "mm/mdlheld.h"
#include "mm/probe.h"
#include "sim/computing.h"

enum { DESCRIBED = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL };

void dq_mdl_refuse(dq_processor *cpu, const MDL *mdl, const dq_mdl_error *error, const char *text)
{
    const uint32_t code = error->subcode != 0 ? DRIVER_VERIFIER_DETECTED_VIOLATION : 0;

    dq_find(cpu,
            &(dq_finding){ .severity = error->warning ? DQ_WARNING : DQ_ERROR,
                           .rule = error->rule,
                           .page = dq_service_name(cpu->execution->service),
                           .code = code,
                           .parameters = { error->subcode, (uintptr_t)mdl,
                                           (USHORT)mdl->MdlFlags, error->flags },
                           .place = error->place },
            "%s was given an MDL (flags 0x%04X) %s", dq_service_name(cpu->execution->service),
            (USHORT)mdl->MdlFlags, text);
}

bool dq_mdl_check_described(dq_processor *cpu, const MDL *mdl, const void *place)
{
    const dq_service service = cpu->execution->service;
    const bool maps = service == DQ_SERVICE_MmMapLockedPages ||
                      service == DQ_SERVICE_MmMapLockedPagesSpecifyCache;

    if (mdl->MdlFlags & DESCRIBED) {
        return true;
    }
    dq_mdl_refuse(
        cpu, mdl,
        &(dq_mdl_error){
            .rule = "MdlPages", .subcode = maps ? 0xB3 : 0, .flags = DESCRIBED, .place = place },
        "that describes no pages yet: call MmProbeAndLockPages or "
        "MmBuildMdlForNonPagedPool first");
    return false;
}

typedef struct search {
    uintptr_t address;
    const dq_pool_block *found;
} search;

static void look_at(void *context, const dq_pool_block *block)
{
    search *s = context;

    if (s->address - (uintptr_t)block->address < block->bytes) {
        s->found = block;
    }
}

const dq_pool_block *dq_mdl_pool_block(dq_machine *machine, const void *address)
{
    search s = { .address = (uintptr_t)address };

    dq_pool_for_each(machine, look_at, &s);
    return s.found;
}

bool dq_mdl_describe(dq_machine *machine, PMDL mdl)
{
    const unsigned pages = dq_mdl_pages(mdl);
    PPFN_NUMBER frames = MmGetMdlPfnArray(mdl);

    for (unsigned i = 0; i < pages; i++) {
        const char *page = (const char *)mdl->StartVa + (size_t)i * PAGE_SIZE;

        frames[i] = (PFN_NUMBER)(dq_frame_physical(machine, page) >> PAGE_SHIFT);
        if (frames[i] == 0) {
            return false;
        }
    }
    return true;
}

SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    const size_t pages = (BYTE_OFFSET(Base) + Length + PAGE_SIZE - 1) >> PAGE_SHIFT;

    return sizeof(MDL) + pages * sizeof(PFN_NUMBER);
}

/* ---- Nonpaged memory ------------------------------------------------------------------------- */

/* Nobody else's pages may be built: not locked, not part of something, and not twice at once. */
static void check_new(dq_processor *cpu, const MDL *mdl, const void *place)
{
    const ULONG wrong = (ULONG)mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | DESCRIBED);

    if (wrong != 0) {
        dq_mdl_refuse(cpu, mdl,
                      &(dq_mdl_error){ .rule = "MdlPages", .flags = wrong, .place = place },
                      "that describes pages already");
    }
}

/* Of the code that calls: pages that may be traded for others. */
static void check_stack(dq_processor *cpu, const MDL *mdl, const void *place)
{
    const uintptr_t low = (uintptr_t)cpu->task->context.stack;

    if ((uintptr_t)MmGetMdlVirtualAddress(mdl) - low < cpu->task->context.stack_bytes) {
        dq_mdl_refuse(cpu, mdl, &(dq_mdl_error){ .rule = "MdlPages", .place = place },
                      "whose pages are of a kernel stack: call MmProbeAndLockPages");
    }
}

VOID NTAPI MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    const void *place = __builtin_return_address(0);
    const dq_pool_block *block;

    DQ_ENTER(MmBuildMdlForNonPagedPool, NULL, MemoryDescriptorList, 0, 0, DQ_VOID);
    check_new(cpu, MemoryDescriptorList, place);
    check_stack(cpu, MemoryDescriptorList, place);
    block = dq_mdl_pool_block(cpu->machine, MmGetMdlVirtualAddress(MemoryDescriptorList));
    if (block != NULL && block->paged) {
        dq_mdl_refuse(cpu, MemoryDescriptorList,
                      &(dq_mdl_error){ .rule = "MdlPages", .subcode = 0x7F, .place = place },
                      "whose pages are from paged pool: call MmProbeAndLockPages");
    }
    if (!dq_mdl_describe(cpu->machine, MemoryDescriptorList)) {
        dq_bugcheck(cpu, MEMORY_MANAGEMENT, 0, (uintptr_t)MemoryDescriptorList, 0, 0,
                    "the machine is short of memory for page frames");
    }
    MemoryDescriptorList->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    MemoryDescriptorList->MappedSystemVa = MmGetMdlVirtualAddress(MemoryDescriptorList);
    MemoryDescriptorList->Process = NULL;
}

/* ---- Locking --------------------------------------------------------------------------------- */

static void check_pageable(dq_processor *cpu, const MDL *mdl, const void *place)
{
    const dq_pool_block *block = dq_mdl_pool_block(cpu->machine, MmGetMdlVirtualAddress(mdl));

    if (cpu->irql > APC_LEVEL && block != NULL && block->paged) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "MdlPages",
                               .page = "wdm: MmProbeAndLockPages",
                               .code = DRIVER_IRQL_NOT_LESS_OR_EQUAL,
                               .parameters = { (uintptr_t)block->address, cpu->irql },
                               .place = place },
                "MmProbeAndLockPages of pageable memory at IRQL %u: it needs IRQL <= APC_LEVEL",
                cpu->irql);
    }
}

/* Pool can be written. Elsewhere it is tried: what cannot be raises by itself. */
static void try_to_write(dq_processor *cpu, const MDL *mdl)
{
    if (dq_mdl_pool_block(cpu->machine, MmGetMdlVirtualAddress(mdl)) == NULL) {
        dq_probe_touch(MmGetMdlVirtualAddress(mdl), mdl->ByteCount);
    }
}

static const char *why_not_accessible(dq_processor *cpu, const MDL *mdl, KPROCESSOR_MODE mode)
{
    const void *address = MmGetMdlVirtualAddress(mdl);
    const char *why =
        mode != KernelMode ? dq_probe_why_not_users(cpu->machine, address, mdl->ByteCount) : NULL;

    if (why == NULL && !dq_probe_is_there(address, mdl->ByteCount)) {
        why = "where no memory is";
    }
    return why;
}

VOID NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation)
{
    const void *place = __builtin_return_address(0);
    const PMDL mdl = MemoryDescriptorList;
    const ULONG wrong = (ULONG)DQ_READ(MmProbeAndLockPages, mdl->MdlFlags) &
                        (MDL_MAPPED_TO_SYSTEM_VA | DESCRIBED | MDL_IO_SPACE);
    const char *why;

    DQ_ENTER(MmProbeAndLockPages, NULL, MemoryDescriptorList, AccessMode, Operation, DQ_VOID);
    if (wrong != 0) {
        dq_mdl_refuse(cpu, mdl,
                      &(dq_mdl_error){
                          .rule = "MdlLock", .subcode = 0xB0, .flags = wrong, .place = place },
                      wrong & MDL_PAGES_LOCKED ? "whose pages are locked already"
                                               : "whose pages need no lock");
        return;
    }
    check_pageable(cpu, mdl, place);
    why = why_not_accessible(cpu, mdl, AccessMode);
    if (why != NULL) {
        dq_raise_status(cpu, STATUS_ACCESS_VIOLATION, place,
                        "MmProbeAndLockPages of %u bytes at %p, %s", mdl->ByteCount,
                        MmGetMdlVirtualAddress(mdl), why);
    }
    if (Operation != IoReadAccess) {
        try_to_write(cpu, mdl);
    }
    if (!dq_mdl_describe(cpu->machine, mdl) ||
        !dq_mdl_hold_add(cpu->machine, &(dq_mdl_hold){ .kind = DQ_MDL_LOCKED,
                                                       .mdl = mdl,
                                                       .bytes = mdl->ByteCount,
                                                       .place = place })) {
        dq_raise_status(cpu, STATUS_INSUFFICIENT_RESOURCES, place,
                        "MmProbeAndLockPages: no page frames are left");
    }
    mdl->MdlFlags |= (CSHORT)(MDL_PAGES_LOCKED |
                              (Operation != IoReadAccess ? MDL_WRITE_OPERATION : 0));
}

VOID NTAPI MmUnlockPages(PMDL MemoryDescriptorList)
{
    const void *place = __builtin_return_address(0);
    const ULONG flags = DQ_READ(MmUnlockPages, (USHORT)MemoryDescriptorList->MdlFlags);

    DQ_ENTER(MmUnlockPages, NULL, MemoryDescriptorList, 0, 0, DQ_VOID);
    if (flags & MDL_SOURCE_IS_NONPAGED_POOL) {
        dq_mdl_refuse(cpu, MemoryDescriptorList,
                      &(dq_mdl_error){ .rule = "MdlLock", .subcode = 0x7D, .place = place },
                      "of nonpaged memory, which is never unlocked");
    } else if (flags & MDL_PARTIAL) {
        dq_mdl_refuse(
            cpu, MemoryDescriptorList,
            &(dq_mdl_error){
                .rule = "MdlLock", .subcode = 0xB4, .flags = MDL_PARTIAL, .place = place },
            "that IoBuildPartialMdl made: the pages belong to its source");
    } else if (!(flags & MDL_PAGES_LOCKED)) {
        dq_mdl_refuse(cpu, MemoryDescriptorList,
                      &(dq_mdl_error){ .rule = "MdlLock", .subcode = 0x7C, .place = place },
                      "whose pages are not locked");
    } else {
        dq_mdl_unmap(cpu->machine, MemoryDescriptorList);
        (void)dq_mdl_hold_drop(cpu->machine, DQ_MDL_LOCKED, MemoryDescriptorList, NULL);
        MemoryDescriptorList->MdlFlags &= (CSHORT)~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    }
}
