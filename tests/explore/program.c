/*
 * program.c - makes programs by number, says what they are, and in which state they end.
 */
#include "program.h"

#include <stdio.h>
#include <string.h>

program program_now;
program_state program_data;
program_objects program_things;
void (*program_ended)(unsigned long long state);

/* ---- Running --------------------------------------------------------------------------------- */

static unsigned long long mix(unsigned long long hash, const LONG *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        hash = (hash ^ (ULONG)values[i]) * 0x100000001B3u;
    }
    return hash;
}

static unsigned long long state_now(void)
{
    unsigned long long hash = 0xCBF29CE484222325u;

    hash = mix(hash, program_data.shared, PROGRAM_VARIABLES);
    hash = mix(hash, program_data.own, PROGRAM_ACTORS);
    hash = mix(hash, program_data.seen, PROGRAM_ACTORS);
    hash = mix(hash, &program_data.failed, 1);
    for (unsigned i = 0; i < PROGRAM_EVENTS; i++) {
        hash = mix(hash, &program_things.events[i].Header.SignalState, 1);
    }
    return hash;
}

static const program_code *code_of_body(void)
{
    return (program_now.instrumented & 1u << ACTOR_BODY) != 0 ? &program_instrumented
                                                              : &program_plain;
}

const void *program_routine(void)
{
    return (const void *)(uintptr_t)code_of_body()->run;
}

void program_body(void *context)
{
    (void)context;
    code_of_body()->run();
    program_ended(state_now());
}

/* ---- Making ---------------------------------------------------------------------------------- */

static unsigned long long draw(unsigned long long *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x * 0x2545F4914F6CDD1Du >> 24;
}

static unsigned below(unsigned long long *x, unsigned limit)
{
    return (unsigned)(draw(x) % limit);
}

/* Half of all steps touch plain variables. */
static program_step draw_step(unsigned long long *x)
{
    const unsigned limit = below(x, 2) == 0 ? DO_LOCKED_ADD : PROGRAM_OPERATION_COUNT;

    return (program_step){ (unsigned char)below(x, limit),
                           (unsigned char)below(x, PROGRAM_VARIABLES) };
}

static unsigned char draw_processor(unsigned long long *x, unsigned processors)
{
    const unsigned n = below(x, processors + 1);

    return (unsigned char)(n < processors ? n : 0xFF);
}

static program_line draw_line(unsigned long long *x, bool must_be)
{
    static const unsigned char irqls[] = { 5, 7, 7, 9 };
    const bool is = must_be || below(x, 2) != 0;
    const unsigned char irql = irqls[below(x, sizeof(irqls))];

    return (program_line){ (unsigned char)(is ? irql : 0), (unsigned char)(below(x, 3) == 0) };
}

/* Where all only exchange the same variable, each order of steps ends in a state of its own. */
static void exchange_one_variable(program *p)
{
    if (p->processors > 1) {
        p->processors = 2;
        p->thread_processor = 1;
        p->dpc_processor = 0xFF;
    } else {
        p->has_thread = 0;
    }
    p->lines[0].irql = 5;
    p->lines[1].irql = p->lines[1].irql != 0 ? p->lines[1].irql : 9;
    for (unsigned actor = 0; actor < PROGRAM_ACTORS; actor++) {
        p->counts[actor] = actor <= ACTOR_THREAD && p->counts[actor] > 1 ? 2 : 1;
        for (unsigned i = 0; i < p->counts[actor]; i++) {
            p->steps[actor][i] = (program_step){ DO_EXCHANGE, 0 };
        }
    }
}

void program_make(unsigned long long seed, program *made)
{
    static const unsigned char mixed[] = { 0x3F, 0x00, 0x3F, 0x15, 0x2E, 0x31, 0x0C, 0x1B };
    static const unsigned char bounds[] = { 0, 1, 1, 2, 2, 3, PROGRAM_UNBOUNDED, PROGRAM_UNBOUNDED };
    static const unsigned char processors[] = { 1, 2, 2, 2, 3 };
    static const unsigned char importances[] = { LowImportance, MediumImportance,
                                                 MediumImportance, HighImportance };
    unsigned threads_steps;
    unsigned long long x = seed * 0x9E3779B97F4A7C15u + 1;

    memset(made, 0, sizeof(*made));
    for (unsigned i = 0; i < 8; i++) {
        (void)draw(&x);
    }
    made->processors = processors[below(&x, sizeof(processors))];
    made->preemptions = bounds[below(&x, sizeof(bounds))];
    made->interrupts = bounds[below(&x, sizeof(bounds))];
    made->has_thread = (unsigned char)(below(&x, 4) != 0);
    for (unsigned i = 0; i < PROGRAM_LINES; i++) {
        made->lines[i] = draw_line(&x, i == 0 && !made->has_thread);
    }
    made->thread_processor = draw_processor(&x, made->processors);
    made->dpc_processor = draw_processor(&x, made->processors);
    made->importance = importances[below(&x, 4)];
    made->instrumented = mixed[below(&x, sizeof(mixed))];
    /* What is hardly bounded is kept small. */
    threads_steps = made->preemptions > 2 || made->interrupts > 2 ? 3 : PROGRAM_STEPS_MAX;
    threads_steps -= made->lines[1].irql != 0;
    for (unsigned actor = 0; actor < PROGRAM_ACTORS; actor++) {
        made->counts[actor] =
            (unsigned char)(1 + below(&x, actor <= ACTOR_THREAD ? threads_steps : 2));
        for (unsigned i = 0; i < made->counts[actor]; i++) {
            made->steps[actor][i] = draw_step(&x);
        }
    }
    made->delays = (unsigned char)(below(&x, 3) == 0);
    if (below(&x, 3) == 0) {
        exchange_one_variable(made);
    }
}

/* ---- In words -------------------------------------------------------------------------------- */

static const char *const operation_names[] = {
#define X(name) #name,
    PROGRAM_OPERATIONS(X)
#undef X
};

static const char *const actor_names[] = { "body", "thread", "ISR", "DPC", "other ISR", "work" };

void program_describe(const program *p, char *text, size_t bytes)
{
    int length = snprintf(text, bytes,
                          "%u processors, %u preemptions, %u interrupts, %u delays; thread %s on "
                          "%d; lines at %u%s and %u%s; DPC importance %u on %d\n",
                          p->processors, p->preemptions, p->interrupts, p->delays,
                          p->has_thread ? "is" : "no", (signed char)p->thread_processor,
                          p->lines[0].irql, p->lines[0].is_level ? " (level)" : "",
                          p->lines[1].irql, p->lines[1].is_level ? " (level)" : "", p->importance,
                          (signed char)p->dpc_processor);

    for (unsigned actor = 0; actor < PROGRAM_ACTORS; actor++) {
        length += snprintf(text + length, bytes - (size_t)length, "  %s%s:", actor_names[actor],
                           (p->instrumented >> actor & 1) != 0 ? "" : " (not instrumented)");
        for (unsigned i = 0; i < p->counts[actor]; i++) {
            const program_step *step = &p->steps[actor][i];

            length += snprintf(text + length, bytes - (size_t)length, " %s(%u)",
                               operation_names[step->what], step->which);
        }
        length += snprintf(text + length, bytes - (size_t)length, "\n");
    }
}
