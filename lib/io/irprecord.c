/*
 * irprecord.c - which IRPs there are, and what became of those that are no more.
 */
#include <stdio.h>
#include <string.h>

#include "io/io.h"
#include "io/irp.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static dq_irp **bucket_of(dq_machine *machine, const IRP *irp)
{
    dq_io *io = dq_io_of(machine);

    return io != NULL ? &io->irps.buckets[(uintptr_t)irp / 64 % DQ_IRP_BUCKETS] : NULL;
}

dq_irp *dq_irp_find(dq_machine *machine, const IRP *irp)
{
    dq_irp **bucket = bucket_of(machine, irp);
    dq_irp *record = bucket != NULL ? *bucket : NULL;

    while (record != NULL && record->irp != irp) {
        record = record->next;
    }
    return record;
}

/* Room for a stage of each location, and of whoever made the IRP. */
static bool make_stages(dq_machine *machine, dq_irp *record, unsigned stack_size)
{
    const unsigned wanted = stack_size + DQ_IRP_STAGES_MORE;

    if (record->stage_room < wanted) {
        if (record->stages != NULL) {
            dq_keep_drop(machine, record->stages);
        }
        record->stages = dq_keep(machine, wanted * sizeof(dq_irp_stage));
        record->stage_room = record->stages != NULL ? wanted : 0;
    }
    return record->stages != NULL;
}

static dq_irp *make_record(dq_processor *cpu, PIRP irp)
{
    dq_irp **bucket = bucket_of(cpu->machine, irp);
    dq_irp *record = bucket != NULL ? dq_keep(cpu->machine, sizeof(*record)) : NULL;

    if (record != NULL) {
        record->irp = irp;
        record->next = *bucket;
        *bucket = record;
        dq_kernel_of(cpu)->io_thread_ends = dq_irp_thread_ends;
    }
    return record;
}

dq_irp *dq_irp_record(dq_processor *cpu, PIRP irp, dq_irp_origin origin, unsigned stack_size,
                      dq_service service, const void *place)
{
    dq_irp *record = dq_irp_find(cpu->machine, irp);

    if (record == NULL) {
        record = make_record(cpu, irp);
    }
    if (record == NULL || !make_stages(cpu->machine, record, stack_size)) {
        return NULL;
    }
    memset(record->stages, 0, record->stage_room * sizeof(dq_irp_stage));
    *record = (dq_irp){ .irp = irp,
                        .origin = origin,
                        .alive = true,
                        .service = service,
                        .place = place,
                        .stages = record->stages,
                        .stage_room = record->stage_room,
                        .next = record->next };
    return record;
}

void dq_irp_end(dq_irp *record, dq_service service, const void *place)
{
    record->alive = false;
    record->sent = false;
    record->thread = NULL;
    record->end_service = service;
    record->end_place = place;
}

const char *dq_irp_history(const dq_irp *record, char *text, size_t bytes)
{
    char made[PLACE_TEXT], ended[PLACE_TEXT];

    if (record->alive) {
        snprintf(text, bytes, "made by %s at %s", dq_service_name(record->service),
                 dq_place_describe(record->place, made, sizeof(made)));
    } else {
        snprintf(text, bytes, "made by %s at %s, gone by %s at %s",
                 dq_service_name(record->service),
                 dq_place_describe(record->place, made, sizeof(made)),
                 dq_service_name(record->end_service),
                 dq_place_describe(record->end_place, ended, sizeof(ended)));
    }
    return text;
}

dq_irp_stage *dq_irp_stage_at(dq_irp *record, int level)
{
    const int last = (int)record->stage_room - 1; /* A driver may have overwritten the number. */

    return &record->stages[level < 0 ? 0 : level > last ? last : level];
}

void dq_irp_for_each(dq_machine *machine, void (*visit)(void *context, dq_irp *record),
                     void *context)
{
    const dq_io *io = ((dq_kernel *)machine->kernel)->io;

    for (unsigned i = 0; io != NULL && i < DQ_IRP_BUCKETS; i++) {
        for (dq_irp *record = io->irps.buckets[i]; record != NULL; record = record->next) {
            if (record->alive) {
                visit(context, record);
            }
        }
    }
}
