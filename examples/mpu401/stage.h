/*
 * stage.h - the miniport and its device, set up on a machine: what the tests and the demo share.
 */
#ifndef STAGE_H
#define STAGE_H

#include <dirql/dirql.h>
#include <dirql/thread.h>
#include <mock_mpu401.h>

#include "mpu401.h"
#include "smf.h"

typedef struct stage {
    mock_mpu401 mpu;
    PMINIPORTMPU401 miniport;
    PRESOURCELIST resources;
} stage;

/* In a run, at PASSIVE_LEVEL. The miniport is made, but not initialised; failures end the run. */
void stage_set(stage *s, const mock_mpu401_options *options);
/* The same, but the miniport may be refused: the status is its. */
NTSTATUS stage_try(stage *s, const mock_mpu401_options *options);
NTSTATUS stage_init_miniport(stage *s);
/* Stops the miniport and lets go of it. Nothing happens the second time. */
void stage_clear(stage *s);

/* Waits at most `timeout_ms` for input; otherwise as IMiniportMpu401::Read. */
NTSTATUS stage_read(stage *s, UCHAR *buffer, ULONG length, ULONG *taken, unsigned timeout_ms);

/* ---- A processor that is busy at an IRQL ------------------------------------------------------ */

typedef struct mask {
    KIRQL irql;
    volatile LONG begun, over;
    volatile LONG64 end_ns;
    dirql_thread *thread;
} mask;

/* It has begun when the call returns, and lasts until one of the others is called. */
void mask_begin(mask *m, unsigned processor, KIRQL irql);
/* It will end by itself. */
void mask_end_after(mask *m, unsigned ms);
bool mask_is_over(mask *m);
/* Ends it, and waits until it is over. */
void mask_end(mask *m);

/* ---- A performance: a piece goes over the cable, through the miniport, to a reader ----------- */

typedef struct performance {
    /* What is played, and how. The song stays the caller's. */
    const smf *song;
    unsigned speed;            /* Times as fast as written; 0: as fast as the cable can. */
    /* The calling thread hands the bytes to the device itself, as fast as it can, and `speed` means
     * nothing: then a byte can arrive in the middle of whatever another processor does, and need
     * not wait for the clock. The device's FIFO should hold them all. */
    bool by_hand;
    unsigned reader_processor;
    mock_mpu401_options mpu;
    /* Called by the reader whenever it got something; or NULL. */
    void (*progress)(void *context, const struct performance *p);
    void *context;

    /* What came of it. */
    uint8_t *received; /* As many as the song has bytes, at most. */
    size_t received_count;
    MPU401_STATISTICS statistics;
    mock_mpu401_counters counters;

    stage stage; /* Its own. */
    uint64_t *due_ns;
} performance;

/* Outside of any run. Prepare, then dirql_run() performance_run as often as wanted, each time from
 * the start. */
int performance_prepare(performance *p); /* -1: out of memory. */
void performance_run(void *p);
void performance_free(performance *p);

/* True if what was received is what the song has, bit for bit. */
int performance_is_faithful(const performance *p);

#endif
