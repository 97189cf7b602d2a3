/*
 * probe.c - ProbeForRead, ProbeForWrite.
 *
 * There is no user mode: the memory of the test stands for it, on its stacks as well. What the
 * driver has from the kernel does not.
 */
#include "mm/probe.h"

#include "ke/ki.h"
#include "ke/raise.h"
#include "mm/mdl.h"
#include "sim/useraddress.h"

static bool is_kernels(dq_machine *machine, const void *address)
{
    return dq_mdl_pool_block(machine, address) != NULL ||
           dq_window_by_mapped(machine, address) != NULL;
}

const char *dq_probe_why_not_users(dq_machine *machine, const volatile void *address, size_t bytes)
{
    const char *first = (const char *)(uintptr_t)address;

    if (!dq_is_user_range((uintptr_t)address, bytes)) {
        return "which reach beyond user mode's addresses";
    }
    if (is_kernels(machine, first) || (bytes > 0 && is_kernels(machine, first + bytes - 1))) {
        return "in pool or a device's memory: no user-mode address";
    }
    return NULL;
}

/* The first byte in it of each page. */
#define FOR_EACH_PAGE(at, address, bytes)                                             \
    for (uintptr_t at = (uintptr_t)(address), at##_end = at + (bytes); at < at##_end; \
         at = (at & ~(uintptr_t)(PAGE_SIZE - 1)) + PAGE_SIZE)

bool dq_probe_is_there(const volatile void *address, size_t bytes)
{
    char byte;

    FOR_EACH_PAGE(at, address, bytes)
    {
        if (host_memory_copy(&byte, (const void *)at, 1) != 1) {
            return false;
        }
    }
    return true;
}

static void check_range(dq_processor *cpu, const volatile void *address, SIZE_T length,
                        ULONG alignment, const char *service, const void *place)
{
    const char *why = dq_probe_why_not_users(cpu->machine, address, length);

    if (why != NULL) {
        dq_raise_status(cpu, STATUS_ACCESS_VIOLATION, place, "%s of %zu bytes at %p, %s", service,
                        (size_t)length, (const void *)(uintptr_t)address, why);
    }
    if (alignment > 1 && (uintptr_t)address % alignment != 0) {
        dq_raise_status(cpu, STATUS_DATATYPE_MISALIGNMENT, place,
                        "%s at %p, which is not aligned to %u bytes", service,
                        (const void *)(uintptr_t)address, alignment);
    }
}

VOID NTAPI ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    const void *place = __builtin_return_address(0);

    DQ_ENTER(ProbeForRead, NULL, (uintptr_t)Address, Length, Alignment, DQ_VOID);
    if (Length > 0) {
        check_range(cpu, Address, Length, Alignment, "ProbeForRead", place);
    }
}

void dq_probe_touch(volatile void *address, size_t length)
{
    FOR_EACH_PAGE(at, address, length)
    {
        volatile UCHAR *byte = (volatile UCHAR *)at;
        UCHAR is = *byte;

        (void)__atomic_compare_exchange_n(byte, &is, is, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
}

VOID NTAPI ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    const void *place = __builtin_return_address(0);

    DQ_ENTER(ProbeForWrite, NULL, (uintptr_t)Address, Length, Alignment, DQ_VOID);
    if (Length > 0) {
        check_range(cpu, Address, Length, Alignment, "ProbeForWrite", place);
        dq_probe_touch(Address, Length);
    }
}
