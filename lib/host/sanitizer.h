/*
 * sanitizer.h - tells AddressSanitizer, ThreadSanitizer and Valgrind which stack is in use.
 *
 * The sanitizers are looked up when the program is loaded, not when dirql is compiled: an
 * uninstrumented dirql in an instrumented test program is the usual case. Each of their functions
 * is declared weak, so its address is NULL in a program that does not carry the sanitizer.
 */
#ifndef SANITIZER_H
#define SANITIZER_H

#include "host/here_posix.h"
#include "host/host.h"

/* Functions that run between two stacks must not be instrumented themselves. */
#define HOST_UNINSTRUMENTED __attribute__((no_sanitize("address", "thread", "undefined")))

/* The code that includes this is watched. (If not, it may still be linked to code that is.) */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOST_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HOST_WATCHED 1
#endif
#endif
#ifndef HOST_WATCHED
#define HOST_WATCHED 0
#endif

#define HOST_FOREIGN        __attribute__((weak, visibility("default")))

extern void __sanitizer_start_switch_fiber(void **fake_stack, const void *base,
                                           size_t bytes) HOST_FOREIGN;
extern void __sanitizer_finish_switch_fiber(void *fake_stack, const void **old_base,
                                            size_t *old_bytes) HOST_FOREIGN;
extern void __asan_unpoison_memory_region(void const volatile *base, size_t bytes) HOST_FOREIGN;
extern void *__tsan_get_current_fiber(void) HOST_FOREIGN;
extern void *__tsan_create_fiber(unsigned flags) HOST_FOREIGN;
extern void __tsan_destroy_fiber(void *fiber) HOST_FOREIGN;
extern void __tsan_switch_to_fiber(void *fiber, unsigned flags) HOST_FOREIGN;

/* ThreadSanitizer exports the two fiber functions of AddressSanitizer too, so those do not tell.
 * */
static inline bool host_sanitizer_is_asan(void)
{
    return __asan_unpoison_memory_region != NULL && __sanitizer_start_switch_fiber != NULL;
}

static inline bool host_sanitizer_is_tsan(void)
{
    return __tsan_create_fiber != NULL;
}

/* True if the process runs under Valgrind, as far as it was known when dirql was compiled. */
bool host_sanitizer_is_valgrind(void);

void host_sanitizer_adopt(host_context *context);
void host_sanitizer_make(host_context *context);
void host_sanitizer_release(host_context *context);

/* Whatever lay on this stack is gone. */
void host_sanitizer_clean(void *base, size_t bytes);

/* On a stack that is no context's, for the first time since a fault. The stack in use before is
 * dead. */
void host_sanitizer_land(void *base, size_t bytes);

/* Announces a switch, on the old stack; `from` is NULL when it will never be resumed. It must be
 * in the function that switches: ThreadSanitizer counts calls and returns of each stack. */
static inline __attribute__((always_inline)) void host_sanitizer_leave(host_context *from,
                                                                       const host_context *to)
{
    const host_here *here = &host_here_now;

    if (host_sanitizer_is_asan()) {
        __sanitizer_start_switch_fiber(from != NULL ? &from->fake_stack : NULL,
                                       to->stack != NULL ? to->stack : here->own_stack,
                                       to->stack != NULL ? to->stack_bytes : here->own_stack_bytes);
    }
    if (host_sanitizer_is_tsan()) {
        __tsan_switch_to_fiber(to->fiber, 0);
    }
}

/* Confirms a switch, on the new stack, before anything instrumented runs there. */
static inline __attribute__((always_inline)) void host_sanitizer_arrive(host_context *context)
{
    if (host_sanitizer_is_asan()) {
        __sanitizer_finish_switch_fiber(context->fake_stack, NULL, NULL);
        context->fake_stack = NULL;
    }
}

#endif
