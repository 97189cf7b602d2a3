/*
 * source_line_libdw.c - source lines from DWARF, by libdw.
 *
 * The session with libdw is kept for the life of the process; modules that were loaded since are
 * added when an address is not known. Debug information is looked for in the module and in the
 * local store by build id, never over a network: a report must not wait for a server.
 */
#include "host/source_line.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "host/file.h"
#include "host/maps_posix.h"

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
};

static HOST_KEPT pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static HOST_KEPT Dwfl *session;

static Dwfl_Module *look_up(Dwarf_Addr address)
{
    return session != NULL ? dwfl_addrmodule(session, address) : NULL;
}

static void report_modules(void)
{
    if (session == NULL) {
        session = dwfl_begin(&callbacks);
    }
    if (session != NULL) {
        dwfl_report_begin_add(session);
        dwfl_linux_proc_report(session, getpid());
        dwfl_report_end(session, NULL, NULL);
    }
}

static const char *by_index(Dwfl_Module *module, Dwarf_Addr address, int *number)
{
    Dwfl_Line *line = dwfl_module_getsrc(module, address);

    return line != NULL ? dwfl_lineinfo(line, NULL, number, NULL, NULL, NULL) : NULL;
}

/* clang writes no index of addresses (.debug_aranges), so each compilation unit is asked. */
static const char *by_unit(Dwfl_Module *module, Dwarf_Addr address, int *number)
{
    Dwarf_Die *unit = NULL;
    Dwarf_Line *line;
    Dwarf_Addr bias;

    while ((unit = dwfl_module_nextcu(module, unit, &bias)) != NULL) {
        if (dwarf_haspc(unit, address - bias) > 0) {
            line = dwarf_getsrc_die(unit, address - bias);
            return line != NULL && dwarf_lineno(line, number) == 0 ? dwarf_linesrc(line, NULL, NULL)
                                                                   : NULL;
        }
    }
    return NULL;
}

/* The path as the compiler was told; it lives as long as the session. NULL if unknown. */
static const char *find(Dwarf_Addr address, int *number)
{
    Dwfl_Module *module = look_up(address);
    const char *path = NULL;

    if (module == NULL) {
        report_modules();
        module = look_up(address);
    }
    if (module != NULL) {
        path = by_index(module, address, number);
        path = path != NULL ? path : by_unit(module, address, number);
    }
    return path;
}

void host_source_line_find(const void *address, host_symbol *symbol)
{
    const char *path;
    int number = 0;

    pthread_mutex_lock(&mutex);
    path = find((Dwarf_Addr)(uintptr_t)address, &number);
    if (path != NULL) {
        snprintf(symbol->file, sizeof symbol->file, "%s", host_maps_base_name(path));
        symbol->line = (unsigned)number;
    }
    pthread_mutex_unlock(&mutex);
}

bool host_source_path_find(const void *address, char *path, size_t bytes)
{
    const char *found;
    int number = 0;
    bool fits;

    pthread_mutex_lock(&mutex);
    found = find((Dwarf_Addr)(uintptr_t)address, &number);
    fits = found != NULL && snprintf(path, bytes, "%s", found) < (int)bytes;
    pthread_mutex_unlock(&mutex);
    return fits;
}
