/*
 * test_files.c - what runs write into report files.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"

static char folder[64];
static char path[128];
static char *content;
static unsigned files;

/* A name that no test had before. */
static const char *new_path(const char *end)
{
    snprintf(path, sizeof(path), "%s/%u%s", folder, files++, end);
    return path;
}

static void read_back(void)
{
    FILE *file = fopen(path, "r");
    size_t bytes;

    assert_non_null(file);
    free(content);
    content = calloc(1, 1000000);
    bytes = fread(content, 1, 999999, file);
    fclose(file);
    remove(path);
    assert_true(bytes > 0);
}

#define assert_says(text)                                              \
    do {                                                               \
        if (strstr(content, text) == NULL) {                           \
            fail_msg("the file does not say %s:\n%s", text, content);  \
        }                                                              \
    } while (0)

static dirql_outcome run(const char *name, void (*body)(void *), const char *file)
{
    const dirql_options options = { .name = name, .report_file = file, .fixed = 1, .processors = 2 };

    return dirql_run(&options, body, NULL, NULL);
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

static KSPIN_LOCK lock;

static void nothing(void *context)
{
    (void)context;
}

static void own_a_lock_twice(void *context)
{
    KIRQL old;

    (void)context;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeAcquireSpinLock(&lock, &old);
}

static void warn(void *context)
{
    KSPIN_LOCK other;
    KIRQL old;

    (void)context;
    KeInitializeSpinLock(&other);
    KeRaiseIrql(8, &old);
    KeAcquireSpinLockAtDpcLevel(&other); /* IrqlDispatchPedantic. */
    KeReleaseSpinLockFromDpcLevel(&other);
    KeLowerIrql(old);
}

static void warn_with_a_reason(void *context)
{
    dirql_suppress("IrqlDispatchPedantic", NULL, "the \"old\" hardware");
    warn(context);
}

static void say_odd_things(void *context)
{
    (void)context;
    dirql_fail("a dir/x.c", 12, "odd: <&> ]]> \x01 \xFF \"quoted\"");
}

static void fail_if_told(void *context)
{
    (void)context;
    if (dirql_choose(2) == 1) {
        dirql_fail(__FILE__, __LINE__, "chosen");
    }
}

/* ---- SARIF ----------------------------------------------------------------------------------- */

static void a_bug_check_is_a_result_of_sarif(void **state)
{
    (void)state;
    assert_int_equal(run("twice", own_a_lock_twice, new_path(".sarif")), DIRQL_FAILED);
    read_back();
    assert_says("\"version\":\"2.1.0\"");
    assert_says("\"driver\":{\"name\":\"dirql\",\"version\":\"");
    assert_says("{\"id\":\"SPIN_LOCK_ALREADY_OWNED\",\"shortDescription\":{\"text\":\"bug check "
                "0x0000000F SPIN_LOCK_ALREADY_OWNED\"}");
    assert_says("\"help\":{\"text\":\"acquire it once");
    assert_says("\"helpUri\":\"https://learn.microsoft.com/");
    assert_says("\"ruleId\":\"SPIN_LOCK_ALREADY_OWNED\",\"level\":\"error\"");
    assert_says("\"codeFlows\":[{\"threadFlows\":[{\"id\":\"CPU0\",\"locations\":[{\"location\":{");
    assert_says("\"executionOrder\":3");
    assert_says("\"partialFingerprints\":{\"dirqlFinding/v1\":\"");
    assert_says("\"bugCheckCode\":\"0x0000000F\",\"bugCheckParameters\":[\"0x");
    assert_says("\"processor\":0,\"irql\":2,\"irqlName\":\"DISPATCH_LEVEL\"");
    assert_says("replay: DIRQL_TEST=twice DIRQL_MODE=first");
    assert_says("\"mode\":\"first\",\"seed\":1,\"processors\":2");
    assert_says("\"test\":\"twice\",\"outcome\":\"failed\"");
    assert_says("own_a_lock_twice");
}

static void runs_of_one_process_follow_each_other(void **state)
{
    const char *second;

    (void)state;
    (void)run("first", own_a_lock_twice, new_path(".json"));
    assert_int_equal(run("second", nothing, path), DIRQL_PASSED);
    (void)run("third", own_a_lock_twice, path);
    read_back();
    assert_says("\"test\":\"second\",\"outcome\":\"passed\"");
    second = strstr(content, "{\"ruleId\"");
    assert_non_null(second);
    second = strstr(second + 1, ",\n{\"ruleId\"");
    assert_non_null(second);
    assert_null(strstr(second + 3, "{\"ruleId\"")); /* Two failed. */
    assert_null(strstr(strstr(content, "{\"id\":\"SPIN") + 1, "{\"id\":\"SPIN")); /* One rule. */
}

static void a_warning_is_one(void **state)
{
    (void)state;
    assert_int_equal(run("warns", warn, new_path(".sarif")), DIRQL_PASSED);
    read_back();
    assert_says("\"ruleId\":\"IrqlDispatchPedantic\",\"level\":\"warning\"");
    assert_says("\"defaultConfiguration\":{\"level\":\"warning\"}");
    assert_null(strstr(content, "suppressions"));
}

static void what_was_suppressed_says_why(void **state)
{
    (void)state;
    assert_int_equal(run("quiet", warn_with_a_reason, new_path(".sarif")), DIRQL_PASSED);
    read_back();
    assert_says("\"suppressions\":[{\"kind\":\"inSource\",\"justification\":\"the \\\"old\\\" "
                "hardware\"}]");
}

static void an_assertion_is_where_it_says(void **state)
{
    (void)state;
    assert_int_equal(run("odd", say_odd_things, new_path(".sarif")), DIRQL_FAILED);
    read_back();
    assert_says("\"uri\":\"a%20dir/x.c\",\"uriBaseId\":\"%SRCROOT%\"},\"region\":{\"startLine\":12}");
    assert_says("odd: <&> ]]> \\u0001 \xEF\xBF\xBD \\\"quoted\\\"");
}

static void a_refusal_is_reported(void **state)
{
    const dirql_options options = { .name = "wrong", .report_file = new_path(".sarif"),
                                    .fixed = 1, .processors = 65 };
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(&options, nothing, NULL, &result), DIRQL_REFUSED);
    dirql_result_free(&result);
    read_back();
    assert_says("\"ruleId\":\"refused\"");
    assert_says("option processors is 65");
    assert_says("\"outcome\":\"refused\"");
}

static void many_runs_are_all_there_in_the_end(void **state)
{
    enum { RUNS = 200 };
    char last[64];

    (void)state;
    new_path(".sarif");
    for (unsigned i = 0; i < RUNS; i++) {
        snprintf(last, sizeof(last), "run%u", i);
        assert_int_equal(run(last, nothing, path), DIRQL_PASSED);
    }
    (void)run("last", own_a_lock_twice, path); /* What fails is written at once. */
    read_back();
    for (unsigned i = 0; i < RUNS; i++) {
        snprintf(last, sizeof(last), "\"test\":\"run%u\"", i);
        assert_says(last);
    }
}

/* ---- Explorations ---------------------------------------------------------------------------- */

static void an_exploration_is_one_result(void **state)
{
    const dirql_options options = { .name = "searched", .report_file = new_path(".sarif"),
                                    .mode = DIRQL_MODE_EXPLORE, .fixed = 1 };

    (void)state;
    assert_int_equal(dirql_run(&options, fail_if_told, NULL, NULL), DIRQL_FAILED);
    read_back();
    assert_says("\"ruleId\":\"assertion\"");
    assert_null(strstr(strstr(content, "{\"ruleId\"") + 1, "{\"ruleId\""));
    assert_says("\"mode\":\"explore\"");
    assert_says("\"coverage\":\"explored ");
    assert_says("DIRQL_REPLAY=");
}

static void an_exploration_that_passes_says_what_it_covered(void **state)
{
    const dirql_options options = { .name = "searched", .report_file = new_path(".xml"),
                                    .mode = DIRQL_MODE_EXPLORE, .fixed = 1 };

    (void)state;
    assert_int_equal(dirql_run(&options, nothing, NULL, NULL), DIRQL_PASSED);
    read_back();
    assert_says("<testsuites name=\"report.files\" tests=\"1\" failures=\"0\"");
    assert_says("<property name=\"coverage\" value=\"explored ");
    assert_says("<property name=\"complete\" value=\"true\"/>");
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

static void a_failure_is_one_of_junit(void **state)
{
    (void)state;
    assert_int_equal(run("odd", say_odd_things, new_path(".xml")), DIRQL_FAILED);
    assert_int_equal(run("warns", warn, path), DIRQL_PASSED);
    assert_int_equal(run("twice", own_a_lock_twice, path), DIRQL_FAILED);
    read_back();
    assert_says("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"report.files\" "
                "tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"0\"");
    assert_says("<testcase name=\"odd\" classname=\"report.files\"");
    assert_says("<failure message=\"assertion: a dir/x.c:12: odd: &#60;&#38;&#62; ]]&#62; \xE2\x90\x81 "
                "\xEF\xBF\xBD &#34;quoted&#34;\" type=\"assertion\">");
    assert_says("file=\"a dir/x.c\" line=\"12\"");
    assert_says("<property name=\"mode\" value=\"first\"/>");
    assert_says("<system-out>warning: ");
    assert_says("type=\"SPIN_LOCK_ALREADY_OWNED\">bug check 0x0000000F");
    assert_says("time (us)"); /* The whole report. */
}

static void fail_in_the_body(void *unused)
{
    (void)unused;
    dirql_fail(__FILE__, __LINE__, "not here");
}

/* ---- What cannot be written ------------------------------------------------------------------ */

static void a_path_that_cannot_be_written_is_an_error(void **state)
{
    const dirql_options options = { .name = "odd", .report_file = "/nowhere at all/x.sarif",
                                    .fixed = 1 };
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(&options, nothing, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_string_equal(result.report, "report file\n  the report could not be written to "
                                       "/nowhere at all/x.sarif: No such file or directory\n");
    dirql_result_free(&result);
    assert_int_equal(dirql_run(&options, fail_in_the_body, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "not here"));
    assert_non_null(strstr(result.report, "\nreport file\n"));
    dirql_result_free(&result);
}

static void assert_refused(const char *file, const char *reason)
{
    const dirql_options options = { .report_file = file, .fixed = 1 };
    dirql_result result;

    assert_int_equal(dirql_run(&options, nothing, NULL, &result), DIRQL_REFUSED);
    assert_non_null(strstr(result.report, reason));
    dirql_result_free(&result);
}

static void a_path_must_say_which_kind(void **state)
{
    (void)state;
    assert_refused("report.txt", "\"report.txt\"; it must end in .sarif");
    assert_refused("a.sarif,b", "\"b\"; it must end in .sarif");
    assert_refused("%q.sarif", "behind a %");
}

static void end_the_process(void *context)
{
    (void)context;
    if (freopen("/dev/null", "w", stderr) == NULL) {
        abort();
    }
    exit(EXIT_SUCCESS);
}

/* So much more than writing the file can have taken that it is not put off. */
static void wait_for_long(uint64_t run_ns)
{
    const uint64_t until_ns = host_clock_ns() + 20 * run_ns;

    while (host_clock_ns() < until_ns) {
        usleep(1000);
    }
}

static void assert_exit_is_reported(dirql_mode mode, const char *end)
{
    const dirql_options options = {
        .name = "left", .mode = mode, .report_file = new_path(end), .fixed = 1
    };
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        dirql_run(&options, end_the_process, NULL, NULL);
        _exit(EXIT_SUCCESS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
    read_back();
    assert_says("exit() was called while run");
}

static void a_process_that_ends_in_a_run_leaves_its_report(void **state)
{
    (void)state;
    fflush(NULL);
    assert_exit_is_reported(DIRQL_MODE_FIRST, ".sarif");
    assert_exit_is_reported(DIRQL_MODE_FIRST, ".xml");
    assert_exit_is_reported(DIRQL_MODE_EXPLORE, ".sarif");
    assert_exit_is_reported(DIRQL_MODE_LIVE, ".xml");
}

static void stop_the_process(void *context)
{
    (void)context;
    (void)kill(getpid(), SIGKILL);
}

/* `traced`: the file is what option trace writes. */
static void stop_in_a_run(const char *file, bool traced, bool after_another)
{
    dirql_options options = { .name = "stopped", .fixed = 1 };
    FILE *old = fopen(file, "w");
    pid_t child;

    assert_non_null(old);
    fputs("what an earlier process has left", old);
    fclose(old);
    if (traced) {
        options.trace = file;
    } else {
        options.report_file = file;
    }
    child = fork();
    if (child == 0) {
        if (after_another) {
            const uint64_t began_ns = host_clock_ns();

            (void)run("fails before it", own_a_lock_twice, file);
            wait_for_long(host_clock_ns() - began_ns);
        }
        dirql_run(&options, stop_the_process, NULL, NULL);
        _exit(EXIT_SUCCESS);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_process_that_is_stopped_in_a_run_leaves_word_of_it(void **state)
{
    (void)state;
    fflush(NULL);
    stop_in_a_run(new_path(".xml"), false, false);
    read_back();
    assert_says("tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\"");
    assert_says("<testcase name=\"stopped\" classname=\"report.files\" time=\"0\">\n"
                "<error message=\"the run has not ended: its process was stopped, or died");
    stop_in_a_run(new_path(".sarif"), false, false);
    read_back();
    assert_says("\"executionSuccessful\":false");
    assert_says("{\"level\":\"error\",\"message\":{\"text\":\"stopped: the run has not ended");
}

static void what_was_run_before_is_there_too(void **state)
{
    (void)state;
    fflush(NULL);
    stop_in_a_run(new_path(".xml"), false, true);
    read_back();
    assert_says("tests=\"2\" failures=\"1\" errors=\"1\" skipped=\"0\"");
    assert_says("<testcase name=\"fails before it\"");
    assert_says("<testcase name=\"stopped\"");
}

static void a_run_that_has_ended_is_not_said_to_be_under_way(void **state)
{
    (void)state;
    assert_int_equal(run("ends", nothing, new_path(".sarif")), DIRQL_PASSED);
    read_back();
    assert_says("\"executionSuccessful\":true");
    assert_null(strstr(content, "has not ended"));
    assert_int_equal(run("ends", nothing, new_path(".xml")), DIRQL_PASSED);
    read_back();
    assert_null(strstr(content, "has not ended"));
}

static void an_old_trace_does_not_outlive_the_beginning_of_a_run(void **state)
{
    FILE *file;

    (void)state;
    fflush(NULL);
    stop_in_a_run(new_path(".trace"), true, false);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    remove(path);
}

static void a_path_that_cannot_be_written_is_an_error_in_every_mode(void **state)
{
    static const dirql_mode modes[] = { DIRQL_MODE_FIRST, DIRQL_MODE_RANDOM, DIRQL_MODE_EXPLORE };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        const dirql_options options = { .name = "lost",
                                        .mode = modes[i],
                                        .runs = modes[i] == DIRQL_MODE_RANDOM ? 2 : 0,
                                        .report_file = "no/such/folder/x.xml",
                                        .fixed = 1 };
        dirql_result result;

        assert_int_equal(dirql_run(&options, nothing, NULL, &result), DIRQL_FAILED);
        assert_non_null(strstr(result.report, "could not be written to no/such/folder/x.xml"));
        dirql_result_free(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bug_check_is_a_result_of_sarif),
        cmocka_unit_test(runs_of_one_process_follow_each_other),
        cmocka_unit_test(a_warning_is_one),
        cmocka_unit_test(what_was_suppressed_says_why),
        cmocka_unit_test(an_assertion_is_where_it_says),
        cmocka_unit_test(a_refusal_is_reported),
        cmocka_unit_test(many_runs_are_all_there_in_the_end),
        cmocka_unit_test(an_exploration_is_one_result),
        cmocka_unit_test(an_exploration_that_passes_says_what_it_covered),
        cmocka_unit_test(a_failure_is_one_of_junit),
        cmocka_unit_test(a_path_that_cannot_be_written_is_an_error),
        cmocka_unit_test(a_path_that_cannot_be_written_is_an_error_in_every_mode),
        cmocka_unit_test(a_process_that_ends_in_a_run_leaves_its_report),
        cmocka_unit_test(a_process_that_is_stopped_in_a_run_leaves_word_of_it),
        cmocka_unit_test(what_was_run_before_is_there_too),
        cmocka_unit_test(a_run_that_has_ended_is_not_said_to_be_under_way),
        cmocka_unit_test(an_old_trace_does_not_outlive_the_beginning_of_a_run),
        cmocka_unit_test(a_path_must_say_which_kind),
    };
    int failed;

    unsetenv("DIRQL_REPORT");
    strcpy(folder, "report-XXXXXX");
    assert_non_null(mkdtemp(folder));
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(content);
    rmdir(folder);
    return failed;
}
