/*
 * source.h - a return address as a place in a file that others can find.
 *
 * Files are named from the root of the source tree where that is known: DIRQL_REPORT_ROOT, or what
 * the CI says (GITHUB_WORKSPACE, CI_PROJECT_DIR), or the folder above the file that has a .git.
 */
#ifndef DQ_REPORT_SOURCE_H
#define DQ_REPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

enum { DQ_SOURCE_PATH = 4096, DQ_SOURCE_URI = 3 * DQ_SOURCE_PATH + 16 };

typedef struct dq_source {
    char function[128];       /* Empty if unknown. */
    char path[DQ_SOURCE_PATH]; /* From the root, or absolute; empty if unknown. */
    bool is_relative;
    unsigned line; /* 0 if unknown. */
} dq_source;

/* Of a return address; NULL and what is unknown leave `source` empty. Slow. */
void dq_source_find(const void *place, dq_source *source);

/* Of a file as the compiler names it (__FILE__) and a line. */
void dq_source_set(const char *path, unsigned line, dq_source *source);

/* As a URI: relative, or beginning with "file://". Returns uri. */
const char *dq_source_uri(const dq_source *source, char *uri, size_t bytes);

/* The root as a URI that ends in a slash; false if none is known so far. */
bool dq_source_root_uri(char *uri, size_t bytes);

#endif
