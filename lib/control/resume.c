/*
 * resume.c - the file of option resume: lines of text.
 */
#include "control/resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"

enum { LINE_BYTES = 512, FORMAT = 5 };

/* ---- What it is of --------------------------------------------------------------------------- */

/* A line that must be equal for the file to be of any use. */
static void describe(const dirql_exploration *ex, char *text, size_t bytes)
{
    const dirql_options *o = &ex->options;

    snprintf(text, bytes,
             "of dirql %s, test %.96s, %u processors, access cost %u ns, %" PRIu32 " preemptions, "
             "%" PRIu32 " interrupts, %" PRIu32 " faults, %" PRIu32 " delays, %s, shard %u of %u",
             DIRQL_VERSION, o->name, o->processors, o->access_cost_ns,
             ex->passes.last.of[DQ_BOUND_PREEMPTION], ex->passes.last.of[DQ_BOUND_INTERRUPT],
             ex->passes.last.of[DQ_BOUND_FAULT], ex->passes.last.of[DQ_BOUND_DELAY], o->unreduced ? "unreduced" : "reduced", o->shard,
             o->shards);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void add_bounds(dq_text *out, const char *what, const dq_bounds *bounds)
{
    dq_text_add(out, "%s", what);
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        dq_text_add(out, " %" PRIu32, bounds->of[bound]);
    }
    dq_text_add(out, "\n");
}

/* As bounds of 0 and 1. */
static dq_bounds bits_of(const bool set[DQ_BOUND_COUNT])
{
    dq_bounds bits = { { 0 } };

    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        bits.of[bound] = set[bound];
    }
    return bits;
}

/* NULL: short of memory. */
static char *make_text(const dirql_exploration *ex)
{
    const dq_passes *passes = &ex->passes;
    const dq_bounds cut = bits_of(passes->cut);
    char whose[LINE_BYTES];
    dq_text out = { 0 };

    describe(ex, whose, sizeof(whose));
    dq_text_add(&out, "dirql-resume %d\n%s\n", FORMAT, whose);
    add_bounds(&out, "pass", &passes->limit);
    add_bounds(&out, "done", &passes->done);
    add_bounds(&out, "cut", &cut);
    dq_text_add(&out, "any %d\nrest %d\nschedules %" PRIu64 "\nbefore %" PRIu64 "\n%s\n",
                passes->any_done, ex->search.left_rest,
                ex->search.is_laid_down ? ex->schedules : ex->schedules_before,
                ex->schedules_before, ex->is_complete ? "complete" : "open");
    if (!ex->is_complete) {
        dirql_resume_write_ways(&ex->search, &out);
    }
    return dq_text_take(&out);
}

bool dirql_resume_write(const dirql_exploration *ex, char *error, size_t bytes)
{
    char reason[200] = "short of memory";
    char *text;
    bool is_written;

    if (ex->options.resume == NULL) {
        return true;
    }
    text = make_text(ex);
    is_written = text != NULL && host_file_replace(ex->options.resume, text, strlen(text), reason,
                                                   sizeof(reason));
    free(text);
    if (!is_written) {
        snprintf(error, bytes, "option resume, or DIRQL_RESUME: %.200s cannot be written: %.120s",
                 ex->options.resume, reason);
    }
    return is_written;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* To be freed. NULL: it cannot be read, or is no text. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    dq_text out = { 0 };
    char part[LINE_BYTES];
    size_t length;

    if (file == NULL) {
        return NULL;
    }
    while ((length = fread(part, 1, sizeof(part) - 1, file)) > 0) {
        part[length] = '\0';
        out.failed = out.failed || strlen(part) != length;
        dq_text_add(&out, "%s", part);
    }
    fclose(file);
    return dq_text_take(&out);
}

/* A line of bounds, none above `most`. Moves on behind it. */
static bool take_bounds(const char **text, const char *what, const dq_bounds *most,
                        dq_bounds *bounds)
{
    return dirql_resume_skip(text, what) && dirql_resume_read_bounds(text, most, bounds) &&
           dirql_resume_skip(text, "\n");
}

/* What follows the two lines that say whose it is. */
static bool take(dirql_exploration *ex, const char *text)
{
    const dq_bounds bit = { { 1, 1, 1, 1, 1 } };
    dq_bounds pass = { { 0 } }, done = { { 0 } }, cut = { { 0 } };
    unsigned any, rest;
    uint64_t schedules, before;
    char state[16] = "";
    int end = 0;

    if (!take_bounds(&text, "pass", &ex->passes.last, &pass) ||
        !take_bounds(&text, "done", &ex->passes.last, &done) ||
        !take_bounds(&text, "cut", &bit, &cut) ||
        sscanf(text,
               "any %1u\nrest %1u\nschedules %18" SCNu64 "\nbefore %18" SCNu64 "\n%15[a-z]\n%n",
               &any, &rest, &schedules, &before, state, &end) != 5 || before > schedules ||
        end == 0 || (strcmp(state, "open") != 0 && strcmp(state, "complete") != 0)) {
        return false;
    }
    if (strcmp(state, "complete") == 0) {
        return text[end] == '\0';
    }
    ex->passes.limit = pass;
    ex->passes.done = done;
    ex->passes.any_done = any != 0;
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        ex->passes.cut[bound] = cut.of[bound] != 0;
    }
    ex->schedules = schedules;
    ex->schedules_before = before;
    ex->schedules_resumed = schedules;
    ex->search.left_rest = rest != 0;
    return dirql_resume_read_ways(&ex->search, &ex->passes.limit, text + end);
}

static bool read_text(dirql_exploration *ex, char *text, char *error, size_t bytes)
{
    const char *path = ex->options.resume;
    char head[32], whose[LINE_BYTES];
    char *line, *rest;

    snprintf(head, sizeof(head), "dirql-resume %d\n", FORMAT);
    describe(ex, whose, sizeof(whose));
    line = text != NULL && strncmp(text, head, strlen(head)) == 0 ? text + strlen(head) : NULL;
    rest = line != NULL ? strchr(line, '\n') : NULL;
    if (rest == NULL) {
        snprintf(error, bytes,
                 "option resume, or DIRQL_RESUME: %.200s is no file that an exploration of this "
                 "version has written. It was left as it is.", path);
        return false;
    }
    *rest = '\0';
    if (strcmp(line, whose) != 0) {
        snprintf(error, bytes,
                 "option resume, or DIRQL_RESUME: %.120s is %.200s; this exploration is %.200s. "
                 "It was left as it is: give each test and each shard a file of its own.",
                 path, line, whose);
        return false;
    }
    if (!take(ex, rest + 1)) {
        snprintf(error, bytes,
                 "option resume, or DIRQL_RESUME: %.200s is malformed. It was left as it is.",
                 path);
        return false;
    }
    return true;
}

static bool read(dirql_exploration *ex, char *error, size_t bytes)
{
    char *text = read_file(ex->options.resume);
    const bool is_read = read_text(ex, text, error, bytes);

    free(text);
    return is_read;
}

/* Of two explorations that write one file, each would undo what the other has done. */
static bool claim(dirql_exploration *ex, char *error, size_t bytes)
{
    const char *path = ex->options.resume;
    const size_t length = strlen(path) + sizeof(".lock");
    char *lock = malloc(length);

    if (lock == NULL) {
        snprintf(error, bytes, "short of memory for the exploration");
        return false;
    }
    snprintf(lock, length, "%s.lock", path);
    ex->claim = host_file_claim(lock);
    if (ex->claim == NULL) {
        snprintf(error, bytes,
                 "option resume, or DIRQL_RESUME: another exploration is at work with %.200s (its "
                 "lock is the file %.200s). Give each test and each shard a file of its own, and "
                 "each process its own TEST_SHARD_INDEX.", path, lock);
    }
    free(lock);
    return ex->claim != NULL;
}

void dirql_resume_end(dirql_exploration *ex)
{
    host_file_disclaim(ex->claim);
    ex->claim = NULL;
}

bool dirql_resume_begin(dirql_exploration *ex, char *error, size_t bytes)
{
    if (ex->options.resume == NULL) {
        return true;
    }
    if (!claim(ex, error, bytes)) {
        return false;
    }
    if (host_file_exists(ex->options.resume) && !read(ex, error, bytes)) {
        return false;
    }
    return dirql_resume_write(ex, error, bytes);
}
