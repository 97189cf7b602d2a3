/*
 * bugcheckrecord.h - records by which drivers have registered routines for a bug check.
 *
 * There are two kinds of them, each in a list of its own. A kind begins its records with this.
 */
#ifndef DQ_BUGCHECKRECORD_H
#define DQ_BUGCHECKRECORD_H

#include <wdm.h>

#include "sim/machine.h"

typedef struct dq_bugcheck_record {
    const void *guest; /* The driver's record. */
    UCHAR *state;      /* In that: BufferEmpty and so on. */
    const void *place; /* Who registered it. */
    struct dq_bugcheck_record *next;
} dq_bugcheck_record;

/* Takes in the driver's record, with `bytes` bytes for the kind, the rest of which are zero. NULL:
 * it is registered, or not initialised, or memory is short, which a plan can say, too. */
void *dq_bugcheck_record_add(dq_processor *cpu, dq_bugcheck_record **list, const void *guest,
                             UCHAR *state, size_t bytes, const void *place);

/* False: it is not registered. */
bool dq_bugcheck_record_drop(dq_processor *cpu, dq_bugcheck_record **list, const void *guest);

/* Calls visit() for each, with who registered it. */
void dq_bugcheck_record_for_each(const dq_bugcheck_record *list,
                                 void (*visit)(void *context, const void *place), void *context);

#endif
