/*
 * print.c - DbgPrint and its forms.
 *
 * Text becomes a PRINT event, nothing else: it stands in the history that a report shows and in the
 * trace, at the moment at which it was printed. Nothing goes to the host's output while a test
 * runs. A call transmits at most 512 bytes, as documented; all components and levels are on.
 */
#include "ke/format.h"
#include "ke/ki.h"

enum { PRINT_BYTES = 512 };

/* `a` of the CALL event says whether the format converts wide text, which only PASSIVE_LEVEL
 * allows. */
static ULONG print(const void *place, const char *prefix, const char *format, va_list arguments)
{
    dq_processor *cpu = dq_enter(DQ_SERVICE_DbgPrint, place, NULL, dq_format_is_wide(format), 0, 0);
    DQ_LEAVES(cpu);
    char text[PRINT_BYTES + 1];
    size_t used = 0;

    if (cpu == NULL) {
        return (ULONG)STATUS_UNSUCCESSFUL;
    }
    while (prefix != NULL && prefix[used] != '\0' && used < PRINT_BYTES) {
        text[used] = prefix[used];
        used++;
    }
    dq_format(text + used, sizeof(text) - used, format, arguments);
    dq_emit_text(cpu, PRINT, NULL, text);
    return (ULONG)STATUS_SUCCESS;
}

ULONG DbgPrint(PCSTR Format, ...)
{
    va_list arguments;
    ULONG status;

    va_start(arguments, Format);
    status = print(__builtin_return_address(0), NULL, Format, arguments);
    va_end(arguments);
    return status;
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    va_list arguments;
    ULONG status;

    (void)ComponentId;
    (void)Level;
    va_start(arguments, Format);
    status = print(__builtin_return_address(0), NULL, Format, arguments);
    va_end(arguments);
    return status;
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    (void)ComponentId;
    (void)Level;
    return print(__builtin_return_address(0), NULL, Format, arglist);
}

ULONG NTAPI vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format,
                                  va_list arglist)
{
    (void)ComponentId;
    (void)Level;
    return print(__builtin_return_address(0), Prefix, Format, arglist);
}
