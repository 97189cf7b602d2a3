/*
 * pool_error.h - what is wrong with a free: goes into POOL_FREE events as `c`, and where in the
 * block it lies.
 */
#ifndef DQ_POOL_ERROR_H
#define DQ_POOL_ERROR_H

typedef enum dq_pool_error {
    DQ_POOL_FINE,
    DQ_POOL_FREED_BEFORE,
    DQ_POOL_UNKNOWN, /* No pool block begins there. */
    DQ_POOL_WRONG_TAG,
    DQ_POOL_OVERRUN,        /* Somebody has written behind or before it. */
    DQ_POOL_HOLDS_TIMER,    /* A set timer lies in it. */
    DQ_POOL_HOLDS_DPC,      /* A queued DPC lies in it. */
    DQ_POOL_HOLDS_WORK,     /* A queued work item lies in it. */
    DQ_POOL_HOLDS_LIST,     /* A lookaside list in use lies in it. */
    DQ_POOL_HOLDS_RESOURCE, /* An ERESOURCE in use lies in it. */
    DQ_POOL_PAGED_TOO_HIGH, /* Paged memory, above APC_LEVEL. */
    DQ_POOL_TOO_HIGH        /* Nonpaged memory, above DISPATCH_LEVEL. */
} dq_pool_error;

/* Tag of device objects, with their extensions: "Devi". */
enum { DQ_POOL_DEVICE = 0x69766544 };

#define DQ_POOL_ERROR_AT(error, offset) ((uint64_t)(error) | (uint64_t)(offset) << 8)
#define DQ_POOL_ERROR_OF(c) ((dq_pool_error)((c) & 0xFF))
#define DQ_POOL_ERROR_OFFSET(c) ((c) >> 8)

/* The latest so many freed blocks of up to so many bytes are not given out again: whoever touches
 * them touches nobody else's memory. */
enum { DQ_POOL_KEPT = 256, DQ_POOL_KEPT_BYTES = 65536 };

#endif
