/*
 * line.h - interrupt lines and messages: the wires between a device and the interrupt controller.
 *
 * A line belongs to the machine of the current run and ends with it. Level-triggered lines
 * interrupt as long as they are asserted; edge-triggered lines and messages interrupt once per
 * assertion. In mode first an interrupt goes to the first processor of its set, and if it is
 * unmasked on the one that makes the call, its ISR has run when the call returns; in mode random
 * both the processor and the delay are drawn. All functions: any IRQL, and inside device callbacks
 * (then the interrupt is taken when the callback is done).
 *
 * In mode live, dirql_line_assert, _deassert, _pulse, _is_asserted and _count can also be called by
 * any other host thread of the process: one that the test made, and that stands for the outside
 * world. They never wait for the ISR; it interrupts a processor soon after. A run in which nothing
 * can go on waits for such a thread, if there is one, as long as options.watchdog_ms. For a line of
 * a run that is over they have no effect, and say so on stderr. In the other modes such a call has
 * no effect and fails the run.
 */
#ifndef DIRQL_LINE_H
#define DIRQL_LINE_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dirql_line dirql_line;

typedef enum dirql_trigger { DIRQL_LEVEL, DIRQL_EDGE, DIRQL_MESSAGE } dirql_trigger;

/* Zero means the default. */
typedef struct dirql_line_options {
    const char *name; /* Printed in reports; default "line". */
    ULONG vector;     /* Default: one of its own. */
    KIRQL irql;       /* DIRQL, 3 to 12; default 5. With `passive`, ignored. */
    dirql_trigger trigger;
    KAFFINITY processors; /* That may take it; default all. */
    BOOLEAN shared;       /* Share disposition in the resources made from it. */
    BOOLEAN
        passive; /* A passive-level interrupt (Irql PASSIVE_LEVEL), as of a device on a slow bus. */
    ULONG message; /* Message number, for DIRQL_MESSAGE. */
} dirql_line_options;

/* NULL options: the defaults. Never returns NULL: bad options fail the run with a text that names
 * the member. */
DIRQL_API dirql_line *dirql_line_create(const dirql_line_options *options);

DIRQL_API void dirql_line_assert(dirql_line *line);
DIRQL_API void dirql_line_deassert(dirql_line *line);
/* Asserts and deasserts: an edge. On a level line that is not taken at once, the interrupt goes
 * away again. */
DIRQL_API void dirql_line_pulse(dirql_line *line);

DIRQL_API int dirql_line_is_asserted(const dirql_line *line);
/* Interrupts taken from the line so far. */
DIRQL_API uint64_t dirql_line_count(const dirql_line *line);

/* A nonmaskable interrupt of this processor: its callbacks (KeRegisterNmiCallback) are asked at
 * its next step, at any IRQL below HIGH_LEVEL; on the caller's own before this returns. One that
 * is still to be taken is not doubled. Any IRQL, also in a device's callback; not from outside
 * the machine. */
DIRQL_API void dirql_nmi(unsigned processor);

DIRQL_API ULONG dirql_line_vector(const dirql_line *line);
DIRQL_API KIRQL dirql_line_irql(const dirql_line *line);
DIRQL_API KINTERRUPT_MODE dirql_line_mode(const dirql_line *line);
DIRQL_API KAFFINITY dirql_line_processors(const dirql_line *line);

/* Resources as a miniport gets them: a list of one full descriptor, for the translated (or raw)
 * interrupt of each line, then what dirql_resources_add_* adds. Freed with the run. */
typedef struct dirql_resources dirql_resources;

DIRQL_API dirql_resources *dirql_resources_create(void);
DIRQL_API void dirql_resources_add_line(dirql_resources *resources, const dirql_line *line);
DIRQL_API void dirql_resources_add_port(dirql_resources *resources, ULONG port, ULONG length);
DIRQL_API void dirql_resources_add_memory(dirql_resources *resources, PHYSICAL_ADDRESS start,
                                          ULONG length);
DIRQL_API void dirql_resources_add_dma(dirql_resources *resources, ULONG channel);
/* Any descriptor, translated and raw. */
DIRQL_API void dirql_resources_add(dirql_resources *resources,
                                   const CM_PARTIAL_RESOURCE_DESCRIPTOR *translated,
                                   const CM_PARTIAL_RESOURCE_DESCRIPTOR *raw);
DIRQL_API PCM_RESOURCE_LIST dirql_resources_translated(dirql_resources *resources);
DIRQL_API PCM_RESOURCE_LIST dirql_resources_raw(dirql_resources *resources);

/* A physical device object that owns these lines: what IoConnectInterruptEx (line and message
 * based) asks. */
DIRQL_API PDEVICE_OBJECT dirql_pdo_create(const char *name, dirql_line *const *lines,
                                          unsigned count);

#ifdef __cplusplus
}
#endif

#endif
