/*
 * poolfree.c - ExFreePool and its family, and why a block may not be freed.
 *
 * The POOL_FREE event says what is wrong before anything is done about it, so that a checker can
 * speak with the Driver Verifier's words. What is left is what Windows bug-checks itself: 0xC2, and
 * 0xC7 for a timer or DPC that is still active in freed memory.
 */
#include "ex/eresource.h"
#include "ex/lookaside.h"
#include "ex/pool.h"
#include "ex/poolnear.h"
#include "ex/pooltable.h"
#include "ex/pushlock.h"
#include "ex/rundown.h"
#include "ex/workqueue.h"
#include "ke/ki.h"
#include "ke/waiters.h"
#include "sim/place.h"

enum { PROTECTED = (int)0x80000000 };

/* ---- What is wrong --------------------------------------------------------------------------- */

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
    if (dq_pool_damage(cpu->machine, block) != NULL) {
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
    const char *damage = dq_pool_damage(cpu->machine, block);
    const char *first = block->address;
    const bool behind = damage >= first;
    const dq_special_thing thing = dq_pool_thing(block);
    char text[DQ_FINDING_TEXT];

    dq_pool_tell_damage(cpu->machine, &thing, damage, text, sizeof(text));
    dq_bugcheck(cpu, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, (uintptr_t)first, (uintptr_t)damage,
                0, behind ? 0x24 : 0x23, "%s", text);
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
                    base == 0 ? "the pointer that is freed is NULL: compare it with NULL first"
                              : "memory is freed that the pool did not give out (or not at this "
                                "address)");
    }
}

/* ---- What was freed before ------------------------------------------------------------------- */

#define TOUCHED_FORMAT                                                                  \
    "somebody has written to byte %td of a pool block of %zu bytes (tag %.4s) that was " \
    "freed.\n  It was freed by %s,\n  and had been allocated by %s."

/* Nobody saw the write: instrumented code is found at the access itself. */
static void accuse(dq_processor *cpu, const dq_pool_block *block,
                   void (*find)(dq_processor *cpu, const dq_finding *finding, const char *format,
                                ...))
{
    const bool is_watched = cpu->machine->body_done != NULL; /* Retail Windows does not look. */
    const char *touched = is_watched ? dq_pool_touched(block) : NULL;
    const dq_finding finding = { .severity = DQ_ERROR,
                                 .rule = "PoolUsedAfterFree",
                                 .code = DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL,
                                 .parameters = { (uintptr_t)touched, 1, 0, 0 },
                                 .place = block->freed_place,
                                 .memory = block->address,
                                 .memory_bytes = block->bytes };
    char freed[300], allocated[300];

    if (touched != NULL) {
        find(cpu, &finding, TOUCHED_FORMAT, touched - (const char *)block->address, block->bytes,
             (const char *)&block->tag,
             dq_place_describe(block->freed_place, freed, sizeof(freed)),
             dq_place_describe(block->place, allocated, sizeof(allocated)));
    }
}

static void let_go(dq_processor *cpu, dq_pool_block *block)
{
    accuse(cpu, block, dq_find);
    dq_pool_let_go(cpu->machine, block);
}

static void note(void *cpu, const dq_pool_block *block)
{
    accuse(cpu, block, dq_note);
}

void dq_pool_check_end(dq_processor *cpu)
{
    dq_pool_for_each_kept(cpu->machine, note, cpu);
    dq_pool_check_guards(cpu);
}

/* ---- Freeing --------------------------------------------------------------------------------- */

/* Of what may be held, or waited for, in the block. */
static void check_holders(dq_processor *cpu, const dq_pool_block *block)
{
    dq_pushlock_check_free(cpu, block->address, block->bytes);
    dq_rundown_check_free(cpu, block->address, block->bytes);
    dq_fastmutex_check_free(cpu, block->address, block->bytes);
    dq_mutex_forget(cpu, block->address, block->bytes);
    if (dq_waiters_are_inside(cpu->machine, block->address, block->bytes)) {
        dq_waiters_check_free(cpu, block->address, block->bytes, dq_pool_thing(block).what);
    }
}

static void free_block(dq_processor *cpu, void *address, uint32_t tag, const void *place)
{
    dq_machine *machine = cpu->machine;
    dq_pool *pool = dq_pool_of(machine);
    dq_pool_block *block = pool != NULL ? dq_pool_find(pool, address) : NULL;
    const dq_pool_error error = error_of(cpu, block, tag);
    dq_pool_block *oldest;

    dq_emit(cpu, POOL_FREE, address, block != NULL ? block->bytes : 0,
            block != NULL ? block->tag : tag,
            DQ_POOL_ERROR_AT(error, offset_of_timer(cpu, block, error)));
    if (error != DQ_POOL_FINE) {
        refuse(cpu, address, block, error, tag);
    }
    check_holders(cpu, block);
    oldest = dq_pool_retire(machine, pool, block, place);
    if (oldest != NULL) {
        let_go(cpu, oldest);
    }
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
    dq_pool_free(P, DQ_CALL_PLACE);
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    DQ_ENTER(ExFreePoolWithTag, P, P, Tag, 0, DQ_VOID);
    free_block(cpu, P, Tag, DQ_CALL_PLACE);
}
