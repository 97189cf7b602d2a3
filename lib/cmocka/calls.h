/*
 * calls.h - what the glue remembers of the calls that the test in progress made.
 */
#ifndef DQ_CMOCKA_CALLS_H
#define DQ_CMOCKA_CALLS_H

#include <stdbool.h>

/* Before a test. */
void dq_calls_forget(void);
void dq_expected_forget(void);

/* Where the latest call was made, as a return address; NULL: none. */
const void *dq_calls_place(void);

/* For a function that passes a call on: where it was really made. */
void dq_calls_made_at(const void *place);

/* True if skip() or stop() left the test: nothing went wrong. */
bool dq_calls_left_quietly(void);

#endif
