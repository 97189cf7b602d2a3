/*
 * given_posix.h - the same for threads that are no host_thread.
 */
#ifndef GIVEN_POSIX_H
#define GIVEN_POSIX_H

#include <pthread.h>

#include "host/host.h"

void host_given_begin(host_given *given, pthread_t thread);

/* `number`: the system's. */
uint64_t host_given_add(host_given *given, pthread_t thread, long number, uint64_t most_ns);

#endif
