/*
 * pool.c - ExAllocatePool2 and its family.
 *
 * The services report before they act: a checker knows from CALL and POOL_ALLOCATE events all that
 * it needs to speak with the Driver Verifier's words. What is left is what Windows bug-checks
 * itself: 0xC2.
 */
#include "ex/pool.h"

#include <string.h>

#include "ex/poolguard.h"
#include "ex/pooltable.h"
#include "ke/ki.h"
#include "ke/raise.h"

enum { FILL = 0xA5 };

/* ---- Memory ---------------------------------------------------------------------------------- */

static dq_fail_kind kind_of(dq_service service)
{
    switch (service) {
    case DQ_SERVICE_IoAllocateWorkItem:
        return DQ_FAIL_WORK_ITEM;
    case DQ_SERVICE_ExAllocateFromNPagedLookasideList:
    case DQ_SERVICE_ExAllocateFromPagedLookasideList:
    case DQ_SERVICE_ExAllocateFromLookasideListEx:
        return DQ_FAIL_LOOKASIDE;
    default:
        return DQ_FAIL_POOL;
    }
}

/* A block of a page or more begins on a page. */
static size_t alignment_of(const dq_pool_request *r)
{
    if (r->bytes >= PAGE_SIZE) {
        return PAGE_SIZE;
    }
    return r->cache_aligned ? SYSTEM_CACHE_ALIGNMENT_SIZE : MEMORY_ALLOCATION_ALIGNMENT;
}

static void *get_memory(dq_processor *cpu, const dq_pool_request *r)
{
    const bool can_fail = !r->asked && (r->object == NULL || r->caller != NULL);
    const size_t alignment = alignment_of(r);
    void *memory;

    if (can_fail && dq_fails(cpu, kind_of(r->service), r->tag, r->caller, r->place)) {
        return NULL;
    }
    memory = dq_pool_special_memory(dq_pool_of(cpu->machine), r->bytes, alignment,
                                    r->side != DQ_SPECIAL_OFF ? r->side
                                                              : cpu->machine->options.special_pool);
    return memory != NULL ? memory : dq_poolguard_get(cpu->machine, r->bytes, alignment);
}

/* ---- A request ------------------------------------------------------------------------------- */

void *dq_pool_request_memory(dq_processor *cpu, const dq_pool_request *r)
{
    const unsigned highest = r->paged ? DQ_LEVEL_APC : DQ_LEVEL_DISPATCH;
    dq_pool *pool = dq_pool_of(cpu->machine);
    dq_pool_block *block;
    void *address;

    if (cpu->irql > highest) {
        dq_bugcheck(cpu, BAD_POOL_CALLER, 8, cpu->irql, r->type, r->bytes,
                    "%s of %s memory at IRQL %u: it needs IRQL <= %s", dq_service_name(r->service),
                    r->paged ? "paged" : "nonpaged", cpu->irql,
                    r->paged ? "APC_LEVEL" : "DISPATCH_LEVEL");
    }
    address = pool != NULL ? get_memory(cpu, r) : NULL;
    block = address != NULL ? dq_pool_take_in(cpu->machine, pool, address, r->bytes) : NULL;
    if (block == NULL) {
        if (r->raises) {
            dq_raise_status(cpu, STATUS_INSUFFICIENT_RESOURCES, r->place, "%s has no memory",
                            dq_service_name(r->service));
        }
        return NULL;
    }
    block->tag = r->tag;
    block->paged = r->paged;
    block->service = r->service;
    block->object = r->object;
    block->maker = r->caller;
    block->place = r->place;
    memset(address, r->zeroed ? 0 : FILL, r->bytes);
    dq_emit(cpu, POOL_ALLOCATE, address, r->bytes, r->tag, r->paged);
    return address;
}

static bool is_one_pool(POOL_FLAGS flags)
{
    const POOL_FLAGS pools =
        flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);

    return pools != 0 && (pools & (pools - 1)) == 0;
}

static bool are_known(POOL_FLAGS flags)
{
    const POOL_FLAGS known = POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |
                             POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE |
                             POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;

    /* Flags of the optional range that nobody knows are ignored, of the required range refused. */
    return (flags & (POOL_FLAG_REQUIRED_END | (POOL_FLAG_REQUIRED_END - 1)) & ~known) == 0;
}

bool dq_pool_request_of_flags(dq_pool_request *request, POOL_FLAGS flags, size_t bytes,
                              uint32_t tag, dq_service service, const void *place)
{
    *request = (dq_pool_request){ .bytes = bytes,
                                  .tag = tag,
                                  .paged = (flags & POOL_FLAG_PAGED) != 0,
                                  .zeroed = (flags & POOL_FLAG_UNINITIALIZED) == 0,
                                  .raises = (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0,
                                  .cache_aligned = (flags & POOL_FLAG_CACHE_ALIGNED) != 0,
                                  .type = flags,
                                  .service = service,
                                  .place = place };
    return tag != 0 && bytes != 0 && is_one_pool(flags) && are_known(flags);
}

/* ---- The services ---------------------------------------------------------------------------- */

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    dq_pool_request r;
    const bool valid = dq_pool_request_of_flags(
        &r, Flags, NumberOfBytes, Tag, DQ_SERVICE_ExAllocatePool2, DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePool2, NULL, Flags, NumberOfBytes, Tag, NULL);
    if (!valid) {
        if (r.raises) {
            dq_raise_status(cpu, STATUS_INVALID_PARAMETER, r.place,
                            "ExAllocatePool2 with a tag, size or flags that are not valid");
        }
        return NULL;
    }
    return dq_pool_request_memory(cpu, &r);
}

dq_pool_request dq_pool_request_of_type(POOL_TYPE type, size_t bytes, uint32_t tag,
                                        dq_service service, const void *place)
{
    return (dq_pool_request){ .bytes = bytes,
                              .tag = tag,
                              .paged = ((unsigned)type & 1u) != 0,
                              .raises = ((unsigned)type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0,
                              .zeroed = ((unsigned)type & POOL_ZERO_ALLOCATION) != 0,
                              .cache_aligned =
                                  ((unsigned)type & NonPagedPoolBaseCacheAligned) != 0,
                              .type = (unsigned)type,
                              .service = service,
                              .place = place };
}

void *dq_pool_allocate(dq_processor *cpu, POOL_TYPE type, size_t bytes, uint32_t tag,
                       const void *place)
{
    const dq_pool_request r =
        dq_pool_request_of_type(type, bytes, tag, cpu->execution->service, place);

    return dq_pool_request_memory(cpu, &r);
}

void *dq_pool_allocate_object(POOL_TYPE type, size_t bytes, uint32_t tag, const char *object,
                              const char *caller, const void *place)
{
    dq_pool_request r =
        dq_pool_request_of_type(type, bytes, tag, DQ_SERVICE_ExAllocatePoolWithTag, place);
    dq_processor *cpu = dq_enter(r.service, place, NULL, (uint64_t)type, bytes, tag);
    DQ_LEAVES(cpu);

    if (cpu == NULL) {
        return NULL;
    }
    r.object = object;
    r.caller = caller;
    return dq_pool_request_memory(cpu, &r);
}

void *dq_pool_part(dq_processor *cpu, size_t bytes, uint32_t tag, const char *object,
                   const void *place)
{
    dq_pool_request r =
        dq_pool_request_of_type(NonPagedPoolNx, bytes, tag, cpu->execution->service, place);

    r.object = object;
    r.asked = true;
    return dq_pool_request_memory(cpu, &r);
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    const dq_pool_request r =
        dq_pool_request_of_type(PoolType, NumberOfBytes, Tag, DQ_SERVICE_ExAllocatePoolWithTag,
                                DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePoolWithTag, NULL, PoolType, NumberOfBytes, Tag, NULL);
    return dq_pool_request_memory(cpu, &r);
}

/* Without a tag of its own: all such blocks are tagged "None". */
PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    const dq_pool_request r =
        dq_pool_request_of_type(PoolType, NumberOfBytes, DQ_POOL_UNTAGGED,
                                DQ_SERVICE_ExAllocatePool, DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePool, NULL, PoolType, NumberOfBytes, DQ_POOL_UNTAGGED, NULL);
    return dq_pool_request_memory(cpu, &r);
}

PVOID NTAPI ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    dq_pool_request r = dq_pool_request_of_type(
        PoolType, NumberOfBytes, Tag, DQ_SERVICE_ExAllocatePoolZero, DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePoolZero, NULL, PoolType, NumberOfBytes, Tag, NULL);
    r.zeroed = true;
    return dq_pool_request_memory(cpu, &r);
}

PVOID NTAPI ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    const dq_pool_request r = dq_pool_request_of_type(PoolType, NumberOfBytes, Tag,
                                                      DQ_SERVICE_ExAllocatePoolUninitialized,
                                                      DQ_CALL_PLACE);

    DQ_ENTER(ExAllocatePoolUninitialized, NULL, PoolType, NumberOfBytes, Tag, NULL);
    return dq_pool_request_memory(cpu, &r);
}
