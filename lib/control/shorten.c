/*
 * shorten.c - leaves out answers of a failing schedule.
 */
#include "control/shorten.h"

#include <stdlib.h>
#include <string.h>

/* A run that is stuck is ended by the watchdog, after a long time: not again and again. */
static const uint64_t patience_ns = 10 * 1000000000ull;

/* What a run ended with. */
typedef struct ending {
    const char *rule; /* NULL: it passed. */
    const void *place;
    uint32_t code;
} ending;

typedef struct attempt {
    ending ending;
    dirql_length length;
    uint64_t failing_errand;
    char *schedule;
    char *before_loop; /* Its beginning, if the run is known to loop. */
    dq_guide guide; /* That makes the same run. */
} attempt;

typedef struct shortening {
    dirql_job job;
    dirql_options options;
    const host_data *data;
    unsigned runs, limit;
    uint64_t began_ns;
    attempt best;
} shortening;

/* ---- A run ----------------------------------------------------------------------------------- */

static ending ending_of(const dq_machine *machine)
{
    for (const dq_finding *f = machine->findings.first;
         f != NULL && !machine->errand_is_unknown; f = f->next) {
        if (f->severity == DQ_ERROR && !f->expected) {
            return (ending){ f->rule, f->place, f->code };
        }
    }
    return (ending){ NULL, NULL, 0 };
}

static bool is_same(const ending *a, const ending *b)
{
    return a->rule != NULL && b->rule != NULL && strcmp(a->rule, b->rule) == 0 &&
           a->place == b->place && a->code == b->code;
}

static dirql_length length_of(const dq_machine *machine)
{
    const dq_choice_log *log = &machine->choices;
    dirql_length length = { .steps = machine->progress };

    for (size_t i = 0; i < log->count; i++) {
        const dq_choice *choice = &log->entries[i];

        length.answers += choice->answer != 0;
        length.used[choice->bound] += choice->costly >> choice->answer & 1;
    }
    return length;
}

static int compare(const dq_deviation *a, const dq_deviation *b)
{
    if (a->ordinal != b->ordinal) {
        return a->ordinal < b->ordinal ? -1 : 1;
    }
    return a->nth < b->nth ? -1 : a->nth > b->nth;
}

static int compare_any(const void *a, const void *b)
{
    return compare(a, b);
}

/* In the order in which they were given. */
static bool guide_of(const dq_machine *machine, dq_guide *guide)
{
    const dq_choice_log *log = &machine->choices;
    uint32_t *asked = calloc((size_t)machine->executions + 1, sizeof(*asked));

    guide->of = malloc((log->count + 1) * sizeof(*guide->of));
    guide->count = 0;
    guide->sparse = log->sparse;
    guide->releases = dq_choice_at_releases(log);
    for (size_t i = 0; i < log->count && asked != NULL && guide->of != NULL; i++) {
        const dq_choice *choice = &log->entries[i];
        const uint32_t nth = asked[choice->ordinal]++;

        if (choice->answer != 0) {
            guide->of[guide->count++] =
                (dq_deviation){ choice->ordinal, nth, choice->kind, choice->answer };
        }
    }
    free(asked);
    return asked != NULL && guide->of != NULL;
}

static void forget(attempt *what)
{
    free(what->schedule);
    free(what->before_loop);
    free(what->guide.of);
    *what = (attempt){ .schedule = NULL };
}

/* What was chosen before the run began to loop. NULL: it does not, or memory is short. */
static char *schedule_before_loop(dq_machine *machine)
{
    if (!machine->loop.found || machine->options.loops_since == NULL) {
        return NULL;
    }
    machine->choices.count = machine->loop.choices;
    return dirql_control_schedule(machine);
}

/* Runs the job with the guide, or the text. False: memory is short. */
static bool run(shortening *this, const dq_guide *guide, const char *schedule, attempt *made)
{
    dq_machine *machine;
    bool is_good;

    *made = (attempt){ .schedule = NULL };
    this->runs++;
    this->job.guide = guide;
    this->options.replay = schedule;
    host_data_restore(this->data);
    machine = dirql_control_make(&this->job);
    if (machine == NULL) {
        return false;
    }
    (void)dq_machine_run(machine, this->job.body, this->job.context);
    made->ending = ending_of(machine);
    made->length = length_of(machine);
    made->failing_errand = machine->failed_in_errand ? machine->errands : 0;
    made->schedule = dirql_control_schedule(machine);
    is_good = guide_of(machine, &made->guide) && made->schedule != NULL;
    made->before_loop = schedule_before_loop(machine);
    (void)dirql_control_finish(machine, DQ_OUTCOME_FAILED, NULL);
    return is_good;
}

/* ---- Fewer answers --------------------------------------------------------------------------- */

static bool is_shorter(const dirql_length *a, const dirql_length *b)
{
    for (unsigned bound = DQ_BOUND_FREE + 1; bound < DQ_BOUND_COUNT; bound++) {
        if (a->used[bound] != b->used[bound]) {
            return a->used[bound] < b->used[bound];
        }
    }
    return a->answers != b->answers ? a->answers < b->answers : a->steps < b->steps;
}

static bool is_over(const shortening *this)
{
    return this->runs >= this->limit || host_clock_ns() - this->began_ns > patience_ns;
}

/* Tries without `count` of the answers. True if that is gone on with. */
static bool leave_out(shortening *this, size_t first, size_t count)
{
    const dq_guide *whole = &this->best.guide;
    dq_guide rest = { .sparse = whole->sparse,
                      .releases = whole->releases,
                      .count = whole->count - count };
    attempt tried;
    bool is_better;

    rest.of = malloc((rest.count + 1) * sizeof(*rest.of));
    if (rest.of == NULL) {
        return false;
    }
    memcpy(rest.of, whole->of, first * sizeof(*rest.of));
    memcpy(rest.of + first, whole->of + first + count, (rest.count - first) * sizeof(*rest.of));
    qsort(rest.of, rest.count, sizeof(*rest.of), compare_any);
    is_better = run(this, &rest, NULL, &tried) &&
                is_same(&tried.ending, &this->best.ending) &&
                is_shorter(&tried.length, &this->best.length);
    if (is_better) {
        forget(&this->best);
        this->best = tried;
    } else {
        forget(&tried);
    }
    free(rest.of);
    return is_better;
}

/* One time through all answers. True if any were left out. */
static bool sweep(shortening *this, size_t portion)
{
    size_t first = 0;
    bool any = false;

    while (first < this->best.guide.count && !is_over(this)) {
        const size_t left = this->best.guide.count - first;
        const size_t count = portion < left ? portion : left;

        if (leave_out(this, first, count)) {
            any = true; /* What stands there now was not tried. */
        } else {
            first += count;
        }
    }
    return any;
}

static void shorten(shortening *this)
{
    size_t portion = this->best.guide.count;

    while (portion > 0 && this->best.guide.count > 0 && !is_over(this)) {
        const bool any = sweep(this, portion);

        if (portion > 1) {
            portion = (portion + 1) / 2;
        } else if (!any) {
            return;
        }
    }
}

static void begin(shortening *this, const dirql_job *job, const host_data *data, unsigned runs)
{
    *this = (shortening){ .job = *job,
                          .options = *job->options,
                          .data = data,
                          .limit = runs,
                          .began_ns = host_clock_ns() };
    this->job.options = &this->options;
    this->job.tries = true;
    this->job.searcher = NULL;
    this->job.arena = NULL;
    this->options.mode = DIRQL_MODE_REPLAY;
    this->options.trace = NULL;
}

bool dirql_shorten(const dirql_job *job, const host_data *data, const char *schedule, unsigned runs,
                   dirql_shortened *shortened)
{
    shortening this;

    begin(&this, job, data, runs);
    if (!run(&this, NULL, schedule, &this.best) || this.best.ending.rule == NULL) {
        forget(&this.best);
        return false;
    }
    shortened->before = this.best.length;
    shorten(&this);
    shortened->after = this.best.length;
    shortened->schedule = this.best.schedule;
    shortened->failing_errand = this.best.failing_errand;
    shortened->runs = this.runs;
    this.best.schedule = NULL;
    forget(&this.best);
    return true;
}

static void exchange(char **schedule, char **other)
{
    free(*schedule);
    *schedule = *other;
    *other = NULL;
}

void dirql_shorten_loop(const dirql_job *job, const host_data *data, char **schedule)
{
    shortening this;
    attempt cut = { .schedule = NULL };

    begin(&this, job, data, 2);
    if (run(&this, NULL, *schedule, &this.best) && this.best.before_loop != NULL) {
        exchange(schedule, &this.best.schedule);
        if (run(&this, NULL, this.best.before_loop, &cut) && cut.before_loop != NULL) {
            exchange(schedule, &this.best.before_loop);
        }
    }
    forget(&this.best);
    forget(&cut);
}
