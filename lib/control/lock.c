/*
 * lock.c - what a test tells of its locks (include/dirql/lock.h).
 */
#include "control/control.h"

#include <dirql/lock.h>

void dirql_lock_class(const volatile void *lock, const char *name)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_lock_class");

    if (machine == NULL) {
        return;
    }
    if (lock == NULL || name == NULL || name[0] == '\0') {
        dirql_control_fail(machine, "dirql_lock_class",
                           "dirql_lock_class: a lock and a name are needed");
        return;
    }
    dq_emit_text(dq_self, LOCK_NAME, (const void *)lock, name);
}
