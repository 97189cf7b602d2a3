/*
 * test_loose.c - static variables are put back before each run, memory of malloc() is not: who frees
 * what was allocated before all runs is told so.
 */
#include <dirql/cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../watched.h"

enum { SMALL = 24, LARGE = 1000 };

static char *loose_block;
static DIRQL_KEEP char *kept_block;
static char said[65536];

/* Compilers know what becomes of memory that they see freed. */
static void *(*volatile get)(size_t bytes) = malloc;
static void (*volatile give)(void *memory) = free;

/* Only the GNU library finds out; a sanitizer has a heap of its own. */
static void skip_where_nothing_is_said(void)
{
#ifndef __GLIBC__
    skip();
#endif
    skip_where_memory_is_watched();
}

static void run(void (*body)(void *context), dirql_mode mode)
{
    const dirql_options options = { .name = "loose", .mode = mode,
                                    .runs = mode == DIRQL_MODE_EXPLORE ? 0 : 20, .fixed = 1 };
    dirql_result result;

    (void)dirql_run(&options, body, NULL, &result);
    fputs(result.report, stderr);
    dirql_result_free(&result);
}

/* Whatever becomes of a process with such a heap: what does it say? */
static void listen_to(void (*body)(void *context), dirql_mode mode)
{
    FILE *heard = tmpfile();
    size_t bytes;
    pid_t child;

    assert_non_null(heard);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(fileno(heard), STDERR_FILENO);
        run(body, mode);
        fflush(stderr);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    rewind(heard);
    bytes = fread(said, 1, sizeof(said) - 1, heard);
    said[bytes] = '\0';
    fclose(heard);
}

static void free_what_was_there(void *context)
{
    (void)context;
    (void)dirql_choose(2);
    give(loose_block);
    loose_block = NULL;
}

static void assert_cause_is_told(size_t bytes, dirql_mode mode)
{
    loose_block = get(bytes);
    listen_to(free_what_was_there, mode);
    if (strstr(said, "Static variables are put back before each run, memory of malloc() is not: ") ==
            NULL ||
        strstr(said, "`loose_block` pointed to such memory, and no more after the first run") == NULL) {
        fail_msg("it does not say why:\n%s", said);
    }
    give(loose_block);
}

static void an_exploration_that_frees_what_was_allocated_before_says_so(void **state)
{
    (void)state;
    skip_where_nothing_is_said();
    assert_cause_is_told(LARGE, DIRQL_MODE_EXPLORE);
    assert_cause_is_told(SMALL, DIRQL_MODE_EXPLORE);
}

static void runs_that_are_drawn_say_it_too(void **state)
{
    (void)state;
    skip_where_nothing_is_said();
    assert_cause_is_told(LARGE, DIRQL_MODE_RANDOM);
    assert_cause_is_told(SMALL, DIRQL_MODE_RANDOM);
}

static void free_what_is_kept(void *context)
{
    (void)context;
    (void)dirql_choose(2);
    give(kept_block);
    kept_block = NULL;
}

static void allocate_and_free(void *context)
{
    (void)context;
    loose_block = get(LARGE);
    (void)dirql_choose(2);
    give(loose_block);
}

static void what_is_kept_or_allocated_in_each_run_is_freed_in_peace(void **state)
{
    (void)state;
    loose_block = NULL;
    kept_block = get(LARGE);
    listen_to(free_what_is_kept, DIRQL_MODE_EXPLORE);
    assert_string_equal(said, "");
    listen_to(allocate_and_free, DIRQL_MODE_EXPLORE);
    assert_string_equal(said, "");
    give(kept_block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exploration_that_frees_what_was_allocated_before_says_so),
        cmocka_unit_test(runs_that_are_drawn_say_it_too),
        cmocka_unit_test(what_is_kept_or_allocated_in_each_run_is_freed_in_peace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
