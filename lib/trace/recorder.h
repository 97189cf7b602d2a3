/*
 * recorder.h - a sink that keeps what happened, and writes it as text.
 *
 * Two runs with the same choices give the same text on every host and compiler: objects are named
 * by class and number of appearance, or by the user's name; places and addresses are left out.
 */
#ifndef DQ_RECORDER_H
#define DQ_RECORDER_H

#include "sim/machine.h"

/* NULL when memory is short. Hears nothing until told to listen. Freed with the machine. */
dq_sink *dq_recorder_create(dq_machine *machine);
void dq_recorder_listen(dq_sink *recorder, bool listens);

/* The trace as text, a line per event; freed with free(). NULL when memory is short. */
char *dq_recorder_text(dq_sink *recorder);

/* The IRQL of each processor over virtual time as a drawing of `columns` columns; freed with
 * free(). */
char *dq_recorder_timeline(dq_sink *recorder, uint64_t begin_ns, uint64_t end_ns, unsigned columns);

/* ---- Private part: what timeline.c reads ----------------------------------------------------- */

typedef struct dq_record {
    uint64_t time_ns;
    uint64_t a, b, c;
    uint32_t number; /* Of the object in its class, from 1; 0: no object. */
    uint32_t name;   /* Offset into names plus one; 0: none. */
    uint16_t service;
    uint8_t kind;
    uint8_t processor;
    uint8_t irql;
    uint8_t execution; /* dq_execution_kind. */
} dq_record;

typedef struct dq_numbered {
    const void *object;
    uint32_t object_class;
    uint32_t number;
    uint32_t name;
} dq_numbered;

typedef struct dq_recorder {
    dq_sink sink;
    dq_machine *machine;
    bool listens;
    bool incomplete; /* Memory was short; the text says so. */
    unsigned processors;
    dq_record *records;
    size_t count, capacity;
    char *names; /* NUL-separated. */
    size_t names_bytes, names_capacity;
    dq_numbered *numbered; /* A hash table; capacity is a power of two. */
    size_t numbered_count, numbered_capacity;
    uint32_t next_number[DQ_OBJECT_CLASS_COUNT];
} dq_recorder;

#endif
