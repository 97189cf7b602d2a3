/*
 * address.c - whether there is memory at an address, and copies from where there may be none.
 *
 * All that the program can read is valid, and what MmMapIoSpace has mapped, though it is read
 * otherwise.
 */
#include <string.h>

#include "ke/ki.h"
#include "mm/frame.h"
#include "mm/iospace.h"
#include "sim/access.h"

static bool is_mapped_device(const dq_machine *machine, const void *address)
{
    const dq_mapping *mapping = ((const dq_kernel *)machine->kernel)->mappings;

    while (mapping != NULL && (uintptr_t)address - (uintptr_t)mapping->address >= mapping->bytes) {
        mapping = mapping->next;
    }
    return mapping != NULL;
}

BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress)
{
    char byte;

    DQ_ENTER(MmIsAddressValid, NULL, VirtualAddress, 0, 0, FALSE);
    return host_memory_copy(&byte, VirtualAddress, 1) == 1 ||
           is_mapped_device(cpu->machine, VirtualAddress);
}

/* ---- Copying --------------------------------------------------------------------------------- */

static size_t copy_physical(dq_machine *machine, char *to, uint64_t from, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        const uint64_t at = from + done;
        const size_t left_in_page = PAGE_SIZE - (size_t)(at % PAGE_SIZE);
        const size_t part = bytes - done < left_in_page ? bytes - done : left_in_page;
        const void *memory = dq_frame_byte(machine, at);

        if (memory == NULL || host_memory_copy(to + done, memory, part) != part) {
            break;
        }
        done += part;
    }
    return done;
}

static size_t copy(dq_processor *cpu, void *to, MM_COPY_ADDRESS from, size_t bytes, ULONG flags)
{
    if (flags == MM_COPY_MEMORY_PHYSICAL) {
        return copy_physical(cpu->machine, to, (uint64_t)from.PhysicalAddress.QuadPart, bytes);
    }
    dq_access_by_service(cpu, from.VirtualAddress, bytes, DQ_ACCESS_READ);
    return host_memory_copy(to, from.VirtualAddress, bytes);
}

/* The page names no status of its own for flags that are wrong, or memory that is not there. */
NTSTATUS NTAPI MmCopyMemory(PVOID TargetAddress, MM_COPY_ADDRESS SourceAddress,
                            SIZE_T NumberOfBytes, ULONG Flags, PSIZE_T NumberOfBytesTransferred)
{
    DQ_ENTER(MmCopyMemory, TargetAddress, TargetAddress, NumberOfBytes, Flags, STATUS_UNSUCCESSFUL);
    *NumberOfBytesTransferred = 0;
    if (Flags != MM_COPY_MEMORY_PHYSICAL && Flags != MM_COPY_MEMORY_VIRTUAL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    dq_access_by_service(cpu, TargetAddress, NumberOfBytes, DQ_ACCESS_WRITE);
    *NumberOfBytesTransferred = copy(cpu, TargetAddress, SourceAddress, NumberOfBytes, Flags);
    return *NumberOfBytesTransferred == NumberOfBytes ? STATUS_SUCCESS : STATUS_INVALID_ADDRESS;
}

MM_SYSTEMSIZE NTAPI MmQuerySystemSize(VOID)
{
    DQ_ENTER(MmQuerySystemSize, NULL, 0, 0, 0, MmLargeSystem);
    return MmLargeSystem;
}
