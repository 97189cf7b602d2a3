/*
 * handle.h - what a test holds in place of a pointer into the machine.
 *
 * A handle names an object by number and by the machine's generation, so that one of a machine
 * that has stopped is recognised without touching memory that is gone. It travels as a pointer
 * and is never followed.
 */
#ifndef DQ_CONTROL_HANDLE_H
#define DQ_CONTROL_HANDLE_H

#include "sim/machine.h"

typedef enum dirql_handle_kind {
    DIRQL_HANDLE_LINE,
    DIRQL_HANDLE_RESOURCES,
    DIRQL_HANDLE_STIMULUS
} dirql_handle_kind;

/* Registers an object of the machine. 0 when memory is short, or after 65,535 objects. */
uintptr_t dirql_handle_make(dq_machine *machine, dirql_handle_kind kind, void *object);

/* Of the machine that the handle was made for. */
uintptr_t dirql_handle_generation(uintptr_t handle);

/* The object, or NULL if the handle is none of this machine and kind. */
void *dirql_handle_find(const dq_machine *machine, dirql_handle_kind kind, uintptr_t handle);

/* As dirql_handle_find; if there is none, fails the run with a text that names `function`. */
void *dirql_handle_check(dq_machine *machine, dirql_handle_kind kind, const void *handle,
                         const char *function);

#endif
