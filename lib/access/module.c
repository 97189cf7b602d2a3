/*
 * module.c - tells the machine which instrumented code is in this module.
 *
 * Every instrumented file calls __tsan_init() when its module is loaded, before its other
 * constructors. The linker knows where the lists begin and end that the files contribute to.
 */
#include "access/entry.h"

#include "sim/instrumented.h"

void __tsan_init(void);

#if defined(__ELF__)

#define OF_THIS_MODULE __attribute__((weak, visibility("hidden")))

extern const dq_unit __start_dirql_units[] OF_THIS_MODULE;
extern const dq_unit __stop_dirql_units[] OF_THIS_MODULE;
extern const uintptr_t __start___patchable_function_entries[] OF_THIS_MODULE;
extern const uintptr_t __stop___patchable_function_entries[] OF_THIS_MODULE;

/* heap_posix.c; made by the linker. */
extern const char __start_dirql_heap[] OF_THIS_MODULE;
extern const char __stop_dirql_heap[] OF_THIS_MODULE;

static HOST_KEPT dq_instrumented module;

/* Loading is done by one host thread at a time. */
void __tsan_init(void)
{
    if (module.units == NULL) {
        module.units = __start_dirql_units;
        module.units_end = __stop_dirql_units;
        module.functions = __start___patchable_function_entries;
        module.functions_end = __stop___patchable_function_entries;
        module.heap_code = __start_dirql_heap;
        module.heap_code_end = __stop_dirql_heap;
        dq_instrumented_add(&module);
        host_heap_tell(module.ear);
    }
}

__attribute__((destructor)) static void leave(void)
{
    if (module.units != NULL) {
        dq_instrumented_remove(&module);
    }
}

#else

void __tsan_init(void)
{
}

#endif
