/*
 * progress.c - a line that is written over itself.
 */
#include "control/progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "host/host.h"

enum { BAR_CHARACTERS = 24, LOOKS_AT_THE_CLOCK = 16 };

static const uint64_t first_after_ns = 1000000000u, every_ns = 200000000u;

void dirql_progress_begin(dirql_progress *progress)
{
    *progress = (dirql_progress){ .began_ns = host_clock_ns() };
    progress->said_ns = progress->began_ns + first_after_ns - every_ns;
}

/* Many explorations are over before it matters whether somebody watches. */
bool dirql_progress_is_due(dirql_progress *progress)
{
    if (++progress->asked % LOOKS_AT_THE_CLOCK != 0) {
        return false;
    }
    if (progress->asked == LOOKS_AT_THE_CLOCK) {
        progress->is_watched = host_is_watched();
    }
    return progress->is_watched && host_clock_ns() >= progress->said_ns + every_ns;
}

static void draw(char bar[BAR_CHARACTERS + 1], double share)
{
    for (int i = 0; i < BAR_CHARACTERS; i++) {
        bar[i] = share * BAR_CHARACTERS > i ? '#' : '.';
    }
    bar[BAR_CHARACTERS] = '\0';
}

static uint64_t seconds(const dirql_progress *progress)
{
    return (host_clock_ns() - progress->began_ns) / 1000000000u;
}

static void said(dirql_progress *progress)
{
    fflush(stderr);
    progress->said_ns = host_clock_ns();
    progress->is_said = true;
}

void dirql_progress_say(dirql_progress *progress, const char *name, uint64_t schedules,
                        double share)
{
    char bar[BAR_CHARACTERS + 1];

    draw(bar, share);
    fprintf(stderr, "\r%.40s: [%s] about %.0f %% of this pass, %" PRIu64 " schedules, %" PRIu64
            " s ", name, bar, 100 * share, schedules, seconds(progress));
    said(progress);
}

void dirql_progress_say_runs(dirql_progress *progress, const char *name, uint64_t runs,
                             uint32_t all)
{
    char bar[BAR_CHARACTERS + 1];

    if (all > 1 && dirql_progress_is_due(progress)) {
        draw(bar, (double)runs / all);
        fprintf(stderr, "\r%.40s: [%s] %" PRIu64 " runs, %" PRIu64 " s ", name, bar, runs,
                seconds(progress));
        said(progress);
    }
}

void dirql_progress_end(dirql_progress *progress)
{
    if (progress->is_said) {
        fprintf(stderr, "\r%110s\r", "");
        fflush(stderr);
    }
}
