/*
 * source_line_libdw.c - source lines from DWARF, by libdw.
 *
 * The session with libdw is kept for the life of the process; modules that were loaded since are
 * added when an address is not known. Debug information is looked for in the module and in the
 * local store by build id, never over a network: a report must not wait for a server.
 */
#include "host/source_line.h"

#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "host/maps_posix.h"

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Dwfl *session;

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

static void find(Dwarf_Addr address, host_symbol *symbol)
{
    Dwfl_Module *module = look_up(address);
    Dwfl_Line *line;
    const char *path;
    int number;

    if (module == NULL) {
        report_modules();
        module = look_up(address);
    }
    line = module != NULL ? dwfl_module_getsrc(module, address) : NULL;
    path = line != NULL ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
    if (path != NULL) {
        snprintf(symbol->file, sizeof symbol->file, "%s", host_maps_base_name(path));
        symbol->line = (unsigned)number;
    }
}

void host_source_line_find(const void *address, host_symbol *symbol)
{
    pthread_mutex_lock(&mutex);
    find((Dwarf_Addr)(uintptr_t)address, symbol);
    pthread_mutex_unlock(&mutex);
}
