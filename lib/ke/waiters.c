/*
 * waiters.c - who waits for an object when its memory goes away, or it is initialised again.
 *
 * No document gives a code for it: the list of who waits is gone, so that they wait for ever, or
 * end their wait in memory that is somebody else's. Who was let go, and is only ready to go on,
 * waits no longer. The array of wait blocks that a wait was given is a part of that list.
 */
#include "ke/waiters.h"

#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static bool is_inside(const void *address, const void *base, size_t bytes)
{
    return (uintptr_t)address - (uintptr_t)base < bytes;
}

/* What of the thread's wait lies in the memory: "a semaphore"; NULL: nothing. */
static const char *part_inside(const dq_thread *thread, const void *base, size_t bytes)
{
    if (thread->state != DQ_THREAD_WAITING || thread->wait_count == 0) {
        return NULL;
    }
    if (is_inside(thread->wait_blocks, base, bytes)) {
        return "something, by wait blocks";
    }
    for (unsigned i = 0; i < thread->wait_count; i++) {
        if (is_inside(thread->wait_blocks[i].Object, base, bytes)) {
            return dq_wait_object_text(thread->wait_blocks[i].Object);
        }
    }
    return NULL;
}

/* The first thread of which that is so, or NULL. */
static dq_thread *find(dq_machine *machine, const void *base, size_t bytes)
{
    dq_thread *thread = ((dq_kernel *)machine->kernel)->threads.all;

    while (thread != NULL && part_inside(thread, base, bytes) == NULL) {
        thread = thread->next;
    }
    return thread;
}

/* Nobody finds the waiters by what lies there any more. */
static void forget(dq_machine *machine, const void *base, size_t bytes)
{
    for (dq_thread *t = ((dq_kernel *)machine->kernel)->threads.all; t != NULL; t = t->next) {
        const bool all = t->state == DQ_THREAD_WAITING && is_inside(t->wait_blocks, base, bytes);

        for (unsigned i = 0; t->state == DQ_THREAD_WAITING && i < t->wait_count; i++) {
            KWAIT_BLOCK *block = &t->wait_blocks[i];

            if (all || is_inside(block->Object, base, bytes)) {
                (void)RemoveEntryList(&block->WaitListEntry);
                InitializeListHead(&block->WaitListEntry);
            }
        }
        t->wait_count = all ? 0 : t->wait_count;
    }
}

bool dq_waiters_are_inside(dq_machine *machine, const void *base, size_t bytes)
{
    return find(machine, base, bytes) != NULL;
}

void dq_waiters_check_free(dq_processor *cpu, const void *base, size_t bytes, const char *what)
{
    const dq_thread *thread = find(cpu->machine, base, bytes);
    char place[PLACE_TEXT];

    if (thread != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "WaitObjectFreed",
                               .memory = base,
                               .memory_bytes = bytes },
                "a %s is freed while thread %s waits for %s in it, by %s at %s.", what,
                thread->name, part_inside(thread, base, bytes),
                dq_service_name(thread->wait_service),
                dq_place_describe(thread->wait_place, place, sizeof(place)));
        forget(cpu->machine, base, bytes);
    }
}

void dq_waiters_check_init(dq_processor *cpu, const DISPATCHER_HEADER *header)
{
    const dq_thread *thread = find(cpu->machine, header, 1);
    const char *service = dq_service_name(cpu->execution->service);
    char place[PLACE_TEXT];

    if (thread != NULL) {
        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_ERROR, .rule = "WaitObjectInit", .page = service },
                "%s initialises an object that thread %s waits for, by %s at %s.", service,
                thread->name, dq_service_name(thread->wait_service),
                dq_place_describe(thread->wait_place, place, sizeof(place)));
        forget(cpu->machine, header, 1);
    }
}
