/*
 * process.h - the system's process: the only one, and an object that drivers may reference.
 */
#ifndef DQ_PROCESS_H
#define DQ_PROCESS_H

#include <wdm.h>

#include "sim/machine.h"

enum { DQ_PROCESS_ID = 4 };

/* False when memory is short. */
bool dq_process_start(dq_machine *machine);

#endif
