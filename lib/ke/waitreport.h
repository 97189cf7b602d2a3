/*
 * waitreport.h - who waits for what, who has it and since where: for reports of deadlocks.
 */
#ifndef DQ_WAITREPORT_H
#define DQ_WAITREPORT_H

#include "ke/wait.h"

/* The describe_waits hook. */
void dq_waitreport_all(dq_machine *machine, dq_text *text);

/* ---- For a matter's tell(), and the like ----------------------------------------------------- */

/* "the variable `m`, initialised at f a.c:1"; `made` may be NULL. */
void dq_waitreport_object(dq_machine *machine, dq_text *text, const void *object,
                          const void *made);

/* A line: "thread one owns it, since f a.c:1". The pointer may be to no thread any more, `place`
 * may be NULL. */
void dq_waitreport_thread(dq_machine *machine, dq_text *text, const void *thread, const char *how,
                          const void *place);

#endif
