/*
 * calls.h - what the glue remembers of the calls that the test in progress made.
 */
#ifndef DQ_CMOCKA_CALLS_H
#define DQ_CMOCKA_CALLS_H

#include <stdbool.h>

/* Before a test. */
void dq_calls_forget(void);
void dq_expected_forget(void);

/* True if skip() or stop() left the test: nothing went wrong. */
bool dq_calls_left_quietly(void);

#endif
