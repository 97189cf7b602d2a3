/*
 * fail.h - calls that fail for want of resources, on demand.
 *
 * A driver must survive that memory is short. Whatever can be answered "insufficient resources" can
 * be made to fail here: pool in all its forms, lookaside lists, work items, timers, threads, device
 * and callback objects, requests, mappings, connecting an interrupt. Such a call does what its page
 * says of failure (NULL, STATUS_INSUFFICIENT_RESOURCES, or a raise), and has no other effect.
 *
 * By default none does. A plan says which do: option `fail`, the variable DIRQL_FAIL, or
 * dirql_fail_set() in the middle of a test:
 *   "3"     the third of them, counted from the beginning of the run; "3+" all from there on
 *   "20%"   each with this chance, drawn from the option `seed`
 *   "pool:3", "pool,connect:1+", "tag=Uart:2"   counting only these kinds, or this pool tag
 * The kinds are pool, lookaside, connect, thread, device, timer, workitem, map, callback, irp, file
 * (opening and making one) and other.
 *
 * The test's own calls count like the driver's: dirql_fail_pause() takes them out. What dirql
 * itself needs, and dirql_ functions, never fail.
 */
#ifndef DIRQL_FAIL_H
#define DIRQL_FAIL_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs the body again and again, each time with another call failing: the first, the second, and so
 * on, until a run passes in which none was left to fail. The first run that does not pass ends it;
 * `result` is that of the last run. Its report says which call failed (result->failure alone does,
 * too), and what followed: a crash, something left over, any finding. options->fail narrows down
 * what is counted ("pool", "tag=Uart"). With DIRQL_FAIL in the environment there is one run, with
 * that plan: so the line that a report ends in repeats exactly the run that it is about.
 *
 * The body must take failure as an answer: it ends early, gives back what it has, and returns.
 * dirql_fail_count() tells it from a failure that nobody asked for. As dirql_run() otherwise. */
DIRQL_API dirql_outcome dirql_fail_each(const dirql_options *options, void (*body)(void *context),
                                        void *context, dirql_result *result);

/* From now on calls fail by this plan, counted from here; NULL: none fails. Any IRQL. */
DIRQL_API void dirql_fail_set(const char *plan);

/* Between these two, nothing fails and nothing is counted, on any processor. They nest. Any
 * IRQL. */
DIRQL_API void dirql_fail_pause(void);
DIRQL_API void dirql_fail_resume(void);

/* How many calls this run has made to fail so far. Any IRQL. */
DIRQL_API uint64_t dirql_fail_count(void);

#ifdef __cplusplus
}
#endif

#endif
