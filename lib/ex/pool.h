/*
 * pool.h - the pools, on top of the machine's heap (poolguard.h).
 *
 * Where a sanitizer watches, each block is the host's, so that its edges are seen. What the kernel
 * knows about a block is kept apart from it; freed blocks are remembered for a while, so that a
 * second free can name the first.
 */
#ifndef DQ_POOL_H
#define DQ_POOL_H

#include <wdm.h>

#include "sim/machine.h"
#include "sim/pool_error.h"

typedef struct dq_pool_block {
    void *address;
    size_t bytes;
    uint32_t tag;
    bool paged;
    bool freed;
    bool special; /* It has pages of its own (specialpool.h). */
    bool kept; /* Freed, but its memory is not the host's yet: nobody may have written to it. */
    dq_service service; /* That gave it out. */
    const char *object; /* What it is, if it is no memory to the driver: "IInterruptSync"; a part of
                           one: "". NULL: memory. */
    const char *maker;  /* In place of the service, when the driver called something else. */
    const void *place;  /* Who allocated it. */
    const void *freed_place;
    struct dq_pool_block *next; /* In its bucket. */
} dq_pool_block;

enum { DQ_POOL_UNTAGGED = 0x656E6F4E }; /* "None": of those without a tag of their own. */

/* One allocation. */
typedef struct dq_pool_request {
    size_t bytes;
    uint32_t tag;
    bool paged, zeroed, raises;
    bool cache_aligned; /* It begins where a line of the cache does. */
    uint64_t type; /* As the caller gave it, for the bug check. */
    dq_service service;
    dq_special_pool side; /* Of its pages, in place of the machine's; OFF: that. */
    const char *object; /* As in the block. */
    bool asked;         /* dq_fails() has been: this is another block of one call. */
    const char *caller; /* In place of the service, when the driver called something else. */
    const void *place;
} dq_pool_request;

/* NULL when memory is short, unless it raises then: STATUS_INSUFFICIENT_RESOURCES. */
void *dq_pool_request_memory(dq_processor *cpu, const dq_pool_request *request);

/* What a POOL_TYPE asks for. */
dq_pool_request dq_pool_request_of_type(POOL_TYPE type, size_t bytes, uint32_t tag,
                                        dq_service service, const void *place);

/* What POOL_FLAGS ask for. False if they are not valid; the request is made all the same. */
bool dq_pool_request_of_flags(dq_pool_request *request, POOL_FLAGS flags, size_t bytes,
                              uint32_t tag, dq_service service, const void *place);

/* For services that allocate: as ExAllocatePoolWithTag, without being a service call. */
void *dq_pool_allocate(dq_processor *cpu, POOL_TYPE type, size_t bytes, uint32_t tag,
                       const void *place);

/* For PortCls: as ExAllocatePoolWithTag, for what becomes `object` or a part of one (see
 * dq_pool_block), on behalf of `place`, which called `caller`; `caller` NULL: it is not made to
 * fail. */
void *dq_pool_allocate_object(POOL_TYPE type, size_t bytes, uint32_t tag, const char *object,
                              const char *caller, const void *place);

/* For services that allocate several blocks, and have asked dq_fails() before: nonpaged pool.
 * `object`: as in dq_pool_block. */
void *dq_pool_part(dq_processor *cpu, size_t bytes, uint32_t tag, const char *object,
                   const void *place);

/* The damaged byte that lies next to the block: somebody has written beyond its end or start. NULL:
 * there is none. */
const char *dq_pool_damage(dq_machine *machine, const dq_pool_block *block);

/* Gives such a block back. As ExFreePoolWithTag, without being a service call. */
void dq_pool_give_back(dq_processor *cpu, void *address, uint32_t tag, const void *place);

/* ExFreePool, called from `place`. */
void dq_pool_free(void *address, const void *place);

/* At the end of a run: writes down that somebody has written to memory that was freed, or outside
 * of blocks. */
void dq_pool_check_end(dq_processor *cpu);

/* Calls visit() for each block that is not freed, in no particular order: for leak reports. */
void dq_pool_for_each(dq_machine *machine, void (*visit)(void *context, const dq_pool_block *block),
                      void *context);

/* The same, and for those that were freed and are remembered. */
void dq_pool_for_each_known(dq_machine *machine,
                            void (*visit)(void *context, const dq_pool_block *block),
                            void *context);

#endif
