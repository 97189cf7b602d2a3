/*
 * racememory.h - whose memory an address is, in words.
 */
#ifndef DQ_CHECK_RACEMEMORY_H
#define DQ_CHECK_RACEMEMORY_H

#include "sim/machine.h"
#include "sim/pool_error.h"

typedef struct dq_raceblock {
    uintptr_t address;
    uint64_t bytes;
    uint32_t tag;
    const void *place, *freed_place; /* Who allocated it, and who freed it. */
    struct dq_raceblock *next;
} dq_raceblock;

enum { DQ_RACE_FREED = DQ_POOL_KEPT };

/* The pool blocks that are in use, and those that were freed last. */
typedef struct dq_racememory {
    dq_raceblock *buckets[512];
    dq_raceblock *unused;
    bool is_used; /* Since it was cleared. */
    dq_raceblock freed[DQ_RACE_FREED]; /* Round and round; no bytes: nothing here. */
    unsigned next_freed;
} dq_racememory;

void dq_racememory_allocate(dq_racememory *memory, const dq_event *event);
void dq_racememory_release(dq_racememory *memory, const dq_event *event);

/* Knows no block any more. */
void dq_racememory_clear(dq_racememory *memory);
void dq_racememory_free_all(dq_racememory *memory);

/* The block that was freed lately and has the address in it, or NULL. */
const dq_raceblock *dq_racememory_freed(const dq_racememory *memory, uintptr_t address);

/* "`uart`+8", "pool block 'Uart'+8, allocated by uart_start uart.c:30", "the stack of thread
 * reader". Slow. Returns text. */
const char *dq_racememory_describe(const dq_racememory *memory, dq_machine *machine,
                                   uintptr_t address, char *text, size_t bytes);

/* The same without who allocated it, and so: "pool block 'Uart'+8". `memory` may be NULL. */
const char *dq_racememory_name(const dq_racememory *memory, dq_machine *machine,
                               uintptr_t address, char *text, size_t bytes);

/* The rule that keeps accesses to a field of the kernel's own structures apart; NULL: there is none
 * of its own. */
const char *dq_racememory_advice(dq_machine *machine, uintptr_t address);

#endif
