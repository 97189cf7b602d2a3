/*
 * outside.c - host threads that are no simulated ones raise and lower lines, in live mode.
 *
 * There they stand for hardware that lives in a thread of the test, and the line's machine is the
 * one that its handle was made for: others may run at the same time. In all other modes the machine
 * has one host thread, and nothing may happen that its choices do not know.
 */
#include "control/outside.h"

#include "control/control.h"
#include "control/handle.h"
#include "sim/visit.h"

#include <stdio.h>

/* Once for each run: a thread that was left over may go on for ever. */
static void say_it_is_over(uintptr_t generation, const char *function)
{
    static HOST_KEPT uintptr_t said;
    bool is_new;

    host_lock();
    is_new = said != generation;
    said = generation;
    host_unlock();
    if (is_new) {
        fprintf(stderr,
                "dirql: %s was called by a host thread for a line of a run that is over; the call "
                "had no effect. Let threads that raise lines end before the run does.\n",
                function);
    }
}

static void refuse_mode(dq_machine *machine, const char *function)
{
    dq_find_outside(machine, "foreign thread",
                    "%s was called from a host thread that the machine does not know. Mode live "
                    "can do that (options.mode DIRQL_MODE_LIVE, or DIRQL_MODE=live); in the other "
                    "modes only simulated threads and devices raise lines. The call had no effect.",
                    function);
}

static void refuse_handle(dq_visit *visit, const char *function)
{
    dq_find_outside(visit->machine, "line",
                    "%s was called from a host thread with a pointer that is no line of this run.",
                    function);
    dq_visit_end_run(visit);
}

/* The callbacks of the test's framework run where the run was started. */
static void refuse_home(dq_machine *machine, const char *function)
{
    dirql_control_fail(machine, "line", "%s was called outside the machine's own code", function);
}

static uint64_t act_inside(dq_visit *visit, uintptr_t handle, const char *function,
                           dirql_outside_act *act)
{
    dq_line *wire = dirql_handle_find(visit->machine, DIRQL_HANDLE_LINE, handle);

    if (wire == NULL) {
        refuse_handle(visit, function);
        return 0;
    }
    dq_visit_speak_for(visit, dq_intc_processors(visit->machine, wire));
    return act(visit->machine, wire);
}

uint64_t dirql_outside_do(const dirql_line *line, const char *function, dirql_outside_act *act)
{
    const uintptr_t handle = (uintptr_t)line, generation = dirql_handle_generation(handle);
    uint64_t answer = 0;
    dq_visit visit;

    if (dq_machine_here() != NULL) {
        refuse_home(dq_machine_here(), function);
        return 0;
    }
    switch (dq_visit_begin(&visit, generation)) {
    case DQ_VISIT_INSIDE:
        answer = act_inside(&visit, handle, function, act);
        break;
    case DQ_VISIT_OTHER_MODE:
        refuse_mode(visit.machine, function);
        break;
    case DQ_VISIT_OVER:
        say_it_is_over(generation, function);
        break;
    case DQ_VISIT_UNKNOWN:
        dq_refuse_foreign(function);
        break;
    }
    dq_visit_end(&visit);
    return answer;
}
