/*
 * pause.c - parts of a test in which an exploration does not branch.
 */
#include "control/control.h"

/* What could have come before a step that matters to nobody comes behind it, in a reduced search; so
 * there must be a place behind the last one. */
static void let_others_come(dq_machine *machine)
{
    if (machine->choices.sparse && machine->choices.paused == 0) {
        (void)dq_point(dq_self);
    }
}

void dirql_explore_pause(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_explore_pause");

    if (machine != NULL) {
        let_others_come(machine);
        machine->choices.paused++;
    }
}

void dirql_explore_resume(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_explore_resume");

    if (machine != NULL && machine->choices.paused == 0) {
        dirql_control_fail(machine, "dirql_explore_resume",
                           "dirql_explore_resume without a dirql_explore_pause before it");
    } else if (machine != NULL) {
        machine->choices.paused--;
    }
}
