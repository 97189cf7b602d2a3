/*
 * tryframe.h - frames: what guards a block of guest code, and how it is asked.
 *
 * A frame lies in the stack frame of the function whose block it guards, and holds a mark (host.h)
 * in that function. To ask a frame is to go to its mark, below whatever lies on the stack; the
 * function then finds out what the question is, and answers by going to the mark where the asker
 * waits. What __try becomes is written down in include/wdk/bits/wdk_try.h.
 *
 * Frames belong to an execution: an exception of an ISR never comes to the code that it
 * interrupted. Within one, they belong to the depth of guest routines that the kernel has called:
 * what an exception would cross there is the kernel's own code, with its locks and its IRQL.
 */
#ifndef DQ_TRYFRAME_H
#define DQ_TRYFRAME_H

#include "sim/exception.h"

typedef struct dq_try_frame {
    host_mark mark;
    const void *function;    /* Frame address of the function that it is in. */
    dq_execution *execution; /* NULL: it guards no simulated code. */
    struct dq_try_frame *outer;
    struct dq_raise *raise; /* Innermost exception when it was opened. */
    const void *caller;     /* As its execution had it then. */
    uint16_t caller_at;
    uint16_t guests;
    uint32_t done; /* Its block has come to the end. */
    uint32_t id;   /* Of the __try in its file. */
} dq_try_frame;

typedef enum dq_question {
    DQ_ASKS_FILTER,  /* Above 0: the handler shall run; 0: not; below: what raised shall go on. */
    DQ_ASKS_FINALLY, /* Runs the __finally block, if there is one. */
    DQ_ASKS_KIND     /* 1: there is a __finally block. */
} dq_question;

/* Somebody who asks frames. Lies in his stack frame. */
typedef struct dq_raise {
    host_mark mark;      /* Where the answer is waited for. */
    dq_try_frame *frame; /* That is asked. */
    dq_question question;
    int answer;
    bool runs; /* Its __finally block does. */
    dq_exception_pointers pointers;
    dq_try_frame *innermost; /* While filters are asked: where the search began. Else NULL. */
    struct dq_raise *below;
} dq_raise;

/* Asks a frame. Guest code runs meanwhile: the caller may come back on another processor. */
int dq_try_ask(dq_raise *raise, dq_try_frame *frame, dq_question question);

/* Leaves everything inside the frame's function: its handler runs. */
_Noreturn void dq_try_handle(dq_try_frame *frame, uint32_t code);

/* ---- Called by guest code -------------------------------------------------------------------- */

/* Frames are named by their function's frame address and the number of their __try. */
typedef struct dq_try_name {
    const void *function;
    uint32_t id;
} dq_try_name;

void dq_try_open(dq_try_frame *frame, const void *function);
dq_try_frame *dq_try_innermost(void);

/* However the block was left. `place`: where, as a return address. */
void dq_try_close(dq_try_frame *frame, const void *place);

/* True: the handler's turn. False: the filter's; what it says goes to dq_try_answer(). Does not
 * return if the question is another. */
bool dq_try_handles(dq_try_name name);
_Noreturn void dq_try_answer(dq_try_name name, int answer);

/* In front of a __finally block. NULL: nothing has been raised. Does not return if the block is
 * not to run. */
dq_raise *dq_try_finally(dq_try_name name);
_Noreturn void dq_try_finally_end(dq_raise *raise);

/* Of the exception that the frame's filter deals with; NULL: it deals with none. */
dq_exception_pointers *dq_try_pointers(dq_try_name name);

/* Of the one that the frame's filter or handler deals with. False: they deal with none. */
bool dq_try_code(dq_try_name name, uint32_t *code);

/* The finding that `asked` was called where that makes no sense. */
void dq_try_misplaced(const char *asked, const char *where, const void *place);

/* The __finally block was left half way: that is a finding. */
void dq_try_finally_left(dq_raise *raise, const void *place);

#endif
