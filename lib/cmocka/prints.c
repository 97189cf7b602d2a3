/*
 * prints.c - CMocka's print functions, carried out at home.
 */
#include "real.h"

#include <stdio.h>

typedef struct print {
    void (*real)(const char *format, va_list arguments);
    const char *format;
    va_list arguments;
} print;

enum { EXPLANATION_BYTES = 4096 };

static void errand_print(void *argument)
{
    print *p = argument;

    p->real(p->format, p->arguments);
}

/* CMocka 1.x has no function that would take a list of arguments here. */
static void explain(const char *format, va_list arguments) DIRQL_CMOCKA_PRINTF(1, 0);
static void explain(const char *format, va_list arguments)
{
    char text[EXPLANATION_BYTES];

    vsnprintf(text, sizeof text, format, arguments);
    dq_real_explain(text);
}

void dirql_cmocka_print_message(const char *format, ...)
{
    print p = { .real = dq_real_vprint_message, .format = format };

    va_start(p.arguments, format);
    dirql_at_home_foretold(errand_print, &p, DIRQL_ENDING_PRINTS, NULL);
    va_end(p.arguments);
}

void dirql_cmocka_print_error(const char *format, ...)
{
    print p = { .real = dq_real_vprint_error, .format = format };

    va_start(p.arguments, format);
    dirql_at_home_foretold(errand_print, &p, DIRQL_ENDING_PRINTS, NULL);
    va_end(p.arguments);
}

void dirql_cmocka_explain(const char *format, ...)
{
    print p = { .real = explain, .format = format };

    va_start(p.arguments, format);
    dirql_at_home_foretold(errand_print, &p, DIRQL_ENDING_PRINTS, NULL);
    va_end(p.arguments);
}

void dirql_cmocka_vprint_message(const char *format, va_list arguments)
{
    print p = { .real = dq_real_vprint_message, .format = format };

    va_copy(p.arguments, arguments);
    dirql_at_home_foretold(errand_print, &p, DIRQL_ENDING_PRINTS, NULL);
    va_end(p.arguments);
}

void dirql_cmocka_vprint_error(const char *format, va_list arguments)
{
    print p = { .real = dq_real_vprint_error, .format = format };

    va_copy(p.arguments, arguments);
    dirql_at_home_foretold(errand_print, &p, DIRQL_ENDING_PRINTS, NULL);
    va_end(p.arguments);
}
