/*
 * environment.c - the environment variables that dirql reads.
 */
#include "control/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "sim/spelling.h"
#include "sim/text.h"

#define PREFIX "DIRQL_"

/* Without the prefix. README.md and include/dirql say what each is for. */
static const char *const known[] = { "DELAYS",     "FAIL",   "LEAKS",  "MODE",   "PCT_DEPTH",
                                     "PROCESSORS", "REPLAY", "REPORT", "RESUME", "RUNS",
                                     "SEED",       "SHORTEN", "SPECIAL_POOL", "TEST", "TRACE" };
enum { KNOWN = sizeof(known) / sizeof(*known) };

const char *dirql_environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The nearest one; NULL: none is near. */
static const char *meant_by(const char *written, const char *const *names, unsigned count)
{
    const char *nearest = NULL;

    for (unsigned i = 0; i < count; i++) {
        if (dq_spelling_is_slip(written, names[i]) &&
            (nearest == NULL || dq_spelling_distance(written, names[i]) <
                                    dq_spelling_distance(written, nearest))) {
            nearest = names[i];
        }
    }
    return nearest;
}

static bool check(const char *variable, char *error, size_t bytes)
{
    const size_t length = strcspn(variable, "=");
    const char *nearest;
    char name[80];

    if (strncmp(variable, PREFIX, strlen(PREFIX)) != 0 || length >= sizeof(name)) {
        return true;
    }
    snprintf(name, sizeof(name), "%.*s", (int)(length - strlen(PREFIX)),
             variable + strlen(PREFIX));
    nearest = meant_by(name, known, KNOWN);
    if (nearest == NULL || strcmp(nearest, name) == 0) {
        return true;
    }
    snprintf(error, bytes,
             "there is an environment variable " PREFIX "%s, which dirql does not know: is " PREFIX
             "%s meant?", name, nearest);
    return false;
}

bool dirql_environment_check(char *error, size_t bytes)
{
    const char *variable;

    for (unsigned i = 0; (variable = host_environment(i)) != NULL; i++) {
        if (!check(variable, error, bytes)) {
            return false;
        }
    }
    return true;
}

static void add_names(dq_text *out, const char *const *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        dq_text_add(out, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", names[i]);
    }
}

int dirql_environment_choice(const char *variable, const char *const *names, unsigned count,
                             char *error, size_t bytes)
{
    const char *value = dirql_environment(variable);
    const char *nearest;
    dq_text out = { 0 };

    for (unsigned i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            return (int)i;
        }
    }
    nearest = meant_by(value, names, count);
    add_names(&out, names, count);
    snprintf(error, bytes, "the environment variable %s is \"%.60s\"; it may be %s%s%s%s", variable,
             value, out.text != NULL ? out.text : "?", nearest != NULL ? ". Is " : "",
             nearest != NULL ? nearest : "", nearest != NULL ? " meant?" : "");
    free(out.text);
    return -1;
}
