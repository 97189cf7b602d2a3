/*
 * exit.c - a process that ends while a run is under way.
 */
#include "control/control.h"
#include "control/reportfile.h"

#include "host/file.h"

#include <stdio.h>
#include <stdlib.h>

/* Guarded by host_lock(): */
static HOST_KEPT unsigned under_way;       /* Runs of all host threads. */
static HOST_KEPT unsigned under_way_forks; /* host_fork_count() of the process that they are in. */
static HOST_KEPT unsigned under_way_process; /* Its number: vfork() is not counted. */

/* CMocka ends the process when an assertion fails on a host thread that runs no test. */
static void say(const dq_machine *machine, const char *function, char *text, size_t bytes)
{
    static const char end[] = "The run and all that should have followed it are lost; the process "
                              "ends with a failure status.";

    if (machine != NULL) {
        snprintf(text, bytes, "%s() was called while run \"%s\" was under way. %s", function,
                 machine->options.name, end);
    } else {
        snprintf(text, bytes,
                 "%s() was called on a host thread that runs no test, while a run was under way "
                 "on another. CMocka does so when an assertion fails there: assert on simulated "
                 "threads only (dirql_thread_start()). %s",
                 function, end);
    }
}

/* Without it, exit(0) or _exit(0) in driver code would look as a success to whoever reads the status. */
static void refuse(const char *function)
{
    /* In mode live, simulated code has a host thread of its own. */
    const dq_machine *machine = dq_machine_here() != NULL ? dq_machine_here() : dq_self->machine;
    char text[512];
    unsigned runs;

    if (__atomic_load_n(&under_way_process, __ATOMIC_RELAXED) != host_process_number()) {
        return; /* They are the parent's. */
    }
    host_lock();
    runs = under_way_forks == host_fork_count() ? under_way : 0;
    host_unlock();
    if (runs > 0) {
        fflush(NULL);
        say(machine, function, text, sizeof(text));
        fprintf(stderr, "dirql: %s\n", text);
        dirql_report_exit(text);
        _Exit(EXIT_FAILURE);
    }
}

static void refuse_to_exit(void)
{
    refuse("exit");
}

void dirql_control_count(int change)
{
    static HOST_KEPT bool registered;

    host_lock();
    if (!registered) {
        registered = atexit(refuse_to_exit) == 0;
        host_leave_ask(refuse);
    }
    if (under_way_forks != host_fork_count()) {
        under_way_forks = host_fork_count();
        under_way = 0;
    }
    under_way += (unsigned)change;
    __atomic_store_n(&under_way_process, host_process_number(), __ATOMIC_RELAXED);
    host_unlock();
}
