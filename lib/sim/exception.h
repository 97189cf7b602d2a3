/*
 * exception.h - an exception: who handles it, and what happens if nobody does.
 *
 * Two phases, as documented: the filters of all frames that the raising code is in are asked, from
 * the inside outwards, while that code still stands on the stack; the first that wants the
 * exception ends the search. Then the __finally blocks of the frames inside that one run, and the
 * stack goes. If no filter wants it, nothing has been undone, and the report shows where it was
 * raised.
 */
#ifndef DQ_EXCEPTION_H
#define DQ_EXCEPTION_H

#include "sim/processor.h"

enum { DQ_EXCEPTION_PARAMETERS = 15, DQ_EXCEPTION_NONCONTINUABLE = 1 };

/* As EXCEPTION_RECORD is laid out. */
typedef struct dq_exception_record {
    uint32_t code;
    uint32_t flags;
    struct dq_exception_record *record; /* The one that led to this one, or NULL. */
    void *address;
    uint32_t parameter_count;
    uint64_t parameters[DQ_EXCEPTION_PARAMETERS];
} dq_exception_record;

typedef struct dq_exception_pointers {
    dq_exception_record *record;
    void *context;
} dq_exception_pointers;

/* Raises: goes to the handler of a frame, or ends the run as dq_exception_end() does. */
_Noreturn void dq_exception(uint32_t code, uint64_t place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Nobody handles it. Ends the run: bug check 0x1E with the exception's code, the place and what
 * else is known of it; in an ISR, whose exceptions stop at the interrupt object, 0x3D without
 * records. */
_Noreturn void dq_exception_end(const dq_exception_record *record, uint64_t p3, uint64_t p4,
                                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Goes to a handler, or returns: true if a filter wants what raised to go on (never if the record
 * says that it cannot), false if nobody handles it. The caller may then be on another processor. */
bool dq_exception_dispatch(dq_exception_record *record);

/* True if there is anybody to ask. */
bool dq_exception_is_guarded(const dq_processor *cpu);

#endif
