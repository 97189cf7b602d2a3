/*
 * signal_posix.h - the one signal that this folder sends, and who answers it.
 *
 * Kicks and the watchdog share it. It is ignored by default, so one that comes late does no harm.
 */
#ifndef SIGNAL_POSIX_H
#define SIGNAL_POSIX_H

#include <signal.h>
#include <stdbool.h>

#define HOST_SIGNAL SIGURG

/* The handler is there while somebody has taken it. Whatever is not for one of the two below is
 * passed on to the handler that was there before. */
bool host_signal_take(void);
void host_signal_give(void);

/* True if the signal with this state interrupted the handler of another one, which says nothing of
 * the code below. */
bool host_signal_is_nested(const void *state);

/* In watch_posix.c. Runs on a thread that has a watch. True if the interrupted state was changed:
 * the signal is answered. */
bool host_watch_answer(void *state);

/* The calling thread, if it is watched, runs code of somebody else from now on, or no more: then
 * only its processor's time makes it a loop. */
void host_watch_passes(bool pass);

/* In kick_posix.c. Runs on a thread that catches kicks. */
void host_kick_answer(void *state);

#endif
