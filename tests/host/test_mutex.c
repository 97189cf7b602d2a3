/*
 * test_mutex.c - the two kinds of lock keep threads apart.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "host/host.h"

enum { ROUNDS = 10000, ADDERS = 4 };

static long long shared_sum;

static void add_with_lock(void *argument)
{
    int i;

    (void)argument;
    for (i = 0; i < ROUNDS; i++) {
        host_lock();
        shared_sum++;
        host_unlock();
    }
}

static void add_with_mutex(void *mutex)
{
    int i;

    for (i = 0; i < ROUNDS; i++) {
        host_mutex_lock(mutex);
        shared_sum++;
        host_mutex_unlock(mutex);
    }
}

static void add_on_many_threads(host_entry *add, void *argument)
{
    host_thread *adder[ADDERS];
    int i;

    shared_sum = 0;
    for (i = 0; i < ADDERS; i++) {
        adder[i] = host_thread_start(add, argument);
        assert_non_null(adder[i]);
    }
    for (i = 0; i < ADDERS; i++) {
        host_thread_join(adder[i]);
    }
    assert_true(shared_sum == ADDERS * ROUNDS);
}

static void the_lock_excludes(void **state)
{
    (void)state;
    add_on_many_threads(add_with_lock, NULL);
}

static void a_mutex_excludes(void **state)
{
    host_mutex *mutex = host_mutex_create();

    (void)state;
    assert_non_null(mutex);
    add_on_many_threads(add_with_mutex, mutex);
    host_mutex_destroy(mutex);
}

static void two_mutexes_do_not_know_each_other(void **state)
{
    host_mutex *one = host_mutex_create();
    host_mutex *other = host_mutex_create();

    (void)state;
    assert_non_null(one);
    assert_non_null(other);
    host_mutex_lock(one);
    add_on_many_threads(add_with_mutex, other);
    host_mutex_unlock(one);
    host_mutex_destroy(other);
    host_mutex_destroy(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lock_excludes),
        cmocka_unit_test(a_mutex_excludes),
        cmocka_unit_test(two_mutexes_do_not_know_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
