/*
 * whatis.c - what lies at an address, in words: for reports about a bad pointer.
 */
#include "sim/whatis.h"

#include <stdio.h>
#include <string.h>

/* ---- Patterns -------------------------------------------------------------------------------- */

typedef struct pattern {
    unsigned char byte;
    const char *text;
} pattern;

static const pattern patterns[] = {
    { 0xDD, "what freed pool memory is filled with: it was read from a block that had been freed" },
    { 0xA5, "what pool memory holds until somebody writes to it: it was never set" },
    { DQ_HEAP_FILL, "what lies around pool blocks: it was read from beyond one" },
};

/* A member of a structure is a little way behind its start. */
static const char *pattern_of(uintptr_t address)
{
    for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
        uintptr_t filled;

        memset(&filled, patterns[i].byte, sizeof(filled));
        if (address - filled < 0x10000 || filled - address < 0x1000) {
            return patterns[i].text;
        }
    }
    return NULL;
}

/* ---- Stacks ---------------------------------------------------------------------------------- */

static const dq_task *owner_of_stack(const dq_machine *machine, const void *address)
{
    const dq_task *task = machine->tasks;

    while (task != NULL &&
           (uintptr_t)address - (uintptr_t)task->context.stack >= task->context.stack_bytes) {
        task = task->next;
    }
    return task;
}

/* ---- Static memory --------------------------------------------------------------------------- */

static void describe_variable(const host_symbol *symbol, char *text, size_t bytes)
{
    if (symbol->offset == 0) {
        snprintf(text, bytes, "the variable `%s`", symbol->function);
    } else {
        snprintf(text, bytes, "byte %zu of the variable `%s`", symbol->offset, symbol->function);
    }
}

static bool describe_static(const void *address, char *text, size_t bytes)
{
    char module[128];
    const host_memory kind = host_memory_kind(address, module, sizeof(module));
    host_symbol symbol;

    if (kind == HOST_MEMORY_DATA && host_symbol_find_data(address, &symbol)) {
        describe_variable(&symbol, text, bytes);
        return true;
    }
    if (kind == HOST_MEMORY_NONE || module[0] == '\0') {
        return false;
    }
    if (kind == HOST_MEMORY_CODE) {
        host_symbol_find(address, &symbol);
        snprintf(text, bytes, "code, which may only be read: of `%s`",
                 symbol.function[0] != '\0' ? symbol.function : module);
    } else if (kind == HOST_MEMORY_READ) {
        snprintf(text, bytes, "a constant of %s, which may only be read", module);
    } else {
        snprintf(text, bytes, "static data of %s", module);
    }
    return true;
}

bool dq_whatis(dq_machine *machine, const void *address, char *text, size_t bytes)
{
    const char *known = pattern_of((uintptr_t)address);
    const dq_task *task = owner_of_stack(machine, address);
    char name[96];

    if (known != NULL) {
        snprintf(text, bytes, "%s", known);
        return true;
    }
    if (task != NULL) {
        snprintf(text, bytes, "on the stack of %s",
                 dq_execution_describe(&task->execution, name, sizeof(name)));
        return true;
    }
    return (machine->hooks->describe != NULL &&
            machine->hooks->describe(machine, address, text, bytes)) ||
           describe_static(address, text, bytes);
}
