/*
 * poll.h - a loop that only looks at memory, in code that says what it touches: it waits for somebody
 * else to change that.
 *
 * Another round would be the same but for the time. So others go on instead; where there are none,
 * time passes until something is due; and where nothing is, it will look for ever.
 */
#ifndef DQ_POLL_H
#define DQ_POLL_H

#include "sim/processor.h"

/* So many rounds are gone before: who is to change what only one has touched so far may not have come
 * to it in any run yet, and a loop that ends by itself is none. */
enum { DQ_POLL_ROUNDS = 100 };

/* True if this look (0: the step is no look) is the first one of a loop again; execution->polls_alone,
 * if the loop has gone round for that long. */
bool dq_polls_again(dq_execution *execution, uint64_t look);

/* After such a look, when nobody else went on. */
dq_processor *dq_poll_alone(dq_processor *cpu);

#endif
