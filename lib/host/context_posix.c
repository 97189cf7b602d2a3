/*
 * context_posix.c - contexts: a stack, and what must travel with it.
 *
 * The processor's part is in switch.h. Here: errno, the C++ exception globals, the announcements
 * to sanitizers, and the note which stack the thread is on, which the fault handler needs. The
 * switch is the most frequent thing dirql does, so it calls nothing that it need not.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/here_posix.h"
#include "host/host.h"
#include "host/sanitizer.h"
#include "host/stack.h"
#include "host/switch.h"

/* The C++ runtime's, if there is one. Its first two words are what the ABI defines. */
extern void *__cxa_get_globals(void) __attribute__((weak, visibility("default")));

_Thread_local host_here host_here_now __attribute__((tls_model("initial-exec")));

static void find_own_stack(host_here *here)
{
    pthread_attr_t attributes;
    void *base;
    size_t bytes;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
        return;
    }
    if (pthread_attr_getstack(&attributes, &base, &bytes) == 0) {
        here->own_stack = base;
        here->own_stack_bytes = bytes;
    }
    pthread_attr_destroy(&attributes);
}

static void prepare_thread(host_here *here)
{
    if (here->errno_place != NULL) {
        return;
    }
    find_own_stack(here);
    here->announces = host_sanitizer_is_asan() || host_sanitizer_is_tsan();
    here->cleans = here->announces || host_sanitizer_is_valgrind();
    here->exceptions = __cxa_get_globals != NULL ? __cxa_get_globals() : NULL;
    here->errno_place = &errno;
}

static inline void take_along(const host_here *here, host_context *context)
{
    context->saved_errno = *here->errno_place;
    if (here->exceptions != NULL) {
        context->exception_globals[0] = here->exceptions[0];
        context->exception_globals[1] = here->exceptions[1];
    }
}

static inline void bring_back(const host_here *here, const host_context *context)
{
    *here->errno_place = context->saved_errno;
    if (here->exceptions != NULL) {
        here->exceptions[0] = context->exception_globals[0];
        here->exceptions[1] = context->exception_globals[1];
    }
}

/* Between the two announcements the thread is no place to stall at. */
static inline __attribute__((always_inline)) void
announce_leave(host_here *here, host_context *from, const host_context *to)
{
    here->keeps_lock++;
    host_sanitizer_leave(from, to);
}

static inline __attribute__((always_inline)) void announce_arrive(host_here *here,
                                                                  host_context *context)
{
    host_sanitizer_arrive(context);
    here->keeps_lock--;
}

static HOST_UNINSTRUMENTED void begin(void *argument)
{
    host_context *context = argument;
    host_here *here = &host_here_now;

    if (here->announces) {
        announce_arrive(here, context);
    }
    bring_back(here, context);
    context->entry(context->argument);
    abort(); /* An entry must never return: there is nowhere to go. */
}

void host_context_adopt(host_context *context)
{
    memset(context, 0, sizeof *context);
    prepare_thread(&host_here_now);
    host_here_now.stack = NULL;
    host_sanitizer_adopt(context);
}

void host_context_prepare(host_context *context, host_entry *entry, void *argument)
{
    const host_stack stack = { context->stack, context->stack_bytes };

    *context = (host_context){ .stack = stack.base,
                               .stack_bytes = stack.bytes,
                               .entry = entry,
                               .argument = argument };
    context->stack_pointer = host_stack_prepare(stack.base, stack.bytes, begin, context);
    prepare_thread(&host_here_now);
    if (host_here_now.cleans) {
        host_sanitizer_make(context);
    }
}

bool host_context_make(host_context *context, size_t stack_bytes, host_entry *entry, void *argument)
{
    host_stack stack;

    memset(context, 0, sizeof *context);
    if (!host_stack_take(&stack, stack_bytes)) {
        return false;
    }
    context->stack = stack.base;
    context->stack_bytes = stack.bytes;
    host_context_prepare(context, entry, argument);
    return true;
}

HOST_UNINSTRUMENTED void host_context_switch(host_context *from, host_context *to)
{
    host_here *here = &host_here_now;

    take_along(here, from);
    if (__builtin_expect(here->announces, 0)) {
        announce_leave(here, from, to);
    }
    here->stack = to->stack;
    host_stack_switch(&from->stack_pointer, to->stack_pointer);
    if (__builtin_expect(here->announces, 0)) {
        announce_arrive(here, from);
    }
    bring_back(here, from);
}

HOST_UNINSTRUMENTED _Noreturn void host_context_leave(host_context *from, host_context *to)
{
    host_here *here = &host_here_now;

    if (here->announces) {
        announce_leave(here, NULL, to);
        from->fake_stack = NULL;
    }
    here->stack = to->stack;
    host_stack_switch(&from->stack_pointer, to->stack_pointer);
    abort(); /* Somebody resumed a context that was left for good. */
}

void host_context_drop(host_context *context)
{
    prepare_thread(&host_here_now);
    if (host_here_now.cleans) {
        host_sanitizer_release(context);
        host_sanitizer_clean(context->stack, context->stack_bytes);
    }
}

bool host_contexts_are_watched(void)
{
    prepare_thread(&host_here_now);
    return host_here_now.cleans;
}

void host_context_release(host_context *context)
{
    host_stack stack = { context->stack, context->stack_bytes };

    host_sanitizer_release(context);
    if (stack.base != NULL) {
        host_stack_give(stack);
    }
    memset(context, 0, sizeof *context);
}

bool host_context_guards(const host_context *context, const void *address)
{
    return host_stack_guards(context->stack, address);
}
