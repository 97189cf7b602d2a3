/*
 * thread.h - put work on other processors.
 *
 * A thin layer over PsCreateSystemThread, for tests: a name for reports, a processor to run on, and
 * join.
 */
#ifndef DIRQL_THREAD_H
#define DIRQL_THREAD_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dirql_thread dirql_thread;

#define DIRQL_ANY_PROCESSOR 0xFFFFFFFFu

/* Starts routine(context) at PASSIVE_LEVEL as a thread of its own, on `processor` only or on any.
 * The name is copied. IRQL: PASSIVE_LEVEL. A processor that the machine does not have fails the
 * run. */
DIRQL_API dirql_thread *dirql_thread_start(const char *name, unsigned processor,
                                           void (*routine)(void *context), void *context);

/* Waits until the thread has ended. IRQL: <= APC_LEVEL. Each thread is joined once, or not at all:
 * then it ends with the test wherever it is, and that is no finding, since it may stand for
 * something that has no end. Join what has to come to its end. */
DIRQL_API void dirql_thread_join(dirql_thread *thread);

/* Moves the calling thread to `processor` (or lets it run anywhere again). IRQL: <= APC_LEVEL. */
DIRQL_API void dirql_thread_move(unsigned processor);

#ifdef __cplusplus
}
#endif

#endif
