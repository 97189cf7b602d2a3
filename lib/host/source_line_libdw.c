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

static bool holds(Dwarf_Die *unit, Dwarf_Addr address)
{
    return unit != NULL && dwarf_haspc(unit, address) > 0;
}

/* Asks each compilation unit; first the one found last, as a report has many places in few files. */
static Dwarf_Die *search(Dwfl_Module *module, Dwarf_Addr address)
{
    static HOST_KEPT Dwfl_Module *last_module;
    static HOST_KEPT Dwarf_Die *last;
    Dwarf_Die *unit = NULL;
    Dwarf_Addr bias;

    if (module == last_module && holds(last, address)) {
        return last;
    }
    while ((unit = dwfl_module_nextcu(module, unit, &bias)) != NULL) {
        if (holds(unit, address)) {
            last_module = module;
            last = unit;
            return unit;
        }
    }
    return NULL;
}

/* The index of addresses (.debug_aranges) need not know a unit: clang writes none. What lies between
 * two units that it knows, libdw takes for the first one's. */
static Dwarf_Die *unit_of(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);

    return holds(unit, address - *bias) ? unit : search(module, address - *bias);
}

typedef struct position {
    Dwarf_Die *unit;
    Dwarf_Addr address; /* As the unit counts it. */
    const char *path;   /* As the compiler was told; it lives as long as the session. */
    int line;
} position;

static bool has_number(Dwarf_Line *line)
{
    int number = 0;

    return dwarf_lineno(line, &number) == 0 && number != 0;
}

static Dwarf_Addr address_of(Dwarf_Line *line)
{
    Dwarf_Addr address = 0;

    (void)dwarf_lineaddr(line, &address);
    return address;
}

/* Code of the compiler's own (clang's checks of the stack) has line 0: it is taken for the code
 * before it, as far as that is of the same function, which begins at `low`. NULL: there is none. */
static Dwarf_Line *line_before(Dwarf_Die *unit, Dwarf_Addr low, Dwarf_Addr address)
{
    Dwarf_Lines *lines;
    Dwarf_Line *best = NULL;
    size_t count;

    if (dwarf_getsrclines(unit, &lines, &count) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *line = dwarf_onesrcline(lines, i);
        const Dwarf_Addr at = address_of(line);

        if (at >= low && at <= address && has_number(line) &&
            (best == NULL || at >= address_of(best))) {
            best = line;
        }
    }
    return best;
}

/* How far behind the start of its function. */
static Dwarf_Addr offset_of(Dwfl_Module *module, Dwarf_Addr address)
{
    GElf_Off offset = 0;
    GElf_Sym symbol;

    return dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL) != NULL
               ? offset
               : 0;
}

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
    if (line != NULL && !has_number(line)) {
        line = line_before(found->unit, found->address - offset_of(module, address),
                           found->address);
    }
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

static bool is_artificial(Dwarf_Die *function)
{
    Dwarf_Attribute attribute;
    bool artificial = false;

    return dwarf_formflag(dwarf_attr_integrate(function, DW_AT_artificial, &attribute),
                          &artificial) == 0 &&
           artificial;
}

static bool number_of(Dwarf_Die *inlined, unsigned name, Dwarf_Word *number)
{
    Dwarf_Attribute attribute;

    return dwarf_formudata(dwarf_attr(inlined, name, &attribute), number) == 0;
}

/* Puts the place where `inlined` is called from in place of one in it. */
static bool go_to_call(position *found, Dwarf_Die *inlined)
{
    Dwarf_Word file, line;
    Dwarf_Files *files;
    const char *path;
    size_t count;

    if (!number_of(inlined, DW_AT_call_file, &file) ||
        !number_of(inlined, DW_AT_call_line, &line) ||
        dwarf_getsrcfiles(found->unit, &files, &count) != 0 || file >= count) {
        return false;
    }
    path = dwarf_filesrc(files, file, NULL, NULL);
    if (path == NULL) {
        return false;
    }
    found->path = path;
    found->line = (int)line;
    return true;
}

/* What the code at the place is in: the innermost first, each in the next one. To be freed. */
static int scopes_of(const position *found, Dwarf_Die **scopes)
{
    Dwarf_Die *innermost = NULL;
    int count = dwarf_getscopes(found->unit, found->address, &innermost);

    *scopes = NULL;
    if (count > 0) { /* Behind an inlined function stands where that is defined, not its caller. */
        count = dwarf_getscopes_die(&innermost[0], scopes);
    }
    free(innermost);
    return count;
}

/* Leaves inlined functions that are a part of their caller, such as those of the WDK's headers. The
 * symbol table knows the function that the code has become part of; its author knows the innermost
 * one. `name` is set if that is an inlined one. */
static void leave_artificial(position *found, const char **name)
{
    Dwarf_Die *scopes = NULL;
    const int count = scopes_of(found, &scopes);

    for (int i = 0; i < count; i++) {
        const int tag = dwarf_tag(&scopes[i]);

        if (tag == DW_TAG_inlined_subroutine && is_artificial(&scopes[i]) &&
            go_to_call(found, &scopes[i])) {
            continue;
        }
        if (tag == DW_TAG_inlined_subroutine) {
            *name = name_of(&scopes[i]);
        }
        if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram) {
            break;
        }
    }
    free(scopes);
}

void host_source_line_find(const void *address, host_symbol *symbol)
{
    const char *name = NULL;
    position found;

    pthread_mutex_lock(&mutex);
    if (find(address, &found)) {
        leave_artificial(&found, &name);
        snprintf(symbol->file, sizeof symbol->file, "%s", host_maps_base_name(found.path));
        symbol->line = (unsigned)found.line;
        if (name != NULL && symbol->offset != 0) { /* Else the function itself is asked for. */
            snprintf(symbol->function, sizeof symbol->function, "%s", name);
        }
    }
    pthread_mutex_unlock(&mutex);
}

bool host_source_path_find(const void *address, char *path, size_t bytes)
{
    const char *name = NULL;
    position found;
    bool fits = false;

    pthread_mutex_lock(&mutex);
    if (find(address, &found)) {
        leave_artificial(&found, &name);
        fits = snprintf(path, bytes, "%s", found.path) < (int)bytes;
    }
    pthread_mutex_unlock(&mutex);
    return fits;
}
