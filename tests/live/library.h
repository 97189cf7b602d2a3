/*
 * library.h - a library as there are many: it calls back while it holds a lock of its own.
 */
#ifndef TEST_LIBRARY_H
#define TEST_LIBRARY_H

#if defined(__GNUC__)
#define LIBRARY_API __attribute__((visibility("default")))
#else
#define LIBRARY_API
#endif

LIBRARY_API void library_for_each(void (*visit)(void *context), void *context);
LIBRARY_API unsigned library_count(void);

#endif
