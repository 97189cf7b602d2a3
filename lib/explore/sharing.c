/*
 * sharing.c - a cell for each eight bytes that instrumented code has touched.
 */
#include "explore/sharing.h"

#include <stdlib.h>

#include "sim/access.h"

enum { CELL_SHIFT = 3, CELLS_AT_FIRST = 1024, CELLS_PER_TOUCH_MAX = 512 };

struct dq_cell {
    uintptr_t key;    /* The address of the cell; 0: free. */
    const void *lane; /* Who touched it last in this run. */
    uint32_t run;
    bool shared;    /* In any run. */
    bool is_written;
    bool is_several; /* More than one lane, so far without a conflict. */
    bool is_own;     /* Touched last in the frames of the lane itself. */
};

void dq_sharing_stop(dq_sharing *sharing)
{
    free(sharing->cells);
    sharing->cells = NULL;
    sharing->capacity = 0;
    sharing->count = 0;
}

void dq_sharing_begin_run(dq_sharing *sharing)
{
    sharing->run++;
}

/* ---- Who, and where -------------------------------------------------------------------------- */

static bool is_alone(const dq_processor *cpu, const dq_execution *execution)
{
    return execution->kind == DQ_EXECUTION_ISR || execution->kind == DQ_EXECUTION_PASSIVE_ISR ||
           execution->kind == DQ_EXECUTION_DEVICE || execution == &cpu->task->execution;
}

/* Activations of one ISR never meet, nor do callbacks of a device, and a thread is one; those of a
 * DPC or a work item may, and all processors are in one broadcast. */
static const void *lane_of(const dq_processor *cpu)
{
    const dq_execution *execution = cpu->execution;

    return is_alone(cpu, execution) ? execution->object : (const void *)execution;
}

static bool is_on_stack(const dq_task *task, const void *address)
{
    return (uintptr_t)address - (uintptr_t)task->context.stack < task->context.stack_bytes;
}

static bool is_on_any_stack(const dq_machine *machine, const void *address)
{
    for (const dq_task *task = machine->tasks; task != NULL; task = task->next) {
        if (is_on_stack(task, address)) {
            return true;
        }
    }
    return false;
}

/* In the part of the stack that the execution itself has taken: what was there before is gone. */
static bool is_own(const dq_processor *cpu, const void *address)
{
    const dq_execution *execution = cpu->execution;

    if (!is_on_stack(cpu->task, address)) {
        return false;
    }
    return !is_on_stack(cpu->task, execution) || (uintptr_t)address < (uintptr_t)execution;
}

static bool is_steady(const dq_sharing *sharing, const dq_processor *cpu, const void *address)
{
    return is_on_stack(cpu->task, address) || dq_arena_has(sharing->arena, address) ||
           dq_heap_has(sharing->arena->heap, address) ||
           sharing->is_static(sharing->owner, address) || is_on_any_stack(cpu->machine, address);
}

/* ---- Cells ----------------------------------------------------------------------------------- */

static dq_cell *slot_of(dq_cell *cells, size_t capacity, uintptr_t key)
{
    size_t at = (size_t)(key >> CELL_SHIFT) * 0x9E3779B97F4A7C15u & (capacity - 1);

    while (cells[at].key != 0 && cells[at].key != key) {
        at = (at + 1) & (capacity - 1);
    }
    return &cells[at];
}

static bool enlarge(dq_sharing *sharing)
{
    const size_t capacity = sharing->capacity == 0 ? CELLS_AT_FIRST : 2 * sharing->capacity;
    dq_cell *cells = calloc(capacity, sizeof(*cells));

    if (cells == NULL) {
        sharing->short_of_memory = true;
        return false;
    }
    for (size_t i = 0; i < sharing->capacity; i++) {
        if (sharing->cells[i].key != 0) {
            *slot_of(cells, capacity, sharing->cells[i].key) = sharing->cells[i];
        }
    }
    free(sharing->cells);
    sharing->cells = cells;
    sharing->capacity = capacity;
    return true;
}

/* What has a cell lies at the same address in each run. NULL: it has none, and must not have. */
static dq_cell *cell_of(dq_sharing *sharing, const dq_processor *cpu, uintptr_t key)
{
    dq_cell *cell =
        sharing->capacity != 0 ? slot_of(sharing->cells, sharing->capacity, key) : NULL;

    if (cell != NULL && cell->key == key) {
        return cell;
    }
    if (!is_steady(sharing, cpu, (const void *)key) ||
        (2 * sharing->count >= sharing->capacity && !enlarge(sharing))) {
        return NULL;
    }
    cell = slot_of(sharing->cells, sharing->capacity, key);
    cell->key = key;
    sharing->count++;
    return cell;
}

static void note(dq_sharing *sharing, dq_cell *cell, const void *lane, bool own, bool writes)
{
    const bool is_new = cell->run != sharing->run || (own && cell->is_own && cell->lane != lane);

    if (is_new) {
        cell->run = sharing->run;
        cell->lane = lane;
        cell->is_written = false;
        cell->is_several = false;
    }
    if (cell->lane != lane) {
        cell->is_several = true;
    }
    cell->lane = lane;
    cell->is_own = own;
    cell->is_written = cell->is_written || writes;
    if (cell->is_several && cell->is_written && !cell->shared) {
        cell->shared = true;
        sharing->grew = true;
    }
}

bool dq_sharing_touch(dq_sharing *sharing, dq_processor *cpu, const void *address, size_t bytes,
                      unsigned flags)
{
    const uintptr_t first = (uintptr_t)address >> CELL_SHIFT << CELL_SHIFT;
    const uintptr_t end = (uintptr_t)address + (bytes > 0 ? bytes : 1);
    const void *lane = lane_of(cpu);
    bool shared = false, own;

    if ((end - first) >> CELL_SHIFT > CELLS_PER_TOUCH_MAX) {
        return true;
    }
    own = is_own(cpu, address);
    for (uintptr_t key = first; key < end; key += 1u << CELL_SHIFT) {
        dq_cell *cell = cell_of(sharing, cpu, key);

        if (cell == NULL) {
            return true;
        }
        note(sharing, cell, lane, own, (flags & DQ_ACCESS_WRITE) != 0);
        shared = shared || cell->shared;
    }
    return shared;
}
