/*
 * raceedges.c - what orders: who hands over what he has done, and who takes it.
 *
 * Being interrupted is not among it, nor is a raised IRQL: that excludes, and is looked at when two
 * accesses are compared. An ISR, a DPC and a work item know what was handed to their object, not
 * what the code on their stack knows.
 */
#include "check/race_state.h"
#include "sim/access.h"
#include "sim/lock.h"

/* What all DPCs hand over when they have run: no object has this address. */
static const uintptr_t all_dpcs = DQ_VECTORS + 1;

/* ---- Executions ------------------------------------------------------------------------------ */

/* The frames of what it interrupted end here, and what lies beyond belongs to nobody any more. */
static void forget_frames(dq_race *race, dq_processor *cpu, const dq_execution *who)
{
    const host_context *context = &cpu->task->context;
    const uintptr_t stack = (uintptr_t)context->stack;

    if (who->below != NULL && (uintptr_t)who - stack < context->stack_bytes) {
        dq_raceshadow_forget_frames(&race->shadow, stack, (uintptr_t)who);
    }
}

static uintptr_t loading_since_early(const dq_race *race, uint32_t ordinal)
{
    const dq_raceload *load = &race->early[ordinal % DQ_RACE_EARLY];

    return load->ordinal == ordinal ? load->address : 0;
}

static dq_raceexecution *find_execution(dq_race *race, dq_processor *cpu, const dq_execution *who)
{
    dq_raceexecution **latest = &race->executions.latest[cpu->number];

    if (who->kind == DQ_EXECUTION_DEVICE || who->kind == DQ_EXECUTION_IDLE) {
        return NULL;
    }
    if (*latest != NULL && (*latest)->ordinal == who->ordinal) {
        return *latest;
    }
    *latest = dq_raceexecution_find(&race->executions, who->ordinal);
    if (*latest == NULL) {
        forget_frames(race, cpu, who);
        *latest = dq_raceexecution_make(&race->executions, who->ordinal);
        race->blind = race->blind || *latest == NULL;
        if (*latest != NULL) {
            (*latest)->loading = loading_since_early(race, who->ordinal);
        }
    }
    return *latest;
}

static void end(dq_race *race, dq_processor *cpu)
{
    dq_raceexecution *e = dq_raceexecution_find(&race->executions, cpu->execution->ordinal);

    if (cpu->execution->kind == DQ_EXECUTION_DEVICE && cpu->execution->object == NULL) {
        race->stimulus = NULL;
    }
    if (e != NULL) {
        forget_frames(race, cpu, cpu->execution);
        dq_raceexecution_end(&race->executions, e);
    }
}

/* ---- Handing over ---------------------------------------------------------------------------- */

static void take_clock(dq_race *race, dq_raceexecution *e, uintptr_t address,
                       dq_racesync_role role)
{
    const dq_racesync *sync = dq_racesync_find(&race->syncs, address, role);

    if (sync != NULL && !dq_raceclock_join(&e->clock, &sync->clock)) {
        race->blind = true;
    }
}

/* In live mode others go on between what an execution says and what it does. When it says the next
 * thing, the load is done, and whoever stored what it saw has said so. */
static void take_what_was_loaded(dq_race *race, dq_raceexecution *e)
{
    const uintptr_t address = e->loading;

    e->loading = 0;
    take_clock(race, e, address, DQ_RACESYNC_ATOMIC);
}

dq_raceexecution *dq_raceedges_execution(dq_race *race, dq_processor *cpu, const dq_execution *who)
{
    dq_raceexecution *e = find_execution(race, cpu, who);

    if (e != NULL && e->loading != 0) {
        take_what_was_loaded(race, e);
    }
    return e;
}

/* An epoch without accesses is that of what comes next, which is not handed over yet. */
static void give_clock(dq_race *race, dq_raceexecution *e, uintptr_t address,
                       dq_racesync_role role)
{
    const uint32_t epoch = e->touched ? e->epoch : e->epoch - 1;
    dq_racesync *sync = dq_racesync_at(&race->syncs, address, role);

    if (sync == NULL || !dq_raceclock_join(&sync->clock, &e->clock) ||
        (e->lane != DQ_RACE_NO_LANE && !dq_raceclock_know(&sync->clock, e->lane, epoch))) {
        race->blind = true;
    }
    if (e->touched) {
        e->epoch++;
        e->touched = false;
    }
}

static void pass_on(dq_race *race, uintptr_t from, uintptr_t to)
{
    const dq_racesync *given = dq_racesync_find(&race->syncs, from, DQ_RACESYNC_ORDER);
    dq_racesync *sync;

    if (given == NULL) {
        return;
    }
    sync = dq_racesync_at(&race->syncs, to, DQ_RACESYNC_ORDER);
    /* The second look-up may not move the first: objects stay where they are made. */
    if (sync == NULL || !dq_raceclock_join(&sync->clock, &given->clock)) {
        race->blind = true;
    }
}

static void take(dq_race *race, dq_processor *cpu, const void *object, dq_racesync_role role)
{
    dq_raceexecution *e = dq_raceedges_execution(race, cpu, cpu->execution);

    if (e != NULL) {
        take_clock(race, e, (uintptr_t)object, role);
    }
}

static void give(dq_race *race, dq_processor *cpu, const void *object, dq_racesync_role role)
{
    dq_raceexecution *e = dq_raceedges_execution(race, cpu, cpu->execution);

    if (e != NULL) {
        give_clock(race, e, (uintptr_t)object, role);
    }
}

/* A shared holder follows those who held it alone; who holds it alone follows everybody. */
static void take_lock(dq_race *race, dq_processor *cpu, const void *lock, bool shared)
{
    take(race, cpu, lock, DQ_RACESYNC_ORDER);
    if (!shared) {
        take(race, cpu, lock, DQ_RACESYNC_SHARED);
    }
}

static void give_lock(dq_race *race, dq_processor *cpu, const void *lock, bool shared)
{
    give(race, cpu, lock, shared ? DQ_RACESYNC_SHARED : DQ_RACESYNC_ORDER);
}

static bool is_shared(uint64_t api)
{
    return api == DQ_LOCK_SHARED || api == DQ_LOCK_SHARED_DPC;
}

/* A conversion to a shared hold hands over, one to an exclusive hold takes. */
static void acquire_lock(dq_race *race, dq_processor *cpu, const dq_event *event)
{
    const bool shared = is_shared(event->a);

    if (shared && (event->c & DQ_LOCK_FLAG_CONVERT) != 0) {
        give_lock(race, cpu, event->object, false);
    } else {
        take_lock(race, cpu, event->object, shared);
    }
}

/* ---- Atomic accesses ------------------------------------------------------------------------- */

void dq_raceedges_atomic_early(dq_race *race, const dq_execution *who, uintptr_t address,
                               unsigned flags)
{
    if ((flags & DQ_ACCESS_ACQUIRE) != 0 && race->machine->options.mode == DQ_MODE_LIVE) {
        race->early[who->ordinal % DQ_RACE_EARLY] = (dq_raceload){ who->ordinal, address };
    }
}

void dq_raceedges_atomic_before(dq_race *race, dq_raceexecution *execution, uintptr_t address,
                                unsigned flags)
{
    if ((flags & DQ_ACCESS_ACQUIRE) != 0) {
        take_clock(race, execution, address, DQ_RACESYNC_ATOMIC);
        execution->loading = race->machine->options.mode == DQ_MODE_LIVE ? address : 0;
    }
}

/* A store that is no read-modify-write hides what was handed over before it. A fence, which has no
 * address, hands over to the fences that come after it. */
void dq_raceedges_atomic_after(dq_race *race, dq_raceexecution *execution, uintptr_t address,
                               unsigned flags)
{
    if ((flags & (DQ_ACCESS_READ | DQ_ACCESS_WRITE)) == DQ_ACCESS_WRITE) {
        dq_racesync *sync = dq_racesync_find(&race->syncs, address, DQ_RACESYNC_ATOMIC);

        if (sync != NULL) {
            dq_raceclock_clear(&sync->clock);
        }
    }
    if ((flags & DQ_ACCESS_RELEASE) != 0 && (flags & DQ_ACCESS_WRITE || address == 0)) {
        give_clock(race, execution, address, DQ_RACESYNC_ATOMIC);
    }
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static const void *vector_of(const dq_race *race, const void *interrupt)
{
    for (size_t i = race->connection_count; i > 0; i--) {
        if (race->connections[i - 1].interrupt == interrupt) {
            return (const void *)(uintptr_t)race->connections[i - 1].vector;
        }
    }
    return NULL;
}

/* The code whose register access the device is serving, or NULL: nobody's, as of a stimulus. */
static const dq_execution *accessor(const dq_processor *cpu)
{
    const dq_execution *e = cpu->execution;

    while (e != NULL && e->kind == DQ_EXECUTION_DEVICE) {
        if (e->object == NULL) {
            return NULL;
        }
        e = e->below;
    }
    return e;
}

static bool is_hardware(const dq_processor *cpu)
{
    return cpu->execution != NULL && cpu->execution->kind == DQ_EXECUTION_DEVICE;
}

/* What a device does because of a register access, now or later, follows that access. */
static void hand_to_device(dq_race *race, dq_processor *cpu, const void *object)
{
    const dq_execution *who = is_hardware(cpu) ? accessor(cpu) : NULL;
    dq_raceexecution *e = who != NULL ? dq_raceedges_execution(race, cpu, who) : NULL;

    if (e != NULL) {
        give_clock(race, e, (uintptr_t)object, DQ_RACESYNC_ORDER);
    } else if (is_hardware(cpu) && who == NULL && race->stimulus != NULL) {
        pass_on(race, (uintptr_t)race->stimulus, (uintptr_t)object);
    }
}

static void assert_line(dq_race *race, dq_processor *cpu, const dq_line *line)
{
    hand_to_device(race, cpu, (const void *)(uintptr_t)line->vector->number);
}

static void begin_isr(dq_race *race, dq_processor *cpu, const void *interrupt)
{
    take(race, cpu, interrupt, DQ_RACESYNC_ORDER);
    take(race, cpu, vector_of(race, interrupt), DQ_RACESYNC_ORDER);
}

/* ---- DPCs, timers, threads ------------------------------------------------------------------- */

static void queue_dpc(dq_race *race, dq_processor *cpu, const void *dpc)
{
    if (race->expired != NULL) {
        pass_on(race, (uintptr_t)race->expired, (uintptr_t)dpc);
        race->expired = NULL;
    }
    if (!is_hardware(dq_self)) {
        give(race, cpu, dpc, DQ_RACESYNC_ORDER);
    }
}

static void create_thread(dq_race *race, dq_processor *cpu, const void *thread)
{
    dq_racesync_forget(&race->syncs, (uintptr_t)thread, (uintptr_t)thread + 1);
    give(race, cpu, thread, DQ_RACESYNC_START);
}

static void begin_thread(dq_race *race, dq_processor *cpu, const void *thread)
{
    const uintptr_t stack = (uintptr_t)cpu->task->context.stack;
    const uintptr_t top = stack + cpu->task->context.stack_bytes;

    dq_raceshadow_begin_stack(&race->shadow, stack, top);
    dq_racesync_forget(&race->syncs, stack, top);
    take(race, cpu, thread, DQ_RACESYNC_START);
}

/* The end of a thread is a signal, too: its last. */
static void signal(dq_race *race, dq_processor *cpu, const void *object)
{
    const dq_execution *who = cpu->execution;

    give(race, cpu, object, DQ_RACESYNC_ORDER);
    if (who->kind == DQ_EXECUTION_THREAD && who->below == NULL && who->object == object) {
        end(race, cpu);
    }
}

static bool is_satisfied(uint64_t status)
{
    const uint64_t abandoned = 0x80, objects = 64;

    return status < objects || (status >= abandoned && status < abandoned + objects);
}

static void set_timer(dq_race *race, dq_processor *cpu, const void *timer)
{
    if (!is_hardware(dq_self)) {
        give(race, cpu, timer, DQ_RACESYNC_ORDER);
    }
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void on_order(dq_race *race, dq_processor *cpu, const dq_event *event)
{
    if (is_hardware(cpu)) {
        if (event->kind == DQ_EVENT_ORDER_GIVE) {
            hand_to_device(race, cpu, event->object);
        } else {
            race->stimulus = event->object;
        }
    } else if (event->kind == DQ_EVENT_ORDER_GIVE) {
        give_lock(race, cpu, event->object, event->a != 0);
    } else {
        take_lock(race, cpu, event->object, event->a != 0);
    }
}

static void on_lock(dq_race *race, dq_processor *cpu, const dq_event *event)
{
    if (event->kind != DQ_EVENT_LOCK_INIT && dq_lock_blocks((unsigned)event->a)) {
        return; /* The wait for it says so, or ORDER_GIVE and ORDER_TAKE. */
    }
    switch (event->kind) {
    case DQ_EVENT_LOCK_ACQUIRE:
        acquire_lock(race, cpu, event);
        break;
    case DQ_EVENT_LOCK_RELEASE:
        give_lock(race, cpu, event->object, is_shared(event->a));
        break;
    default:
        dq_racesync_forget(&race->syncs, (uintptr_t)event->object, (uintptr_t)event->object + 1);
        break;
    }
}

static void on_activation(dq_race *race, dq_processor *cpu, const dq_event *event)
{
    switch (event->kind) {
    case DQ_EVENT_ISR_BEGIN:
        begin_isr(race, cpu, event->object);
        break;
    case DQ_EVENT_CONNECT:
    case DQ_EVENT_ISR_END:
        give(race, cpu, event->object, DQ_RACESYNC_ORDER);
        break;
    case DQ_EVENT_DISCONNECT:
    case DQ_EVENT_DPC_BEGIN:
        take(race, cpu, event->object, DQ_RACESYNC_ORDER);
        break;
    case DQ_EVENT_DPC_QUEUE:
        queue_dpc(race, cpu, event->object);
        break;
    case DQ_EVENT_DPC_END:
        give(race, cpu, (const void *)all_dpcs, DQ_RACESYNC_ORDER);
        break;
    case DQ_EVENT_DPC_FLUSH:
        take(race, cpu, (const void *)all_dpcs, DQ_RACESYNC_ORDER);
        break;
    case DQ_EVENT_LINE_ASSERT:
        assert_line(race, cpu, event->object);
        break;
    default:
        break;
    }
}

void dq_raceedges_event(dq_race *race, dq_processor *cpu, const dq_event *event)
{
    if (cpu->execution == NULL || cpu->task == NULL || race->blind) {
        return; /* A visitor from outside: it orders nothing. */
    }
    switch (event->kind) {
    case DQ_EVENT_LOCK_INIT:
    case DQ_EVENT_LOCK_ACQUIRE:
    case DQ_EVENT_LOCK_RELEASE:
        on_lock(race, cpu, event);
        break;
    case DQ_EVENT_ORDER_GIVE:
    case DQ_EVENT_ORDER_TAKE:
        on_order(race, cpu, event);
        break;
    case DQ_EVENT_THREAD_CREATE:
        create_thread(race, cpu, event->object);
        break;
    case DQ_EVENT_THREAD_BEGIN:
        begin_thread(race, cpu, event->object);
        break;
    case DQ_EVENT_SIGNAL:
        signal(race, cpu, event->object);
        break;
    case DQ_EVENT_WAIT_END:
        if (is_satisfied(event->a)) {
            take(race, cpu, event->object, DQ_RACESYNC_ORDER);
        }
        break;
    case DQ_EVENT_TIMER_SET:
        set_timer(race, cpu, event->object);
        break;
    case DQ_EVENT_TIMER_EXPIRE:
        race->expired = event->object;
        break;
    case DQ_EVENT_STIMULUS:
        race->expired = NULL;
        race->stimulus = NULL;
        break;
    case DQ_EVENT_EXECUTION_END:
        end(race, cpu);
        break;
    default:
        on_activation(race, cpu, event);
        break;
    }
}
