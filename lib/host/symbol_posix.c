/*
 * symbol_posix.c - names the code at an address: module, function, and source line where libdw is
 * there.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"
#include "host/maps_posix.h"
#include "host/source_line.h"
#include "host/symtab.h"

typedef struct module {
    uintptr_t address; /* The one asked for. */
    bool found;
    uintptr_t bias;  /* What the loader added to the file's own addresses. */
    uintptr_t start; /* Where the module begins in memory. */
    char path[4096];
} module;

static bool covers(const struct dl_phdr_info *info, uintptr_t address, uintptr_t *start)
{
    bool covered = false;
    int i;

    *start = UINTPTR_MAX;
    for (i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + header->p_vaddr;

        if (header->p_type == PT_LOAD) {
            *start = from < *start ? from : *start;
            covered = covered || (address >= from && address - from < header->p_memsz);
        }
    }
    return covered;
}

static int match(struct dl_phdr_info *info, size_t bytes, void *argument)
{
    module *m = argument;
    uintptr_t start;

    (void)bytes;
    if (!covers(info, m->address, &start)) {
        return 0;
    }
    m->found = true;
    m->bias = info->dlpi_addr;
    m->start = start;
    snprintf(m->path, sizeof m->path, "%s", info->dlpi_name);
    return 1;
}

/* The loader does not name the executable. */
static void complete_path(module *m)
{
    ssize_t length;

    if (m->path[0] == '\0') {
        length = readlink("/proc/self/exe", m->path, sizeof m->path - 1);
        m->path[length > 0 ? length : 0] = '\0';
    }
}

static void find_function(const module *m, host_symbol *symbol)
{
    Dl_info info;

    symbol->offset = m->address - m->start;
    if (host_symtab_find(m->path, m->address - m->bias, symbol->function, sizeof symbol->function,
                         &symbol->offset)) {
        return;
    }
    if (dladdr((const void *)m->address, &info) != 0 && info.dli_sname != NULL) {
        snprintf(symbol->function, sizeof symbol->function, "%s", info.dli_sname);
        symbol->offset = m->address - (uintptr_t)info.dli_saddr;
    }
}

/* The C++ library's, in programs that have one. */
extern char *__cxa_demangle(const char *mangled, char *output, size_t *length, int *status)
    __attribute__((weak, visibility("default")));

/* The parameter list is the last pair of parentheses: names of C++ may have some of their own. */
static void drop_parameters(char *name)
{
    char *at = strrchr(name, ')');
    int depth = 0;

    while (at != NULL && at > name) {
        depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
        if (depth == 0) {
            *at = '\0';
            return;
        }
        at--;
    }
}

/* CMiniport::Isr for _ZN9CMiniport3IsrEP14IInterruptSyncPv. */
static void spell_out(host_symbol *symbol)
{
    char *name;

    if (__cxa_demangle == NULL || strncmp(symbol->function, "_Z", 2) != 0) {
        return;
    }
    name = __cxa_demangle(symbol->function, NULL, NULL, NULL);
    if (name != NULL) {
        drop_parameters(name);
        snprintf(symbol->function, sizeof symbol->function, "%s", name);
        free(name);
    }
}

/* Compilers name their copies and parts of a function: isr.constprop.0, isr.part.0, isr.cold. */
static void drop_copy(char *name)
{
    char *dot = name[0] != '\0' ? strchr(name + 1, '.') : NULL;

    if (dot != NULL) {
        *dot = '\0';
    }
}

static HOST_KEPT bool heap_is_lost;

void host_heap_is_lost(void)
{
    heap_is_lost = true;
}

void host_symbol_find(const void *address, host_symbol *symbol)
{
    module m = { .address = (uintptr_t)address };

    memset(symbol, 0, sizeof *symbol);
    symbol->offset = m.address;
    dl_iterate_phdr(match, &m);
    if (!m.found) {
        return;
    }
    complete_path(&m);
    snprintf(symbol->module, sizeof symbol->module, "%s", host_maps_base_name(m.path));
    find_function(&m, symbol);
    drop_copy(symbol->function);
    if (!heap_is_lost) {
        host_source_line_find(address, symbol);
        spell_out(symbol);
    }
}

/* Compilers number the static variables of functions: rx_count.0, rx_count.1. */
static void drop_number(char *name)
{
    char *dot = strrchr(name, '.');

    if (dot != NULL && dot != name && dot[1 + strspn(dot + 1, "0123456789")] == '\0') {
        *dot = '\0';
    }
}

bool host_symbol_find_data(const void *address, host_symbol *symbol)
{
    module m = { .address = (uintptr_t)address };

    memset(symbol, 0, sizeof *symbol);
    dl_iterate_phdr(match, &m);
    if (!m.found) {
        return false;
    }
    complete_path(&m);
    snprintf(symbol->module, sizeof symbol->module, "%s", host_maps_base_name(m.path));
    if (!host_symtab_find_data(m.path, m.address - m.bias, symbol->function,
                               sizeof symbol->function, &symbol->offset)) {
        return false;
    }
    drop_number(symbol->function);
    if (!heap_is_lost) {
        spell_out(symbol);
    }
    return true;
}
