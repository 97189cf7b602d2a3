/*
 * source.c - a return address as a place in a file that others can find.
 */
#include "report/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"
#include "host/host.h"

/* ---- The root -------------------------------------------------------------------------------- */

static HOST_KEPT char root[DQ_SOURCE_PATH]; /* Without a slash at the end; under host_lock(). */

/* True if `path` lies in `folder`: then `rest` is the remainder. */
static bool lies_in(const char *path, const char *folder, const char **rest)
{
    size_t length = strlen(folder);

    while (length > 0 && folder[length - 1] == '/') {
        length--;
    }
    if (length == 0 || strncmp(path, folder, length) != 0 || path[length] != '/') {
        return false;
    }
    *rest = path + length + 1;
    return true;
}

/* The folder above `path` that a version control system keeps. */
static bool find_kept_folder(const char *path, char *folder, size_t bytes)
{
    char probe[DQ_SOURCE_PATH + 8];
    size_t length = strlen(path);

    while (length > 0) {
        while (length > 0 && path[length - 1] != '/') {
            length--;
        }
        length -= length > 0;
        snprintf(probe, sizeof(probe), "%.*s/.git", (int)length, path);
        if (length > 0 && host_file_exists(probe)) {
            snprintf(folder, bytes, "%.*s", (int)length, path);
            return true;
        }
    }
    return false;
}

static void find_root(const char *path, char *folder, size_t bytes)
{
    static const char *const variables[] = { "DIRQL_REPORT_ROOT", "GITHUB_WORKSPACE",
                                             "CI_PROJECT_DIR" };
    const char *rest;

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = getenv(variables[i]);

        if (value != NULL && strlen(value) < bytes && lies_in(path, value, &rest)) {
            snprintf(folder, bytes, "%.*s", (int)(rest - path - 1), path);
            return;
        }
    }
    if (!find_kept_folder(path, folder, bytes)) {
        folder[0] = '\0';
    }
}

/* All files are named from the same root: that of the first one. */
static bool is_in_root(const char *path, const char **rest)
{
    char found[DQ_SOURCE_PATH] = "";
    bool is;

    host_lock();
    if (root[0] == '\0') {
        find_root(path, found, sizeof(found));
        memcpy(root, found, sizeof(root));
    }
    is = lies_in(path, root, rest);
    host_unlock();
    return is;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

/* Takes out "." and "..", which would make two names of one file. */
static void tidy(char *path)
{
    char *const floor = path + (*path == '/');
    char *out = floor, *at = floor;

    while (*at != '\0') {
        const size_t length = strcspn(at, "/"), slash = at[length] == '/';
        const bool is_up = length == 2 && at[0] == '.' && at[1] == '.';

        if (is_up && out > floor && !(out - floor >= 3 && memcmp(out - 3, "../", 3) == 0)) {
            for (out--; out > floor && out[-1] != '/'; out--) {
            }
        } else if (is_up && floor > path) {
            /* Nothing is above the root. */
        } else if (length > 0 && !(length == 1 && at[0] == '.')) {
            memmove(out, at, length + slash);
            out += length + slash;
        }
        at += length + slash;
    }
    *out = '\0';
}

void dq_source_set(const char *path, unsigned line, dq_source *source)
{
    char tidied[DQ_SOURCE_PATH];
    const char *name = tidied;

    *source = (dq_source){ .line = line };
    if (snprintf(tidied, sizeof(tidied), "%s", path) >= (int)sizeof(tidied)) {
        source->line = 0;
        return;
    }
    tidy(tidied);
    source->is_relative = tidied[0] != '/' || is_in_root(tidied, &name);
    memcpy(source->path, name, strlen(name) + 1);
}

void dq_source_find(const void *place, dq_source *source)
{
    char path[DQ_SOURCE_PATH];
    host_symbol symbol;

    *source = (dq_source){ .line = 0 };
    if (place == NULL) {
        return;
    }
    host_symbol_find((const char *)place - 1, &symbol);
    if (symbol.line != 0 && host_source_path_find((const char *)place - 1, path, sizeof(path))) {
        dq_source_set(path, symbol.line, source);
    }
    memcpy(source->function, symbol.function, sizeof(source->function));
}

/* ---- URIs ------------------------------------------------------------------------------------ */

/* In a URI as it is, whatever the locale. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("/-._~+", c) != NULL;
}

static const char *encode(const char *scheme, const char *path, char *uri, size_t bytes)
{
    size_t used = (size_t)snprintf(uri, bytes, "%s", scheme);

    for (; *path != '\0' && used + 4 < bytes; path++) {
        if (is_plain(*path)) {
            uri[used++] = *path;
        } else {
            used += (size_t)snprintf(uri + used, bytes - used, "%%%02X", (unsigned char)*path);
        }
    }
    uri[used] = '\0';
    return uri;
}

const char *dq_source_uri(const dq_source *source, char *uri, size_t bytes)
{
    return encode(source->is_relative ? "" : "file://", source->path, uri, bytes);
}

bool dq_source_root_uri(char *uri, size_t bytes)
{
    char copy[DQ_SOURCE_PATH];

    host_lock();
    memcpy(copy, root, sizeof(copy));
    host_unlock();
    encode("file://", copy, uri, bytes - 1);
    strcat(uri, "/");
    return copy[0] != '\0';
}
