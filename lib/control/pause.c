/*
 * pause.c - parts of a test in which an exploration does not branch.
 */
#include "control/control.h"

void dirql_explore_pause(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_explore_pause");

    if (machine != NULL) {
        (void)dq_point_behind(dq_self);
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
