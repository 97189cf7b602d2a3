/*
 * guest_posix.c - tells guest code from runtime libraries by the names of the mapped files.
 */
#include "host/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/maps_posix.h"
#include "host/sanitizer.h"

/* Some of a sanitizer's functions, spread over its code. Absent in a program without. */
extern void __asan_init(void) HOST_FOREIGN;
extern void __lsan_do_leak_check(void) HOST_FOREIGN;
extern void __sanitizer_print_stack_trace(void) HOST_FOREIGN;

typedef struct reading {
    host_guest *guest;
    host_guest_use use;
    char executable[4096];
    char system[4096]; /* The folder of the C library; what lies beside it is the system's. */
} reading;

static const char *const c_libraries[] = { "libc.so", "libc-", "libc.musl", "ld-musl" };

static const char *const runtime_libraries[] = {
    "ld-",       "ld.so",       "libpthread", "libdl.",    "libdl-",   "librt.",    "librt-",
    "libm.",     "libm-",       "libstdc++",  "libc++",    "libgcc_s", "libunwind", "libdw",
    "libelf",    "libz.",       "libcmocka",  "libasan",   "libtsan",  "liblsan",   "libubsan",
    "libhwasan", "libclang_rt", "libgcov",    "vgpreload",
};

static bool starts_with_any(const char *name, const char *const *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strncmp(name, list[i], strlen(list[i])) == 0) {
            return true;
        }
    }
    return false;
}

#define IS_ONE_OF(name, list) starts_with_any(name, list, sizeof list / sizeof *list)

static bool lies_in(const host_mapping *mapping, uintptr_t address)
{
    return address >= mapping->start && address < mapping->end;
}

/* Where the sanitizer's code ends, if it lies in this mapping; else the start of the mapping. The
 * linker is given the sanitizer before the program's own objects. */
static uintptr_t end_of_sanitizer(const host_mapping *mapping)
{
    const uintptr_t inside[] = {
        (uintptr_t)__asan_init,
        (uintptr_t)__lsan_do_leak_check,
        (uintptr_t)__sanitizer_print_stack_trace,
        (uintptr_t)__tsan_create_fiber,
    };
    uintptr_t end = mapping->start;
    size_t i;

    for (i = 0; i < sizeof inside / sizeof *inside; i++) {
        if (lies_in(mapping, inside[i]) && inside[i] > end) {
            end = inside[i];
        }
    }
    return end;
}

static bool has_folder(const host_mapping *mapping, const char *folder)
{
    size_t length = strlen(folder);

    return length != 0 && strncmp(mapping->path, folder, length) == 0 &&
           strchr(mapping->path + length, '/') == NULL;
}

static bool find_c_library(void *owner, const host_mapping *mapping)
{
    reading *r = owner;
    const char *name = host_maps_base_name(mapping->path);
    size_t length = (size_t)(name - mapping->path);

    if (!mapping->executable || !IS_ONE_OF(name, c_libraries)) {
        return true;
    }
    r->guest->has_c_library = true;
    if (length < sizeof r->system) {
        memcpy(r->system, mapping->path, length);
        r->system[length] = '\0';
    }
    return false;
}

static void add(host_guest *guest, uintptr_t start, uintptr_t end)
{
    if (guest->count < HOST_GUEST_RANGES_MAX) {
        guest->range[guest->count].start = start;
        guest->range[guest->count].end = end;
        guest->count++;
    }
}

static void add_executable(reading *r, const host_mapping *mapping)
{
    uintptr_t start = end_of_sanitizer(mapping);

    if (start != mapping->start || lies_in(mapping, (uintptr_t)malloc)) {
        r->guest->has_heap_inside = true;
        if (r->use == HOST_GUEST_TO_INTERRUPT) {
            return;
        }
    }
    add(r->guest, start, mapping->end);
    r->guest->modules++;
}

static bool is_own(const host_mapping *mapping, const char *name)
{
    return strncmp(name, "libdirql", 8) == 0 || lies_in(mapping, (uintptr_t)host_guest_read);
}

static bool add_if_guest(void *owner, const host_mapping *mapping)
{
    reading *r = owner;
    const char *name = host_maps_base_name(mapping->path);

    if (!mapping->executable || *name == '\0') {
        return true;
    }
    if (strcmp(mapping->path, r->executable) == 0) {
        add_executable(r, mapping);
    } else if (is_own(mapping, name)) {
        if (r->use == HOST_GUEST_TO_INTERRUPT) {
            add(r->guest, mapping->start, mapping->end);
        }
    } else if (!IS_ONE_OF(name, c_libraries) && !IS_ONE_OF(name, runtime_libraries) &&
               !has_folder(mapping, r->system)) {
        add(r->guest, mapping->start, mapping->end);
        r->guest->modules++;
    }
    return true;
}

void host_guest_read(host_guest *guest, host_guest_use use)
{
    reading r = { .guest = guest, .use = use };
    ssize_t length = readlink("/proc/self/exe", r.executable, sizeof r.executable - 1);

    r.executable[length > 0 ? length : 0] = '\0';
    memset(guest, 0, sizeof *guest);
    host_maps_visit(find_c_library, &r);
    if (guest->has_c_library) { /* Else it is in the executable. */
        host_maps_visit(add_if_guest, &r);
    }
}

bool host_guest_has(const host_guest *guest, uintptr_t address)
{
    unsigned i;

    for (i = 0; i < guest->count; i++) {
        if (address >= guest->range[i].start && address < guest->range[i].end) {
            return true;
        }
    }
    return false;
}

typedef struct asking {
    uintptr_t address;
    char *name;
    size_t bytes;
} asking;

static bool copy_name(void *owner, const host_mapping *mapping)
{
    asking *a = owner;

    if (a->address < mapping->start || a->address >= mapping->end) {
        return true;
    }
    if (*mapping->path != '\0') {
        snprintf(a->name, a->bytes, "%s", host_maps_base_name(mapping->path));
    }
    return false;
}

void host_guest_module(uintptr_t address, char *name, size_t bytes)
{
    asking a = { address, name, bytes };

    snprintf(name, bytes, "memory without a file");
    host_maps_visit(copy_name, &a);
}
