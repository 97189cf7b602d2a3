/*
 * specialfault.c - who touches memory around a pool block, or one that was freed, is stopped there.
 *
 * The bug checks have a form for a driver's own code, and one for the system's: a service that
 * touches what a driver gave it.
 */
#include "ex/pooltable.h"
#include "ex/specialpool.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static bool lies_before(const dq_pool_block *block, const char *address)
{
    return address < (const char *)block->address;
}

/* How far the address is from the block. */
static size_t distance(const dq_pool_block *block, const char *address)
{
    const char *first = block->address;

    if (lies_before(block, address)) {
        return (size_t)(first - address);
    }
    return address - first < (ptrdiff_t)block->bytes ? 0
                                                     : (size_t)(address - first) - block->bytes + 1;
}

/* A page between two blocks is touched by who runs over the end of one or the start of the other:
 * the nearer one. */
static const dq_pool_block *meant(dq_pool *pool, const dq_special *special, const void *address)
{
    const dq_pool_block *block = dq_pool_find(pool, dq_special_owner(special, address));
    const dq_pool_block *next = dq_pool_find(pool, dq_special_next(special, address));

    if (block == NULL || next == NULL) {
        return block != NULL ? block : next;
    }
    return distance(next, address) < distance(block, address) ? next : block;
}

/* "reads byte 16 of a pool block ..." */
static const char *verb_of(const host_fault *fault)
{
    return fault->access == HOST_FAULT_WRITE ? "writes" : "reads";
}

static const char *who_of(const dq_execution *execution, char *text, size_t bytes)
{
    if (execution->service != DQ_SERVICE_NONE) {
        return dq_service_name(execution->service);
    }
    return dq_place_describe(execution->place, text, bytes);
}

static dq_finding finding_of(const dq_processor *cpu, const host_fault *fault,
                             const dq_pool_block *block)
{
    const bool by_system = cpu->execution->service != DQ_SERVICE_NONE;
    const bool freed = block == NULL || block->freed;
    dq_finding finding = { .severity = DQ_ERROR,
                           .rule = "bug check",
                           .parameters = { (uintptr_t)fault->address,
                                           fault->access == HOST_FAULT_WRITE,
                                           (uintptr_t)fault->place, 0 } };

    if (freed) {
        finding.code =
            by_system ? PAGE_FAULT_IN_FREED_SPECIAL_POOL : DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL;
    } else {
        finding.code = by_system ? PAGE_FAULT_BEYOND_END_OF_ALLOCATION
                                 : DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION;
    }
    if (block != NULL) {
        finding.memory = block->address;
        finding.memory_bytes = block->bytes;
    }
    return finding;
}

static void tell_freed(dq_processor *cpu, const host_fault *fault, const dq_pool_block *block)
{
    const dq_finding finding = finding_of(cpu, fault, block);
    char who[PLACE_TEXT], freed[PLACE_TEXT], allocated[PLACE_TEXT];

    dq_find(cpu, &finding,
            "%s %s byte %td of a pool block of %zu bytes (tag %.4s) that was freed.\n"
            "  It was freed by %s,\n  and had been allocated by %s.",
            who_of(cpu->execution, who, sizeof(who)), verb_of(fault),
            (const char *)fault->address - (const char *)block->address, block->bytes,
            (const char *)&block->tag, dq_place_describe(block->freed_place, freed, sizeof(freed)),
            dq_place_describe(block->place, allocated, sizeof(allocated)));
}

static void tell_around(dq_processor *cpu, const host_fault *fault, const dq_pool_block *block)
{
    const dq_finding finding = finding_of(cpu, fault, block);
    const size_t far = distance(block, fault->address);
    char who[PLACE_TEXT], allocated[PLACE_TEXT];

    dq_find(cpu, &finding,
            "%s %s a byte that lies %zu byte%s %s a pool block of %zu bytes (tag %.4s).\n"
            "  The block was allocated by %s.",
            who_of(cpu->execution, who, sizeof(who)), verb_of(fault), far, far == 1 ? "" : "s",
            lies_before(block, fault->address) ? "before the start of" : "behind the end of",
            block->bytes, (const char *)&block->tag,
            dq_place_describe(block->place, allocated, sizeof(allocated)));
}

static void tell_unknown(dq_processor *cpu, const host_fault *fault)
{
    const dq_finding finding = finding_of(cpu, fault, NULL);
    char who[PLACE_TEXT];

    dq_find(cpu, &finding,
            "%s %s special pool that belongs to no block any more: it was freed long ago.",
            who_of(cpu->execution, who, sizeof(who)), verb_of(fault));
}

void dq_special_fault(dq_processor *cpu, const host_fault *fault)
{
    dq_pool *pool = dq_pool_of(cpu->machine);
    const dq_special *special = pool != NULL ? dq_pool_special(pool) : NULL;
    const dq_pool_block *block;

    if (special == NULL || fault->access == HOST_FAULT_EXECUTE ||
        !dq_special_was_used(special, fault->address)) {
        return;
    }
    block = meant(pool, special, fault->address);
    if (block == NULL) {
        tell_unknown(cpu, fault);
    } else if (block->freed) {
        tell_freed(cpu, fault, block);
    } else {
        tell_around(cpu, fault, block);
    }
    dq_go_home(cpu); /* It was suppressed, but there is nothing to go on with. */
}
