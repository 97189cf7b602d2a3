/*
 * asking.c - the machine, and some runs.
 */
#include "asking.h"

dq_execution execution;
static dq_machine machine;
static dq_task task;
dq_processor cpu = { .execution = &execution, .machine = &machine, .task = &task };
dq_search search;
char runs[RUNS_MAX][CHOICES_MAX + 1];
unsigned run_count, asked;

static unsigned ask(dq_choice choice)
{
    search.searcher.answer(&search.searcher, &cpu, &choice);
    runs[run_count][asked++] = (char)('0' + choice.answer);
    runs[run_count][asked] = '\0';
    return choice.answer;
}

unsigned ask_free(unsigned options)
{
    return ask((dq_choice){ .kind = DQ_CHOICE_TEST, .options = (uint8_t)options });
}

unsigned ask_within(dq_bound bound, unsigned options)
{
    return ask((dq_choice){ .kind = DQ_CHOICE_PROCESSOR,
                            .options = (uint8_t)options,
                            .bound = (uint8_t)bound,
                            .costly = ~1ull });
}

void search_all(void (*run)(void))
{
    run_count = 0;
    do {
        asked = 0;
        dq_search_begin_run(&search);
        run();
        run_count++;
        assert_true(run_count < RUNS_MAX);
        assert_int_equal(search.error, DQ_SEARCH_GOES_ON);
    } while (dq_search_advance(&search));
}

void begin(uint32_t preemptions, uint32_t interrupts)
{
    const dq_bounds limit = { { 0, preemptions, interrupts, 0 } };

    dq_search_begin(&search, &limit);
}

int start(void **state)
{
    (void)state;
    execution = (dq_execution){ 0 };
    dq_search_start(&search);
    begin(0, 0);
    return 0;
}

int stop(void **state)
{
    (void)state;
    dq_search_stop(&search);
    return 0;
}

void two_by_three(void)
{
    (void)ask_free(2);
    (void)ask_free(3);
}

void three_switches(void)
{
    for (unsigned i = 0; i < 3; i++) {
        (void)ask_within(DQ_BOUND_PREEMPTION, 2);
    }
}

void arrive_at(uint64_t state)
{
    if (search.searcher.at >= search.searcher.frontier) {
        search.searcher.arrive(&search.searcher, state);
    }
}
