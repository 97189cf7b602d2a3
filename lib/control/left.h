/*
 * left.h - how the files that look for leftovers tell of one.
 */
#ifndef DQ_CONTROL_LEFT_H
#define DQ_CONTROL_LEFT_H

#include "check/leaks.h"

/* Adds something that `service` made, called from `place`. */
void dirql_left(dq_leaks *leaks, const char *rule, dq_service service, const void *place,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ---- leftex.c: of ex, io, mapped device memory and PortCls ---------------------------------- */

void dirql_left_executive(dq_machine *machine, dq_leaks *leaks);

/* ---- leftmemory.c: of mm and hal ------------------------------------------------------------- */

void dirql_left_memory(dq_machine *machine, dq_leaks *leaks);

#endif
