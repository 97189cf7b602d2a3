/*
 * trace.h - what happened, for people and for comparison.
 *
 * The recorder keeps events while it listens. A trace as text is the same, byte for byte, for the
 * same seed on every host and compiler: objects are named by class and number of appearance, never
 * by address.
 */
#ifndef DIRQL_TRACE_H
#define DIRQL_TRACE_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Begins to listen, from here on. Any IRQL. */
DIRQL_API void dirql_trace_start(void);
DIRQL_API void dirql_trace_stop(void);

/* A mark of the user's own. Any IRQL. */
DIRQL_API void dirql_trace_mark(const char *text);

/* The trace so far, as text, to be freed with dirql_trace_free(). */
DIRQL_API char *dirql_trace_text(void);

/* The IRQL of each processor over time, drawn as text, from `begin_ns` to `end_ns` of virtual time
 * in `columns` columns. To be freed with dirql_trace_free(). */
DIRQL_API char *dirql_trace_timeline(uint64_t begin_ns, uint64_t end_ns, unsigned columns);

DIRQL_API void dirql_trace_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
