/*
 * environment.h - the environment variables that dirql reads, and those that were meant to be one.
 */
#ifndef DQ_CONTROL_ENVIRONMENT_H
#define DQ_CONTROL_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* The value; NULL if there is none, or an empty one. */
const char *dirql_environment(const char *name);

/* False if a variable has nearly the name of one of dirql's: then says so in `error`. Any others
 * are somebody else's, such as DIRQL_ROOT. */
bool dirql_environment_check(char *error, size_t bytes);

/* The number among `count` names that `value` is, or -1; then says in `error` which there are, and
 * which was meant. */
int dirql_environment_choice(const char *variable, const char *const *names, unsigned count,
                             char *error, size_t bytes);

#endif
