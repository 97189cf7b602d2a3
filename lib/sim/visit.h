/*
 * visit.h - host threads that simulate nothing may touch the wires of a live machine.
 *
 * A visitor finds the machine by its generation, keeps it from being destroyed, and enters its
 * monitor, where it stands for hardware: it changes lines and cannot call the kernel.
 */
#ifndef DQ_VISIT_H
#define DQ_VISIT_H

#include "sim/machine.h"

typedef enum dq_visit_answer {
    DQ_VISIT_INSIDE,     /* In the monitor of a machine that runs. */
    DQ_VISIT_OTHER_MODE, /* The machine runs, but on one host thread; not inside. */
    DQ_VISIT_OVER,       /* Its run is over. */
    DQ_VISIT_UNKNOWN     /* There never was such a machine. */
} dq_visit_answer;

typedef struct dq_visit {
    dq_machine *machine; /* Not destroyed before the visit ends; NULL if there is none. */
    dq_processor *caller;
    dq_processor cpu; /* What the host thread is meanwhile. */
    dq_execution execution;
} dq_visit;

/* Each beginning is followed by an end, whatever the answer is. Not from simulated code. */
dq_visit_answer dq_visit_begin(dq_visit *visit, uintptr_t generation);
void dq_visit_end(dq_visit *visit);

/* Events of the visitor are told on behalf of the processor that comes first in `processors`. */
void dq_visit_speak_for(dq_visit *visit, uint64_t processors);

/* From inside: the run ends, for a finding that was written down. */
void dq_visit_end_run(dq_visit *visit);

#endif
