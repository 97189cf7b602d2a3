/*
 * resumeways.c - ways as lines of text: "root", or the bounds that leave out ways for good, a line
 * for each way, and "end".
 *
 * A line has what the way uses up, the number of its answers other than 0, and for each of them
 * which choice it was, the service that asked, the kind, the options and the answer.
 */
#include "control/resume.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 64, TURNINGS_MAX = 1 << 16 };

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_way(void *owner, const dq_way *way)
{
    dq_text *out = owner;

    dq_text_add(out, "way");
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        dq_text_add(out, " %" PRIu32, way->used.of[bound]);
    }
    dq_text_add(out, " %zu", way->count);
    for (size_t i = 0; i < way->count; i++) {
        const dq_turning *t = &way->turnings[i];

        dq_text_add(out, " %" PRIu32 " %u %u %u %u", t->at, t->service, t->kind, t->options,
                    t->answer);
    }
    dq_text_add(out, "\n");
}

/* What it branches on does not depend on what it has found out. */
bool dirql_resume_knows_ways(const dq_search *search)
{
    return search->searcher.unreduced || !search->searcher.hears;
}

void dirql_resume_write_ways(const dq_search *search, dq_text *out)
{
    const bool *beyond = search->frontier.beyond;

    if (!search->is_laid_down &&
        (search->frontier.count == 0 || !dirql_resume_knows_ways(search))) {
        dq_text_add(out, "root\n");
        return;
    }
    dq_text_add(out, "beyond");
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        dq_text_add(out, " %d", beyond[bound]);
    }
    dq_text_add(out, "\n");
    if (search->is_laid_down) {
        dq_frontier_visit_rest(&search->frontier, write_way, out);
    } else {
        dq_frontier_visit(&search->frontier, write_way, out);
    }
    dq_text_add(out, "end\n");
}

/* ---- Reading --------------------------------------------------------------------------------- */

bool dirql_resume_skip(const char **at, const char *word)
{
    const size_t length = strlen(word);
    const bool is_there = strncmp(*at, word, length) == 0;

    *at += is_there ? length : 0;
    return is_there;
}

/* A number up to `most`, behind a blank. */
static bool read_number(const char **at, uint32_t most, uint32_t *number)
{
    char *end;
    unsigned long value;

    if (!dirql_resume_skip(at, " ") || **at < '0' || **at > '9') {
        return false;
    }
    value = strtoul(*at, &end, 10);
    *at = end;
    *number = (uint32_t)value;
    return value <= most;
}

bool dirql_resume_read_bounds(const char **at, const dq_bounds *most, dq_bounds *bounds)
{
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        if (!read_number(at, most->of[bound], &bounds->of[bound])) {
            return false;
        }
    }
    return true;
}

static bool read_turning(const char **at, dq_turning *turning)
{
    uint32_t place, service, kind, options, answer;

    if (!read_number(at, DQ_CHOICES_KEPT - 1, &place) || !read_number(at, UINT16_MAX, &service) ||
        !read_number(at, DQ_CHOICE_COUNT - 1, &kind) || !read_number(at, OPTIONS_MAX, &options) ||
        !read_number(at, OPTIONS_MAX - 1, &answer) || answer == 0 || answer >= options) {
        return false;
    }
    *turning = (dq_turning){ .at = place,
                             .service = (uint16_t)service,
                             .kind = (uint8_t)kind,
                             .options = (uint8_t)options,
                             .answer = (uint8_t)answer };
    return true;
}

static bool read_turnings(const char **at, dq_turning *turnings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!read_turning(at, &turnings[i]) || (i > 0 && turnings[i].at <= turnings[i - 1].at)) {
            return false;
        }
    }
    return dirql_resume_skip(at, "\n");
}

static bool read_way(dq_search *search, const char **at)
{
    dq_way way = { .count = 0 };
    dq_turning *turnings;
    uint32_t count;
    bool is_good;

    if (!dirql_resume_skip(at, "way") || !dirql_resume_read_bounds(at, &search->last, &way.used) ||
        !read_number(at, TURNINGS_MAX, &count) || count == 0) {
        return false;
    }
    turnings = calloc(count, sizeof(*turnings));
    is_good = turnings != NULL && read_turnings(at, turnings, count);
    if (is_good) {
        way.count = count;
        way.turnings = turnings;
        dq_frontier_leave(&search->frontier, &way);
    }
    free(turnings);
    return is_good;
}

bool dirql_resume_read_ways(dq_search *search, const dq_bounds *limit, const char *text)
{
    const dq_bounds bit = { { 1, 1, 1, 1, 1 } };
    dq_bounds beyond;

    dq_search_begin(search, limit);
    if (strcmp(text, "root\n") == 0) {
        return true;
    }
    if (!dirql_resume_skip(&text, "beyond") || !dirql_resume_read_bounds(&text, &bit, &beyond) ||
        !dirql_resume_skip(&text, "\n")) {
        return false;
    }
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        search->frontier.beyond[bound] = beyond.of[bound] != 0;
    }
    while (strcmp(text, "end\n") != 0) {
        if (!read_way(search, &text)) {
            return false;
        }
    }
    return dq_search_go_on(search, limit);
}
