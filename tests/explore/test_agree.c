/*
 * test_agree.c - with and without the reduction, generated programs end in the same states.
 *
 * A program is two threads and an ISR with a few steps each: plain reads and writes, Interlocked
 * steps and locked ones, on variables that all share, that two share, and of their own. This file
 * is instrumented, so each access is a step.
 */
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <stdio.h>
#include <string.h>

enum { ACTORS = 3, STEPS = 3, VARIABLES = 4, PROGRAMS = 12, STATES_MAX = 4096 };

typedef enum operation { READ, WRITE, ADD, INCREMENT, LOCKED_ADD, OPERATIONS } operation;

typedef struct step {
    operation what;
    unsigned variable;
} step;

static DIRQL_KEEP step program[ACTORS][STEPS];
static DIRQL_KEEP uint64_t states[2][STATES_MAX];
static DIRQL_KEEP unsigned state_count[2];
static DIRQL_KEEP unsigned way; /* 0: reduced, 1: not. */

static LONG shared[VARIABLES], own[ACTORS][VARIABLES], seen[ACTORS];
static KSPIN_LOCK lock;

/* ---- Running a program ----------------------------------------------------------------------- */

static LONG *variable(unsigned actor, unsigned number)
{
    return number < 2 ? &shared[number] : &own[actor][number];
}

static void take(unsigned actor, const step *s)
{
    LONG *at = variable(actor, s->variable);
    KIRQL old;

    switch (s->what) {
    case READ:
        seen[actor] = seen[actor] * 7 + *at;
        break;
    case WRITE:
        *at = (LONG)(actor + 1);
        break;
    case ADD:
        *at = *at + (LONG)(10 * (actor + 1));
        break;
    case INCREMENT:
        InterlockedIncrement(at);
        break;
    default:
        if (KeGetCurrentIrql() > DISPATCH_LEVEL) {
            *at = *at * 3;
            break;
        }
        KeAcquireSpinLock(&lock, &old);
        *at = *at + 100;
        KeReleaseSpinLock(&lock, old);
        break;
    }
}

static void act(unsigned actor)
{
    for (unsigned i = 0; i < STEPS; i++) {
        take(actor, &program[actor][i]);
    }
}

static void second(void *context)
{
    (void)context;
    act(1);
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    act(2);
    return TRUE;
}

static uint64_t hash_of_state(void)
{
    uint64_t hash = 0xCBF29CE484222325u;
    const LONG *const parts[] = { shared, own[0], own[1], own[2], seen };
    const unsigned counts[] = { VARIABLES, VARIABLES, VARIABLES, VARIABLES, ACTORS };

    for (unsigned part = 0; part < 5; part++) {
        for (unsigned i = 0; i < counts[part]; i++) {
            hash = (hash ^ (ULONG)parts[part][i]) * 0x100000001B3u;
        }
    }
    return hash;
}

static void note_state(void)
{
    const uint64_t hash = hash_of_state();
    unsigned i = 0;

    while (i < state_count[way] && states[way][i] != hash) {
        i++;
    }
    if (i == state_count[way] && i < STATES_MAX) {
        states[way][state_count[way]++] = hash;
    }
}

static void body(void *context)
{
    dirql_line *line = dirql_line_create(
        &(dirql_line_options){ .name = "it", .irql = 7, .trigger = DIRQL_EDGE });
    PKINTERRUPT interrupt;
    dirql_thread *thread;
    LARGE_INTEGER moment;

    (void)context;
    dirql_explore_pause();
    KeInitializeSpinLock(&lock);
    (void)IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7, Latched,
                             FALSE, 1, FALSE);
    thread = dirql_thread_start("second", 1, second, NULL);
    dirql_explore_resume();
    dirql_line_pulse(line);
    act(0);
    dirql_thread_join(thread); /* Not in a pause: what is put off to here must still be told apart. */
    moment.QuadPart = -10;
    KeDelayExecutionThread(KernelMode, FALSE, &moment); /* Whatever was put off arrives. */
    IoDisconnectInterrupt(interrupt);
    note_state();
}

/* ---- Making and comparing -------------------------------------------------------------------- */

static void make_program(uint64_t seed)
{
    uint64_t x = seed * 0x9E3779B97F4A7C15u + 1;

    for (unsigned actor = 0; actor < ACTORS; actor++) {
        for (unsigned i = 0; i < STEPS; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            program[actor][i] = (step){ (operation)((x >> 20) % OPERATIONS),
                                        (unsigned)(x >> 40) % VARIABLES };
        }
    }
}

static uint64_t explore(unsigned unreduced)
{
    const dirql_options options = { .name = "generated",
                                    .mode = DIRQL_MODE_EXPLORE,
                                    .processors = 2,
                                    .preemptions = 2,
                                    .interrupts = 1,
                                    .checks = DIRQL_CHECKS_NONE,
                                    .time_limit_s = DIRQL_NEVER,
                                    .unreduced = (int)unreduced };
    dirql_result result;
    uint64_t schedules;

    way = unreduced;
    state_count[way] = 0;
    memset(shared, 0, sizeof(shared));
    memset(own, 0, sizeof(own));
    memset(seen, 0, sizeof(seen));
    if (dirql_run(&options, body, NULL, &result) != DIRQL_PASSED || !result.complete) {
        fail_msg("%s%s", result.report, result.coverage);
    }
    schedules = result.schedules;
    dirql_result_free(&result);
    return schedules;
}

static bool has_state(unsigned where, uint64_t state)
{
    for (unsigned i = 0; i < state_count[where]; i++) {
        if (states[where][i] == state) {
            return true;
        }
    }
    return false;
}

static void generated_programs_end_in_the_same_states_with_and_without_reduction(void **state)
{
    uint64_t reduced = 0, all = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        make_program(seed);
        reduced += explore(0);
        all += explore(1);
        for (unsigned i = 0; i < state_count[1]; i++) {
            if (!has_state(0, states[1][i])) {
                fail_msg("program %u has %u states, of which the reduced exploration misses one "
                         "(it found %u)",
                         (unsigned)seed, state_count[1], state_count[0]);
            }
        }
    }
    print_message("%llu schedules reduced, %llu in all\n", (unsigned long long)reduced,
                  (unsigned long long)all);
    assert_true(reduced < all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_programs_end_in_the_same_states_with_and_without_reduction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
