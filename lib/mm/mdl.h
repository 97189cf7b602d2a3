/*
 * mdl.h - what the files that work with memory descriptor lists share.
 */
#ifndef DQ_MDL_H
#define DQ_MDL_H

#include <wdm.h>

#include "ex/pool.h"
#include "sim/machine.h"

/* What is wrong with the use of an MDL, in the Driver Verifier's words: bug check 0xC4. */
typedef struct dq_mdl_error {
    const char *rule;
    uint32_t subcode; /* 0: the Verifier has no word for it, and there is no bug check code. */
    ULONG flags;      /* That are wrong, or missing. */
    bool warning;
    const void *place;
} dq_mdl_error;

/* A finding about `mdl`: the service's name, then `text`. */
void dq_mdl_refuse(dq_processor *cpu, const MDL *mdl, const dq_mdl_error *error, const char *text);

/* False after a finding: the MDL describes no pages yet. */
bool dq_mdl_check_described(dq_processor *cpu, const MDL *mdl, const void *place);

/* Gives each page of the described buffer its frame. False: short of memory. */
bool dq_mdl_describe(dq_machine *machine, PMDL mdl);

/* Where the memory of the described pages is, in one piece; NULL if it is in several. */
void *dq_mdl_memory(dq_machine *machine, const MDL *mdl);

/* Ends the mapping of its own that the MDL has, if any. */
void dq_mdl_unmap(dq_machine *machine, PMDL mdl);

/* The pool block in use that holds the address, or NULL. */
const dq_pool_block *dq_mdl_pool_block(dq_machine *machine, const void *address);

static inline unsigned dq_mdl_pages(const MDL *mdl)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES((uintptr_t)mdl->ByteOffset, mdl->ByteCount);
}

#endif
