/*
 * test_resume.c - an exploration that goes on where the last one was cut.
 */
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <ntddk.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static volatile LONG count;
static DIRQL_KEEP unsigned bodies;
static char path[64];
static dirql_result result;

static void add_twice(void *context)
{
    (void)context;
    InterlockedIncrement(&count);
    InterlockedIncrement(&count);
}

static void two_add(void *context)
{
    dirql_thread *thread = dirql_thread_start("other", 1, add_twice, NULL);

    bodies++;
    add_twice(context);
    dirql_thread_join(thread);
}

static DIRQL_KEEP unsigned long long seen; /* Bit n: the answers were n, to base 3. */

static void choose_thrice(void *context)
{
    const unsigned first = dirql_choose(3), second = dirql_choose(3), third = dirql_choose(3);

    (void)context;
    bodies++;
    seen |= 1ull << (9 * first + 3 * second + third);
}

static void never(void *context)
{
    (void)context;
    fail_msg("a refused exploration was made");
}

static dirql_options exploring(void)
{
    bodies = 0;
    return (dirql_options){ .name = "it",
                            .mode = DIRQL_MODE_EXPLORE,
                            .processors = 2,
                            .preemptions = 3,
                            .time_limit_s = DIRQL_NEVER,
                            .resume = path,
                            .fixed = 1 };
}

static void run(const dirql_options *options, void (*body)(void *context))
{
    dirql_result_free(&result);
    (void)dirql_run(options, body, NULL, &result);
}

static void assert_refused(const dirql_options *options, const char *reason)
{
    run(options, never);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    if (strstr(result.report, reason) == NULL) {
        fail_msg("the refusal is \"%s\", which does not say \"%s\"", result.report, reason);
    }
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_file_is(const char *text)
{
    char held[4096];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    held[fread(held, 1, sizeof(held) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(held, text);
}

static int begin(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "resume-%d.txt", (int)getpid());
    remove(path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    remove(path);
    dirql_result_free(&result);
    return 0;
}

static void what_was_cut_goes_on_in_the_next_run(void **state)
{
    dirql_options options = exploring();
    uint64_t all;
    unsigned needed;

    (void)state;
    options.resume = NULL;
    run(&options, two_add);
    assert_true(result.complete);
    all = result.schedules;
    needed = bodies;
    options = exploring();
    options.schedule_limit = (unsigned)all - 1;
    run(&options, two_add);
    assert_false(result.complete);
    options = exploring();
    run(&options, two_add);
    assert_true(result.complete);
    assert_int_equal(result.schedules, all);
    assert_true(bodies < needed);
}

/* Cut in the middle of the last pass: what is left of that is run, and its first one twice. */
static void a_pass_that_goes_on_runs_nothing_of_those_before_it(void **state)
{
    dirql_options options = exploring();
    uint64_t all, fewer;
    unsigned before;

    (void)state;
    options.resume = NULL;
    run(&options, two_add);
    all = result.schedules;
    options.preemptions = 2;
    run(&options, two_add);
    fewer = result.schedules;
    options = exploring();
    options.schedule_limit = (unsigned)all - 1;
    run(&options, two_add);
    before = bodies;
    options = exploring();
    run(&options, two_add);
    assert_true(result.complete);
    assert_int_equal(result.schedules, all);
    assert_int_equal(bodies, 1 + 1);
    assert_true(bodies < before && all - fewer >= 1);
}

/* One process after the other, each with that limit. Returns how many there were. */
static unsigned run_in_portions(dirql_options options, unsigned limit, void (*body)(void *context))
{
    unsigned processes = 0;

    options.schedule_limit = limit;
    do {
        run(&options, body);
        assert_int_equal(result.outcome, DIRQL_PASSED);
        processes++;
    } while (!result.complete && processes < 1000);
    assert_true(result.complete);
    remove(path);
    return processes;
}

static void a_limit_smaller_than_a_pass_gets_to_the_end(void **state)
{
    dirql_options options = exploring();
    uint64_t all;

    (void)state;
    options.resume = NULL;
    run(&options, two_add);
    all = result.schedules;
    for (unsigned limit = 1; limit <= 12; limit++) {
        unsigned processes;

        options = exploring();
        processes = run_in_portions(options, limit, two_add);
        assert_int_equal(result.schedules, all); /* None is left out, none is counted twice. */
        assert_true(processes <= all / limit + 1);
        assert_true(bodies <= all + 2 * processes);
    }
}

static void a_limit_in_the_first_pass_leaves_nothing_out(void **state)
{
    (void)state;
    for (unsigned limit = 1; limit <= 27; limit++) {
        seen = 0;
        (void)run_in_portions(exploring(), limit, choose_thrice);
        assert_int_equal(result.schedules, 27);
        assert_true(seen == (1ull << 27) - 1);
    }
}

static void shards_get_to_the_end_in_portions_too(void **state)
{
    dirql_options options = exploring();
    uint64_t all, sum = 0;

    (void)state;
    options.resume = NULL;
    options.shards = 2; /* They branch everywhere. */
    run(&options, two_add);
    all = result.schedules;
    options.shard = 1;
    run(&options, two_add);
    all += result.schedules;
    for (options.shard = 0; options.shard < 2; options.shard++) {
        options.resume = path;
        (void)run_in_portions(options, 5, two_add);
        sum += result.schedules;
    }
    assert_int_equal(sum, all);
}

static void a_file_with_a_malformed_way_is_refused(void **state)
{
    dirql_options options = exploring();
    char text[4096];
    FILE *file;
    size_t length;

    (void)state;
    options.schedule_limit = 4;
    run(&options, two_add);
    file = fopen(path, "r");
    assert_non_null(file);
    length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    assert_non_null(strstr(text, "\nway "));
    memcpy(strstr(text, "\nway "), "\nwax ", 5);
    write_text(text);
    options = exploring();
    assert_refused(&options, "is malformed");
    assert_file_is(text);
}

static void what_is_complete_begins_anew(void **state)
{
    const dirql_options options = exploring();
    unsigned needed;

    (void)state;
    run(&options, two_add);
    assert_true(result.complete);
    needed = bodies;
    bodies = 0;
    run(&options, two_add);
    assert_true(result.complete);
    assert_int_equal(bodies, needed);
}

static void a_file_of_something_else_is_left_alone(void **state)
{
    const dirql_options options = exploring();

    (void)state;
    write_text("my shopping list\n");
    assert_refused(&options, "is no file that an exploration of this version has written");
    assert_file_is("my shopping list\n");
    write_text("");
    assert_refused(&options, "is no file that");
}

static void read_text(char *text, size_t bytes)
{
    FILE *file = fopen(path, "r");
    size_t length;

    assert_non_null(file);
    length = fread(text, 1, bytes - 1, file);
    fclose(file);
    text[length] = '\0';
}

static void a_malformed_file_is_refused(void **state)
{
    const dirql_options options = exploring();
    char text[2048];

    (void)state;
    run(&options, two_add);
    read_text(text, sizeof(text));
    memcpy(strstr(text, "pass "), "pass 9", 6);
    write_text(text);
    assert_refused(&options, "is malformed");
    assert_file_is(text);
}

/* Each would be a small number, were its upper bits lost. */
static void a_file_with_numbers_beyond_all_bounds_is_refused(void **state)
{
    static const char *const huge[] = { "pass 4294967296", "pass 18446744073709551616",
                                        "done 4294967296", "schedules 18446744073709551617",
                                        "schedules 99999999999999999999999999" };
    const dirql_options options = exploring();
    char text[2048], changed[2200];

    (void)state;
    run(&options, two_add);
    read_text(text, sizeof(text));
    for (unsigned i = 0; i < sizeof(huge) / sizeof(*huge); i++) {
        const int word = (int)(strchr(huge[i], ' ') - huge[i]) + 1;
        char line[24];
        const char *at;

        snprintf(line, sizeof(line), "\n%.*s", word, huge[i]);
        at = strstr(text, line);
        assert_non_null(at);
        at++;
        snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, huge[i],
                 at + word + strspn(at + word, "0123456789"));
        write_text(changed);
        assert_refused(&options, "is malformed");
    }
}

static void the_file_of_another_exploration_is_refused(void **state)
{
    dirql_options options = exploring();

    (void)state;
    run(&options, two_add);
    options.name = "another";
    assert_refused(&options, "of dirql ");
    assert_refused(&options, "test it, 2 processors");
    options = exploring();
    options.preemptions = 4;
    assert_refused(&options, "4 preemptions");
    options = exploring();
    options.shards = 2;
    options.shard = 1;
    assert_refused(&options, "give each test and each shard a file of its own");
}

static void a_file_that_another_process_uses_is_refused(void **state)
{
    const dirql_options options = exploring();
    char lock[128];
    int file;

    (void)state;
    snprintf(lock, sizeof(lock), "%s.lock", path);
    file = open(lock, O_RDWR | O_CREAT, 0666);
    assert_true(file >= 0);
    assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
    assert_refused(&options, "another exploration is at work with resume-");
    close(file);
    run(&options, two_add); /* What a process that died has left is no hindrance. */
    assert_true(result.complete);
    assert_int_not_equal(access(lock, F_OK), 0);
}

static void a_file_that_cannot_be_written_is_refused(void **state)
{
    dirql_options options = exploring();

    (void)state;
    options.resume = "no/such/folder/resume.txt";
    assert_refused(&options, "no/such/folder/resume.txt cannot be written: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_cut_goes_on_in_the_next_run, begin, end),
        cmocka_unit_test_setup_teardown(a_pass_that_goes_on_runs_nothing_of_those_before_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_limit_smaller_than_a_pass_gets_to_the_end, begin, end),
        cmocka_unit_test_setup_teardown(a_limit_in_the_first_pass_leaves_nothing_out, begin, end),
        cmocka_unit_test_setup_teardown(shards_get_to_the_end_in_portions_too, begin, end),
        cmocka_unit_test_setup_teardown(what_is_complete_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(a_file_with_a_malformed_way_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_file_of_something_else_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_malformed_file_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_file_with_numbers_beyond_all_bounds_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(the_file_of_another_exploration_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_another_process_uses_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_is_refused, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
