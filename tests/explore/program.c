/*
 * program.c - makes programs by number, says what they are, and in which state they end.
 */
#include "program_theme.h"

#include <stdio.h>
#include <string.h>

program program_now;
program_state program_data;
program_objects program_things;
program_theme_objects program_theme_things;
void (*program_ended)(unsigned long long state);

/* ---- Running --------------------------------------------------------------------------------- */

static unsigned long long mix(unsigned long long hash, const LONG *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        hash = (hash ^ (ULONG)values[i]) * 0x100000001B3u;
    }
    return hash;
}

static unsigned long long mix_in_theme(unsigned long long hash)
{
    const program_theme_objects *o = &program_theme_things;
    const LONG lists[] = { (LONG)(o->entries[0].is_pushed | o->entries[1].is_pushed << 1 |
                                  o->entries[2].is_pushed << 2),
                           (LONG)(o->entries[0].is_inserted | o->entries[1].is_inserted << 1 |
                                  o->entries[2].is_inserted << 2),
                           o->semaphore.Header.SignalState };

    hash = mix(hash, lists, sizeof(lists) / sizeof(*lists));
    return mix(hash, (const LONG *)o->values, PROGRAM_REGISTERS);
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
    return mix_in_theme(hash);
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

/* From the first to the last of a theme. */
static const struct {
    unsigned char first, last;
} themes[PROGRAM_THEME_COUNT] = {
#define X(name, first, last) [THEME_##name] = { DO_##first, DO_##last },
    PROGRAM_THEMES(X)
#undef X
};

/* Half of all steps are of the theme; half of the others touch plain variables. */
static program_step draw_step(unsigned long long *x, unsigned theme)
{
    const bool is_plain = below(x, 2) == 0;
    unsigned first = 0, limit = is_plain ? DO_LOCKED_ADD : PROGRAM_OPERATION_COUNT;

    if (theme != THEME_NONE && below(x, 2) == 0) {
        first = themes[theme].first;
        limit = themes[theme].last + 1u - first;
    }
    return (program_step){ (unsigned char)(first + below(x, limit)),
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

    return (program_line){ .irql = (unsigned char)(is ? irql : 0),
                           .is_level = (unsigned char)(below(x, 3) == 0) };
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

/* Lines that behave in other ways. */
static void draw_other_line(unsigned long long *x, program_line *line)
{
    const unsigned way = below(x, 4);

    line->is_passive = way == 0;
    line->is_message = way == 1;
    line->is_level = way == 2 || (way == 0 && line->is_level);
    line->holds = way == 2;
}

static void draw_theme(unsigned long long *x, program *made)
{
    made->has_twin = made->theme == THEME_TWINS;
    made->has_thread = made->has_thread || made->has_twin;
    made->is_threaded = (unsigned char)(below(x, 3) == 0);
    made->other_processor =
        below(x, 2) == 0 ? made->dpc_processor : draw_processor(x, made->processors);
    if (made->theme == THEME_LINES) {
        for (unsigned i = 0; i < PROGRAM_LINES; i++) {
            draw_other_line(x, &made->lines[i]);
        }
    }
    if (below(x, 2) == 0) { /* Who is like another is not to be taken for it. */
        made->counts[ACTOR_TWIN] = made->counts[ACTOR_THREAD];
        memcpy(made->steps[ACTOR_TWIN], made->steps[ACTOR_THREAD], sizeof(made->steps[0]));
        made->counts[ACTOR_OTHER_DPC] = made->counts[ACTOR_DPC];
        memcpy(made->steps[ACTOR_OTHER_DPC], made->steps[ACTOR_DPC], sizeof(made->steps[0]));
    }
}

static void draw_steps(unsigned long long *x, program *made)
{
    /* What is hardly bounded is kept small, and what does more in a step. */
    unsigned threads_steps =
        made->preemptions > 2 || made->interrupts > 2 ? 3 : PROGRAM_STEPS_MAX;

    threads_steps -= made->lines[1].irql != 0 || made->theme != THEME_NONE;
    for (unsigned actor = 0; actor < PROGRAM_ACTORS; actor++) {
        const bool is_main = actor <= ACTOR_THREAD || actor == ACTOR_TWIN;

        made->counts[actor] = (unsigned char)(1 + below(x, is_main ? threads_steps : 2));
        for (unsigned i = 0; i < made->counts[actor]; i++) {
            made->steps[actor][i] = draw_step(x, made->theme);
        }
    }
}

void program_make(unsigned long long seed, unsigned theme, program *made)
{
    static const unsigned short mixed[] = { 0x1FF, 0x000, 0x1FF, 0x055,
                                            0x1AE, 0x1B1, 0x08C, 0x1DB };
    static const unsigned char bounds[] = { 0, 1, 1, 2, 2, 3, PROGRAM_UNBOUNDED,
                                            PROGRAM_UNBOUNDED };
    static const unsigned char processors[] = { 1, 2, 2, 2, 3 };
    static const unsigned char importances[] = { LowImportance, MediumImportance,
                                                 MediumImportance, HighImportance };
    unsigned long long x = seed * 0x9E3779B97F4A7C15u + 1;

    memset(made, 0, sizeof(*made));
    for (unsigned i = 0; i < 8; i++) {
        (void)draw(&x);
    }
    made->processors = processors[below(&x, sizeof(processors))];
    made->preemptions = bounds[below(&x, sizeof(bounds))];
    made->interrupts = bounds[below(&x, sizeof(bounds))];
    made->theme = (unsigned char)(theme < PROGRAM_THEME_COUNT ? theme :
                                  below(&x, 2) == 0           ? THEME_NONE :
                                                      below(&x, PROGRAM_THEME_COUNT));
    made->has_thread = (unsigned char)(below(&x, 4) != 0);
    for (unsigned i = 0; i < PROGRAM_LINES; i++) {
        made->lines[i] = draw_line(&x, i == 0 && !made->has_thread);
    }
    made->thread_processor = draw_processor(&x, made->processors);
    made->dpc_processor = draw_processor(&x, made->processors);
    made->importance = importances[below(&x, 4)];
    made->instrumented = mixed[below(&x, sizeof(mixed) / sizeof(*mixed))];
    draw_steps(&x, made);
    made->delays = (unsigned char)(below(&x, 3) == 0);
    if (made->theme != THEME_NONE) {
        draw_theme(&x, made);
    } else if (below(&x, 3) == 0) {
        exchange_one_variable(made);
    }
}

/* ---- In words -------------------------------------------------------------------------------- */

static const char *const operation_names[] = {
#define X(name) #name,
    PROGRAM_OPERATIONS(X) PROGRAM_THEME_OPERATIONS(X)
#undef X
};

static const char *const theme_names[] = { "none",
#define X(name, first, last) #name,
                                           PROGRAM_THEMES(X)
#undef X
};

static const char *const actor_names[] = { "body", "thread", "ISR", "DPC", "other ISR", "work",
                                           "twin", "other DPC", "other work" };

static const char *line_kind(const program_line *line)
{
    static const char *const kinds[] = { "", " (level)", " (passive)", " (passive level)" };

    return line->holds ? " (holds)" : line->is_message ? " (message)" :
                                      kinds[line->is_level + 2 * line->is_passive];
}

void program_describe(const program *p, char *text, size_t bytes)
{
    int length = snprintf(text, bytes,
                          "theme %s; %u processors, %u preemptions, %u interrupts, %u delays; "
                          "thread %s on "
                          "%d; lines at %u%s and %u%s; DPC importance %u on %d, "
                          "other %son %d%s\n",
                          theme_names[p->theme], p->processors, p->preemptions, p->interrupts,
                          p->delays,
                          p->has_thread ? "is" : "no", (signed char)p->thread_processor,
                          p->lines[0].irql, line_kind(&p->lines[0]),
                          p->lines[1].irql, line_kind(&p->lines[1]), p->importance,
                          (signed char)p->dpc_processor, p->is_threaded ? "threaded " : "",
                          (signed char)p->other_processor, p->has_twin ? "; twin" : "");

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
