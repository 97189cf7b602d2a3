/*
 * peek_posix.c - reads memory that may not be there, without a fault, also in a signal handler.
 *
 * The kernel does the reading, and answers with an error where a load would fault. The call that is
 * made for it is forbidden in some containers: there the bytes go through a pipe. All by plain
 * system calls: sanitizers take offence at what their own functions are given here.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/frame.h"
#include "host/host.h"

enum { PIPE_BYTES = 4096 }; /* Fits into any pipe. */

static bool copy_at_once(void *to, uintptr_t from, size_t bytes)
{
    struct iovec here = { to, bytes };
    struct iovec there;

    there.iov_len = bytes;
    there.iov_base = (void *)from;
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

static bool copy_through_pipe(void *to, uintptr_t from, size_t bytes)
{
    int ends[2];
    bool copied;

    if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0) {
        return false;
    }
    copied = syscall(SYS_write, ends[1], from, bytes) == (long)bytes &&
             syscall(SYS_read, ends[0], to, bytes) == (long)bytes;
    close(ends[0]);
    close(ends[1]);
    return copied;
}

/* Within a page. */
static bool copy(void *to, uintptr_t from, size_t bytes)
{
    return copy_at_once(to, from, bytes) ||
           ((errno == EPERM || errno == ENOSYS) && copy_through_pipe(to, from, bytes));
}

/* A page at a time, or less: the kernel counts whole parts only. */
size_t host_memory_copy(void *to, const void *from, size_t bytes)
{
    const int before = errno;
    size_t done = 0;

    while (done < bytes) {
        const uintptr_t at = (uintptr_t)from + done;
        const size_t left_in_page = PIPE_BYTES - at % PIPE_BYTES;
        const size_t part = bytes - done < left_in_page ? bytes - done : left_in_page;

        if (!copy((char *)to + done, at, part)) {
            break;
        }
        done += part;
    }
    errno = before;
    return done;
}

uintptr_t host_frame_peek(uintptr_t address)
{
    uintptr_t word = 0;

    return host_memory_copy(&word, (const void *)address, sizeof word) == sizeof word ? word : 0;
}
