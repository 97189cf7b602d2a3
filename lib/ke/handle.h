/*
 * handle.h - handles of threads, and of the objects of other folders.
 */
#ifndef DQ_HANDLE_H
#define DQ_HANDLE_H

#include <wdm.h>

#include "ke/thread.h"

/* Takes over one of the caller's references. NULL: short of memory. */
HANDLE dq_handle_open(dq_machine *machine, dq_thread *thread);

/* NULL if the handle is not open. No reference is added. */
dq_thread *dq_handle_thread(dq_machine *machine, HANDLE handle);

/* What PsGetCurrentThreadId returns. */
HANDLE dq_thread_id(const dq_thread *thread);

/* ---- Objects of other folders ---------------------------------------------------------------- */

/* ObReferenceObject and ObDereferenceObject know `pointer` while it is added. */
typedef struct dq_object {
    const void *pointer;
    const char *what; /* "registry key": for reports of handles. */
    POBJECT_TYPE type; /* NULL: one that drivers cannot name. */
    LONG references;
    void (*retire)(dq_machine *machine, struct dq_object *object); /* At the last one. */
    /* Its handle is closed, and the handle's reference is about to be given back. May be NULL. */
    void (*close)(dq_machine *machine, struct dq_object *object);
    struct dq_object *next;
} dq_object;

/* As dq_handle_open and dq_handle_thread. ZwClose gives the reference back. `service` made the
 * handle, called from `place`. */
HANDLE dq_handle_open_object(dq_machine *machine, dq_object *object, dq_service service,
                             const void *place);
dq_object *dq_handle_object(dq_machine *machine, HANDLE handle);

/* The status for a handle that dq_handle_object() does not find: a thread's has another type than
 * the service wants. One that is not open is told of. */
NTSTATUS dq_handle_refuse(dq_processor *cpu, HANDLE handle);

/* As ZwClose, without being a service call: it was made from `place`. */
NTSTATUS dq_handle_close(dq_processor *cpu, HANDLE handle, const void *place);

/* The handle is a part of something that is told of by itself when it is left. */
void dq_handle_is_part(dq_machine *machine, HANDLE handle);

/* Calls visit() for each handle of an object that is open and no part of something. */
typedef struct dq_handle_left {
    const dq_object *object;
    dq_service service;
    const void *place;
} dq_handle_left;
void dq_handle_for_each(dq_machine *machine,
                        void (*visit)(void *context, const dq_handle_left *left), void *context);

void dq_object_add(dq_machine *machine, dq_object *object);
void dq_object_remove(dq_machine *machine, dq_object *object);

/* Gives one reference back. Returns how many are left. */
LONG dq_object_release(dq_machine *machine, dq_object *object);

#endif
