/*
 * blank.h - much static data that holds zeros, put back without being copied.
 *
 * The host has no memory for a page that nobody has touched, and makes one of zeros when somebody
 * does. So the pages are given back, and the next run finds zeros there. To have a page made costs
 * more than to clear it: those that were touched once are cleared instead.
 */
#ifndef BLANK_H
#define BLANK_H

#include <stddef.h>

typedef struct host_blank host_blank;

/* Less than that is rather copied. */
#define HOST_BLANK_BYTES_MIN ((size_t)128 * 1024)

/* Whole pages of anonymous memory that hold zeros. NULL: short of memory. */
host_blank *host_blank_make(unsigned char *start, size_t bytes);
void host_blank_release(host_blank *blank);

/* Zeros again. */
void host_blank_restore(host_blank *blank);

#endif
