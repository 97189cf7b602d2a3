/*
 * data_posix.c - captures and restores the writable data of guest modules.
 *
 * What a module may write is in its writable segments, less what the loader made read-only. Left
 * out are the sections of variables that are kept, and of counters that are to add up. The copies
 * are made by code that no sanitizer watches: the gaps between variables are forbidden to all
 * other. Where there are many pages of zeros, they are not copied but made anew (blank.h).
 */
#include "host/host.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/data_posix.h"
#include "host/elf_posix.h"
#include "host/sanitizer.h"

/* ---- Copying --------------------------------------------------------------------------------- */

/* An instrumented program may carry an uninstrumented dirql: then memcpy() is the sanitizer's. */
HOST_UNINSTRUMENTED static void copy_words(unsigned char *to, const unsigned char *from,
                                           size_t bytes)
{
    size_t i = 0;

    for (; i + sizeof(uintptr_t) <= bytes; i += sizeof(uintptr_t)) {
        *(uintptr_t *)(void *)(to + i) = *(const uintptr_t *)(const void *)(from + i);
        __asm__ volatile("" ::: "memory"); /* Else it is made a call of memcpy(). */
    }
    for (; i < bytes; i++) {
        to[i] = from[i];
        __asm__ volatile("" ::: "memory");
    }
}

HOST_UNINSTRUMENTED static void copy(unsigned char *to, const unsigned char *from, size_t bytes)
{
    if (HOST_WATCHED || host_sanitizer_is_asan() || host_sanitizer_is_tsan()) {
        copy_words(to, from, bytes);
    } else {
        memcpy(to, from, bytes);
    }
}

/* ---- Which memory ---------------------------------------------------------------------------- */

static const char *const kept_sections[] = { "dirql_keep", "__llvm_prf", "__sancov",
                                             "__asan",     "asan_",      ".got" };

static bool is_kept_section(const char *name)
{
    for (size_t i = 0; i < sizeof(kept_sections) / sizeof(*kept_sections); i++) {
        if (strncmp(name, kept_sections[i], strlen(kept_sections[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void add(host_data *data, uintptr_t start, uintptr_t end, bool is_anonymous)
{
    if (start >= end) {
        return;
    }
    if (data->count == data->capacity) {
        const size_t capacity = data->capacity == 0 ? 32 : 2 * data->capacity;
        region *regions = realloc(data->regions, capacity * sizeof(*regions));

        if (regions == NULL) {
            data->failed = true;
            return;
        }
        data->regions = regions;
        data->capacity = capacity;
    }
    data->regions[data->count++] = (region){ (unsigned char *)start, end - start, is_anonymous };
}

/* Takes [start, end) out of all regions. */
static void leave_out(host_data *data, uintptr_t start, uintptr_t end)
{
    const size_t count = data->count;

    for (size_t i = 0; i < count; i++) {
        const uintptr_t first = (uintptr_t)data->regions[i].start;
        const uintptr_t last = first + data->regions[i].bytes;

        if (start >= last || end <= first) {
            continue;
        }
        data->regions[i].bytes = start > first ? start - first : 0;
        add(data, end, last, data->regions[i].is_anonymous);
    }
}

/* Without those that nothing is left of. */
static void close_ranks(host_data *data)
{
    size_t count = 0;

    for (size_t i = 0; i < data->count; i++) {
        if (data->regions[i].bytes > 0) {
            data->regions[count++] = data->regions[i];
        }
    }
    data->count = count;
}

typedef struct sections {
    host_data *data;
    uintptr_t base;
} sections;

static void leave_out_section(void *owner, const char *name, uintptr_t address, size_t bytes)
{
    sections *s = owner;

    if (is_kept_section(name)) {
        leave_out(s->data, s->base + address, s->base + address + bytes);
    }
}

/* Counters of gcc's coverage have no section of their own, but names. */
static void leave_out_variable(void *owner, const char *name, uintptr_t address, size_t bytes)
{
    sections *s = owner;

    if (strncmp(name, "__gcov", 6) == 0) {
        leave_out(s->data, s->base + address, s->base + address + bytes);
    }
}

static bool is_guest(const host_data *data, const struct dl_phdr_info *module)
{
    for (unsigned i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        const uintptr_t start = module->dlpi_addr + segment->p_vaddr;

        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0) {
            continue;
        }
        /* A sanitizer in front of the program's own code is none of it. */
        if (host_guest_has(&data->guest, start + segment->p_memsz - 1)) {
            return true;
        }
    }
    return false;
}

static void add_segments(host_data *data, const struct dl_phdr_info *module)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    for (unsigned i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        const uintptr_t start = module->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0) {
            const uintptr_t end = start + segment->p_memsz;
            const uintptr_t of_file = (start + segment->p_filesz + page - 1) & ~(page - 1);

            add(data, start, of_file < end ? of_file : end, false);
            add(data, of_file, end, true);
        }
    }
    for (unsigned i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        const uintptr_t start = module->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_GNU_RELRO) {
            leave_out(data, start & ~(page - 1), (start + segment->p_memsz) & ~(page - 1));
        }
    }
}

static int add_module(struct dl_phdr_info *module, size_t bytes, void *owner)
{
    host_data *data = owner;
    const char *path = module->dlpi_name[0] != '\0' ? module->dlpi_name : "/proc/self/exe";
    sections s = { data, module->dlpi_addr };

    (void)bytes;
    if (is_guest(data, module)) {
        add_segments(data, module);
        host_elf_visit_sections(path, leave_out_section, &s);
        host_elf_visit_variables(path, leave_out_variable, &s);
    }
    return 0;
}

/* ---- Zeros ----------------------------------------------------------------------------------- */

HOST_UNINSTRUMENTED static bool is_zero(const unsigned char *page, size_t bytes)
{
    const uintptr_t *words = (const uintptr_t *)(const void *)page;
    uintptr_t all = 0;

    for (size_t i = 0; i < bytes / sizeof(*words); i++) {
        all |= words[i];
    }
    return all == 0;
}

/* The longest run of whole pages of zeros. */
static region longest_blank(const region *in, uintptr_t page)
{
    const uintptr_t end = ((uintptr_t)in->start + in->bytes) & ~(page - 1);
    uintptr_t at = ((uintptr_t)in->start + page - 1) & ~(page - 1);
    uintptr_t begun = at;
    region longest = { NULL, 0, true };

    for (; at < end; at += page) {
        if (!is_zero((const unsigned char *)at, page)) {
            begun = at + page;
        } else if (at + page - begun > longest.bytes) {
            longest = (region){ (unsigned char *)begun, at + page - begun, true };
        }
    }
    return longest;
}

/* What remains in front of it and behind it is copied. */
static void make_blanks(host_data *data)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const size_t count = data->count;

    for (size_t i = 0; i < count && data->blank_count < BLANKS_MAX; i++) {
        const region whole = data->regions[i];
        const region zeros = whole.is_anonymous && whole.bytes >= HOST_BLANK_BYTES_MIN
                                 ? longest_blank(&whole, page)
                                 : (region){ NULL, 0, true };
        host_blank *blank = zeros.bytes >= HOST_BLANK_BYTES_MIN
                                ? host_blank_make(zeros.start, zeros.bytes)
                                : NULL;

        if (blank != NULL) {
            data->blank_regions[data->blank_count] = zeros;
            data->blanks[data->blank_count++] = blank;
            data->regions[i].bytes = (size_t)(zeros.start - whole.start);
            add(data, (uintptr_t)zeros.start + zeros.bytes, (uintptr_t)whole.start + whole.bytes,
                true);
        }
    }
}

/* ---- What was found out before --------------------------------------------------------------- */

/* Under host_lock(). Reading the modules' files takes longer than a thousand runs. */
static HOST_KEPT struct {
    region *regions;
    size_t count;
    unsigned long long loads, unloads; /* Of modules, when that was so. */
} known;

typedef struct loading {
    unsigned long long loads, unloads;
} loading;

static int count_loads(struct dl_phdr_info *module, size_t bytes, void *owner)
{
    loading *so_far = owner;

    if (bytes >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof(module->dlpi_subs)) {
        *so_far = (loading){ module->dlpi_adds, module->dlpi_subs };
    }
    return 1; /* They are the same with each module. */
}

static loading loads_so_far(void)
{
    loading so_far = { 0, 0 };

    dl_iterate_phdr(count_loads, &so_far);
    return so_far;
}

static region *copy_of(const region *regions, size_t count)
{
    region *copied = malloc((count + 1) * sizeof(*copied));

    if (copied != NULL && count > 0) {
        memcpy(copied, regions, count * sizeof(*copied));
    }
    return copied;
}

static bool recall(host_data *data)
{
    const loading so_far = loads_so_far();

    host_lock();
    if (known.regions != NULL && so_far.loads != 0 && known.loads == so_far.loads &&
        known.unloads == so_far.unloads) {
        data->regions = copy_of(known.regions, known.count);
        data->count = data->regions != NULL ? known.count : 0;
        data->capacity = data->count;
    }
    host_unlock();
    return data->regions != NULL;
}

static void remember(const host_data *data)
{
    const loading so_far = loads_so_far();

    host_lock();
    free(known.regions);
    known.regions = copy_of(data->regions, data->count);
    known.count = data->count;
    known.loads = so_far.loads;
    known.unloads = so_far.unloads;
    host_unlock();
}

/* ---- The interface --------------------------------------------------------------------------- */

static size_t total(const host_data *data)
{
    size_t bytes = 0;

    for (size_t i = 0; i < data->count; i++) {
        bytes += data->regions[i].bytes;
    }
    return bytes;
}

HOST_UNINSTRUMENTED static void fill_copy(host_data *data)
{
    unsigned char *to = data->copy;

    for (size_t i = 0; i < data->count; i++) {
        copy(to, data->regions[i].start, data->regions[i].bytes);
        to += data->regions[i].bytes;
    }
}

static void find_regions(host_data *data)
{
    host_guest_read(&data->guest, HOST_GUEST_TO_LEAVE);
    dl_iterate_phdr(add_module, data);
    close_ranks(data);
}

static void note_loads(host_data *data)
{
    const loading so_far = loads_so_far();

    data->loads = so_far.loads;
    data->unloads = so_far.unloads;
}

host_data *host_data_capture(void)
{
    host_data *data = calloc(1, sizeof(*data));

    if (data == NULL) {
        return NULL;
    }
    if (!recall(data)) {
        find_regions(data);
        if (!data->failed) {
            remember(data);
        }
    }
    note_loads(data);
    make_blanks(data);
    data->copy = malloc(total(data) + 1);
    if (data->failed || data->copy == NULL) {
        host_data_release(data);
        return NULL;
    }
    fill_copy(data);
    return data;
}

HOST_UNINSTRUMENTED void host_data_restore(const host_data *data)
{
    const unsigned char *from = data->copy;

    for (size_t i = 0; i < data->count; i++) {
        copy(data->regions[i].start, from, data->regions[i].bytes);
        from += data->regions[i].bytes;
    }
    for (size_t i = 0; i < data->blank_count; i++) {
        host_blank_restore(data->blanks[i]);
    }
}

void host_data_release(host_data *data)
{
    if (data != NULL) {
        for (size_t i = 0; i < data->blank_count; i++) {
            host_blank_release(data->blanks[i]);
        }
        free(data->regions);
        free(data->copy);
        free(data);
    }
}

/* The first region of `data` that is not in `other`, or NULL. */
static const region *find_other(const host_data *data, const host_data *other)
{
    for (size_t i = 0; i < data->count; i++) {
        if (data->regions[i].bytes > 0 && !host_data_has(other, data->regions[i].start)) {
            return &data->regions[i];
        }
    }
    return NULL;
}

static bool say_what_changed(const host_data *data, const host_data *now, char *text, size_t bytes)
{
    const region *came = find_other(now, data);
    char name[128];

    if (came != NULL) {
        host_guest_module((uintptr_t)came->start, name, sizeof(name));
        snprintf(text, bytes, "loaded %s", name);
        return true;
    }
    snprintf(text, bytes, "unloaded a module");
    return find_other(data, now) != NULL;
}

bool host_data_is_stale(const host_data *data, char *text, size_t bytes)
{
    const loading so_far = loads_so_far();
    host_data *now;
    bool is_stale;

    if (so_far.loads == data->loads && so_far.unloads == data->unloads) {
        return false;
    }
    now = calloc(1, sizeof(*now));
    if (now == NULL) {
        return false;
    }
    find_regions(now);
    is_stale = !now->failed && say_what_changed(data, now, text, bytes);
    host_data_release(now);
    return is_stale;
}

static bool has(const region *regions, size_t count, const void *address)
{
    for (size_t i = 0; i < count; i++) {
        if ((uintptr_t)address - (uintptr_t)regions[i].start < regions[i].bytes) {
            return true;
        }
    }
    return false;
}

bool host_data_has(const host_data *data, const void *address)
{
    return has(data->regions, data->count, address) ||
           has(data->blank_regions, data->blank_count, address);
}
