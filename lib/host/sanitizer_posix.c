/*
 * sanitizer_posix.c - what sanitizers and Valgrind must know of a stack besides the switches.
 */
#include "host/sanitizer.h"

#ifdef DQ_HAVE_VALGRIND
#include <valgrind/memcheck.h>
#else
#define RUNNING_ON_VALGRIND                      0u
#define VALGRIND_STACK_REGISTER(lowest, highest) ((void)(lowest), (void)(highest), 0u)
#define VALGRIND_STACK_DEREGISTER(id)            ((void)(id))
#define VALGRIND_MAKE_MEM_UNDEFINED(base, bytes) ((void)0)
#endif

bool host_sanitizer_is_valgrind(void)
{
    return RUNNING_ON_VALGRIND != 0;
}

void host_sanitizer_adopt(host_context *context)
{
    if (host_sanitizer_is_tsan()) {
        context->fiber = __tsan_get_current_fiber();
    }
}

void host_sanitizer_make(host_context *context)
{
    char *base = context->stack;

    if (host_sanitizer_is_tsan()) {
        context->fiber = __tsan_create_fiber(0);
    }
    context->stack_id = VALGRIND_STACK_REGISTER(base, base + context->stack_bytes);
}

/* AddressSanitizer frees a fake stack only when its owner says it dies. So we pose as the owner
 * for a moment. */
static HOST_UNINSTRUMENTED void drop_fake_stack(void *fake_stack)
{
    const void *base;
    size_t bytes;
    void *mine;

    __sanitizer_start_switch_fiber(&mine, host_here_now.own_stack, host_here_now.own_stack_bytes);
    __sanitizer_finish_switch_fiber(fake_stack, &base, &bytes);
    __sanitizer_start_switch_fiber(NULL, base, bytes);
    __sanitizer_finish_switch_fiber(mine, NULL, NULL);
}

void host_sanitizer_release(host_context *context)
{
    if (context->stack == NULL) {
        return;
    }
    if (host_sanitizer_is_asan() && context->fake_stack != NULL) {
        drop_fake_stack(context->fake_stack);
    }
    if (host_sanitizer_is_tsan()) {
        __tsan_destroy_fiber(context->fiber);
    }
    VALGRIND_STACK_DEREGISTER(context->stack_id);
}

void host_sanitizer_clean(void *base, size_t bytes)
{
    if (host_sanitizer_is_asan()) {
        __asan_unpoison_memory_region(base, bytes);
    }
    VALGRIND_MAKE_MEM_UNDEFINED(base, bytes);
}

HOST_UNINSTRUMENTED void host_sanitizer_land(void *base, size_t bytes)
{
    if (host_sanitizer_is_asan()) {
        __asan_unpoison_memory_region(base, bytes);
        __sanitizer_start_switch_fiber(NULL, base, bytes);
        __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
    }
}
