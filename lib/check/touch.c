/*
 * touch.c - a ring of accesses.
 */
#include "check/touch.h"

#include "sim/access.h"

/* ---- Recording ------------------------------------------------------------------------------- */

/* Frames come and go: there, equal addresses are not yet the same memory. */
static bool is_own(const dq_processor *cpu, const void *address)
{
    const dq_task *task = cpu->task;
    const uintptr_t stack = (uintptr_t)task->context.stack;
    const uintptr_t execution = (uintptr_t)cpu->execution;

    if ((uintptr_t)address - stack >= task->context.stack_bytes) {
        return false;
    }
    return execution - stack >= task->context.stack_bytes || (uintptr_t)address < execution;
}

static bool is_same(const dq_touch *touch, const dq_processor *cpu, const dq_event *event,
                    uint64_t order)
{
    return touch->order + 1 == order && touch->address == event->object &&
           touch->place == event->place && touch->flags == (uint8_t)event->b &&
           touch->ordinal == cpu->execution->ordinal;
}

void dq_touches_add(dq_touches *touches, const dq_processor *cpu, const dq_event *event,
                    uint64_t order)
{
    dq_touch *latest = &touches->of[(touches->count - 1) % DQ_TOUCHES];

    if (touches->count > 0 && is_same(latest, cpu, event, order)) {
        latest->order = order;
        latest->times++;
        return;
    }
    touches->of[touches->count++ % DQ_TOUCHES] =
        (dq_touch){ .order = order,
                    .time_ns = cpu->machine->clock.now_ns,
                    .address = event->object,
                    .place = event->place,
                    .bytes = (uint32_t)event->a,
                    .ordinal = cpu->execution->ordinal,
                    .times = 1,
                    .service = event->service,
                    .flags = (uint8_t)event->b,
                    .processor = cpu->number,
                    .irql = cpu->irql,
                    .execution = (uint8_t)cpu->execution->kind,
                    .own = is_own(cpu, event->object) };
}

/* ---- Choosing -------------------------------------------------------------------------------- */

static bool meet(const dq_touch *a, const dq_touch *b)
{
    const uintptr_t first = (uintptr_t)a->address, second = (uintptr_t)b->address;

    return first < second + b->bytes && second < first + a->bytes;
}

static bool is_shared(const dq_touches *touches, const dq_touch *touch)
{
    const uint64_t kept = touches->count < DQ_TOUCHES ? touches->count : DQ_TOUCHES;

    for (uint64_t i = 0; i < kept; i++) {
        const dq_touch *other = &touches->of[i];

        if (other->ordinal != touch->ordinal && !(other->own && touch->own) &&
            ((other->flags | touch->flags) & DQ_ACCESS_WRITE) != 0 && meet(other, touch)) {
            return true;
        }
    }
    return false;
}

bool dq_touches_matters(const dq_touches *touches, const dq_touch *touch, const void *from,
                        const void *to)
{
    if (touch->bytes == 0) {
        return false; /* A fence. */
    }
    if (touch->service != DQ_SERVICE_NONE) {
        return touch->service == DQ_SERVICE_Interlocked; /* Others are drawn as calls. */
    }
    if (from != to) {
        return (uintptr_t)touch->address < (uintptr_t)to &&
               (uintptr_t)touch->address + touch->bytes > (uintptr_t)from;
    }
    return is_shared(touches, touch);
}

dq_step dq_touch_step(const dq_touch *touch)
{
    return (dq_step){ .kind = DQ_EVENT_ACCESS,
                      .service = touch->service,
                      .processor = touch->processor,
                      .irql = touch->irql,
                      .execution = (dq_execution_kind)touch->execution,
                      .ordinal = touch->ordinal,
                      .place = touch->place,
                      .object = touch->address,
                      .a = touch->times,
                      .b = touch->flags,
                      .time_ns = touch->time_ns,
                      .order = touch->order };
}
