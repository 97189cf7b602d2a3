/*
 * kick_posix.h - kicks that a thread's own timer sends, as the rest of this folder sees them.
 */
#ifndef KICK_POSIX_H
#define KICK_POSIX_H

#include <signal.h>
#include <stdbool.h>

/* True if the signal was sent by a timer of ours. */
bool host_kick_is_again(const siginfo_t *info);

/* The calling thread is about to end. */
void host_kick_again_end(void);

/* In a forked process, which has no timers. */
void host_kick_again_forget(void);

#endif
