/*
 * poolnear.c - what lies at an address, or near it, of memory that drivers were given.
 *
 * For reports: all blocks are looked at.
 */
#include "ex/poolnear.h"

#include <stdio.h>

#include "ex/poolmap.h"
#include "ex/pooltable.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { NEARBY = 64 * 1024, PLACE_TEXT = 160 };

typedef struct search {
    const char *address;
    dq_special_thing below, above; /* The nearest ones that begin there. */
    bool has_below, has_above;
} search;

dq_special_thing dq_pool_thing(const dq_pool_block *block)
{
    dq_special_thing thing = { .address = block->address,
                               .bytes = block->bytes,
                               .freed = block->freed,
                               .place = block->place,
                               .freed_place = block->freed_place };

    if (block->tag == DQ_POOL_DEVICE && block->object != NULL) {
        snprintf(thing.what, sizeof(thing.what), "device object, with its extension, of %zu bytes",
                 block->bytes);
    } else if (block->object != NULL && block->object[0] != '\0') {
        snprintf(thing.what, sizeof(thing.what), "%s of %zu bytes", block->object, block->bytes);
    } else {
        snprintf(thing.what, sizeof(thing.what), "pool block of %zu bytes (tag %.4s)", block->bytes,
                 (const char *)&block->tag);
    }
    return thing;
}

static void consider(search *s, const dq_special_thing *thing)
{
    const char *start = thing->address;

    if (start <= s->address) {
        if (!s->has_below || start > (const char *)s->below.address ||
            (start == s->below.address && s->below.freed)) {
            s->below = *thing;
            s->has_below = true;
        }
    } else if (!s->has_above || start < (const char *)s->above.address ||
               (start == s->above.address && s->above.freed)) {
        s->above = *thing;
        s->has_above = true;
    }
}

static void consider_block(void *context, const dq_pool_block *block)
{
    const dq_special_thing thing = dq_pool_thing(block);

    consider(context, &thing);
}

static void consider_other(void *context, const dq_special_thing *thing)
{
    consider(context, thing);
}

static search look_around(dq_machine *machine, const void *address)
{
    const dq_kernel *kernel = machine->kernel;
    search s = { .address = address };

    dq_pool_for_each_known(machine, consider_block, &s);
    if (kernel->frames_for_each != NULL) {
        kernel->frames_for_each(machine, consider_other, &s);
    }
    return s;
}

static size_t distance_behind(const search *s)
{
    const char *end = (const char *)s->below.address + s->below.bytes;

    return s->address < end ? 0 : (size_t)(s->address - end) + 1;
}

static size_t distance_before(const search *s)
{
    return (size_t)((const char *)s->above.address - s->address);
}

/* "pool block of 16 bytes (tag Test), allocated by f a.c:1". */
static const char *describe(const dq_special_thing *thing, char *text, size_t bytes)
{
    char place[PLACE_TEXT];

    snprintf(
        text, bytes, "%s, %s by %s", thing->what, thing->freed ? "freed" : "allocated",
        dq_place_describe(thing->freed ? thing->freed_place : thing->place, place, sizeof(place)));
    return text;
}

static bool describe_nearest(const search *s, char *text, size_t bytes)
{
    const size_t behind = s->has_below ? distance_behind(s) : SIZE_MAX;
    const size_t before = s->has_above ? distance_before(s) : SIZE_MAX;
    char what[PLACE_TEXT + 80];

    if (behind == 0) {
        snprintf(text, bytes, "byte %zu of a %s",
                 (size_t)(s->address - (const char *)s->below.address),
                 describe(&s->below, what, sizeof(what)));
    } else if (behind <= before && behind < NEARBY) {
        snprintf(text, bytes, "%zu byte%s behind the end of a %s", behind, behind == 1 ? "" : "s",
                 describe(&s->below, what, sizeof(what)));
    } else if (before < NEARBY) {
        snprintf(text, bytes, "%zu byte%s before a %s", before, before == 1 ? "" : "s",
                 describe(&s->above, what, sizeof(what)));
    } else {
        return false;
    }
    return true;
}

bool dq_pool_describe(dq_machine *machine, const void *address, char *text, size_t bytes)
{
    const search s = look_around(machine, address);

    if (describe_nearest(&s, text, bytes)) {
        return true;
    }
    if (dq_poolmap_has(address)) {
        snprintf(text, bytes, "a pool block of an earlier run");
        return true;
    }
    return false;
}

bool dq_pool_describe_block(dq_machine *machine, const void *address, char *text, size_t bytes)
{
    dq_pool *pool = ((dq_kernel *)machine->kernel)->pool;
    const dq_pool_block *block = pool != NULL ? dq_pool_find(pool, address) : NULL;
    dq_special_thing thing;

    if (block == NULL || block->freed) {
        return false;
    }
    thing = dq_pool_thing(block);
    (void)describe(&thing, text, bytes);
    return true;
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* What lies on the other side of the damaged byte. */
static void tell_beyond(dq_machine *machine, const dq_special_thing *thing, const char *damage,
                        char *text, size_t bytes)
{
    const bool is_behind = damage >= (const char *)thing->address;
    search s = look_around(machine, is_behind ? damage : damage - 1);
    char what[PLACE_TEXT + 80];

    if (is_behind && s.has_above && distance_before(&s) < NEARBY) {
        snprintf(text, bytes, ".\n  The next one begins %zu bytes behind that byte: a %s",
                 distance_before(&s), describe(&s.above, what, sizeof(what)));
    } else if (!is_behind && s.has_below && distance_behind(&s) < NEARBY) {
        snprintf(text, bytes, ".\n  The one before ends %zu bytes before that byte: a %s",
                 distance_behind(&s), describe(&s.below, what, sizeof(what)));
    } else {
        text[0] = '\0';
    }
}

void dq_pool_tell_damage(dq_machine *machine, const dq_special_thing *thing, const char *damage,
                         char *text, size_t bytes)
{
    const char *first = thing->address;
    char place[PLACE_TEXT], beyond[2 * PLACE_TEXT];

    tell_beyond(machine, thing, damage, beyond, sizeof(beyond));
    snprintf(text, bytes, "somebody has written %s a %s, allocated at %s: byte %td is damaged%s",
             damage >= first ? "behind the end of" : "before", thing->what,
             dq_place_describe(thing->place, place, sizeof(place)), damage - first, beyond);
}

typedef struct telling {
    dq_machine *machine;
    char *text;
    size_t bytes, used;
    unsigned count;
} telling;

static void tell(telling *t, const char *text)
{
    const size_t room = t->bytes - t->used;
    const int added = room > 1 ? snprintf(t->text + t->used, room, "\n  %s.", text) : 0;

    t->count++;
    if (added > 0 && (size_t)added < room) {
        t->used += (size_t)added;
    } else if (room > 0) {
        t->text[t->used] = '\0'; /* A part of it would say something else. */
    }
}

static void tell_thing(telling *t, const dq_special_thing *thing, const char *damage)
{
    char text[DQ_FINDING_TEXT];

    dq_pool_tell_damage(t->machine, thing, damage, text, sizeof(text));
    tell(t, text);
}

static void tell_block(void *context, const dq_pool_block *block)
{
    telling *t = context;
    const char *damage = dq_pool_damage(t->machine, block);

    if (damage != NULL) {
        const dq_special_thing thing = dq_pool_thing(block);

        tell_thing(t, &thing, damage);
    }
}

static void tell_other(void *context, const dq_special_thing *thing)
{
    if (!thing->freed && thing->damage != NULL) {
        tell_thing(context, thing, thing->damage);
    }
}

/* Text of the damage in memory that nobody has, or NULL. */
static const char *tell_apron(dq_machine *machine, char *text, size_t bytes)
{
    const bool has = machine->options.arena != NULL || machine->heap_was_asked;
    const dq_heap *heap = has ? dq_machine_heap(machine) : NULL;
    const void *damage = heap != NULL ? dq_heap_damage(heap) : NULL;
    char what[2 * PLACE_TEXT];

    if (damage == NULL) {
        return NULL;
    }
    if (!dq_pool_describe(machine, damage, what, sizeof(what))) {
        snprintf(what, sizeof(what), "%p", damage);
    }
    snprintf(text, bytes, "somebody has written to memory that nobody has: %s", what);
    return text;
}

unsigned dq_pool_tell_damages(dq_machine *machine, char *text, size_t bytes)
{
    const dq_kernel *kernel = machine->kernel;
    telling t = { .machine = machine, .text = text, .bytes = bytes };
    char apron[DQ_FINDING_TEXT];

    text[0] = '\0';
    dq_pool_for_each(machine, tell_block, &t);
    if (kernel->frames_for_each != NULL) {
        kernel->frames_for_each(machine, tell_other, &t);
    }
    if (kernel->pool != NULL && tell_apron(machine, apron, sizeof(apron)) != NULL) {
        tell(&t, apron);
    }
    return t.count;
}

/* ---- At the end of a run --------------------------------------------------------------------- */

static void note(dq_processor *cpu, const dq_special_thing *thing, const char *damage)
{
    const bool is_behind = damage >= (const char *)thing->address;
    char text[DQ_FINDING_TEXT];

    dq_pool_tell_damage(cpu->machine, thing, damage, text, sizeof(text));
    dq_note(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "bug check",
                           .code = SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION,
                           .parameters = { (uintptr_t)thing->address, (uintptr_t)damage, 0,
                                           is_behind ? 0x24 : 0x23 },
                           .place = thing->place },
            "%s", text);
}

static void note_block(void *context, const dq_pool_block *block)
{
    dq_processor *cpu = context;
    const char *damage = dq_pool_damage(cpu->machine, block);

    if (damage != NULL) {
        const dq_special_thing thing = dq_pool_thing(block);

        note(cpu, &thing, damage);
    }
}

static void note_other(void *context, const dq_special_thing *thing)
{
    if (!thing->freed && thing->damage != NULL) {
        note(context, thing, thing->damage);
    }
}

void dq_pool_check_guards(dq_processor *cpu)
{
    const dq_kernel *kernel = cpu->machine->kernel;
    char text[DQ_FINDING_TEXT];

    dq_pool_for_each(cpu->machine, note_block, cpu);
    if (kernel->frames_for_each != NULL) {
        kernel->frames_for_each(cpu->machine, note_other, cpu);
    }
    if (kernel->pool != NULL && tell_apron(cpu->machine, text, sizeof(text)) != NULL) {
        dq_note(cpu,
                &(dq_finding){
                    .severity = DQ_ERROR,
                    .rule = "bug check",
                    .code = SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION,
                    .parameters = { 0, (uintptr_t)dq_heap_damage(dq_machine_heap(cpu->machine)) } },
                "%s", text);
    }
}
