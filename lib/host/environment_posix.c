/*
 * environment_posix.c - the names of the process's environment variables.
 */
#include "host/host.h"

extern char **environ;

const char *host_environment(unsigned index)
{
    return environ != NULL ? environ[index] : NULL;
}
