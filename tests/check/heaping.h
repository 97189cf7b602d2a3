/*
 * heaping.h - instrumented code that lives on the host's heap, and a library that is not.
 */
#ifndef TEST_HEAPING_H
#define TEST_HEAPING_H

#include <wdm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Each gets memory, writes to it and gives it back. */
void heaping_malloc(void);
void heaping_realloc(void);
void heaping_new(void);
void heaping_string(void);
void heaping_exception(void);
void heaping_of_a_library(void);
void heaping_count(void); /* Interlocked. */

/* Memory of the test's. */
void heaping_write(LONG *block);

/* ---- The library ----------------------------------------------------------------------------- */

#if defined(__GNUC__) && !defined(__MINGW32__)
#define PLAIN __attribute__((visibility("default")))
#else
#define PLAIN
#endif

PLAIN void *plain_get(void);
PLAIN void plain_give(void *block);
PLAIN void plain_churn(unsigned count); /* Gets and gives back. */

#ifdef __cplusplus
}
#endif

#endif
