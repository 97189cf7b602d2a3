/*
 * history.h - see history.c.
 */
#ifndef DQ_CHECK_HISTORY_H
#define DQ_CHECK_HISTORY_H

#include "check/history_step.h"
#include "check/racememory.h"

/* `memory` knows names; NULL: nobody does. NULL when memory is short. Freed with the machine. */
dq_sink *dq_history_create(dq_machine *machine, const dq_racememory *memory);

/* Calls visit() for each step that is drawn, oldest first; `newcomer` names a thread that goes
 * on, or is NULL. */
void dq_history_visit(const dq_sink *history,
                      void (*visit)(void *context, const dq_step *step, const char *newcomer),
                      void *context);

#endif
