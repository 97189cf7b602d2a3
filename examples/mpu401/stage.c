/*
 * stage.c - sets up device and miniport, and plays pieces through them.
 *
 * The calling thread plays (so it sleeps while the cable works), and a thread of its own reads, on
 * a processor of its own if there is one: then the ISR, the DPC and the reader do run at the same
 * time.
 */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include <dirql/clock.h>
#include <dirql/fail.h>

#define CHECK(condition)                                                   \
    do {                                                                   \
        if (!(condition)) {                                                \
            dirql_fail(__FILE__, __LINE__, #condition);                    \
        }                                                                  \
    } while (0)

#define SILENCE_MS 10000u /* No rest in a piece is longer. */
#define READ_BYTES 64u

/* ---- The stage ------------------------------------------------------------------------------- */

NTSTATUS stage_try(stage *s, const mock_mpu401_options *options)
{
    dirql_resources *resources = dirql_resources_create();
    PUNKNOWN unknown = NULL;
    NTSTATUS status;

    memset(s, 0, sizeof(*s));
    mock_mpu401_init(&s->mpu, options);
    mock_mpu401_add_resources(&s->mpu, resources);
    dirql_fail_pause(); /* The list is the port driver's, not the miniport's. */
    CHECK(PcNewResourceList(&s->resources, NULL, NonPagedPool,
                            dirql_resources_translated(resources),
                            dirql_resources_raw(resources)) == STATUS_SUCCESS);
    dirql_fail_resume();
    status = CreateMiniportMpu401(&unknown, &IID_IMiniportMpu401, NULL, NonPagedPool);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    CHECK(unknown->lpVtbl->QueryInterface(unknown, &IID_IMiniportMpu401, (PVOID *)&s->miniport) ==
          STATUS_SUCCESS);
    unknown->lpVtbl->Release(unknown);
    return STATUS_SUCCESS;
}

void stage_set(stage *s, const mock_mpu401_options *options)
{
    CHECK(stage_try(s, options) == STATUS_SUCCESS);
}

NTSTATUS stage_init_miniport(stage *s)
{
    return s->miniport->lpVtbl->Init(s->miniport, s->resources);
}

void stage_clear(stage *s)
{
    if (s->miniport != NULL) {
        s->miniport->lpVtbl->Stop(s->miniport);
        s->miniport->lpVtbl->Release(s->miniport);
        s->miniport = NULL;
    }
    if (s->resources != NULL) {
        s->resources->lpVtbl->Release(s->resources);
        s->resources = NULL;
    }
}

NTSTATUS stage_read(stage *s, UCHAR *buffer, ULONG length, ULONG *taken, unsigned timeout_ms)
{
    LARGE_INTEGER timeout_100ns;

    timeout_100ns.QuadPart = -(LONGLONG)timeout_ms * 10000;
    return s->miniport->lpVtbl->Read(s->miniport, buffer, length, taken, &timeout_100ns);
}

/* ---- A busy processor ------------------------------------------------------------------------ */

static void keep_busy(void *context)
{
    mask *m = context;
    KIRQL old_irql;

    KeRaiseIrql(m->irql, &old_irql);
    InterlockedExchange(&m->begun, 1);
    while ((LONG64)dirql_time_ns() < ReadAcquire64(&m->end_ns)) {
        dirql_time_advance_us(10);
    }
    InterlockedExchange(&m->over, 1);
    KeLowerIrql(old_irql);
}

void mask_begin(mask *m, unsigned processor, KIRQL irql)
{
    m->irql = irql;
    m->begun = 0;
    m->over = 0;
    m->end_ns = MAXLONG64;
    m->thread = dirql_thread_start("mask", processor, keep_busy, m);
    while (!ReadAcquire(&m->begun)) {
        dirql_time_advance_us(100);
    }
}

void mask_end_after(mask *m, unsigned ms)
{
    InterlockedExchange64(&m->end_ns, (LONG64)(dirql_time_ns() + UINT64_C(1000000) * ms));
}

bool mask_is_over(mask *m)
{
    return ReadAcquire(&m->over) != 0;
}

void mask_end(mask *m)
{
    mask_end_after(m, 0);
    dirql_thread_join(m->thread);
}

/* ---- A performance --------------------------------------------------------------------------- */

int performance_prepare(performance *p)
{
    const smf *song = p->song;
    size_t i, k;

    p->received = malloc(song->byte_count + 1);
    p->due_ns = malloc((song->byte_count + 1) * sizeof(*p->due_ns));
    if (p->received == NULL || p->due_ns == NULL) {
        return -1;
    }
    for (i = 0; i < song->event_count; i++) {
        for (k = 0; k < song->events[i].length; k++) {
            p->due_ns[song->events[i].offset + k] =
                p->speed == 0 ? 0 : song->events[i].time_ns / p->speed;
        }
    }
    return 0;
}

void performance_free(performance *p)
{
    free(p->received);
    free(p->due_ns);
    p->received = NULL;
    p->due_ns = NULL;
}

int performance_is_faithful(const performance *p)
{
    return p->received_count == p->song->byte_count &&
           memcmp(p->received, p->song->bytes, p->received_count) == 0;
}

/* Reads until it has everything, or nothing more comes. */
static void listen(void *context)
{
    performance *p = context;
    size_t wanted;
    ULONG taken;

    while ((wanted = p->song->byte_count - p->received_count) != 0) {
        if (stage_read(&p->stage, p->received + p->received_count,
                       wanted < READ_BYTES ? (ULONG)wanted : READ_BYTES, &taken,
                       SILENCE_MS) != STATUS_SUCCESS) {
            return;
        }
        p->received_count += taken;
        if (p->progress != NULL) {
            p->progress(p->context, p);
        }
    }
}

static void play(performance *p)
{
    mock_mpu401_stream stream = {p->song->bytes, p->song->byte_count, p->due_ns};
    size_t i;

    if (!p->by_hand) {
        mock_mpu401_play(&p->stage.mpu, &stream);
        return;
    }
    for (i = 0; i < p->song->byte_count; i++) {
        mock_mpu401_receive(&p->stage.mpu, p->song->bytes[i]);
    }
}

void performance_run(void *context)
{
    performance *p = context;
    const ULONG last = KeQueryActiveProcessorCount(NULL) - 1; /* DIRQL_PROCESSORS may say fewer. */
    dirql_thread *reader;

    p->received_count = 0;
    stage_set(&p->stage, &p->mpu);
    CHECK(stage_init_miniport(&p->stage) == STATUS_SUCCESS);

    reader = dirql_thread_start("reader", min(p->reader_processor, last), listen, p);
    play(p);
    dirql_thread_join(reader);

    CHECK(p->stage.miniport->lpVtbl->GetStatistics(p->stage.miniport, &p->statistics) ==
          STATUS_SUCCESS);
    p->counters = p->stage.mpu.counters;
    stage_clear(&p->stage);
}
