/*
 * wrongobject.h - the finding for a pointer that is not the object a service wants.
 */
#ifndef DQ_WRONGOBJECT_H
#define DQ_WRONGOBJECT_H

#include "sim/machine.h"

/* "<service> was given <what>"; `place` NULL: where the service was called. */
void dq_wrong_object(dq_processor *cpu, const volatile void *object, const void *place,
                     const char *what);

/* The first thing to ask about what is not as it should be: fails the run, with both sites, if it
 * lies in a pool block that was freed. `place` as above. */
void dq_expect_not_freed(dq_processor *cpu, const volatile void *object, const void *place);

/* The same of what no service was given: `who` was. */
void dq_expect_not_freed_for(dq_processor *cpu, const volatile void *object, const char *who,
                             const void *place);

#endif
