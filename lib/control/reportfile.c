/*
 * reportfile.c - option report_file: what the runs of this host thread say to report files.
 *
 * dirql_run() opens the account, the end of a machine takes down what was found, and when the run,
 * or the exploration that it is a part of, is over, all goes to the files. What cannot be written
 * fails the run, and costs nothing of its text.
 */
#include "control/reportfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"
#include "report/document.h"

typedef struct account {
    struct account *next; /* All of the process, under host_lock(). */
    char *pattern; /* Of the paths. */
    char name[96];
    char *fail;
    const char *mode;
    uint64_t seed, began_ns;
    unsigned processors;
    dq_record record;
} account;

static DQ_TLS account *open_account;
static HOST_KEPT account *accounts;
static HOST_KEPT unsigned accounts_forks; /* host_fork_count() of the process that they are of. */
static DQ_TLS const void *blamed;

/* ---- Paths ----------------------------------------------------------------------------------- */

/* A folder gets both kinds. */
static const char folder_names[] = "%e-%p.sarif,%e-%p.xml";

static size_t path_length(const char *pattern)
{
    return strcspn(pattern, ",");
}

/* Whatever a test is called, it is one file. */
static void add_plain(dq_text *out, const char *name)
{
    for (; *name != '\0'; name++) {
        dq_text_add(out, "%c", strchr("/\\:*?\"<>|, ", *name) != NULL ? '_' : *name);
    }
}

/* False: there is no such mark. */
static bool add_mark(dq_text *out, char mark, const char *test)
{
    char program[256];

    switch (mark) {
    case 'p':
        dq_text_add(out, "%u", host_process_number());
        return true;
    case 'e':
        add_plain(out, host_program_name(program, sizeof(program)));
        return true;
    case 'n':
        add_plain(out, test);
        return true;
    case '%':
        dq_text_add(out, "%%");
        return true;
    default:
        return false;
    }
}

/* The path that the first `length` characters of `pattern` mean. NULL: short of memory, or a mark
 * is unknown. */
static char *expand(const char *pattern, size_t length, const char *test)
{
    dq_text out = { 0 };
    bool known = true;

    for (size_t i = 0; i < length; i++) {
        if (pattern[i] != '%') {
            dq_text_add(&out, "%c", pattern[i]);
        } else {
            i++;
            known = known && add_mark(&out, i < length ? pattern[i] : '\0', test);
        }
    }
    if (!known) {
        free(out.text);
        return NULL;
    }
    return dq_text_take(&out);
}

/* With the names of the files, where `pattern` ends in a slash. */
static char *complete(const char *pattern)
{
    dq_text out = { 0 };

    for (const char *at = pattern; *at != '\0';) {
        const size_t length = path_length(at);
        const bool is_folder = length > 0 && at[length - 1] == '/';

        for (const char *name = folder_names; is_folder && *name != '\0';) {
            const size_t bytes = path_length(name);

            dq_text_add(&out, "%s%.*s%.*s", out.length > 0 ? "," : "", (int)length, at, (int)bytes,
                        name);
            name += bytes + (name[bytes] == ',');
        }
        if (!is_folder && length > 0) {
            dq_text_add(&out, "%s%.*s", out.length > 0 ? "," : "", (int)length, at);
        }
        at += length + (at[length] == ',');
    }
    return dq_text_take(&out);
}

static bool check_path(const char *pattern, size_t length, char *error, size_t bytes)
{
    char *path = expand(pattern, length, "test");

    if (path == NULL) {
        snprintf(error, bytes,
                 "option report_file, or DIRQL_REPORT, is \"%.*s\"; behind a %% it may have p "
                 "(process), e (program), n (test) or %%", (int)length, pattern);
        return false;
    }
    if (dq_document_kind_of(path) == DQ_DOCUMENT_NONE) {
        snprintf(error, bytes,
                 "option report_file, or DIRQL_REPORT, is \"%.*s\"; it must end in .sarif or .json, "
                 "in .xml (JUnit), or in / (a folder for both)", (int)length, pattern);
        free(path);
        return false;
    }
    free(path);
    return true;
}

bool dirql_report_check(const char *pattern, char *error, size_t bytes)
{
    char *whole = pattern != NULL ? complete(pattern) : NULL;
    bool good = pattern == NULL || pattern[0] == '\0' || pattern[strspn(pattern, ",")] != '\0';

    if (!good) {
        snprintf(error, bytes, "option report_file, or DIRQL_REPORT, is \"%s\", which names no file",
                 pattern);
    }
    for (const char *at = whole; at != NULL && *at != '\0' && good;) {
        const size_t length = path_length(at);

        good = check_path(at, length, error, bytes);
        at += length + (at[length] == ',');
    }
    free(whole);
    return good;
}

/* ---- The account ----------------------------------------------------------------------------- */

static char *copy_of(const char *text)
{
    char *copy = text != NULL ? malloc(strlen(text) + 1) : NULL;

    return copy != NULL ? strcpy(copy, text) : NULL;
}

/* Calls `act` with the path of each file, as far as memory goes. */
static void for_each_file(account *this, void (*act)(const char *path, account *this))
{
    for (const char *at = this->pattern; *at != '\0';) {
        const size_t length = path_length(at);
        char *path = expand(at, length, this->name);

        if (path != NULL) {
            act(path, this);
        }
        free(path);
        at += length + (at[length] == ',');
    }
}

static void begin_in(const char *path, account *this)
{
    dq_document_begin(path, this, this->name);
}

static void enlist(account *this)
{
    host_lock();
    if (accounts_forks != host_fork_count()) { /* Those are the parent's. */
        accounts_forks = host_fork_count();
        accounts = NULL;
    }
    this->next = accounts;
    accounts = this;
    host_unlock();
}

static void strike_off(const account *this)
{
    account **link = &accounts;

    host_lock();
    while (*link != NULL && *link != this) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = this->next;
    }
    host_unlock();
}

static void forget_in(const char *path, account *this)
{
    dq_document_forget(path, this);
}

static void close_account(void)
{
    account *this = open_account;

    open_account = NULL;
    if (this != NULL) {
        for_each_file(this, forget_in); /* Only one that was left without its end is still there. */
        strike_off(this);
        dq_record_end(&this->record);
        free(this->pattern);
        free(this->fail);
        free(this);
    }
}

bool dirql_report_begin(const dirql_options *options, void (*body)(void *context))
{
    static const char *const modes[] = { "first",  "first", "random",
                                         "replay", "live",  "explore", "pct" };
    char ignored[8];
    account *this;

    close_account();
    if (options->report_file == NULL ||
        !dirql_report_check(options->report_file, ignored, sizeof(ignored))) {
        return false;
    }
    this = calloc(1, sizeof(*this));
    if (this == NULL || (this->pattern = complete(options->report_file)) == NULL) {
        free(this);
        fprintf(stderr, "dirql: short of memory for the report file\n");
        return false;
    }
    snprintf(this->name, sizeof(this->name), "%s", options->name != NULL ? options->name : "run");
    this->fail = copy_of(options->fail);
    this->mode = modes[options->mode >= DIRQL_MODE_DEFAULT && options->mode <= DIRQL_MODE_PCT ?
                           options->mode : DIRQL_MODE_DEFAULT];
    this->seed = options->seed;
    this->processors = options->processors;
    this->began_ns = host_clock_ns();
    dq_record_begin(&this->record);
    /* A function begins at the address itself, which is none behind a call. */
    this->record.fallback = blamed != NULL ? blamed : (const char *)(uintptr_t)body + 1;
    open_account = this;
    enlist(this);
    for_each_file(this, begin_in);
    return true;
}

void dirql_report_take(dq_machine *machine, dq_outcome outcome, const dirql_result *result)
{
    const dirql_control *control = machine->control;

    if (open_account != NULL) {
        dq_record_take(&open_account->record, machine, control->history, result->repeat,
                       outcome != DQ_OUTCOME_PASSED, blamed);
    }
}

/* ---- Writing --------------------------------------------------------------------------------- */

static dq_run_facts facts_of(const account *this, dq_run_end end, const dirql_result *result)
{
    static const dirql_result nothing = { .outcome = DIRQL_PASSED };
    const dirql_result *r = result != NULL ? result : &nothing;

    return (dq_run_facts){
        .name = this->name,
        .mode = this->mode,
        .fail = this->fail,
        .seed = this->seed,
        .processors = this->processors,
        .end = end,
        .errors = r->errors,
        .warnings = r->warnings,
        .virtual_ns = r->virtual_ns,
        .host_ns = host_clock_ns() - this->began_ns,
        .worst_latency_ns = r->worst_latency_ns,
        .interrupts = r->interrupts,
        .dpcs = r->dpcs,
        .schedules = r->schedules,
        .complete = r->complete != 0,
        .coverage = r->coverage,
        .report = r->report,
        .repeat = r->repeat,
        .schedule = r->schedule,
    };
}

/* The finding "report file", which comes too late to be one of the machine's. */
static void complain(dq_text *complaint, const char *path, const char *reason)
{
    dq_text_add(complaint, "report file\n  the report could not be written to %s: %s\n", path,
                reason);
}

static void write_files(account *this, const dq_run_facts *facts, dq_text *complaint)
{
    char reason[256];

    for (const char *at = this->pattern; *at != '\0';) {
        const size_t length = path_length(at);
        char *path = expand(at, length, this->name);

        if (path == NULL) {
            complain(complaint, at, "short of memory");
        } else if (!dq_document_add(path, this, &this->record, facts, reason, sizeof(reason))) {
            complain(complaint, path, reason);
        }
        free(path);
        at += length + (at[length] == ',');
    }
}

/* Behind what the run itself has to say. */
static void append(dirql_result *result, const char *text)
{
    const size_t before = result->report != NULL ? strlen(result->report) : 0;
    char *grown = realloc(result->report, before + strlen(text) + 1);

    if (grown != NULL) {
        strcpy(grown + before, text);
        result->report = grown;
    }
    result->errors++;
}

dirql_outcome dirql_report_end(dirql_outcome outcome, dirql_result *result, bool is_told)
{
    account *this = open_account;
    dq_text complaint = { 0 };
    dq_run_facts facts;

    if (this == NULL) {
        blamed = NULL;
        return outcome;
    }
    facts = facts_of(this, result != NULL ? (dq_run_end)outcome : DQ_RUN_SKIPPED, result);
    if (result != NULL && outcome != DIRQL_PASSED && facts.report != NULL) {
        dq_record_complain(&this->record, outcome == DIRQL_REFUSED ? "refused" : "explore",
                           facts.report);
    }
    write_files(this, &facts, &complaint);
    if (complaint.text != NULL && result != NULL && is_told) {
        append(result, complaint.text);
    } else if (complaint.text != NULL) {
        fputs(complaint.text, stderr);
    }
    if (complaint.length > 0 && outcome == DIRQL_PASSED) {
        outcome = DIRQL_FAILED;
    }
    if (result != NULL) {
        result->outcome = outcome;
    }
    free(complaint.text);
    close_account();
    blamed = NULL;
    return outcome;
}

void dirql_report_exit(const char *text)
{
    const dirql_result result = { .outcome = DIRQL_FAILED, .errors = 1, .report = (char *)text };

    for (account *this = accounts; this != NULL; this = this->next) {
        const dq_run_facts facts = facts_of(this, DQ_RUN_FAILED, &result);
        dq_text complaint = { 0 };

        dq_record_complain(&this->record, "exit", text);
        write_files(this, &facts, &complaint);
        fputs(complaint.text != NULL ? complaint.text : "", stderr);
        free(complaint.text);
    }
}

void dirql_blame(const void *place)
{
    blamed = place;
}

const void *dirql_report_blamed(void)
{
    return blamed;
}
