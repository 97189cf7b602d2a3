/*
 * test_peek.c - memory that may not be there is read without a fault: also where a container
 * forbids the call that is made for it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/frame.h"
#include "host/host.h"

static char *pages; /* Two: the second is not there. */
static size_t page_bytes;

static int set_up(void **state)
{
    (void)state;
    page_bytes = host_page_bytes();
    pages = host_address_reserve(2 * page_bytes);
    assert_non_null(pages);
    assert_true(host_address_open(pages, page_bytes));
    memset(pages, 'x', page_bytes);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    host_address_release(pages, 2 * page_bytes);
    return 0;
}

static void what_is_there_is_read(void **state)
{
    static char all[3 * 65536 + 5], copy[sizeof(all)];

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (char)(i * 31u >> 3);
    }
    assert_int_equal(host_memory_copy(copy, all, sizeof(all)), sizeof(all));
    assert_memory_equal(copy, all, sizeof(all));
}

static void reading_ends_where_nothing_is(void **state)
{
    char copy[64] = { 0 };

    (void)state;
    errno = 0;
    assert_int_equal(host_memory_copy(copy, pages + page_bytes - 10, sizeof(copy)), 10);
    assert_memory_equal(copy, "xxxxxxxxxx", 11);
    assert_int_equal(host_memory_copy(copy, pages + page_bytes, 1), 0);
    assert_int_equal(host_memory_copy(copy, NULL, 1), 0);
    assert_int_equal(errno, 0);
}

static void a_word_that_is_not_there_is_zero(void **state)
{
    const uintptr_t word = 0x1234;

    (void)state;
    assert_int_equal(host_frame_peek((uintptr_t)&word), 0x1234);
    assert_int_equal(host_frame_peek((uintptr_t)(pages + page_bytes)), 0);
    assert_int_equal(host_frame_peek((uintptr_t)(pages + page_bytes - sizeof(word) / 2)), 0);
}

static void the_call_is_forbidden(void **state)
{
    char from = 'x', to = 0;
    struct iovec here = { &to, 1 }, there = { &from, 1 };

    (void)state;
    assert_int_equal(process_vm_readv(getpid(), &here, 1, &there, 1, 0), -1);
    assert_int_equal(errno, EPERM);
}

/* False: filters are forbidden, too. */
static bool forbid_the_call(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { .len = sizeof(rules) / sizeof(*rules), .filter = rules };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

int main(void)
{
    const struct CMUnitTest by_the_call[] = {
        cmocka_unit_test(what_is_there_is_read),
        cmocka_unit_test(reading_ends_where_nothing_is),
        cmocka_unit_test(a_word_that_is_not_there_is_zero),
    };
    const struct CMUnitTest without_it[] = {
        cmocka_unit_test(the_call_is_forbidden),
        cmocka_unit_test(what_is_there_is_read),
        cmocka_unit_test(reading_ends_where_nothing_is),
        cmocka_unit_test(a_word_that_is_not_there_is_zero),
    };

    if (cmocka_run_group_tests(by_the_call, set_up, tear_down) != 0) {
        return 1;
    }
    return forbid_the_call() ? cmocka_run_group_tests(without_it, set_up, tear_down) : 0;
}
