/*
 * progress.c - a line that is written over itself.
 */
#include "control/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "host/host.h"

enum { BAR_CHARACTERS = 24 };

static const uint64_t first_after_ns = 1000000000u, every_ns = 200000000u;

void dirql_progress_begin(dirql_progress *progress)
{
    *progress = (dirql_progress){ .began_ns = host_clock_ns(), .is_watched = host_is_watched() };
    progress->said_ns = progress->began_ns + first_after_ns - every_ns;
}

void dirql_progress_say(dirql_progress *progress, const char *name, uint64_t schedules,
                        double share)
{
    char bar[BAR_CHARACTERS + 1];
    uint64_t now_ns;

    if (!progress->is_watched || (now_ns = host_clock_ns()) < progress->said_ns + every_ns) {
        return;
    }
    for (int i = 0; i < BAR_CHARACTERS; i++) {
        bar[i] = share * BAR_CHARACTERS > i ? '#' : '.';
    }
    bar[BAR_CHARACTERS] = '\0';
    fprintf(stderr, "\r%.40s: [%s] about %.0f %% of this pass, %" PRIu64 " schedules, %" PRIu64
            " s ", name, bar, 100 * share, schedules, (now_ns - progress->began_ns) / 1000000000u);
    fflush(stderr);
    progress->said_ns = now_ns;
    progress->is_said = 1;
}

void dirql_progress_end(dirql_progress *progress)
{
    if (progress->is_said) {
        fprintf(stderr, "\r%110s\r", "");
        fflush(stderr);
    }
}
