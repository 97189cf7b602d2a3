/*
 * jump.h - a routine that the kernel has called is left by longjmp(), or by an exception that is
 * caught in the code below it.
 *
 * An execution lives in the frame that calls its routine. Where code stands above that frame, on
 * the same stack, the frame is gone, and what the execution holds may be anything: so it is looked
 * at before it is written to.
 */
#ifndef DQ_JUMP_H
#define DQ_JUMP_H

#include "sim/machine.h"

/* True if the processor's innermost execution was left so, as seen from the caller's `frame`. */
static inline bool dq_is_left(const dq_processor *cpu, const void *frame)
{
    const uintptr_t at = (uintptr_t)cpu->execution, here = (uintptr_t)frame;
    const dq_task *task = cpu->task;

    if (DQ_LIKELY(task == NULL || cpu->execution == &task->execution || here <= at)) {
        return false; /* The first one of a stack stands apart from it. */
    }
    return at - (uintptr_t)task->context.stack < task->context.stack_bytes &&
           here - (uintptr_t)task->context.stack < task->context.stack_bytes;
}

/* The innermost execution was left: the run ends, in the name of one that is still there. The
 * caller is in `service`, which was called at `place`; NULL: it is not known where. */
void dq_find_left(dq_processor *cpu, const void *frame, dq_service service, const void *place);

/* The same by guest code, which is outside the monitor. */
void dq_find_left_in_guest(const void *frame);

#define DQ_LOOK_FOR_JUMP(cpu, service, place)                                    \
    do {                                                                         \
        if (dq_is_left((cpu), __builtin_frame_address(0))) {                     \
            dq_find_left((cpu), __builtin_frame_address(0), (service), (place)); \
        }                                                                        \
    } while (0)

#define DQ_LOOK_FOR_JUMP_IN_GUEST()                            \
    do {                                                       \
        if (dq_is_left(dq_self, __builtin_frame_address(0))) { \
            dq_find_left_in_guest(__builtin_frame_address(0)); \
        }                                                      \
    } while (0)

#endif
