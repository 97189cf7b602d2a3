/*
 * test_agree.c - with and without the reduction, and in shards, generated programs end in the same
 * states; and modes random and pct, which search nothing, end them in none that these do not know.
 *
 * DIRQL_AGREE_PROGRAMS=n explores so many programs (default PROGRAMS), from DIRQL_AGREE_FIRST=n on
 * (default 1). A program with more schedules than DIRQL_AGREE_SCHEDULES (default SCHEDULES_MAX) is
 * left out. DIRQL_AGREE_THEME=n: all have that theme (program.h).
 */
#include <dirql/cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program_theme.h"

#include "explore/search.h"

enum { PROGRAMS = 400, STATES_MAX = 4096, SCHEDULES_MAX = 1200 };

#ifdef PROGRAMS_ARE_INSTRUMENTED
enum { ARE_INSTRUMENTED = 1 };
#else
enum { ARE_INSTRUMENTED = 0 };
#endif

typedef struct exploration {
    unsigned long long states[STATES_MAX];
    unsigned state_count;
    uint64_t schedules;
    bool is_complete;
} exploration;

static DIRQL_KEEP exploration reduced, all;
static DIRQL_KEEP exploration *exploring;
static DIRQL_KEEP unsigned schedule_limit = 20000;

/* The run has come to where another has been before: that has gone all ways from there, so it takes
 * but one, and what comes of it must have been seen. */
static bool has_met(void)
{
    const dq_searcher *searcher = dq_self->machine->choices.searcher;

    return searcher != NULL && ((const dq_search *)searcher)->has_met;
}

static void note_state(unsigned long long state)
{
    unsigned i = 0;

    if (has_met()) {
        return;
    }
    while (i < exploring->state_count && exploring->states[i] != state) {
        i++;
    }
    if (i == exploring->state_count && i < STATES_MAX) {
        exploring->states[exploring->state_count++] = state;
    }
}

static void clear(void)
{
    memset(&program_data, 0, sizeof(program_data));
    memset(&program_things, 0, sizeof(program_things));
    memset(&program_theme_things, 0, sizeof(program_theme_things));
    program_ended = note_state;
}

static unsigned long long number_from(const char *name, unsigned long long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void make(unsigned long long seed)
{
    program_make(seed, (unsigned)number_from("DIRQL_AGREE_THEME", PROGRAM_THEME_COUNT),
                 &program_now);
}

static unsigned bound_of(unsigned drawn)
{
    return drawn == 0 ? DIRQL_NONE : drawn == PROGRAM_UNBOUNDED ? DIRQL_UNBOUNDED : drawn;
}

static void explore_shard(exploration *ex, int unreduced, unsigned shards, unsigned shard)
{
    const dirql_options options = { .name = "generated",
                                    .mode = DIRQL_MODE_EXPLORE,
                                    .processors = program_now.processors,
                                    .preemptions = bound_of(program_now.preemptions),
                                    .interrupts = bound_of(program_now.interrupts),
                                    .delays = bound_of(program_now.delays),
                                    .checks = DIRQL_CHECKS_NONE,
                                    .time_limit_s = DIRQL_NEVER,
                                    .schedule_limit = schedule_limit,
                                    .unreduced = unreduced,
                                    .shards = shards,
                                    .shard = shard,
                                    .routine = program_routine() };
    dirql_result result;

    exploring = ex;
    clear();
    if (dirql_run(&options, program_body, NULL, &result) != DIRQL_PASSED) {
        char text[2048];

        program_describe(&program_now, text, sizeof(text));
        fail_msg("%s%s", text, result.report);
    }
    ex->is_complete = result.complete != 0;
    ex->schedules += result.schedules;
    dirql_result_free(&result);
}

static void forget(exploration *ex)
{
    ex->state_count = 0;
    ex->schedules = 0;
}

static void explore(exploration *ex, int unreduced)
{
    forget(ex);
    explore_shard(ex, unreduced, 1, 0);
}

static void explore_in_shards(exploration *ex, int unreduced, unsigned shards)
{
    forget(ex);
    for (unsigned shard = 0; shard < shards; shard++) {
        explore_shard(ex, unreduced, shards, shard);
    }
}

static bool has_state(const exploration *ex, unsigned long long state)
{
    for (unsigned i = 0; i < ex->state_count; i++) {
        if (ex->states[i] == state) {
            return true;
        }
    }
    return false;
}

static unsigned missing(const exploration *from, const exploration *in)
{
    unsigned count = 0;

    for (unsigned i = 0; i < in->state_count; i++) {
        count += !has_state(from, in->states[i]);
    }
    return count;
}

/* True if they agree. */
static bool agrees(unsigned long long seed)
{
    const unsigned too_few = missing(&reduced, &all), too_many = missing(&all, &reduced);
    char text[2048];

    if (too_few == 0 && too_many == 0) {
        return true;
    }
    program_describe(&program_now, text, sizeof(text));
    print_message("program %llu: %u states (%u schedules), reduced %u (%u schedules): %u missing, "
                  "%u too many\n%s",
                  seed, all.state_count, (unsigned)all.schedules, reduced.state_count,
                  (unsigned)reduced.schedules, too_few, too_many, text);
    return false;
}

static void generated_programs_end_in_the_same_states_with_and_without_reduction(void **state)
{
    const unsigned long long first = number_from("DIRQL_AGREE_FIRST", 1);
    const unsigned long long count = number_from("DIRQL_AGREE_PROGRAMS", PROGRAMS);
    unsigned long long schedules[2] = { 0, 0 };
    unsigned left_out = 0, disagreeing = 0;

    (void)state;
    schedule_limit = (unsigned)number_from("DIRQL_AGREE_SCHEDULES", SCHEDULES_MAX);
    for (unsigned long long seed = first; seed < first + count; seed++) {
        make(seed);
        explore(&all, 1);
        if (!all.is_complete) {
            left_out++;
            continue;
        }
        explore(&reduced, 0);
        assert_true(reduced.is_complete);
        schedules[0] += reduced.schedules;
        schedules[1] += all.schedules;
        disagreeing += !agrees(seed);
    }
    print_message("%llu schedules reduced, %llu in all; %u programs left out, %u disagree\n",
                  schedules[0], schedules[1], left_out, disagreeing);
    assert_int_equal(disagreeing, 0);
#ifdef PROGRAMS_ARE_INSTRUMENTED
    assert_true(schedules[0] < schedules[1]);
#endif
}

/* There is more to each than meets the eye:
 *   - a thread that went on where it had been preempted had no place where an interrupt could still
 *     come before;
 *   - one that ended took a thread from another processor, at no place;
 *   - of two ISRs, both orders were one state;
 *   - what could have come before the test's last step, which matters to nobody, could not come
 *     behind it;
 *   - behind what another processor had done, code could not be held up before its next step;
 *   - of a work item that runs twice at once, nobody else's memory was nobody's;
 *   - of two threads of one processor, the one was taken to be where the other had been;
 *   - where a thread began in the place of another, nobody was asked before its second step;
 *   - nobody came to see that a lock is held by who does nothing with it that others see. */
static void programs_that_have_disagreed_agree(void **state)
{
    static const program programs[] = {
        { .processors = 1,
          .preemptions = 2,
          .interrupts = PROGRAM_UNBOUNDED,
          .thread_processor = 0xFF,
          .has_thread = 1,
          .importance = LowImportance,
          .lines = { { .irql = 7, .is_level = 1 } },
          .instrumented = 0xF,
          .counts = { 1, 2, 2, 2 },
          .steps = { { { DO_ADD, 0 } },
                     { { DO_EXCHANGE, 0 }, { DO_EXCHANGE, 0 } },
                     { { DO_INCREMENT, 0 }, { DO_ADD, 0 } },
                     { { DO_PULSE, 0 }, { DO_EXCHANGE, 2 } } } },
        { .processors = 2,
          .preemptions = 3,
          .thread_processor = 0xFF,
          .has_thread = 1,
          .importance = MediumImportance,
          .dpc_processor = 1,
          .lines = { { .irql = 7 } },
          .instrumented = 0xF,
          .counts = { 2, 1, 2, 2 },
          .steps = { { { DO_TRY_LOCK, 2 }, { DO_ADD, 1 } },
                     { { DO_READ, 1 } },
                     { { DO_WRITE, 1 }, { DO_WRITE, 1 } },
                     { { DO_STALL, 2 }, { DO_READ, 0 } } } },
        { .processors = 1,
          .preemptions = PROGRAM_UNBOUNDED,
          .interrupts = PROGRAM_UNBOUNDED,
          .lines = { { .irql = 5 }, { .irql = 9 } },
          .instrumented = PROGRAM_ALL_INSTRUMENTED,
          .counts = { 2, 0, 1, 0, 1 },
          .steps = { [ACTOR_BODY] = { { DO_EXCHANGE, 0 }, { DO_EXCHANGE, 0 } },
                     [ACTOR_ISR] = { { DO_EXCHANGE, 0 } },
                     [ACTOR_OTHER_ISR] = { { DO_EXCHANGE, 0 } } } },
        { .processors = 1,
          .interrupts = 3,
          .delays = 1,
          .lines = { { .irql = 5 }, { .irql = 7 } },
          .instrumented = PROGRAM_ALL_INSTRUMENTED,
          .counts = { 1, 0, 1, 0, 1 },
          .steps = { [ACTOR_BODY] = { { DO_EXCHANGE, 0 } },
                     [ACTOR_ISR] = { { DO_EXCHANGE, 0 } },
                     [ACTOR_OTHER_ISR] = { { DO_EXCHANGE, 0 } } } },
        { .processors = 2,
          .interrupts = PROGRAM_UNBOUNDED,
          .delays = 1,
          .thread_processor = 1,
          .has_thread = 1,
          .importance = LowImportance,
          .dpc_processor = 0xFF,
          .instrumented = PROGRAM_ALL_INSTRUMENTED,
          .counts = { 3, 2, 0, 2 },
          .steps = { { { DO_SET_TIMER, 0 }, { DO_SET_EVENT, 2 }, { DO_READ, 2 } },
                     { { DO_INCREMENT, 2 }, { DO_RAISED_ADD, 1 } },
                     { { DO_READ, 0 } },
                     { { DO_READ_TIME, 1 }, { DO_SET_EVENT, 0 } } } },
        { .processors = 2,
          .preemptions = 1,
          .thread_processor = 1,
          .has_thread = 1,
          .theme = THEME_WORKS,
          .importance = MediumImportance,
          .dpc_processor = 0xFF,
          .instrumented = PROGRAM_ALL_INSTRUMENTED,
          .counts = { 1, 1, [ACTOR_OTHER_WORK] = 1 },
          .steps = { { { DO_QUEUE_OTHER_WORK, 1 } },
                     { { DO_QUEUE_OTHER_WORK, 0 } },
                     [ACTOR_OTHER_WORK] = { { DO_EXCHANGE, 1 } } } },
        { .processors = 2,
          .preemptions = 1,
          .thread_processor = 0xFF,
          .has_thread = 1,
          .has_twin = 1,
          .theme = THEME_TWINS,
          .counts = { 0, 1, [ACTOR_TWIN] = 1 },
          .steps = { [ACTOR_THREAD] = { { DO_FLUSH_DPCS, 0 } },
                     [ACTOR_TWIN] = { { DO_FLUSH_DPCS, 0 } } } },
        { .processors = 1,
          .preemptions = 1,
          .has_thread = 1,
          .has_twin = 1,
          .theme = THEME_TWINS,
          .counts = { 0, 3, [ACTOR_TWIN] = 3 },
          .steps = { [ACTOR_THREAD] = { { DO_EXCHANGE, 0 },
                                        { DO_EXCHANGE, 0 },
                                        { DO_EXCHANGE, 0 } },
                     [ACTOR_TWIN] = { { DO_EXCHANGE, 0 },
                                      { DO_EXCHANGE, 0 },
                                      { DO_EXCHANGE, 0 } } } },
        { .processors = 2,
          .preemptions = 1,
          .thread_processor = 1,
          .has_thread = 1,
          .theme = THEME_MUTEX,
          .instrumented = PROGRAM_ALL_INSTRUMENTED,
          .counts = { 1, 1 },
          .steps = { { { DO_TRY_MUTEX, 1 } }, { { DO_READ_MUTEX, 0 } } } },
        { .processors = 3,
          .preemptions = 1,
          .thread_processor = 2,
          .has_thread = 1,
          .theme = THEME_MUTEX,
          .instrumented = PROGRAM_ALL_INSTRUMENTED,
          .counts = { 1, 1 },
          .steps = { { { DO_MUTEX_ADD, 2 } }, { { DO_TRY_MUTEX, 2 } } } },
        { .processors = 2,
          .preemptions = 1,
          .thread_processor = 1,
          .has_thread = 1,
          .theme = THEME_FAST,
          .instrumented = PROGRAM_ALL_INSTRUMENTED,
          .counts = { 1, 1 },
          .steps = { { { DO_FAST_ADD, 2 } }, { { DO_TRY_FAST, 2 } } } },
    };

    static const unsigned states[] = { 22, 5, 12, 6, 3, 3, 1, 6, 2, 2, 2 };

    (void)state;
    for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
        program_now = programs[i];
        explore(&all, 1);
        assert_true(all.is_complete);
        explore(&reduced, 0);
        assert_true(agrees(i + 1));
        assert_int_equal(all.state_count, ARE_INSTRUMENTED ? states[i] : all.state_count);
    }
}

/* That no schedule is run by two of them shows in their number, where nothing is reduced. */
static void shards_find_together_what_one_exploration_finds(void **state)
{
    enum { SHARDS = 3, EVERY = 8 };
    const unsigned long long first = number_from("DIRQL_AGREE_FIRST", 1);
    const unsigned long long count = number_from("DIRQL_AGREE_PROGRAMS", PROGRAMS);
    unsigned disagreeing = 0;

    (void)state;
    schedule_limit = (unsigned)number_from("DIRQL_AGREE_SCHEDULES", SCHEDULES_MAX);
    for (unsigned long long seed = first; seed < first + count; seed += EVERY) {
        make(seed);
        explore(&all, 1);
        if (!all.is_complete) {
            continue;
        }
        explore_in_shards(&reduced, 1, SHARDS);
        disagreeing += !agrees(seed) || reduced.schedules != all.schedules;
        explore_in_shards(&reduced, 0, SHARDS);
        disagreeing += !agrees(seed);
    }
    assert_int_equal(disagreeing, 0);
}

/* ---- Drawn schedules ------------------------------------------------------------------------- */

#ifdef PROGRAMS_ARE_INSTRUMENTED
static void run_drawn(exploration *ex, dirql_mode mode, unsigned long long seed)
{
    const dirql_options options = { .name = "generated",
                                    .mode = mode,
                                    .processors = program_now.processors,
                                    .seed = seed,
                                    .checks = DIRQL_CHECKS_NONE,
                                    .fixed = 1 };
    dirql_result result;

    exploring = ex;
    clear();
    if (dirql_run(&options, program_body, NULL, &result) != DIRQL_PASSED) {
        fail_msg("%s", result.report);
    }
    dirql_result_free(&result);
}

static bool reads_time(const program *p)
{
    for (unsigned actor = 0; actor < PROGRAM_ACTORS; actor++) {
        for (unsigned i = 0; i < p->counts[actor]; i++) {
            if (p->steps[actor][i].what == DO_READ_TIME) {
                return true;
            }
        }
    }
    return false;
}

/* Modes random and pct cannot leave out what the searches take for impossible. Where code is not
 * instrumented they do more: others come between the beginning of a thread and its first call, too.
 * And between what a time query costs and the time that it returns: for a search that is one step. */
static void what_drawn_schedules_find_a_search_without_bounds_has_found(void **state)
{
    enum { RUNS = 40, EVERY = 4 };
    const unsigned long long first = number_from("DIRQL_AGREE_FIRST", 1);
    const unsigned long long count = number_from("DIRQL_AGREE_PROGRAMS", PROGRAMS);
    unsigned searched = 0, disagreeing = 0;

    (void)state;
    schedule_limit = (unsigned)number_from("DIRQL_AGREE_SCHEDULES", SCHEDULES_MAX);
    for (unsigned long long seed = first; seed < first + count; seed += EVERY) {
        make(seed);
        program_now.preemptions = program_now.interrupts = PROGRAM_UNBOUNDED;
        program_now.delays = 0; /* They could hold up what settles, too. */
        program_now.instrumented = PROGRAM_ALL_INSTRUMENTED;
        if (reads_time(&program_now)) {
            continue;
        }
        explore(&all, 0);
        if (!all.is_complete) {
            continue;
        }
        searched++;
        forget(&reduced);
        for (unsigned run = 1; run <= RUNS; run++) {
            run_drawn(&reduced, run % 2 == 0 ? DIRQL_MODE_RANDOM : DIRQL_MODE_PCT, run);
        }
        if (missing(&all, &reduced) > 0) {
            disagreeing++;
            agrees(seed);
        }
    }
    print_message("%u programs searched, %u disagree\n", searched, disagreeing);
    assert_int_equal(disagreeing, 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_that_have_disagreed_agree),
        cmocka_unit_test(generated_programs_end_in_the_same_states_with_and_without_reduction),
        cmocka_unit_test(shards_find_together_what_one_exploration_finds),
#ifdef PROGRAMS_ARE_INSTRUMENTED
        cmocka_unit_test(what_drawn_schedules_find_a_search_without_bounds_has_found),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
