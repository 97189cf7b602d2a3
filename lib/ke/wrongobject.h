/*
 * wrongobject.h - the finding for a pointer that is not the object a service wants.
 */
#ifndef DQ_WRONGOBJECT_H
#define DQ_WRONGOBJECT_H

#include "sim/machine.h"

/* "<service> was given <what>"; `place` NULL: where the service was called. */
void dq_wrong_object(dq_processor *cpu, const volatile void *object, const void *place,
                     const char *what);

#endif
