/*
 * mdl.c - IoAllocateMdl and its neighbours: MDLs from pool, chained to requests, and parts of
 * others.
 */
#include "mm/mdl.h"

#include <string.h>

#include "io/io.h"
#include "ke/ki.h"
#include "mm/mdlheld.h"
#include "sim/computing.h"

enum { POOL_TAG = 0x206C644D }; /* "Mdl " */

static void chain(PIRP irp, PMDL mdl, BOOLEAN secondary)
{
    PMDL *link = &irp->MdlAddress;

    while (secondary && *link != NULL) {
        link = &(*link)->Next;
    }
    *link = mdl;
}

PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
                         BOOLEAN ChargeQuota, PIRP Irp)
{
    const void *place = DQ_CALL_PLACE;
    PMDL mdl;

    DQ_ENTER(IoAllocateMdl, NULL, VirtualAddress, Length, Irp, NULL);
    (void)ChargeQuota;
    if (Length > 0xFFFFF000u) {
        return NULL;
    }
    mdl = dq_pool_allocate(cpu, NonPagedPoolNx, MmSizeOfMdl(VirtualAddress, Length), POOL_TAG,
                           place);
    if (mdl == NULL) {
        return NULL;
    }
    memset(mdl, 0, sizeof(*mdl));
    MmInitializeMdl(mdl, VirtualAddress, Length);
    if (Irp != NULL) {
        chain(Irp, mdl, SecondaryBuffer);
    }
    return mdl;
}

VOID NTAPI IoFreeMdl(PMDL Mdl)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(IoFreeMdl, NULL, Mdl, 0, 0, DQ_VOID);
    if (dq_mdl_pool_block(cpu->machine, Mdl) != NULL) { /* Else the pool says what is wrong. */
        if (Mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) {
            dq_mdl_unmap(cpu->machine, Mdl);
        } else if ((Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL)) ==
                       MDL_MAPPED_TO_SYSTEM_VA ||
                   dq_mdl_is_held(cpu->machine, DQ_MDL_MAPPED_FOR_USER, Mdl)) {
            dq_mdl_refuse(cpu, Mdl,
                          &(dq_mdl_error){ .rule = "MdlFree", .subcode = 0xB8, .place = place },
                          "that is still mapped");
        } else if ((Mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL)) == MDL_PAGES_LOCKED) {
            dq_mdl_refuse(cpu, Mdl, &(dq_mdl_error){ .rule = "MdlFree", .place = place },
                          "whose pages are still locked: call MmUnlockPages first");
        }
    }
    dq_mdl_hold_forget(cpu->machine, Mdl);
    dq_pool_give_back(cpu, Mdl, POOL_TAG, place);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static bool fits(const MDL *source, const MDL *target, size_t offset, size_t bytes)
{
    const size_t from_page = (source->ByteOffset + offset) & (PAGE_SIZE - 1);
    const size_t pages = (from_page + bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;

    return offset < source->ByteCount && bytes <= source->ByteCount - offset &&
           sizeof(MDL) + pages * sizeof(PFN_NUMBER) <= (USHORT)target->Size;
}

static void build(const MDL *source, PMDL target, char *address, size_t offset, ULONG bytes)
{
    const size_t first = (source->ByteOffset + offset) >> PAGE_SHIFT;

    target->StartVa = PAGE_ALIGN(address);
    target->ByteOffset = BYTE_OFFSET(address);
    target->ByteCount = bytes;
    target->Process = source->Process;
    target->MdlFlags &= MDL_ALLOCATED_FIXED_SIZE;
    target->MdlFlags |= (CSHORT)(MDL_PARTIAL | (source->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL |
                                                                    MDL_MAPPED_TO_SYSTEM_VA |
                                                                    MDL_IO_SPACE)));
    target->MappedSystemVa = NULL;
    if (source->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA)) {
        target->MappedSystemVa = (char *)source->MappedSystemVa + offset;
        target->MdlFlags |= MDL_PARENT_MAPPED_SYSTEM_VA;
    }
    memcpy(MmGetMdlPfnArray(target), MmGetMdlPfnArray(source) + first,
           dq_mdl_pages(target) * sizeof(PFN_NUMBER));
}

VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    const void *place = DQ_CALL_PLACE;
    const size_t offset =
        (size_t)((char *)VirtualAddress -
                 (char *)DQ_READ(IoBuildPartialMdl, MmGetMdlVirtualAddress(SourceMdl)));

    DQ_ENTER(IoBuildPartialMdl, NULL, SourceMdl, TargetMdl, Length, DQ_VOID);
    if (!dq_mdl_check_described(cpu, SourceMdl, place)) {
        return;
    }
    if (Length == 0 && offset < SourceMdl->ByteCount) {
        Length = SourceMdl->ByteCount - (ULONG)offset;
    }
    if (!fits(SourceMdl, TargetMdl, offset, Length)) {
        dq_mdl_refuse(cpu, SourceMdl, &(dq_mdl_error){ .rule = "MdlPart", .place = place },
                      "and a range that is not in it, or a target that is too small for it");
        return;
    }
    if (TargetMdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) {
        dq_mdl_refuse(cpu, TargetMdl, &(dq_mdl_error){ .rule = "MdlPart", .place = place },
                      "to build that is mapped: call MmPrepareMdlForReuse first");
    }
    build(SourceMdl, TargetMdl, VirtualAddress, offset, Length);
}
