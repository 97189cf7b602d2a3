/*
 * irp.h - what is known of I/O requests beyond their members: who made each, whose it is, and what
 * each driver did with it.
 *
 * A record outlives its IRP, until another IRP lies at the same address: what is done to an IRP
 * that is gone is told apart from garbage, and the report names the place where it went.
 *
 * A frame is a call of a driver's routine with an IRP: its dispatch routine or completion routine.
 * It lies on the caller's stack, so that what happened can be judged when the IRP is gone.
 */
#ifndef DQ_IRP_H
#define DQ_IRP_H

#include <wdm.h>

#include "ke/apc.h"
#include "ke/handle.h"
#include "sim/finding.h"

typedef enum dq_irp_origin {
    DQ_IRP_ALLOCATED,    /* IoAllocateIrp(Ex). */
    DQ_IRP_RAW,          /* IoInitializeIrp of the driver's own memory. */
    DQ_IRP_ASSOCIATED,   /* IoMakeAssociatedIrp. */
    DQ_IRP_ASYNCHRONOUS, /* IoBuildAsynchronousFsdRequest. */
    DQ_IRP_POWER,        /* PoRequestPowerIrp. */
    DQ_IRP_THREADED      /* Of a thread, which frees it: IoBuildDeviceIoControlRequest ... */
} dq_irp_origin;

/* What the driver at one stack location did. */
typedef struct dq_irp_stage {
    bool returned; /* Its dispatch routine has. */
    bool forwarded;
    NTSTATUS status; /* With this. */
    const void *routine;
    bool entered;           /* It has the request, which has not come back from it. */
    UCHAR invoke;           /* What its location said when it got it: when to call ... */
    const void *completion; /* ... what ... */
    const void *context;    /* ... with what. */
} dq_irp_stage;

/* Of whoever made the IRP, and one behind. */
enum { DQ_IRP_STAGES_MORE = 2 };

typedef struct dq_irp {
    PIRP irp;
    dq_irp_origin origin;
    bool alive;
    bool sent;        /* In the hands of drivers: its maker has no business with it. */
    bool dispatched;  /* It was sent at least once. */
    bool charged;     /* Against a quota. */
    bool final;       /* All drivers are done with it; its thread is not. */
    CCHAR base;       /* CurrentLocation of its maker, when it was sent. */
    dq_thread *thread;
    dq_service service; /* That made it. */
    const void *place;
    dq_service end_service; /* That ended it. */
    const void *end_place;
    const void *sent_place;
    bool event_was_set; /* When it was sent. */
    dq_apc apc;         /* Of a threaded one: its end. */
    void *buffer;       /* A copy of the caller's, to be freed. */
    ULONG output_bytes; /* Of it that go back to the caller. */
    bool output_limited; /* No more than these can. */
    PMDL mdl;           /* Made by IoBuild..., of locked pages. */
    dq_object *held[2]; /* Objects with a reference that is given back at its end; or NULL. */
    struct dq_irp *master;
    struct dq_power_irp *power;     /* Of PoRequestPowerIrp. */
    bool wakes_system;              /* PoSetSystemWake. */
    dq_irp_stage *stages; /* By CurrentLocation. */
    unsigned stage_room;
    struct dq_irp *next; /* In its bucket. */
} dq_irp;

typedef struct dq_irp_frame {
    dq_irp *record;
    PIRP irp;
    const dq_execution *execution;
    PDEVICE_OBJECT device;
    const void *routine;
    CCHAR level;      /* CurrentLocation of the routine's driver. */
    bool completion;  /* A completion routine. */
    bool forwarded;   /* It has called IoCallDriver, ... */
    NTSTATUS lower;   /* ... which returned this, ... */
    bool lower_returned;
    bool back;        /* ... and the lower driver has completed it. */
    bool completed;   /* So has this one. */
    bool marked;      /* It was marked pending then. */
    NTSTATUS status;  /* Its status then. */
    struct dq_irp_frame *next;
} dq_irp_frame;

enum {
    DQ_IRP_BUCKETS = 64,
    DQ_IRP_BUFFER_TAG = 0x42707249 /* "IrpB" */
};

/* A machine's part. */
typedef struct dq_irps {
    dq_irp *buckets[DQ_IRP_BUCKETS];
    dq_irp_frame *frames; /* Innermost first. */
} dq_irps;

/* ---- irprecord.c ----------------------------------------------------------------------------- */

/* NULL: nothing is known of an IRP there. */
dq_irp *dq_irp_find(dq_machine *machine, const IRP *irp);

/* What is known of a new IRP: nothing but who made it. NULL when memory is short. */
dq_irp *dq_irp_record(dq_processor *cpu, PIRP irp, dq_irp_origin origin, unsigned stack_size,
                      dq_service service, const void *place);

/* The IRP is no more. */
void dq_irp_end(dq_irp *record, dq_service service, const void *place);

/* "made by IoAllocateIrp at f a.c:1, completed by IoCompleteRequest at g b.c:2": for reports.
 * Returns text. */
const char *dq_irp_history(const dq_irp *record, char *text, size_t bytes);

/* What is known of the driver at this location. */
dq_irp_stage *dq_irp_stage_at(dq_irp *record, int level);

/* How many stack locations it has, of drivers. */
static inline size_t dq_irp_stack_size(const dq_irp *record)
{
    return record->stage_room > DQ_IRP_STAGES_MORE ? record->stage_room - DQ_IRP_STAGES_MORE : 0;
}

/* Calls visit() for each that is not freed or completed: for leak reports. */
void dq_irp_for_each(dq_machine *machine, void (*visit)(void *context, dq_irp *record),
                     void *context);

/* ---- irpframe.c ------------------------------------------------------------------------------ */

void dq_irp_frame_begin(dq_processor *cpu, dq_irp_frame *frame, dq_irp *record);
void dq_irp_frame_end(dq_machine *machine, dq_irp_frame *frame);

/* The routine that the calling code is in, if that was called with this IRP; else NULL. */
dq_irp_frame *dq_irp_frame_of(const dq_processor *cpu, const IRP *irp);

/* True if the code of this routine (NULL: of another) has sent its IRP down, was answered
 * STATUS_PENDING, and has not seen it since. */
static inline bool dq_irp_is_below(const dq_irp_frame *frame)
{
    return frame != NULL && frame->forwarded && frame->lower_returned && !frame->back &&
           frame->lower == STATUS_PENDING;
}

/* The current execution ends, and its frames with it. */
void dq_irp_frames_forget(const dq_processor *cpu);

/* The request has been completed up to `level`, whose driver completes it now. */
void dq_irp_frames_pass(dq_machine *machine, const dq_irp *record, int level);
/* The request has come back to the driver at `level`. */
void dq_irp_frames_return(dq_machine *machine, const dq_irp *record, int level);

/* ---- irp.c ----------------------------------------------------------------------------------- */

/* As IoAllocateIrp, on behalf of `place`; the IRP's memory is no leak of pool. NULL: there is none,
 * or it was made to fail. */
dq_irp *dq_irp_allocate(dq_processor *cpu, CCHAR stack_size, dq_irp_origin origin,
                        dq_service service, const void *place);

/* The same, but never made to fail. */
dq_irp *dq_irp_make(dq_processor *cpu, CCHAR stack_size, dq_irp_origin origin, dq_service service,
                    const void *place);

/* Frees it, and what it owns. */
void dq_irp_free(dq_processor *cpu, dq_irp *record, dq_service service, const void *place);

/* ---- sendirp.c ------------------------------------------------------------------------------- */

NTSTATUS dq_irp_send(dq_processor *cpu, PDEVICE_OBJECT device, PIRP irp, dq_service service,
                     const void *place);

/* ---- completeirp.c --------------------------------------------------------------------------- */

void dq_irp_complete(dq_processor *cpu, PIRP irp, dq_service service, const void *place);

/* ---- forwardirp.c ---------------------------------------------------------------------------- */

/* The driver's completion routine that is set in `below`, by either of the two routines. */
const void *dq_irp_completion_routine(const IO_STACK_LOCATION *below);

/* ---- transactirp.c --------------------------------------------------------------------------- */

typedef struct dq_irp_transaction {
    PDEVICE_OBJECT device; /* Of the stack that it goes to the top of. */
    PFILE_OBJECT file;
    UCHAR major, minor;
    KPROCESSOR_MODE mode;
    NTSTATUS status; /* That it begins with. */
    void (*fill)(PIRP irp, PIO_STACK_LOCATION stack, void *context); /* May be NULL. */
    void *context;
    const void *place;
} dq_irp_transaction;

/* Sends a request and waits for it, at PASSIVE_LEVEL. Returns its status. `information` may be
 * NULL. */
NTSTATUS dq_irp_transact(dq_processor *cpu, const dq_irp_transaction *transaction,
                         ULONG_PTR *information);

/* ---- buildirp.c ------------------------------------------------------------------------------ */

/* Of a threaded IRP that a service of the I/O manager makes. */
typedef struct dq_irp_buffer {
    PDEVICE_OBJECT device;
    void *address;
    ULONG bytes;
    bool input;  /* Drivers read it ... */
    bool output; /* ... or write to it. */
    const void *place;
} dq_irp_buffer;

/* Gives the IRP the buffer as the device's flags say, or always a copy. False: no memory. */
bool dq_irp_set_buffer(dq_processor *cpu, dq_irp *record, const dq_irp_buffer *buffer);
bool dq_irp_set_copy(dq_processor *cpu, dq_irp *record, const dq_irp_buffer *buffer);

/* ---- powerirp.c ------------------------------------------------------------------------------ */

/* All drivers are done with a request of PoRequestPowerIrp: who asked for it is told. */
void dq_power_finish(dq_processor *cpu, dq_irp *record, dq_service service, const void *place);

/* ---- finishirp.c ----------------------------------------------------------------------------- */

/* All drivers are done with a request that goes back to the I/O manager. */
void dq_irp_finish(dq_processor *cpu, dq_irp *record, dq_service service, const void *place);

/* A thread ends: cancels its requests, and waits for them. */
void dq_irp_thread_ends(dq_processor *cpu, const dq_thread *thread);

/* ---- irprules.c: findings, by the codes of bug check 0xC9 ------------------------------------ */

typedef struct dq_irp_error {
    const char *rule;
    dq_severity severity;
    unsigned code;    /* Of 0xC9; 0: none. */
    uint64_t p2, p3, p4;
    const char *page; /* NULL: the rule's. */
    const void *place;
} dq_irp_error;

void dq_irp_accuse(dq_processor *cpu, const dq_irp_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The living record of an IRP that `place` gave to a service; else a finding, with `code` of 0xC9,
 * and NULL. */
dq_irp *dq_irp_check(dq_processor *cpu, const IRP *irp, unsigned code, const void *place);

/* Before a request is sent to `device`: whatever is wrong with it. False: it cannot be sent. */
bool dq_irp_check_send(dq_processor *cpu, dq_irp *record, PDEVICE_OBJECT device,
                       const void *place);
/* irplocation.c: the location that the driver of `device` will find. */
void dq_irp_check_location(dq_processor *cpu, dq_irp *record, const DEVICE_OBJECT *device,
                           const void *place);
/* A driver gets the request, with this location. */
void dq_irp_enter_location(dq_irp_stage *stage, const IO_STACK_LOCATION *location);
/* Before the driver at the current location completes it. */
void dq_irp_check_complete(dq_processor *cpu, dq_irp *record, const void *place);
/* A dispatch routine has returned this. */
void dq_irp_check_dispatch(dq_processor *cpu, const dq_irp_frame *frame, NTSTATUS status,
                           const void *place);
/* The driver at `level` is done: was it marked pending when that returned STATUS_PENDING? */
void dq_irp_check_pending(dq_processor *cpu, dq_irp *record, int level, bool marked,
                          const void *place);

/* IRQL, processor and critical regions as a driver's routine found them. */
typedef struct dq_irp_entry {
    uint8_t irql;
    int apc_disable;
} dq_irp_entry;

dq_irp_entry dq_irp_enter(const dq_processor *cpu);
/* They must be the same when it returns. */
void dq_irp_check_return(dq_processor *cpu, const dq_irp_entry *entry, const dq_irp_frame *frame,
                         const void *place);

#endif
