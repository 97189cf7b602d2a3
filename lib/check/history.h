/*
 * history.h - see history.c.
 */
#ifndef DQ_CHECK_HISTORY_H
#define DQ_CHECK_HISTORY_H

#include "sim/machine.h"

/* NULL when memory is short. Freed with the machine. */
dq_sink *dq_history_create(dq_machine *machine);

#endif
