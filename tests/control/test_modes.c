/*
 * test_modes.c - first, random and replay: the same choices give the same run.
 */
#include <dirql/cmocka.h>
#include <dirql/clock.h>
#include <dirql/line.h>
#include <dirql/thread.h>
#include <dirql/trace.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A small scene with something to choose: two processors, an interrupt, a shared
 * order of events. */
typedef struct scene {
    char order[64];
    char *trace;
    dirql_line *line;
    KSPIN_LOCK lock;
} scene;

static void note(scene *s, char letter)
{
    const size_t length = strlen(s->order);

    if (length < sizeof(s->order) - 1) {
        s->order[length] = letter;
        s->order[length + 1] = '\0';
    }
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    note(context, 'i');
    return TRUE;
}

static void work(void *context)
{
    scene *s = context;
    KIRQL old;

    for (int i = 0; i < 4; i++) {
        KeAcquireSpinLock(&s->lock, &old);
        note(s, (char)('0' + KeGetCurrentProcessorNumber()));
        KeReleaseSpinLock(&s->lock, old);
    }
}

static void play(void *context)
{
    scene *s = context;
    dirql_thread *other;
    PKINTERRUPT interrupt;

    dirql_trace_start();
    s->order[0] = '\0';
    KeInitializeSpinLock(&s->lock);
    s->line = dirql_line_create(
        &(dirql_line_options){ .name = "scene", .irql = 6, .trigger = DIRQL_EDGE });
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, s, NULL, dirql_line_vector(s->line), 6, 6,
                                        Latched, FALSE, dirql_line_processors(s->line), FALSE),
                     STATUS_SUCCESS);
    other = dirql_thread_start("other", 1, work, s);
    dirql_line_pulse(s->line);
    work(s);
    dirql_thread_join(other);
    s->trace = dirql_trace_text();
    IoDisconnectInterrupt(interrupt);
}

static char *play_with(dirql_options options, scene *s, char **schedule)
{
    dirql_result result;

    options.name = "scene";
    options.processors = 2;
    options.fixed = 1;
    s->trace = NULL;
    assert_int_equal(dirql_run(&options, play, s, &result), DIRQL_PASSED);
    if (schedule != NULL) {
        *schedule = result.schedule;
        result.schedule = NULL;
    }
    dirql_result_free(&result);
    assert_non_null(s->trace);
    return s->trace;
}

static void mode_first_takes_interrupts_at_once(void **state)
{
    scene s;

    (void)state;
    free(play_with((dirql_options){ .mode = DIRQL_MODE_FIRST }, &s, NULL));
    assert_int_equal(s.order[0], 'i');
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        scene s;
        const dirql_options options = { .mode = DIRQL_MODE_RANDOM, .seed = seed };
        char *first = play_with(options, &s, NULL);
        char *second = play_with(options, &s, NULL);

        assert_string_equal(first, second);
        free(first);
        free(second);
    }
}

static void seeds_reach_different_orders(void **state)
{
    char seen[100][64];
    int kinds = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        scene s;
        int known = 0;

        free(play_with((dirql_options){ .mode = DIRQL_MODE_RANDOM, .seed = seed }, &s, NULL));
        for (int i = 0; i < kinds; i++) {
            known = known || strcmp(seen[i], s.order) == 0;
        }
        if (!known) {
            strcpy(seen[kinds++], s.order);
        }
    }
    assert_true(kinds > 20);
}

enum { PLACES = 200 };

static int place, came_at;

static BOOLEAN note_place(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    came_at = place;
    return TRUE;
}

static void pass_many_places(void *context)
{
    dirql_line *line = dirql_line_create(
        &(dirql_line_options){ .name = "edge", .irql = 5, .trigger = DIRQL_EDGE });
    PKINTERRUPT interrupt;
    KEVENT event;

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(IoConnectInterrupt(&interrupt, note_place, NULL, NULL,
                                        dirql_line_vector(line), 5, 5, Latched, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    place = 0;
    dirql_line_pulse(line);
    for (place = 1; place <= PLACES; place++) {
        (void)KeReadStateEvent(&event);
    }
    dirql_time_advance_us(1);
    IoDisconnectInterrupt(interrupt);
}

static void an_interrupt_comes_early_with_some_seeds_and_late_with_others(void **state)
{
    unsigned early = 0, middle = 0, late = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        const dirql_options options = { .mode = DIRQL_MODE_RANDOM, .seed = seed, .fixed = 1 };

        assert_int_equal(dirql_run(&options, pass_many_places, NULL, NULL), DIRQL_PASSED);
        early += came_at < PLACES / 20;
        middle += came_at >= PLACES / 20 && came_at < PLACES / 2;
        late += came_at >= PLACES / 2;
    }
    assert_in_range(early, 30, 90);
    assert_in_range(middle, 5, 60);
    assert_in_range(late, 5, 40);
}

static void a_random_run_is_replayed_by_its_text(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        scene s, again;
        char *schedule = NULL;
        char *first =
            play_with((dirql_options){ .mode = DIRQL_MODE_RANDOM, .seed = seed }, &s, &schedule);
        char *second = play_with((dirql_options){ .mode = DIRQL_MODE_REPLAY, .replay = schedule },
                                 &again, NULL);

        assert_string_equal(s.order, again.order);
        assert_string_equal(first, second);
        free(first);
        free(second);
        free(schedule);
    }
}

static void assert_diverges(void (*body)(void *context), scene *s, const char *schedule,
                            const char *reason)
{
    dirql_result result;
    const dirql_options options = {
        .name = "scene", .processors = 2, .mode = DIRQL_MODE_REPLAY, .replay = schedule, .fixed = 1
    };

    assert_int_equal(dirql_run(&options, body, s, &result), DIRQL_FAILED);
    if (strstr(result.report, reason) == NULL) {
        fail_msg("the report does not say \"%s\":\n%s", reason, result.report);
    }
    dirql_result_free(&result);
}

static void play_another(void *context)
{
    scene *s = context;

    dirql_choose(5);
    play(s);
}

static void end_at_once(void *context)
{
    (void)context;
}

static void a_replay_that_diverges_names_the_first_differing_call(void **state)
{
    scene s;
    char *schedule = NULL;

    (void)state;
    free(play_with((dirql_options){ .mode = DIRQL_MODE_RANDOM, .seed = 5 }, &s, &schedule));
    assert_diverges(play_another, &s, schedule, "the replay diverged at choice ");
    assert_diverges(play_another, &s, schedule, ", in the test's own code: ");
    assert_diverges(play_another, &s, schedule, "Likely causes: ");
    assert_diverges(end_at_once, &s, schedule, "the run ended after ");
    assert_diverges(end_at_once, &s, schedule, "Likely causes: ");
    free(schedule);
}

static void choose_thrice(void *context)
{
    unsigned *answers = context;

    answers[0] = dirql_choose(3);
    answers[1] = dirql_choose(1);
    answers[2] = dirql_choose(64);
}

static void a_tests_own_choices_are_option_0_in_mode_first(void **state)
{
    unsigned answers[3] = { 9, 9, 9 };

    (void)state;
    assert_int_equal(dirql_run(&(dirql_options){ .fixed = 1 }, choose_thrice, answers, NULL),
                     DIRQL_PASSED);
    assert_int_equal(answers[0] + answers[1] + answers[2], 0);
}

static void a_tests_own_choices_are_replayed(void **state)
{
    unsigned drawn[3], again[3];
    dirql_options options = { .mode = DIRQL_MODE_RANDOM, .seed = 11, .fixed = 1 };
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(&options, choose_thrice, drawn, &result), DIRQL_PASSED);
    options.mode = DIRQL_MODE_REPLAY;
    options.replay = result.schedule;
    assert_int_equal(dirql_run(&options, choose_thrice, again, NULL), DIRQL_PASSED);
    assert_memory_equal(drawn, again, sizeof(drawn));
    dirql_result_free(&result);
}

static void choose_badly(void *context)
{
    (void)context;
    dirql_choose(65);
}

static void a_choice_of_too_many_options_is_a_finding(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, choose_badly, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "a choice has 1 to 64 options"));
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mode_first_takes_interrupts_at_once),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
        cmocka_unit_test(seeds_reach_different_orders),
        cmocka_unit_test(an_interrupt_comes_early_with_some_seeds_and_late_with_others),
        cmocka_unit_test(a_random_run_is_replayed_by_its_text),
        cmocka_unit_test(a_replay_that_diverges_names_the_first_differing_call),
        cmocka_unit_test(a_tests_own_choices_are_option_0_in_mode_first),
        cmocka_unit_test(a_tests_own_choices_are_replayed),
        cmocka_unit_test(a_choice_of_too_many_options_is_a_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
