/*
 * listener.c - keeps accesses, and compares them.
 */
#include "listener.h"

#include <dirql/cmocka.h>

#include <string.h>

static void hear(dq_sink *sink, dq_processor *cpu, const dq_event *event)
{
    listener *this = sink->state;
    const size_t offset = (size_t)((const char *)event->object - this->from);
    const bool is_fence = event->object == NULL && this->wants_fences;
    heard *entry = &this->first[this->count];

    if ((offset >= this->bytes && !is_fence) || this->count == HEARD_MAX) {
        return;
    }
    this->count++;
    *entry = (heard){ .offset = is_fence ? 0 : offset,
                      .bytes = event->a,
                      .flags = event->b,
                      .service = event->service,
                      .place = event->place,
                      .processor = cpu->number };
    if (!is_fence) {
        memcpy(&entry->value, event->object, event->a < 8 ? (size_t)event->a : 8);
    }
}

void listen(listener *this, const volatile void *from, size_t bytes)
{
    dq_processor *cpu = dq_self;
    DQ_INSIDE(cpu->live);

    memset(this, 0, sizeof(*this));
    this->from = (const char *)from;
    this->bytes = bytes;
    this->sink = (dq_sink){ .name = "listener",
                            .kinds = DQ_EVENT_BIT(ACCESS),
                            .event = hear,
                            .state = this };
    dq_sink_add(cpu->machine, &this->sink);
}

void expect_heard(listener *this, unsigned count, const heard *expected)
{
    for (unsigned i = 0; i < count && i < this->count; i++) {
        const heard *entry = &this->first[i];

        if (entry->offset != expected[i].offset || entry->bytes != expected[i].bytes ||
            entry->flags != expected[i].flags || entry->service != expected[i].service) {
            fail_msg("access %u: %u bytes at %u, flags %u, service %u; expected %u at %u, flags "
                     "%u, service %u",
                     i, (unsigned)entry->bytes, (unsigned)entry->offset, (unsigned)entry->flags,
                     (unsigned)entry->service, (unsigned)expected[i].bytes,
                     (unsigned)expected[i].offset, (unsigned)expected[i].flags,
                     (unsigned)expected[i].service);
        }
    }
    assert_int_equal(this->count, count);
    this->count = 0;
}
