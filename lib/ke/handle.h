/*
 * handle.h - handles of threads: the only objects here that have any.
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

#endif
