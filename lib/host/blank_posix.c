/*
 * blank_posix.c - spans of pages, touched or not.
 */
#include "host/blank.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/sanitizer.h"

/* To look which pages were touched makes runs faster, and nothing else: at first always, then now
 * and then. Smaller gaps between touched pages than these are cleared, too, and more spans than
 * these are one. */
enum { LOOKS_AT_FIRST = 8, RUNS_PER_LOOK = 64, GAP_PAGES_MIN = 16, SPANS_MAX = 32 };

typedef struct span {
    size_t first, pages;
    bool touched;
} span;

struct host_blank {
    unsigned char *start;
    size_t pages, page_bytes;
    unsigned runs;
    span spans[SPANS_MAX];
    unsigned span_count;
    unsigned char *resident; /* A byte for each page, in the lowest bit: what the host says now, ... */
    unsigned char touched[]; /* ... and what it has ever said. */
};

/* The gaps between variables are forbidden to code that a sanitizer watches, and to memset(). */
HOST_UNINSTRUMENTED static void clear_watched(unsigned char *start, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += sizeof(uintptr_t)) {
        *(uintptr_t *)(void *)(start + i) = 0;
        __asm__ volatile("" ::: "memory"); /* Else it is made a call of memset(). */
    }
}

static void clear(unsigned char *start, size_t bytes)
{
    if (HOST_WATCHED || host_sanitizer_is_asan() || host_sanitizer_is_tsan()) {
        clear_watched(start, bytes);
    } else {
        memset(start, 0, bytes);
    }
}

/* How many pages from `at` on are all touched, or none of them. */
static size_t alike(const host_blank *blank, size_t at)
{
    size_t end = at;

    while (end < blank->pages && blank->touched[end] == blank->touched[at]) {
        end++;
    }
    return end - at;
}

static void join_all(host_blank *blank)
{
    blank->spans[0] = (span){ 0, blank->pages, true };
    blank->span_count = 1;
}

static void arrange(host_blank *blank)
{
    blank->span_count = 0;
    for (size_t at = 0; at < blank->pages;) {
        const size_t pages = alike(blank, at);
        const bool touched = blank->touched[at] != 0 || pages < GAP_PAGES_MIN;
        span *last = blank->span_count > 0 ? &blank->spans[blank->span_count - 1] : NULL;

        if (last != NULL && last->touched == touched) {
            last->pages += pages;
        } else if (blank->span_count == SPANS_MAX) {
            join_all(blank);
            return;
        } else {
            blank->spans[blank->span_count++] = (span){ at, pages, touched };
        }
        at += pages;
    }
}

static void look(host_blank *blank)
{
    bool news = false;

    if (mincore(blank->start, blank->pages * blank->page_bytes, blank->resident) != 0) {
        return;
    }
    for (size_t i = 0; i < blank->pages; i++) {
        if ((blank->resident[i] & 1) > blank->touched[i]) {
            blank->touched[i] = 1;
            news = true;
        }
    }
    if (news) {
        arrange(blank);
    }
}

static void put_back(const host_blank *blank, const span *part)
{
    unsigned char *start = blank->start + part->first * blank->page_bytes;
    const size_t bytes = part->pages * blank->page_bytes;

    if (part->touched || madvise(start, bytes, MADV_DONTNEED) != 0) {
        clear(start, bytes);
    }
}

host_blank *host_blank_make(unsigned char *start, size_t bytes)
{
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    const size_t pages = bytes / page_bytes;
    host_blank *blank = calloc(1, sizeof(*blank) + 2 * pages);

    if (blank == NULL) {
        return NULL;
    }
    blank->start = start;
    blank->pages = pages;
    blank->page_bytes = page_bytes;
    blank->resident = blank->touched + pages;
#ifdef MADV_NOHUGEPAGE
    (void)madvise(start, bytes, MADV_NOHUGEPAGE); /* Else one touch would make hundreds of pages. */
#endif
    arrange(blank);
    put_back(blank, &blank->spans[0]);
    return blank;
}

void host_blank_release(host_blank *blank)
{
    free(blank);
}

void host_blank_restore(host_blank *blank)
{
    if (blank->runs < LOOKS_AT_FIRST || blank->runs % RUNS_PER_LOOK == 0) {
        look(blank);
    }
    blank->runs++;
    for (unsigned i = 0; i < blank->span_count; i++) {
        put_back(blank, &blank->spans[i]);
    }
}
