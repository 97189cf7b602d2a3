/*
 * wanted.c - which tests DIRQL_TEST wants, and that there is one.
 */
#include "control/control.h"
#include "control/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/spelling.h"

enum { NAMES_MAX = 256, NAMES_SAID = 8 };

/* Guarded by host_lock(): */
static HOST_KEPT struct {
    unsigned found;
    unsigned count; /* Of names that were asked for in vain. */
    char *names[NAMES_MAX];
    unsigned forks; /* host_fork_count() of the process that asked. */
    bool registered;
} asked;

static bool is_said_before(const char *const *said, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(said[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* The one that is nearest of those not said yet; NULL: none is left. */
static const char *next_nearest(const char *wanted, const char *const *said, unsigned count)
{
    const char *nearest = NULL;

    for (unsigned i = 0; i < asked.count; i++) {
        if (!is_said_before(said, count, asked.names[i]) &&
            (nearest == NULL || dq_spelling_distance(wanted, asked.names[i]) <
                                    dq_spelling_distance(wanted, nearest))) {
            nearest = asked.names[i];
        }
    }
    return nearest;
}

/* At the end of the process: it must not look like a success that nothing was done. */
static void complain(void)
{
    const char *wanted = dirql_environment("DIRQL_TEST");
    const char *said[NAMES_SAID];
    unsigned count = 0;

    if (wanted == NULL || asked.found > 0 || asked.count == 0 || asked.forks != host_fork_count()) {
        return;
    }
    fflush(NULL);
    fprintf(stderr,
            "dirql: DIRQL_TEST is \"%s\", but no test of this program is called so, and none was "
            "run. Of its tests, these come nearest:\n", wanted);
    while (count < NAMES_SAID && (said[count] = next_nearest(wanted, said, count)) != NULL) {
        fprintf(stderr, "  %s\n", said[count]);
        count++;
    }
    _Exit(EXIT_FAILURE);
}

static void note_refused(const char *name)
{
    const size_t bytes = strlen(name) + 1;

    if (asked.count < NAMES_MAX && (asked.names[asked.count] = malloc(bytes)) != NULL) {
        memcpy(asked.names[asked.count++], name, bytes);
    }
}

int dirql_is_wanted(const char *name, const char *other)
{
    const char *wanted = dirql_environment("DIRQL_TEST");
    bool found;

    if (wanted == NULL) {
        return 1;
    }
    found = (name != NULL && strcmp(wanted, name) == 0) ||
            (other != NULL && strcmp(wanted, other) == 0);
    host_lock();
    if (!asked.registered) {
        asked.registered = atexit(complain) == 0;
        asked.forks = host_fork_count();
    }
    if (found) {
        asked.found++;
    } else {
        note_refused(name != NULL ? name : other != NULL ? other : "?");
    }
    host_unlock();
    return found;
}
