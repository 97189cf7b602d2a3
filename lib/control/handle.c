/*
 * handle.c - numbers for the objects that a test holds.
 */
#include "control/handle.h"

#include <string.h>

#include "control/control.h"
#include "ke/keep.h"

enum { NUMBER_BITS = 16, NUMBERS = (1 << NUMBER_BITS) - 1 };

_Static_assert(DQ_GENERATIONS == UINTPTR_MAX >> NUMBER_BITS, "both fit into a handle");

typedef struct handle_entry {
    dirql_handle_kind kind;
    void *object;
} handle_entry;

typedef struct dirql_handles {
    unsigned count, capacity;
    handle_entry *entries;
} dirql_handles;

static dirql_handles *handles_of(dq_machine *machine)
{
    dirql_control *control = machine->control;

    if (control->handles == NULL) {
        control->handles = dq_keep(machine, sizeof(dirql_handles));
    }
    return control->handles;
}

static bool make_room(dq_machine *machine, dirql_handles *handles)
{
    const unsigned capacity = handles->capacity == 0 ? 16 : 2 * handles->capacity;
    handle_entry *entries;

    if (handles->count < handles->capacity) {
        return true;
    }
    entries = handles->count < NUMBERS ? dq_keep(machine, capacity * sizeof(handle_entry)) : NULL;
    if (entries == NULL) {
        return false;
    }
    if (handles->entries != NULL) {
        memcpy(entries, handles->entries, handles->count * sizeof(handle_entry));
        dq_keep_drop(machine, handles->entries);
    }
    handles->entries = entries;
    handles->capacity = capacity;
    return true;
}

uintptr_t dirql_handle_make(dq_machine *machine, dirql_handle_kind kind, void *object)
{
    dirql_handles *handles = handles_of(machine);

    if (handles == NULL || handles->count == NUMBERS || !make_room(machine, handles)) {
        return 0;
    }
    handles->entries[handles->count++] = (handle_entry){ .kind = kind, .object = object };
    return machine->generation << NUMBER_BITS | handles->count;
}

uintptr_t dirql_handle_generation(uintptr_t handle)
{
    return handle >> NUMBER_BITS;
}

void *dirql_handle_find(const dq_machine *machine, dirql_handle_kind kind, uintptr_t handle)
{
    const dirql_handles *handles = ((const dirql_control *)machine->control)->handles;
    const unsigned number = handle & NUMBERS;

    if (DQ_LIKELY(handles != NULL && dirql_handle_generation(handle) == machine->generation &&
                  number != 0 && number <= handles->count &&
                  handles->entries[number - 1].kind == kind)) {
        return handles->entries[number - 1].object;
    }
    return NULL;
}

void *dirql_handle_check(dq_machine *machine, dirql_handle_kind kind, const void *handle,
                         const char *function)
{
    static const char *const names[] = { "line", "resources", "stimulus" };
    static const char *const makers[] = { "dirql_line_create()", "dirql_resources_create()",
                                          "dirql_stimulus_after()" };
    void *object = dirql_handle_find(machine, kind, (uintptr_t)handle);

    if (DQ_LIKELY(object != NULL)) {
        return object;
    }
    if (handle == NULL) {
        dirql_control_fail(machine, names[kind], "%s: the %s pointer is NULL", function,
                           names[kind]);
    } else {
        dirql_control_fail(machine, names[kind],
                           "%s: the %s pointer is none that %s returned in this run. It may be "
                           "left over from a run that is over: make a new one in each run.",
                           function, names[kind], makers[kind]);
    }
    return NULL;
}
