/*
 * uncaught_posix.c - names the C++ exception that is being handled, by the runtime library's own
 * ways.
 *
 * The library prints what() of the first exception of a process that nobody catches, and of no
 * other. It is found here by the functions that a `catch` calls, as the Itanium C++ ABI has them;
 * where one is missing (no C++ in the program, another ABI), nothing is known.
 */
#include "host/host.h"

#include <stdio.h>
#include <stdlib.h>

/* The beginning of std::type_info; its table has what a handler asks a thrown type. */
typedef struct type_info {
    const struct {
        void (*destroy[2])(struct type_info *this);
        bool (*is_pointer)(const struct type_info *this);
        bool (*is_function)(const struct type_info *this);
        bool (*catches)(const struct type_info *this, const struct type_info *thrown,
                        void **object, unsigned outer);
    } *table;
    const char *name;
} type_info;

/* std::exception. */
typedef struct exception {
    const struct {
        void (*destroy[2])(struct exception *this);
        const char *(*what)(const struct exception *this);
    } *table;
} exception;

/* std::exception_ptr, which is returned through a hidden pointer as all large structures are. */
typedef struct exception_pointer {
    void *object;
    char unused[56];
} exception_pointer;

extern const type_info *__cxa_current_exception_type(void)
    __attribute__((weak, visibility("default")));
extern exception_pointer _ZSt17current_exceptionv(void)
    __attribute__((weak, visibility("default")));
extern void _ZNSt15__exception_ptr13exception_ptrD1Ev(exception_pointer *this)
    __attribute__((weak, visibility("default"))); /* In libc++ another name. */
extern void __cxa_end_catch(void) __attribute__((weak, visibility("default")));
extern const type_info _ZTISt9exception __attribute__((weak, visibility("default")));
extern char *__cxa_demangle(const char *mangled, char *output, size_t *length, int *status)
    __attribute__((weak, visibility("default")));

/* Empty: it is no std::exception. */
static void write_what(const type_info *thrown, char *text, size_t bytes)
{
    exception_pointer pointer;
    void *object;

    text[0] = '\0';
    if (&_ZTISt9exception == NULL || _ZSt17current_exceptionv == NULL) {
        return;
    }
    pointer = _ZSt17current_exceptionv();
    object = pointer.object;
    if (object != NULL && _ZTISt9exception.table->catches(&_ZTISt9exception, thrown, &object, 1)) {
        snprintf(text, bytes, " (\"%s\")", ((const exception *)object)->table->what(object));
    }
    if (_ZNSt15__exception_ptr13exception_ptrD1Ev != NULL) {
        _ZNSt15__exception_ptr13exception_ptrD1Ev(&pointer);
    }
}

bool host_exception_end(char *text, size_t bytes)
{
    const type_info *type =
        __cxa_current_exception_type != NULL ? __cxa_current_exception_type() : NULL;
    char what[200];
    char *name;

    if (type == NULL) {
        return false;
    }
    name = __cxa_demangle != NULL ? __cxa_demangle(type->name, NULL, NULL, NULL) : NULL;
    write_what(type, what, sizeof(what));
    snprintf(text, bytes, "%s%s", name != NULL ? name : type->name, what);
    free(name);
    if (__cxa_end_catch != NULL) {
        __cxa_end_catch();
    }
    return true;
}
