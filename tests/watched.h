/*
 * watched.h - for what a sanitizer, or Valgrind, does in dirql's place: it watches the memory that
 * drivers are given, which is the host's then.
 */
#ifndef TEST_WATCHED_H
#define TEST_WATCHED_H

#include <dirql/cmocka.h>

#include "host/host.h"

static inline void skip_where_memory_is_watched(void)
{
    if (host_contexts_are_watched()) {
        skip();
    }
}

#endif
