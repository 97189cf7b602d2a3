/*
 * test_localstatic.cpp - local static variables of C++, whose constructors two threads come to.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

extern "C" uint64_t host_watch_patience_ns; /* How long the watchdog still tries. */

namespace {

char said[4000];

struct quick {
    quick() : value(3) {}
    int value;
};

struct slow {
    slow() : value(3)
    {
        dirql_time_advance_us(100); /* Meanwhile the other thread comes. */
    }
    int value;
};

template <typename type> int value_of()
{
    static type variable;

    return variable.value;
}

template <typename type> void use(void *context)
{
    (void)context;
    if (value_of<type>() != 3) {
        dirql_fail(__FILE__, __LINE__, "not constructed");
    }
}

template <typename type> void use_in_two_threads(void *context)
{
    dirql_thread *other = dirql_thread_start("other", -1, use<type>, nullptr);

    use<type>(context);
    dirql_thread_join(other);
}

void a_constructor_that_waits_for_nothing_is_run_once(void **state)
{
    dirql_options options = dirql_options();

    (void)state;
    options.fixed = 1;
    assert_int_equal(dirql_run(&options, use_in_two_threads<quick>, nullptr, nullptr),
                     DIRQL_PASSED);
}

void run_in_child()
{
    dirql_options options = dirql_options();

    options.fixed = 1;
    options.watchdog_ms = 50;
    host_watch_patience_ns = 100u * 1000 * 1000;
    dirql_run(&options, use_in_two_threads<slow>, nullptr, nullptr);
    std::exit(EXIT_SUCCESS);
}

void a_constructor_that_waits_is_named_when_the_process_ends(void **state)
{
    int ends[2], status = 0;
    size_t length = 0;
    ssize_t got;
    pid_t child;

    (void)state;
    std::fflush(nullptr);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        run_in_child();
    }
    close(ends[1]);
    while ((got = read(ends[0], said + length, sizeof(said) - 1 - length)) > 0) {
        length += static_cast<size_t>(got);
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
#ifndef __SANITIZE_THREAD__ /* Which waits in a function of its own. */
    if (std::strstr(said, "a local static variable of C++, whose constructor") == nullptr) {
        fail_msg("it was said: %s", said);
    }
#endif
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constructor_that_waits_for_nothing_is_run_once),
        cmocka_unit_test(a_constructor_that_waits_is_named_when_the_process_ends),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
