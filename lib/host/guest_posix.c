/*
 * guest_posix.c - tells guest code from runtime libraries by the names of the mapped files.
 */
#include "host/guest.h"

#include <stdio.h>
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
    char executable[4096];
    bool has_c_library; /* As a file of its own. */
} reading;

static const char *const c_libraries[] = { "libc.so", "libc-", "libc.musl", "ld-musl" };

static const char *const runtime_libraries[] = {
    "ld-",       "ld.so",       "libpthread", "libdl.",    "libdl-",   "librt.",    "librt-",
    "libm.",     "libm-",       "libstdc++",  "libc++",    "libgcc_s", "libunwind", "libdw",
    "libelf",    "libdirql",    "libcmocka",  "libasan",   "libtsan",  "liblsan",   "libubsan",
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
        if (inside[i] >= mapping->start && inside[i] < mapping->end && inside[i] > end) {
            end = inside[i];
        }
    }
    return end;
}

static void add(host_guest *guest, uintptr_t start, uintptr_t end)
{
    if (guest->count < HOST_GUEST_RANGES_MAX) {
        guest->range[guest->count].start = start;
        guest->range[guest->count].end = end;
        guest->count++;
    }
}

static bool add_if_guest(void *owner, const host_mapping *mapping)
{
    reading *r = owner;
    const char *name = host_maps_base_name(mapping->path);

    if (!mapping->executable || *name == '\0') {
        return true;
    }
    if (strcmp(mapping->path, r->executable) == 0) {
        add(r->guest, end_of_sanitizer(mapping), mapping->end);
    } else if (IS_ONE_OF(name, c_libraries)) {
        r->has_c_library = true;
    } else if (!IS_ONE_OF(name, runtime_libraries)) {
        add(r->guest, mapping->start, mapping->end);
    }
    return true;
}

void host_guest_read(host_guest *guest)
{
    reading r = { .guest = guest };
    ssize_t length = readlink("/proc/self/exe", r.executable, sizeof r.executable - 1);

    r.executable[length > 0 ? length : 0] = '\0';
    guest->count = 0;
    host_maps_visit(add_if_guest, &r);
    if (!r.has_c_library) {
        guest->count = 0; /* It is in the executable, then. */
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
