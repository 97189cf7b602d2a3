/*
 * hear.h - the listener as C++ sees it: internal headers are C.
 */
#ifndef HEAR_H
#define HEAR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HEARD_READ = 1, HEARD_WRITE = 2, HEARD_READ_WRITE_ATOMIC_BOTH = 1 + 2 + 4 + 8 + 16 };

void hear_from(const void *from, size_t bytes);

/* How many bytes were touched with exactly these flags. */
size_t heard_bytes(unsigned flags);
void forget_heard(void);

#ifdef __cplusplus
}
#endif

#endif
