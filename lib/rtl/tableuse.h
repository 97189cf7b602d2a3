/*
 * tableuse.h - who is inside a generic table: its callers keep others out.
 *
 * The driver's routines run in the middle of an operation, and whoever interrupts them may use the
 * same table. For the race detector each operation touches the table itself.
 */
#ifndef DQ_TABLEUSE_H
#define DQ_TABLEUSE_H

#include "sim/processor.h"

/* On the stack of the operation. */
typedef struct dq_table_use {
    const void *table;
    dq_service service;
    bool changes;
    const void *place;
    struct dq_table_use *next;
} dq_table_use;

/* `changes`: the operation may rearrange the table, so that it excludes all others; those that do
 * not exclude only it. `bytes`: of the table's structure. */
void dq_tableuse_begin(dq_processor *cpu, dq_table_use *use, const void *table, size_t bytes,
                       bool changes, dq_service service, const void *place);
void dq_tableuse_end(dq_table_use *use);

#endif
