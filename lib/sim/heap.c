/*
 * heap.c - one range from which memory is cut in order; what is given back waits by size.
 *
 * The range of the latest heap that ended is kept for the next one, with its pages: that begins at
 * once then.
 */
#include "sim/heap.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"

enum { PAGE = 4096, LINE = 64, APRON = 1024, POWER_FIRST = 8, CLASSES = 128 };

static const size_t wished_bytes = (size_t)1024 * 1024 * 1024;
static const size_t least_bytes = (size_t)16 * 1024 * 1024;
static const size_t step_bytes = (size_t)256 * 1024;      /* That become memory at once. */
static const size_t kept_bytes_max = (size_t)1024 * 1024; /* Of pages, for the next heap. */
static HOST_KEPT dq_heap *kept;                           /* Under host_lock(). */

/* Pieces of one size that were given back. */
struct dq_heap_list {
    void **pieces;
    unsigned count, room;
};

/* ---- Sizes ----------------------------------------------------------------------------------- */

/* Multiples of 64 bytes up to 256, and then four sizes between a power of two and the next. */
static unsigned class_of(size_t bytes)
{
    unsigned power;

    if (bytes <= 4 * LINE) {
        return bytes <= LINE ? 0 : (unsigned)((bytes - 1) / LINE);
    }
    power = 63 - (unsigned)__builtin_clzll((unsigned long long)bytes - 1);
    return 4 * (power - POWER_FIRST + 1) + (unsigned)((bytes - 1) >> (power - 2)) - 4;
}

static size_t bytes_of(unsigned size_class)
{
    const unsigned power = POWER_FIRST + size_class / 4 - 1;

    return size_class < 4 ? (size_t)(size_class + 1) * LINE
                          : (size_t)(5 + size_class % 4) << (power - 2);
}

/* What no heap has room for is left as it is. */
size_t dq_heap_room(size_t bytes)
{
    return bytes > wished_bytes ? bytes : bytes_of(class_of(bytes));
}

static struct dq_heap_list *list_of(const dq_heap *heap, size_t room, bool on_page)
{
    return &heap->lists[2 * class_of(room) + (on_page ? 1 : 0)];
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static dq_heap *keep_instead(dq_heap *heap)
{
    dq_heap *before;

    host_lock();
    before = kept;
    kept = heap;
    host_unlock();
    return before;
}

static void destroy(dq_heap *heap)
{
    if (heap == NULL) {
        return;
    }
    for (unsigned i = 0; heap->lists != NULL && i < 2 * CLASSES; i++) {
        free(heap->lists[i].pieces);
    }
    free(heap->lists);
    host_address_release(heap->start, heap->bytes);
    free(heap);
}

static bool reserve(dq_heap *heap)
{
    for (size_t bytes = wished_bytes; heap->start == NULL && bytes >= least_bytes; bytes /= 4) {
        heap->start = host_address_reserve(bytes);
        heap->bytes = heap->start != NULL ? bytes : 0;
    }
    return heap->start != NULL;
}

static bool open_to(dq_heap *heap, size_t end)
{
    size_t bytes;

    if (end <= heap->opened) {
        return true;
    }
    bytes = (end - heap->opened + step_bytes - 1) / step_bytes * step_bytes;
    if (bytes > heap->bytes - heap->opened) {
        bytes = heap->bytes - heap->opened;
    }
    if (bytes < end - heap->opened || !host_address_open(heap->start + heap->opened, bytes)) {
        return false;
    }
    heap->opened += bytes;
    return true;
}

/* Behind what is in use, from `from` on. False when memory is short. */
static bool lay_apron(dq_heap *heap, size_t from)
{
    if (!open_to(heap, heap->used + APRON)) {
        return false;
    }
    memset(heap->start + from, DQ_HEAP_FILL, heap->used + APRON - from);
    return true;
}

static dq_heap *make(void)
{
    dq_heap *heap = calloc(1, sizeof(*heap));

    if (heap != NULL) {
        heap->lists = calloc((size_t)2 * CLASSES, sizeof(*heap->lists));
    }
    if (heap == NULL || heap->lists == NULL || !reserve(heap)) {
        destroy(heap);
        return NULL;
    }
    return heap;
}

dq_heap *dq_heap_start(void)
{
    dq_heap *heap = keep_instead(NULL);

    heap = heap != NULL ? heap : make();
    if (heap != NULL && !lay_apron(heap, 0)) {
        destroy(heap);
        return NULL;
    }
    return heap;
}

static void forget_given(dq_heap *heap)
{
    for (unsigned i = 0; i < 2 * CLASSES; i++) {
        heap->lists[i].count = 0;
    }
}

static void unmark(dq_heap *heap)
{
    free(heap->image);
    heap->image = NULL;
    heap->marked = 0;
}

void dq_heap_stop(dq_heap *heap)
{
    if (heap == NULL) {
        return;
    }
    unmark(heap);
    forget_given(heap);
    if (heap->opened > kept_bytes_max) {
        host_address_close(heap->start, heap->opened, true);
        heap->opened = 0;
    }
    heap->used = 0;
    heap->struck = NULL;
    destroy(keep_instead(heap));
}

/* It was open once. */
static void begin_anew(dq_heap *heap, size_t used)
{
    heap->used = used;
    heap->struck = NULL;
    (void)lay_apron(heap, used);
}

void dq_heap_clear(dq_heap *heap)
{
    unmark(heap);
    forget_given(heap);
    begin_anew(heap, 0);
}

bool dq_heap_mark(dq_heap *heap)
{
    heap->marked = heap->used;
    heap->image = malloc(heap->marked > 0 ? heap->marked : 1);
    forget_given(heap);
    if (heap->image != NULL) {
        memcpy(heap->image, heap->start, heap->marked);
    }
    return heap->image != NULL;
}

/* Who has used nothing has not come near the apron. */
void dq_heap_rewind(dq_heap *heap)
{
    memcpy(heap->start, heap->image, heap->marked);
    if (heap->used != heap->marked) {
        begin_anew(heap, heap->marked);
    }
}

/* ---- Pieces ---------------------------------------------------------------------------------- */

/* NULL: all of them are as they were filled. */
static const unsigned char *damaged(const unsigned char *at, size_t bytes)
{
    if (bytes == 0 || (at[0] == DQ_HEAP_FILL && memcmp(at, at + 1, bytes - 1) == 0)) {
        return NULL;
    }
    while (*at == DQ_HEAP_FILL) {
        at++;
    }
    return at;
}

static const unsigned char *damage_within(const dq_heap *heap, size_t bytes)
{
    return damaged(heap->start + heap->used, bytes < APRON ? bytes : APRON);
}

static void *cut(dq_heap *heap, size_t room, bool on_page)
{
    const size_t before = heap->used;
    const size_t line = (before + LINE - 1) & ~(size_t)(LINE - 1);
    const bool fits = room > PAGE || line % PAGE + room <= PAGE;
    const size_t start = on_page || !fits ? (before + PAGE - 1) & ~(size_t)(PAGE - 1) : line;

    if (start > heap->bytes - APRON || room > heap->bytes - APRON - start ||
        !open_to(heap, start + room + APRON)) {
        return NULL;
    }
    heap->struck = heap->struck != NULL ? heap->struck : damage_within(heap, start + room - before);
    heap->used = start + room;
    (void)lay_apron(heap, start + room - before < APRON ? before + APRON : heap->used);
    return heap->start + start;
}

void *dq_heap_take(dq_heap *heap, size_t room, bool on_page)
{
    struct dq_heap_list *list;

    if (room > heap->bytes / 4) {
        return NULL;
    }
    list = list_of(heap, room, on_page);
    return list->count > 0 ? list->pieces[--list->count] : cut(heap, room, on_page);
}

/* What finds no place is lost until the heap ends. */
void dq_heap_give(dq_heap *heap, void *piece, size_t room, bool on_page)
{
    struct dq_heap_list *list = list_of(heap, room, on_page);

    if (heap->image != NULL) {
        return;
    }
    if (list->count == list->room) {
        const unsigned larger = list->room == 0 ? 16 : 2 * list->room;
        void **pieces = realloc(list->pieces, larger * sizeof(*pieces));

        if (pieces == NULL) {
            return;
        }
        list->pieces = pieces;
        list->room = larger;
    }
    list->pieces[list->count++] = piece;
}

const void *dq_heap_damage(const dq_heap *heap)
{
    return heap->struck != NULL ? heap->struck : damage_within(heap, APRON);
}
