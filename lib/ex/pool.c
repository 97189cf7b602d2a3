/*
 * pool.c - ExAllocatePool2 and its family.
 *
 * The services report before they act: a checker knows from CALL and POOL_FREE events all that it
 * needs to speak with the Driver Verifier's words. What is left is what Windows bug-checks itself:
 * 0xC2, and 0xC7 for a timer or DPC that is still active in freed memory.
 */
#include "ex/pool.h"

#include <stdlib.h>
#include <string.h>

#include "ex/eresource.h"
#include "ex/lookaside.h"
#include "ex/poolguard.h"
#include "ex/poolmap.h"
#include "ex/pushlock.h"
#include "ex/workqueue.h"
#include "ke/ki.h"
#include "ke/raise.h"
#include "sim/place.h"

enum { BUCKETS = 1024, FREED_AT_FIRST = 64, FREED_KEPT = 4096, FILL = 0xA5, FREED_FILL = 0xDD };
enum { PROTECTED = (int)0x80000000 };

typedef struct kept {
    void *address; /* NULL: nothing. */
    size_t bytes;
} kept;

typedef struct pool {
    dq_pool_block *buckets[BUCKETS];
    dq_pool_block *unused;
    void **freed; /* Addresses. When it has grown, a ring: the oldest is forgotten. */
    unsigned freed_next, freed_room;
    kept kept[DQ_POOL_KEPT]; /* A ring of what is not given back to the host yet. */
    unsigned kept_next;
} pool;

/* ---- The table of blocks --------------------------------------------------------------------- */

static dq_pool_block **bucket_of(pool *p, const void *address)
{
    const uint64_t value = (uintptr_t)address >> 4;

    return &p->buckets[(value * 0x9E3779B97F4A7C15u) >> 54];
}

static dq_pool_block **find(pool *p, const void *address)
{
    dq_pool_block **link = bucket_of(p, address);

    while (*link != NULL && (*link)->address != address) {
        link = &(*link)->next;
    }
    return link;
}

static void forget(pool *p, dq_pool_block **link)
{
    dq_pool_block *block = *link;

    dq_poolmap_remove(block->address, p);
    *link = block->next;
    block->next = p->unused;
    p->unused = block;
}

static void make_room(dq_machine *machine, pool *p)
{
    const unsigned wanted = p->freed_room == 0 ? FREED_AT_FIRST : 4 * p->freed_room;
    void **freed = NULL;

    if (p->freed_next == p->freed_room && p->freed_room < FREED_KEPT) {
        freed = dq_arena_enlarge(machine->options.arena, p->freed, p->freed_room * sizeof(*freed),
                                 wanted * sizeof(*freed));
    }
    if (freed != NULL) {
        p->freed = freed;
        p->freed_room = wanted;
    }
}

static void remember_freed(dq_machine *machine, pool *p, dq_pool_block *block, const void *place)
{
    void **oldest;
    dq_pool_block **link;

    block->freed = true;
    block->freed_place = place;
    make_room(machine, p);
    if (p->freed_room == 0) {
        return;
    }
    oldest = &p->freed[p->freed_next++ % p->freed_room];
    link = *oldest != NULL ? find(p, *oldest) : NULL;
    if (link != NULL && *link != NULL && (*link)->freed && *link != block) {
        forget(p, link);
    }
    *oldest = block->address;
}

static void free_memory(const dq_arena *arena, void *address, size_t bytes)
{
    if (address == NULL || dq_arena_has(arena, address)) {
        return;
    }
    if (bytes >= PAGE_SIZE) {
        host_aligned_free(dq_poolguard_memory(address, bytes));
    } else {
        free(dq_poolguard_memory(address, bytes));
    }
}

/* Freed memory is of no use to anybody for a while. A sanitizer keeps it itself, and finds those who
 * touch it. */
static void put_aside(pool *p, const dq_arena *arena, void *address, size_t bytes)
{
    kept *oldest;

    memset(address, FREED_FILL, bytes);
    if (DQ_POOL_IS_SANITIZED || bytes > DQ_POOL_KEPT_BYTES || dq_arena_has(arena, address)) {
        free_memory(arena, address, bytes);
        return;
    }
    oldest = &p->kept[p->kept_next++ % DQ_POOL_KEPT];
    if (oldest->address != NULL) {
        free_memory(arena, oldest->address, oldest->bytes);
    }
    *oldest = (kept){ address, bytes };
}

static void free_kept(pool *p, const dq_arena *arena)
{
    for (unsigned i = 0; i < DQ_POOL_KEPT; i++) {
        if (p->kept[i].address != NULL) {
            free_memory(arena, p->kept[i].address, p->kept[i].bytes);
        }
    }
}

static dq_pool_block *new_block(dq_machine *machine, pool *p, void *address)
{
    dq_pool_block **link = find(p, address);
    dq_pool_block *block = *link;

    if (block == NULL) {
        block = p->unused != NULL ? p->unused : dq_machine_get(machine, sizeof(*block));
        if (block == NULL) {
            return NULL;
        }
        if (block == p->unused) {
            p->unused = block->next;
        }
        *link = block;
        block->next = NULL;
    }
    return block;
}

static void halt(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;
    pool *p = kernel->pool;

    for (unsigned i = 0; i < BUCKETS; i++) {
        while (p->buckets[i] != NULL) {
            dq_pool_block *block = p->buckets[i];

            p->buckets[i] = block->next;
            if (block->freed) {
                dq_poolmap_remove(block->address, p);
            } else {
                dq_poolmap_orphan(block->address, p);
                free_memory(machine->options.arena, block->address, block->bytes);
            }
            dq_machine_give(machine, block);
        }
    }
    free_kept(p, machine->options.arena);
    while (p->unused != NULL) {
        dq_pool_block *block = p->unused;

        p->unused = block->next;
        dq_machine_give(machine, block);
    }
    dq_machine_give(machine, p->freed);
    dq_machine_give(machine, p);
    kernel->pool = NULL;
}

static pool *pool_of(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->pool == NULL) {
        kernel->pool = dq_machine_get(machine, sizeof(pool));
        kernel->pool_halt = kernel->pool != NULL ? halt : NULL;
    }
    return kernel->pool;
}

void dq_pool_for_each(dq_machine *machine, void (*visit)(void *context, const dq_pool_block *block),
                      void *context)
{
    const pool *p = ((dq_kernel *)machine->kernel)->pool;

    for (unsigned i = 0; p != NULL && i < BUCKETS; i++) {
        for (const dq_pool_block *block = p->buckets[i]; block != NULL; block = block->next) {
            if (!block->freed) {
                visit(context, block);
            }
        }
    }
}

/* ---- Allocation ------------------------------------------------------------------------------ */

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

/* A block of a page or more begins on a page; others on 16 bytes, as malloc's do. */
static void *memory_of_host(size_t bytes)
{
    const size_t room = dq_poolguard_room(bytes);

    return bytes >= PAGE_SIZE ? host_aligned_allocate(room, PAGE_SIZE) : malloc(room);
}

static void *memory_of_arena(dq_arena *arena, size_t bytes)
{
    void *memory = dq_arena_allocate(arena, dq_poolguard_room(bytes),
                                     bytes >= PAGE_SIZE ? PAGE_SIZE : 16);

    return memory != NULL ? memory : memory_of_host(bytes);
}

static void *get_memory(dq_processor *cpu, const dq_pool_request *r)
{
    const bool can_fail = !r->asked && (r->object == NULL || r->caller != NULL);
    void *memory;

    if (can_fail && dq_fails(cpu, kind_of(r->service), r->tag, r->caller, r->place)) {
        return NULL;
    }
    memory = cpu->machine->options.arena != NULL
                 ? memory_of_arena(cpu->machine->options.arena, r->bytes)
                 : memory_of_host(r->bytes);
    return memory != NULL ? dq_poolguard_set(memory, r->bytes) : NULL;
}

void *dq_pool_request_memory(dq_processor *cpu, const dq_pool_request *r)
{
    const unsigned highest = r->paged ? DQ_LEVEL_APC : DQ_LEVEL_DISPATCH;
    pool *p = pool_of(cpu->machine);
    dq_pool_block *block;
    void *address;

    if (cpu->irql > highest) {
        dq_bugcheck(cpu, BAD_POOL_CALLER, 8, cpu->irql, r->type, r->bytes,
                    "%s of %s memory at IRQL %u: it needs IRQL <= %s", dq_service_name(r->service),
                    r->paged ? "paged" : "nonpaged", cpu->irql,
                    r->paged ? "APC_LEVEL" : "DISPATCH_LEVEL");
    }
    address = p != NULL ? get_memory(cpu, r) : NULL;
    block = address != NULL && dq_poolmap_add(address, p) ? new_block(cpu->machine, p, address) :
                                                            NULL;
    if (block == NULL) {
        if (address != NULL) {
            dq_poolmap_strike_off(address);
        }
        free_memory(cpu->machine->options.arena, address, r->bytes);
        if (r->raises) {
            dq_raise_status(cpu, STATUS_INSUFFICIENT_RESOURCES, r->place, "%s has no memory",
                            dq_service_name(r->service));
        }
        return NULL;
    }
    block->address = address;
    block->bytes = r->bytes;
    block->tag = r->tag;
    block->paged = r->paged;
    block->freed = false;
    block->service = r->service;
    block->object = r->object;
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
                                  .type = flags,
                                  .service = service,
                                  .place = place };
    return tag != 0 && bytes != 0 && is_one_pool(flags) && are_known(flags);
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    dq_pool_request r;
    const bool valid = dq_pool_request_of_flags(
        &r, Flags, NumberOfBytes, Tag, DQ_SERVICE_ExAllocatePool2, __builtin_return_address(0));

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
                                __builtin_return_address(0));

    DQ_ENTER(ExAllocatePoolWithTag, NULL, PoolType, NumberOfBytes, Tag, NULL);
    return dq_pool_request_memory(cpu, &r);
}

/* Without a tag of its own: all such blocks are tagged "None". */
PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    const dq_pool_request r =
        dq_pool_request_of_type(PoolType, NumberOfBytes, DQ_POOL_UNTAGGED,
                                DQ_SERVICE_ExAllocatePool, __builtin_return_address(0));

    DQ_ENTER(ExAllocatePool, NULL, PoolType, NumberOfBytes, DQ_POOL_UNTAGGED, NULL);
    return dq_pool_request_memory(cpu, &r);
}

PVOID NTAPI ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    dq_pool_request r = dq_pool_request_of_type(
        PoolType, NumberOfBytes, Tag, DQ_SERVICE_ExAllocatePoolZero, __builtin_return_address(0));

    DQ_ENTER(ExAllocatePoolZero, NULL, PoolType, NumberOfBytes, Tag, NULL);
    r.zeroed = true;
    return dq_pool_request_memory(cpu, &r);
}

PVOID NTAPI ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    const dq_pool_request r = dq_pool_request_of_type(PoolType, NumberOfBytes, Tag,
                                                      DQ_SERVICE_ExAllocatePoolUninitialized,
                                                      __builtin_return_address(0));

    DQ_ENTER(ExAllocatePoolUninitialized, NULL, PoolType, NumberOfBytes, Tag, NULL);
    return dq_pool_request_memory(cpu, &r);
}

/* ---- Freeing --------------------------------------------------------------------------------- */

static dq_pool_error error_of(dq_processor *cpu, const dq_pool_block *block, uint32_t tag)
{
    if (block == NULL) {
        return DQ_POOL_UNKNOWN;
    }
    if (block->freed) {
        return DQ_POOL_FREED_BEFORE;
    }
    if (tag != 0 && (tag & ~(uint32_t)PROTECTED) != (block->tag & ~(uint32_t)PROTECTED)) {
        return DQ_POOL_WRONG_TAG;
    }
    if (cpu->irql > (block->paged ? DQ_LEVEL_APC : DQ_LEVEL_DISPATCH)) {
        return block->paged ? DQ_POOL_PAGED_TOO_HIGH : DQ_POOL_TOO_HIGH;
    }
    if (dq_poolguard_damage(block->address, block->bytes) != NULL) {
        return DQ_POOL_OVERRUN;
    }
    if (dq_timer_inside(cpu->machine, block->address, block->bytes) != NULL) {
        return DQ_POOL_HOLDS_TIMER;
    }
    if (dq_dpc_inside(cpu->machine, block->address, block->bytes) != NULL) {
        return DQ_POOL_HOLDS_DPC;
    }
    if (dq_work_inside(cpu->machine, block->address, block->bytes) != NULL) {
        return DQ_POOL_HOLDS_WORK;
    }
    if (dq_lookaside_inside(cpu->machine, block->address, block->bytes) != NULL) {
        return DQ_POOL_HOLDS_LIST;
    }
    return dq_resource_inside(cpu->machine, block->address, block->bytes) != NULL
               ? DQ_POOL_HOLDS_RESOURCE
               : DQ_POOL_FINE;
}

/* Where in the block the set timer lies that keeps it from being freed; else 0. */
static uint64_t offset_of_timer(const dq_processor *cpu, const dq_pool_block *block,
                                dq_pool_error error)
{
    const char *timer =
        error == DQ_POOL_HOLDS_TIMER
            ? (const char *)dq_timer_inside(cpu->machine, block->address, block->bytes)
            : NULL;

    return timer != NULL ? (uint64_t)(timer - (const char *)block->address) : 0;
}

/* As special pool does it. */
static _Noreturn void refuse_damaged(dq_processor *cpu, const dq_pool_block *block)
{
    const char *damage = dq_poolguard_damage(block->address, block->bytes);
    const char *first = block->address;
    const bool behind = damage >= first;
    char place[300];

    dq_bugcheck(cpu, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, (uintptr_t)first, (uintptr_t)damage,
                0, behind ? 0x24 : 0x23,
                "somebody has written %s a pool block of %zu bytes (tag %.4s, allocated at %s): "
                "byte %td is damaged",
                behind ? "behind the end of" : "before", block->bytes, (const char *)&block->tag,
                dq_place_describe(block->place, place, sizeof(place)), damage - first);
}

static _Noreturn void refuse(dq_processor *cpu, void *address, const dq_pool_block *block,
                             dq_pool_error error, uint32_t tag)
{
    dq_machine *machine = cpu->machine;
    const uintptr_t base = (uintptr_t)address;
    char first[300];

    switch (error) {
    case DQ_POOL_FREED_BEFORE:
        dq_bugcheck(cpu, BAD_POOL_CALLER, 7, 0, block->tag, base,
                    "a pool block (tag %.4s) is freed a second time; the first time in %s",
                    (const char *)&block->tag,
                    dq_place_describe(block->freed_place, first, sizeof(first)));
    case DQ_POOL_WRONG_TAG:
        dq_bugcheck(cpu, BAD_POOL_CALLER, 0xA, base, block->tag, tag,
                    "a pool block with tag %.4s is freed with tag %.4s", (const char *)&block->tag,
                    (const char *)&tag);
    case DQ_POOL_OVERRUN:
        refuse_damaged(cpu, block);
    case DQ_POOL_HOLDS_TIMER:
        dq_bugcheck(cpu, TIMER_OR_DPC_INVALID, 0,
                    (uintptr_t)dq_timer_inside(machine, address, block->bytes), base,
                    base + block->bytes,
                    "a pool block (tag %.4s) is freed while a timer in it is set: cancel it first",
                    (const char *)&block->tag);
    case DQ_POOL_HOLDS_DPC:
        dq_bugcheck(cpu, TIMER_OR_DPC_INVALID, 1,
                    (uintptr_t)dq_dpc_inside(machine, address, block->bytes), base,
                    base + block->bytes,
                    "a pool block (tag %.4s) is freed while a DPC in it is queued: remove it or "
                    "flush first",
                    (const char *)&block->tag);
    case DQ_POOL_HOLDS_WORK:
        dq_bugcheck(cpu, INVALID_WORK_QUEUE_ITEM,
                    (uintptr_t)dq_work_inside(machine, address, block->bytes)->item, base, 0,
                    (uintptr_t)dq_work_inside(machine, address, block->bytes)->routine,
                    "a pool block (tag %.4s) is freed while a work item in it is queued: wait "
                    "until its routine has begun",
                    (const char *)&block->tag);
    case DQ_POOL_HOLDS_LIST:
        dq_bugcheck(cpu, DRIVER_VERIFIER_DETECTED_VIOLATION, 0xCC,
                    (uintptr_t)dq_lookaside_inside(machine, address, block->bytes)->list, base,
                    block->bytes,
                    "a pool block (tag %.4s) is freed while a lookaside list in it is in use: "
                    "delete the list first",
                    (const char *)&block->tag);
    case DQ_POOL_HOLDS_RESOURCE:
        dq_bugcheck(cpu, DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD2,
                    (uintptr_t)dq_resource_inside(machine, address, block->bytes)->resource, base,
                    block->bytes,
                    "a pool block (tag %.4s) is freed while an ERESOURCE in it is in use: delete "
                    "it first",
                    (const char *)&block->tag);
    case DQ_POOL_PAGED_TOO_HIGH:
    case DQ_POOL_TOO_HIGH:
        dq_bugcheck(cpu, BAD_POOL_CALLER, 9, cpu->irql, block->paged, base,
                    "%s memory is freed at IRQL %u: it needs IRQL <= %s",
                    block->paged ? "paged" : "nonpaged", cpu->irql,
                    block->paged ? "APC_LEVEL" : "DISPATCH_LEVEL");
    default:
        dq_bugcheck(cpu, BAD_POOL_CALLER, 0x46, base, 0, 0,
                    "memory is freed that the pool did not give out (or not at this address)");
    }
}

static void free_block(dq_processor *cpu, void *address, uint32_t tag, const void *place)
{
    dq_machine *machine = cpu->machine;
    pool *p = pool_of(machine);
    dq_pool_block *block = p != NULL ? *find(p, address) : NULL;
    const dq_pool_error error = error_of(cpu, block, tag);

    dq_emit(cpu, POOL_FREE, address, block != NULL ? block->bytes : 0,
            block != NULL ? block->tag : tag,
            DQ_POOL_ERROR_AT(error, offset_of_timer(cpu, block, error)));
    if (error != DQ_POOL_FINE) {
        refuse(cpu, address, block, error, tag);
    }
    dq_pushlock_check_free(cpu, address, block->bytes);
    remember_freed(machine, p, block, place);
    put_aside(p, machine->options.arena, address, block->bytes);
}

void dq_pool_give_back(dq_processor *cpu, void *address, uint32_t tag, const void *place)
{
    free_block(cpu, address, tag, place);
}

void dq_pool_free(void *address, const void *place)
{
    dq_processor *cpu = dq_self;

    cpu->points++;
    if (dq_attends(cpu, DQ_ATTEND_ALWAYS | DQ_ATTEND_SWITCH | DQ_ATTEND_LEVELS)) {
        cpu = dq_enter(DQ_SERVICE_ExFreePool, place, address, (uintptr_t)address, 0, 0);
    }
    if (cpu != NULL) {
        free_block(cpu, address, 0, place);
        dq_leave(cpu);
    }
}

VOID NTAPI ExFreePool(PVOID P)
{
    dq_pool_free(P, __builtin_return_address(0));
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    DQ_ENTER(ExFreePoolWithTag, P, P, Tag, 0, DQ_VOID);
    free_block(cpu, P, Tag, __builtin_return_address(0));
}
