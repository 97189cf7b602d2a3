/*
 * tryframe.c - opening and closing frames, questions and answers.
 *
 * Guest code answers from outside the monitor: so the way to the asker's mark holds nothing.
 */
#include "sim/tryframe.h"

#include "sim/finding.h"
#include "sim/machine.h"

/* ---- The block ------------------------------------------------------------------------------- */

void dq_try_open(dq_try_frame *frame, const void *function)
{
    DQ_INSIDE(dq_self->live);
    const dq_processor *cpu = dq_self;
    dq_execution *execution = cpu->machine != NULL ? cpu->execution : NULL;

    frame->function = function;
    frame->execution = execution;
    frame->done = false;
    if (execution != NULL) {
        frame->raise = execution->raise;
        frame->caller = execution->caller;
        frame->caller_at = execution->caller_at;
        frame->guests = execution->guests;
        frame->outer = execution->frames;
        execution->frames = frame;
    }
}

dq_try_frame *dq_try_innermost(void)
{
    DQ_INSIDE(dq_self->live);
    return dq_self->execution->frames;
}

static bool has_finally(dq_try_frame *frame)
{
    dq_execution *execution = frame->execution;
    dq_raise asker = { .below = execution->raise };
    int answer;

    execution->raise = &asker;
    answer = dq_try_ask(&asker, frame, DQ_ASKS_KIND);
    execution->raise = asker.below;
    return answer != 0;
}

void dq_try_close(dq_try_frame *frame, const void *place)
{
    DQ_INSIDE(dq_self->live);

    if (frame == NULL || frame->execution == NULL) {
        return;
    }
    if (!frame->done && has_finally(frame)) {
        dq_find(dq_self,
                &(dq_finding){ .severity = DQ_ERROR, .rule = "exception block", .place = place },
                "a __try block was left by return, goto, break or continue, and its __finally "
                "block has "
                "not run: no compiler but Microsoft's can run it then");
    }
    frame->execution->frames = frame->outer;
}

/* ---- Questions ------------------------------------------------------------------------------- */

/* Whatever the raising code was in: the frame's function is called from where it was. */
static void stand_in(const dq_try_frame *frame)
{
    frame->execution->caller = frame->caller;
    frame->execution->caller_at = frame->caller_at;
    frame->execution->given_place = NULL;
}

int dq_try_ask(dq_raise *raise, dq_try_frame *frame, dq_question question)
{
    dq_machine *live = dq_self->live;
    const unsigned depth = live != NULL ? dq_monitor_open(live) : 0;

    raise->frame = frame;
    raise->question = question;
    raise->runs = false;
    stand_in(frame);
    if (host_mark_save(&raise->mark) == 0) {
        host_mark_visit(&frame->mark);
    }
    if (live != NULL) {
        dq_monitor_close(live, depth);
    }
    return raise->answer;
}

/* Who asks the frame; NULL: nobody. */
static dq_raise *asker_of(dq_try_name name)
{
    DQ_INSIDE(dq_self->live);
    dq_raise *raise = dq_self->execution->raise;

    while (raise != NULL && (raise->frame == NULL || raise->frame->function != name.function ||
                             raise->frame->id != name.id)) {
        raise = raise->below;
    }
    return raise;
}

static _Noreturn void answer(dq_raise *raise, int value)
{
    raise->answer = value;
    host_mark_go(&raise->mark);
}

void dq_try_answer(dq_try_name name, int value)
{
    answer(asker_of(name), value);
}

dq_raise *dq_try_finally(dq_try_name name)
{
    dq_raise *raise = asker_of(name);

    if (raise == NULL) {
        return NULL;
    }
    if (raise->question != DQ_ASKS_FINALLY) {
        answer(raise, raise->question == DQ_ASKS_KIND);
    }
    raise->runs = true;
    return raise;
}

void dq_try_finally_end(dq_raise *raise)
{
    answer(raise, 0);
}

void dq_try_finally_left(dq_raise *raise, const void *place)
{
    DQ_INSIDE(dq_self->live);

    dq_find(dq_self,
            &(dq_finding){ .severity = DQ_ERROR, .rule = "exception block", .place = place },
            "a __finally block was left by return, goto, break or continue%s",
            raise != NULL ? ", and the exception that ran it is lost" : "");
    if (raise != NULL) {
        dq_self->execution->raise = raise->frame->raise;
    }
}

/* ---- Handlers -------------------------------------------------------------------------------- */

static dq_caught *caught_by(dq_try_name name)
{
    dq_catches *catches = dq_self->task != NULL ? dq_self->task->catches : NULL;

    for (unsigned n = 1; catches != NULL && n <= DQ_CAUGHT && n <= catches->count; n++) {
        dq_caught *caught = &catches->of[(catches->count - n) % DQ_CAUGHT];

        if (caught->function == name.function && caught->id == name.id) {
            return caught;
        }
    }
    return NULL;
}

/* Made when there is the first: few threads have any, and a search puts tasks back for each run. */
static dq_catches *catches_of(dq_processor *cpu)
{
    dq_task *task = cpu->task;

    if (task->catches == NULL) {
        task->catches = dq_machine_get(cpu->machine, sizeof(*task->catches));
    }
    if (task->catches == NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "short of memory for the handler of an exception");
        dq_go_home(cpu);
    }
    return task->catches;
}

void dq_try_handle(dq_try_frame *frame, uint32_t code)
{
    dq_execution *execution = frame->execution;
    dq_catches *catches = catches_of(dq_self);

    catches->of[catches->count++ % DQ_CAUGHT] =
        (dq_caught){ .function = frame->function, .id = frame->id, .code = code, .begins = true };
    execution->frames = frame->outer;
    execution->raise = frame->raise;
    stand_in(frame);
    if (dq_self->live != NULL) {
        (void)dq_monitor_open(dq_self->live);
    }
    host_mark_go(&frame->mark);
}

static bool begins(dq_try_name name)
{
    DQ_INSIDE(dq_self->live);
    dq_caught *caught = caught_by(name);
    const bool begins = caught != NULL && caught->begins;

    if (begins) {
        caught->begins = false;
    }
    return begins;
}

bool dq_try_handles(dq_try_name name)
{
    dq_raise *raise;

    if (begins(name)) {
        return true;
    }
    raise = asker_of(name);
    if (raise->question != DQ_ASKS_FILTER) {
        answer(raise, 0);
    }
    return false;
}

dq_exception_pointers *dq_try_pointers(dq_try_name name)
{
    dq_raise *raise = asker_of(name);

    return raise != NULL && raise->question == DQ_ASKS_FILTER ? &raise->pointers : NULL;
}

bool dq_try_code(dq_try_name name, uint32_t *code)
{
    const dq_exception_pointers *pointers = dq_try_pointers(name);
    DQ_INSIDE(dq_self->live);
    const dq_caught *caught = pointers == NULL ? caught_by(name) : NULL;

    if (pointers == NULL && caught == NULL) {
        return false;
    }
    *code = pointers != NULL ? pointers->record->code : caught->code;
    return true;
}

void dq_try_misplaced(const char *asked, const char *where, const void *place)
{
    DQ_INSIDE(dq_self->live);

    dq_find(dq_self,
            &(dq_finding){ .severity = DQ_ERROR, .rule = "exception block", .place = place },
            "%s was called outside %s", asked, where);
}
