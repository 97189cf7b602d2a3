/*
 * source_line_libdw.c - source lines and inlined functions from DWARF, by libdw.
 *
 * The session with libdw is kept for the life of the process; modules that were loaded since are
 * added when an address is not known. Debug information is looked for in the module and in the
 * local store by build id, never over a network: a report must not wait for a server.
 */
#include "host/source_line.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
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

static Dwarf_Die *unit_of(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);

    if (unit != NULL) {
        return unit;
    }
    /* clang writes no index of addresses (.debug_aranges), so each compilation unit is asked. */
    while ((unit = dwfl_module_nextcu(module, unit, bias)) != NULL) {
        if (dwarf_haspc(unit, address - *bias) > 0) {
            return unit;
        }
    }
    return NULL;
}

typedef struct position {
    Dwarf_Die *unit;
    Dwarf_Addr address; /* As the unit counts it. */
    const char *path;   /* As the compiler was told; it lives as long as the session. */
    int line;
} position;

static bool find(const void *at, position *found)
{
    const Dwarf_Addr address = (uintptr_t)at;
    Dwfl_Module *module = look_up(address);
    Dwarf_Addr bias = 0;
    Dwarf_Line *line;

    if (module == NULL) {
        report_modules();
        module = look_up(address);
    }
    found->unit = module != NULL ? unit_of(module, address, &bias) : NULL;
    if (found->unit == NULL) {
        return false;
    }
    found->address = address - bias;
    line = dwarf_getsrc_die(found->unit, found->address);
    found->path = line != NULL ? dwarf_linesrc(line, NULL, NULL) : NULL;
    return found->path != NULL && dwarf_lineno(line, &found->line) == 0;
}

/* As the symbol table has it, if it is C++. */
static const char *name_of(Dwarf_Die *function)
{
    Dwarf_Attribute attribute;
    const char *name =
        dwarf_formstring(dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute));

    return name != NULL ? name : dwarf_diename(function);
}

/* The symbol table knows the function that the code has become part of; its author knows the other. */
static void name_inlined(const position *found, host_symbol *symbol)
{
    Dwarf_Die *scopes = NULL;
    const int count = dwarf_getscopes(found->unit, found->address, &scopes);

    for (int i = 0; i < count; i++) { /* Innermost first. */
        const int tag = dwarf_tag(&scopes[i]);
        const char *name;

        if (tag == DW_TAG_inlined_subroutine && (name = name_of(&scopes[i])) != NULL) {
            snprintf(symbol->function, sizeof symbol->function, "%s", name);
        }
        if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram) {
            break;
        }
    }
    free(scopes);
}

void host_source_line_find(const void *address, host_symbol *symbol)
{
    position found;

    pthread_mutex_lock(&mutex);
    if (find(address, &found)) {
        snprintf(symbol->file, sizeof symbol->file, "%s", host_maps_base_name(found.path));
        symbol->line = (unsigned)found.line;
        if (symbol->offset != 0) { /* Else the function itself is asked for. */
            name_inlined(&found, symbol);
        }
    }
    pthread_mutex_unlock(&mutex);
}

bool host_source_path_find(const void *address, char *path, size_t bytes)
{
    position found;
    bool fits;

    pthread_mutex_lock(&mutex);
    fits = find(address, &found) && snprintf(path, bytes, "%s", found.path) < (int)bytes;
    pthread_mutex_unlock(&mutex);
    return fits;
}
