/*
 * safetext.h - what the safe string routines write: text of either width, or a format.
 *
 * All of them come down to this: find out whether the text fits, write as much of it as there is
 * room for, and treat the rest of the buffer as the flags say. strsafe.c does so for strings that
 * end with a null, unicodesafe.c for counted ones.
 */
#ifndef DQ_SAFETEXT_H
#define DQ_SAFETEXT_H

#include <stdarg.h>

#include <ntstrsafe.h>

#include "rtl/rtl.h"

/* Wrapped, so that a pointer to it can be passed on every host. */
typedef struct dq_safe_arguments {
    va_list list;
} dq_safe_arguments;

/* What becomes of a destination that is to be kept whole (STRSAFE_NO_TRUNCATION). */
typedef enum dq_safe_kind { DQ_SAFE_COPY, DQ_SAFE_APPEND, DQ_SAFE_PRINT } dq_safe_kind;

typedef struct dq_safe_source {
    dq_safe_kind kind;
    const void *text;             /* NULL: none was given. It is as wide as the destination. */
    size_t limit;                 /* It ends here, or at a null before. */
    bool counted;                 /* A null does not end it. */
    dq_safe_arguments *arguments; /* Not NULL: the text is a format. */
} dq_safe_source;

#define DQ_SAFE_NO_LIMIT ((size_t)-1)

/* A limit that the caller gave, in characters; never the above. */
static inline size_t dq_safe_limit(size_t limit, size_t unit_bytes)
{
    const size_t chars = limit / unit_bytes;

    return chars < DQ_SAFE_NO_LIMIT ? chars : DQ_SAFE_NO_LIMIT - 1;
}

typedef struct dq_safe_written {
    size_t chars;
    bool cut; /* There was more. */
} dq_safe_written;

/* Writes at most `room` characters, without a null. `to` NULL: only finds out. */
dq_safe_written dq_safe_write(void *to, bool wide, size_t room, const dq_safe_source *source);

/* Fills a buffer of `bytes` with the byte of `flags`. */
void dq_safe_fill(void *to, size_t bytes, ULONG flags);

#endif
