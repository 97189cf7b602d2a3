/*
 * leave_posix.c - stands in for _exit() and _Exit(), which end the process at once: no atexit()
 * routine sees that.
 *
 * Who has something to say against a success is asked first. The names are weak, and a sanitizer
 * keeps its own. What calls the kernel itself, or leaves by a library that was linked without
 * looking here, is not seen.
 */
#include "host/host.h"
#include "host/sanitizer.h"

static HOST_KEPT host_leave_question *asked; /* Atomic. */

void host_leave_ask(host_leave_question *question)
{
    __atomic_store_n(&asked, question, __ATOMIC_SEQ_CST);
}

#if !HOST_WATCHED

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STANDS_IN __attribute__((weak, visibility("default")))

static _Noreturn void leave(const char *function, int status)
{
    host_leave_question *question = __atomic_load_n(&asked, __ATOMIC_SEQ_CST);

    if (status == EXIT_SUCCESS && question != NULL) {
        question(function);
    }
    for (;;) {
        syscall(SYS_exit_group, status);
    }
}

STANDS_IN void _exit(int status)
{
    leave("_exit", status);
}

STANDS_IN void _Exit(int status)
{
    leave("_Exit", status);
}

#endif
