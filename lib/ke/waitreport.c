/*
 * waitreport.c - who waits for what, who has it and since where: for reports of deadlocks.
 */
#include "ke/waitreport.h"

#include <stdio.h>

#include "ke/initplace.h"
#include "ke/ki.h"
#include "sim/place.h"
#include "sim/whatis.h"

enum { PLACE_TEXT = 300, WHAT_TEXT = 300, OBJECTS_SHOWN = 8 };

/* NULL: it is none of the machine's. */
static const dq_thread *find_thread(const dq_machine *machine, const void *wanted)
{
    const dq_thread *thread = ((const dq_kernel *)machine->kernel)->threads.all;

    while (thread != NULL && thread != wanted) {
        thread = thread->next;
    }
    return thread;
}

/* "thread reader". The stack of one that has ended is gone. */
static const char *name_of(const dq_thread *thread, char *text, size_t bytes)
{
    if (thread->state != DQ_THREAD_ENDED) {
        return dq_execution_describe(&thread->task->execution, text, bytes);
    }
    snprintf(text, bytes, "thread %s, which has ended,", thread->name);
    return text;
}

void dq_waitreport_thread(dq_machine *machine, dq_text *text, const void *thread, const char *how,
                          const void *place)
{
    const dq_thread *known = find_thread(machine, thread);
    char name[96], since[PLACE_TEXT];

    snprintf(name, sizeof(name), "a thread at %p", thread);
    dq_text_add(text, "\n    %s %s", known != NULL ? name_of(known, name, sizeof(name)) : name,
                how);
    if (place != NULL) {
        dq_text_add(text, ", since %s", dq_place_describe(place, since, sizeof(since)));
    }
}

/* ---- One object ------------------------------------------------------------------------------ */

void dq_waitreport_object(dq_machine *machine, dq_text *text, const void *object, const void *made)
{
    char what[WHAT_TEXT], place[PLACE_TEXT];

    if (dq_whatis(machine, object, what, sizeof(what))) {
        dq_text_add(text, "%s", what);
    } else {
        dq_text_add(text, "at %p", object);
    }
    if (made != NULL) {
        dq_text_add(text, ", initialised at %s", dq_place_describe(made, place, sizeof(place)));
    }
}

static void tell_name(dq_machine *machine, dq_text *text, const void *object, const void *made)
{
    dq_text_add(text, "\n    it is ");
    dq_waitreport_object(machine, text, object, made);
}

static void tell_object(dq_machine *machine, dq_text *text, const DISPATCHER_HEADER *header)
{
    const KMUTANT *mutex = CONTAINING_RECORD(header, KMUTANT, Header);

    if (header->Type == DQ_TYPE_THREAD) {
        return; /* Its name has said which. */
    }
    tell_name(machine, text, header, dq_initplace_of(machine, header));
    if (header->Type == DQ_TYPE_MUTANT && mutex->OwnerThread != NULL) {
        dq_waitreport_thread(machine, text, mutex->OwnerThread, "owns it",
                             dq_initplace_get(machine, mutex->Reserved));
    }
}

static void name_kind(const dq_machine *machine, dq_text *text, const DISPATCHER_HEADER *header)
{
    const dq_thread *thread = header->Type == DQ_TYPE_THREAD ? find_thread(machine, header) : NULL;
    char name[96];

    if (thread != NULL) {
        dq_text_add(text, "the end of %s", name_of(thread, name, sizeof(name)));
    } else {
        dq_text_add(text, "%s", dq_wait_object_text(header));
    }
}

/* ---- One wait -------------------------------------------------------------------------------- */

static void describe_matter(dq_machine *machine, dq_text *text, const dq_thread *thread,
                            const char *place)
{
    const dq_wait_matter *matter = thread->wait_matter;

    dq_text_add(text, " on %s, in %s", matter->what, place);
    if (matter->object != NULL) {
        tell_name(machine, text, matter->object, matter->made);
    }
    if (matter->tell != NULL) {
        matter->tell(machine, matter, text);
    }
}

static void describe_several(dq_machine *machine, dq_text *text, const dq_thread *thread,
                             const char *place)
{
    dq_text_add(text, " on %s of %u objects, in %s", thread->wait_all ? "all" : "any",
                thread->wait_count, place);
    for (unsigned i = 0; i < thread->wait_count && i < OBJECTS_SHOWN; i++) {
        const DISPATCHER_HEADER *header = thread->wait_blocks[i].Object;

        if (thread->wait_all && dq_dispatcher_is_free_for(thread, header)) {
            continue;
        }
        dq_text_add(text, "\n    object %u is ", i);
        name_kind(machine, text, header);
        tell_object(machine, text, header);
    }
}

static void describe_thread(dq_machine *machine, dq_text *text, const dq_thread *thread)
{
    char name[96], place[PLACE_TEXT];

    dq_place_describe(thread->wait_place, place, sizeof(place));
    dq_text_add(text, "\n  %s: %s", name_of(thread, name, sizeof(name)),
                dq_service_name(thread->wait_service));
    if (thread->wait_matter != NULL) {
        describe_matter(machine, text, thread, place);
    } else if (thread->wait_count > 1) {
        describe_several(machine, text, thread, place);
    } else if (thread->wait_count == 1) {
        const DISPATCHER_HEADER *header = thread->wait_blocks[0].Object;

        dq_text_add(text, " on ");
        name_kind(machine, text, header);
        dq_text_add(text, ", in %s", place);
        tell_object(machine, text, header);
    } else {
        dq_text_add(text, " on the clock, in %s", place);
    }
}

/* The kernel's own threads wait for work for ever; but not on behalf of a driver's routine. */
static bool is_shown(const dq_thread *thread)
{
    const dq_execution *top = thread->task->top;

    return thread->state == DQ_THREAD_WAITING &&
           (!thread->internal || thread->wait_matter != NULL || (top != NULL && top->guests > 0));
}

static void describe_spinner(dq_processor *cpu, dq_text *text)
{
    char name[96];

    dq_text_add(text, "\n  CPU%u, IRQL %u: %s spins on a lock, in %s", cpu->number, cpu->irql,
                dq_execution_describe(cpu->execution, name, sizeof(name)),
                dq_service_name(cpu->execution->service));
    dq_lockgraph_describe(cpu, text);
}

void dq_waitreport_all(dq_machine *machine, dq_text *text)
{
    const dq_kernel *kernel = machine->kernel;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        if (machine->processors[i].spin_blocked) {
            describe_spinner(&machine->processors[i], text);
        }
    }
    for (const dq_thread *thread = kernel->threads.all; thread != NULL; thread = thread->next) {
        if (is_shown(thread)) {
            describe_thread(machine, text, thread);
        }
    }
}
