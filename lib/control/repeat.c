/*
 * repeat.c - how to see a run again: the variables that repeat it, to be put before the test's
 * command; or the command that looks for the same in other runs.
 */
#include "control/control.h"

#include <stdlib.h>
#include <string.h>

#include "host/file.h"
#include "sim/text.h"

/* ---- Words of a shell ------------------------------------------------------------------------ */

static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

/* As it is, if nothing in it has a meaning for the shell. */
static void add_word(dq_text *out, const char *word)
{
    if (is_plain(word)) {
        dq_text_add(out, "%s", word);
        return;
    }
    dq_text_add(out, "'");
    for (size_t length; *word != '\0'; word += length) {
        length = strcspn(word, "'");
        dq_text_add(out, "%.*s", (int)length, word);
        if (word[length] == '\'') {
            dq_text_add(out, "'\\''");
            length++;
        }
    }
    dq_text_add(out, "'");
}

/* The program, and what it was called with: a test may be one of many in it. */
static void add_command(dq_text *out)
{
    char name[256];
    size_t bytes;
    char *arguments = host_program_arguments(&bytes);

    dq_text_add(out, "./");
    add_word(out, host_program_name(name, sizeof(name)));
    for (size_t at = 0; at < bytes; at += strlen(arguments + at) + 1) {
        dq_text_add(out, " ");
        add_word(out, arguments + at);
    }
    free(arguments);
}

/* ---- The line -------------------------------------------------------------------------------- */

/* Mode live: something may have come due while code was under way. */
static bool time_has_passed(const dq_machine *machine)
{
    return machine->options.clock_percent != 0 && machine->clock.sequence != 0 &&
           machine->options.delays == 0;
}

/* A live run cannot be repeated; what it found can be looked for in runs that can. */
static void look_for_it(dq_text *out, const dq_machine *machine, const char *variables)
{
    dq_text_add(out, "live: the order of things was the host's, and cannot be repeated. To look for "
                     "the same in runs that can:\n  for seed in $(seq 1000); do DIRQL_TEST=");
    add_word(out, machine->options.name);
    dq_text_add(out, " %s%sDIRQL_MODE=random DIRQL_SEED=$seed DIRQL_PROCESSORS=%u ", variables,
                time_has_passed(machine) ? "DIRQL_DELAYS=2 " : "", machine->processor_count);
    add_command(out);
    dq_text_add(out, " || break; done");
}

char *dirql_control_how_to_repeat(const dq_machine *machine, const char *schedule)
{
    const dirql_control *control = machine->control;
    const dq_mode mode = machine->options.mode;
    dq_text out = { 0 };

    if (mode == DQ_MODE_LIVE) {
        look_for_it(&out, machine, control->variables);
        return dq_text_take(&out);
    }
    dq_text_add(&out, "%sreplay: DIRQL_TEST=", control->preface != NULL ? control->preface : "");
    add_word(&out, machine->options.name);
    dq_text_add(&out, " %sDIRQL_%s=%s", control->variables,
                mode == DQ_MODE_FIRST ? "MODE" : "REPLAY",
                mode == DQ_MODE_FIRST || schedule == NULL ? "first" : schedule);
    return dq_text_take(&out);
}
