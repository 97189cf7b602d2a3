/*
 * mdladvance.c - an MDL whose beginning moves on, and the protection of its mapping.
 */
#include <string.h>

#include "ke/ki.h"
#include "mm/mdl.h"

/* The pages that were passed are no longer the MDL's. */
static void advance(PMDL mdl, ULONG bytes)
{
    const ULONG offset = mdl->ByteOffset + bytes;
    const ULONG passed = offset >> PAGE_SHIFT;
    const unsigned pages = dq_mdl_pages(mdl);
    PPFN_NUMBER frames = MmGetMdlPfnArray(mdl);

    memmove(frames, frames + passed, (pages - passed) * sizeof(*frames));
    mdl->StartVa = (char *)mdl->StartVa + (size_t)passed * PAGE_SIZE;
    mdl->ByteOffset = offset & (PAGE_SIZE - 1);
    mdl->ByteCount -= bytes;
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        mdl->MappedSystemVa = (char *)mdl->MappedSystemVa + bytes;
    }
}

/* Up to its end, where nothing is left; not past it. */
NTSTATUS NTAPI MmAdvanceMdl(PMDL Mdl, ULONG NumberOfBytes)
{
    DQ_ENTER(MmAdvanceMdl, NULL, Mdl, NumberOfBytes, 0, STATUS_UNSUCCESSFUL);
    if (!dq_mdl_check_described(cpu, Mdl, __builtin_return_address(0))) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (NumberOfBytes > Mdl->ByteCount) {
        return STATUS_INVALID_PARAMETER_2;
    }
    advance(Mdl, NumberOfBytes);
    return STATUS_SUCCESS;
}

static bool is_protection(ULONG protect)
{
    const ULONG known = PAGE_NOACCESS | PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE |
                        PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;

    return (protect & ~known) == 0 && protect != 0 && (protect & (protect - 1)) == 0;
}

/* A mapping is the address that the pages have anyway, so that it cannot be protected apart from
 * them: what it forbids is not watched. */
NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect)
{
    DQ_ENTER(MmProtectMdlSystemAddress, NULL, MemoryDescriptorList, NewProtect, 0,
             STATUS_UNSUCCESSFUL);
    if (!is_protection(NewProtect)) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    return MemoryDescriptorList->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA ? STATUS_SUCCESS
                                                                    : STATUS_NOT_MAPPED_VIEW;
}
