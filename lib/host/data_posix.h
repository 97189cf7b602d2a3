/*
 * data_posix.h - static data that was captured: which memory, and what it held.
 */
#ifndef DATA_POSIX_H
#define DATA_POSIX_H

#include <stdbool.h>
#include <stddef.h>

#include "host/blank.h"
#include "host/guest.h"

typedef struct region {
    unsigned char *start;
    size_t bytes;
    bool is_anonymous; /* Pages that no file is behind. */
} region;

enum { BLANKS_MAX = 16 };

struct host_data {
    region *regions;
    size_t count, capacity;
    unsigned char *copy;
    region blank_regions[BLANKS_MAX];
    host_blank *blanks[BLANKS_MAX];
    size_t blank_count;
    bool failed;
    unsigned long long loads, unloads; /* Of modules, until it was made. */
    host_guest guest;                  /* While it is made. */
};

#endif
