/*
 * test_freed.c - what is said of freed blocks is read in order, or known to be missing.
 */
#include <dirql/cmocka.h>

#include "host/freed.h"
#include "host/guest.h"

static host_freed_mark read_so_far;
static host_range ranges[16];
static unsigned count;

static void say(uintptr_t from, size_t bytes)
{
    host_freed_ear()->freed((const void *)from, bytes);
}

static void what_is_said_is_read_once_and_in_order(void **state)
{
    (void)state;
    say(64, 8); /* Nobody listens yet. */
    host_freed_listen(&read_so_far);
    assert_false(host_freed_has_more(&read_so_far));
    for (uintptr_t i = 1; i <= 20; i++) {
        say(i * 4096, i);
    }
    assert_true(host_freed_has_more(&read_so_far));
    assert_true(host_freed_read(&read_so_far, ranges, 16, &count));
    assert_int_equal(count, 16);
    assert_int_equal(ranges[0].from, 4096);
    assert_int_equal(ranges[15].from, 16 * 4096);
    assert_int_equal(ranges[15].to, 16 * 4096 + 16);
    assert_true(host_freed_read(&read_so_far, ranges, 16, &count));
    assert_int_equal(count, 4);
    assert_int_equal(ranges[3].to, 20 * 4096 + 20);
    assert_false(host_freed_has_more(&read_so_far));
    host_freed_ignore();
}

static void who_reads_too_late_is_told_once(void **state)
{
    (void)state;
    host_freed_listen(&read_so_far);
    for (unsigned i = 0; i < 100000; i++) {
        say(4096, 8);
    }
    assert_false(host_freed_read(&read_so_far, ranges, 16, &count));
    assert_false(host_freed_has_more(&read_so_far));
    say(8192, 8);
    assert_true(host_freed_read(&read_so_far, ranges, 16, &count));
    assert_int_equal(count, 1);
    assert_int_equal(ranges[0].from, 8192);
    host_freed_ignore();
}

static void each_reader_reads_all(void **state)
{
    host_freed_mark other;

    (void)state;
    host_freed_listen(&read_so_far);
    host_freed_listen(&other);
    say(4096, 8);
    assert_true(host_freed_read(&read_so_far, ranges, 16, &count));
    assert_int_equal(count, 1);
    assert_true(host_freed_read(&other, ranges, 16, &count));
    assert_int_equal(count, 1);
    host_freed_ignore();
    host_freed_ignore();
}

static void who_says_it_is_no_guest_code(void **state)
{
    const uintptr_t code = (uintptr_t)host_freed_ear()->freed;

    (void)state;
    host_guest_renew(true);
    assert_true(host_guest_is_excepted(code));
    assert_false(host_guest_has_now(code));
    assert_false(host_guest_is_excepted((uintptr_t)who_says_it_is_no_guest_code));
    assert_true(host_guest_has_now((uintptr_t)who_says_it_is_no_guest_code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_read_once_and_in_order),
        cmocka_unit_test(who_reads_too_late_is_told_once),
        cmocka_unit_test(each_reader_reads_all),
        cmocka_unit_test(who_says_it_is_no_guest_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
