/*
 * options.c - defaults, the environment, and what is out of range.
 */
#include "control/control.h"
#include "control/environment.h"
#include "control/reportfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
static const size_t default_stack_bytes = 1024 * 1024; /* Sanitizers make frames larger. */
#else
static const size_t default_stack_bytes = 256 * 1024;
#endif

static const size_t stack_bytes_min = 16 * 1024;
static const size_t stack_bytes_max = 1024u * 1024 * 1024;

enum { SHARDS_MAX = 1000000, SHORTEN_RUNS = 300, BOUND_MAX = 1000000 };

/* ---- The environment ------------------------------------------------------------------------- */

static bool read_number(const char *name, uint64_t least, uint64_t most, uint64_t *number,
                        char *error, size_t bytes)
{
    const char *value = dirql_environment(name);
    char *end;

    if (value == NULL) {
        return true;
    }
    errno = 0;
    *number = strtoull(value, &end, 0);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-' || *number < least ||
        *number > most) {
        snprintf(error, bytes,
                 "the environment variable %s is \"%s\"; it must be a number from %" PRIu64
                 " to %" PRIu64,
                 name, value, least, most);
        return false;
    }
    return true;
}

/* Where 0 means none, as in the environment alone. */
static bool read_bound(const char *name, unsigned *bound, char *error, size_t bytes)
{
    uint64_t number = 0;

    if (!read_number(name, 0, BOUND_MAX, &number, error, bytes)) {
        return false;
    }
    if (dirql_environment(name) != NULL) {
        *bound = number != 0 ? (unsigned)number : DIRQL_NONE;
    }
    return true;
}

static bool read_runs(dirql_options *options, char *error, size_t bytes)
{
    uint64_t runs = options->runs, depth = options->pct_depth;

    if (!read_number("DIRQL_RUNS", 1, BOUND_MAX, &runs, error, bytes) ||
        !read_number("DIRQL_PCT_DEPTH", 1, DQ_PCT_DEPTH_MAX, &depth, error, bytes)) {
        return false;
    }
    options->runs = (unsigned)runs;
    options->pct_depth = (unsigned)depth;
    return true;
}

static bool read_mode(dirql_options *options, char *error, size_t bytes)
{
    static const char *const names[] = { "first", "random", "pct", "replay", "live", "explore" };
    static const dirql_mode modes[] = { DIRQL_MODE_FIRST,  DIRQL_MODE_RANDOM, DIRQL_MODE_PCT,
                                        DIRQL_MODE_REPLAY, DIRQL_MODE_LIVE,   DIRQL_MODE_EXPLORE };
    int choice;

    if (dirql_environment("DIRQL_MODE") == NULL) {
        return true;
    }
    choice = dirql_environment_choice("DIRQL_MODE", names, 6, error, bytes);
    if (choice >= 0) {
        options->mode = modes[choice];
    }
    return choice >= 0;
}

static bool read_leaks(dirql_options *options, char *error, size_t bytes)
{
    static const char *const names[] = { "errors", "warnings", "ignored" };
    static const dirql_leaks leaks[] = { DIRQL_LEAKS_ERRORS, DIRQL_LEAKS_WARNINGS,
                                         DIRQL_LEAKS_IGNORED };
    int choice;

    if (dirql_environment("DIRQL_LEAKS") == NULL) {
        return true;
    }
    choice = dirql_environment_choice("DIRQL_LEAKS", names, 3, error, bytes);
    if (choice >= 0 && options->leaks == DIRQL_LEAKS_DEFAULT) {
        options->leaks = leaks[choice];
    }
    return choice >= 0;
}

static bool read_special_pool(dirql_options *options, char *error, size_t bytes)
{
    static const char *const names[] = { "off", "overruns", "underruns" };
    static const dirql_special_pool pools[] = { DIRQL_SPECIAL_POOL_OFF, DIRQL_SPECIAL_POOL_OVERRUNS,
                                                DIRQL_SPECIAL_POOL_UNDERRUNS };
    int choice;

    if (dirql_environment("DIRQL_SPECIAL_POOL") == NULL) {
        return true;
    }
    choice = dirql_environment_choice("DIRQL_SPECIAL_POOL", names, 3, error, bytes);
    if (choice >= 0 && options->special_pool == DIRQL_SPECIAL_POOL_DEFAULT) {
        options->special_pool = pools[choice];
    }
    return choice >= 0;
}

static bool read_machine(dirql_options *options, char *error, size_t bytes)
{
    uint64_t processors = options->processors, delays = 0;

    if (!read_mode(options, error, bytes) ||
        !read_number("DIRQL_SEED", 0, UINT64_MAX, &options->seed, error, bytes) ||
        !read_number("DIRQL_PROCESSORS", 1, DQ_PROCESSORS_MAX, &processors, error, bytes) ||
        !read_number("DIRQL_DELAYS", 0, BOUND_MAX, &delays, error, bytes)) {
        return false;
    }
    /* A test that asks for two refers to both: it cannot do with fewer. */
    if (processors > options->processors) {
        options->processors = (unsigned)processors;
    }
    if (delays > 0 && (options->delays == DIRQL_NONE || delays > options->delays)) {
        options->delays = (unsigned)delays;
    }
    return true;
}

/* The convention of Bazel and GoogleTest. */
static bool read_shards(dirql_options *options, char *error, size_t bytes)
{
    uint64_t shards = options->shards != 0 ? options->shards : 1, shard = options->shard;

    if (!read_number("TEST_TOTAL_SHARDS", 1, SHARDS_MAX, &shards, error, bytes) ||
        !read_number("TEST_SHARD_INDEX", 0, SHARDS_MAX - 1, &shard, error, bytes)) {
        return false;
    }
    if (dirql_environment("TEST_TOTAL_SHARDS") != NULL && shards > 1 &&
        dirql_environment("TEST_SHARD_INDEX") == NULL) {
        snprintf(error, bytes,
                 "TEST_TOTAL_SHARDS is %" PRIu64 ", but TEST_SHARD_INDEX does not say which of "
                 "them this process is (from 0)", shards);
        return false;
    }
    if (shards == 0 || shards > SHARDS_MAX || shard >= shards) {
        snprintf(error, bytes,
                 "shard %" PRIu64 " of %" PRIu64 " (options shard and shards, TEST_SHARD_INDEX and "
                 "TEST_TOTAL_SHARDS): there are 1 to %d shards, counted from 0",
                 shard, shards, SHARDS_MAX);
        return false;
    }
    options->shards = (unsigned)shards;
    options->shard = (unsigned)shard;
    return true;
}

static bool read_environment(dirql_options *options, char *error, size_t bytes)
{
    dirql_options unused = *options;
    /* What is not meant for a fixed test must make sense all the same. */
    dirql_options *if_free = options->fixed ? &unused : options;

    if (!dirql_environment_check(error, bytes)) {
        return false;
    }
    if (dirql_environment("DIRQL_REPORT") != NULL) {
        options->report_file = dirql_environment("DIRQL_REPORT");
    }
    if (!read_shards(options, error, bytes)) {
        return false;
    }
    if (!read_machine(if_free, error, bytes) || !read_leaks(options, error, bytes) ||
        !read_special_pool(options, error, bytes)) {
        return false;
    }
    if (!read_runs(if_free, error, bytes) ||
        !read_bound("DIRQL_SHORTEN", &options->shorten_limit, error, bytes)) {
        return false;
    }
    if (dirql_environment("DIRQL_REPLAY") != NULL) {
        options->replay = dirql_environment("DIRQL_REPLAY");
        options->mode = DIRQL_MODE_REPLAY;
    }
    if (dirql_environment("DIRQL_FAIL") != NULL) {
        options->fail = dirql_environment("DIRQL_FAIL");
    }
    if (dirql_environment("DIRQL_RESUME") != NULL) {
        options->resume = dirql_environment("DIRQL_RESUME");
    }
    if (dirql_environment("DIRQL_TRACE") != NULL) {
        options->trace = dirql_environment("DIRQL_TRACE");
    }
    return true;
}

/* ---- Defaults and ranges --------------------------------------------------------------------- */

static void fill_in(dirql_options *options)
{
    options->name = options->name != NULL && options->name[0] == '\0' ? NULL : options->name;
#define DEFAULT(member, value) options->member = options->member != 0 ? options->member : (value)
    DEFAULT(name, "run");
    DEFAULT(processors, 1);
    DEFAULT(mode, DIRQL_MODE_FIRST);
    DEFAULT(seed, 1);
    DEFAULT(checks, DIRQL_CHECKS_ALL);
    DEFAULT(leaks, DIRQL_LEAKS_ERRORS);
    DEFAULT(special_pool, DIRQL_SPECIAL_POOL_OFF);
    DEFAULT(stack_bytes, default_stack_bytes);
    DEFAULT(access_cost_ns, 1000);
    DEFAULT(watchdog_ms, 10000);
    DEFAULT(busy_limit_s, 300);
    DEFAULT(storm_limit, 1000);
    DEFAULT(preemptions, 2);
    DEFAULT(interrupts, 2);
    DEFAULT(faults, DIRQL_NONE);
    DEFAULT(delays, DIRQL_NONE);
    DEFAULT(schedule_limit, DIRQL_NEVER);
    DEFAULT(time_limit_s, 60);
    DEFAULT(runs, 1);
    DEFAULT(pct_depth, 3);
    DEFAULT(shorten_limit,
            options->mode == DIRQL_MODE_EXPLORE || options->runs > 1 ? SHORTEN_RUNS : DIRQL_NONE);
#undef DEFAULT
}

/* What has a meaning in certain modes only, and would be left out in silence. Which mode it will be
 * the environment may say, where the test does not. Who repeats a run in mode replay gives what the
 * run was given. */
static bool check_modes(const dirql_options *given, char *error, size_t bytes)
{
    enum { REPLAYS = 1 << DIRQL_MODE_REPLAY, LIVE = 1 << DIRQL_MODE_LIVE };
    enum { PCT = 1 << DIRQL_MODE_PCT, EXPLORES = 1 << DIRQL_MODE_EXPLORE };
    enum { DRAWS = PCT | 1 << DIRQL_MODE_RANDOM };
    static const char searches[] = "mode explore, and those that draw several runs";
    static const char draws[] = "modes random and pct";
    const bool draws_failures = given->fail != NULL || dirql_environment("DIRQL_FAIL") != NULL;
    const struct {
        const char *name;
        bool is_given;
        unsigned modes;
        const char *belongs_to;
    } options[] = {
        { "replay", given->replay != NULL, REPLAYS, "mode replay (.mode = DIRQL_MODE_REPLAY)" },
        { "clock_percent", given->clock_percent != 0, LIVE, "mode live" },
        { "seed", given->seed != 0 && !draws_failures, DRAWS | REPLAYS, draws },
        { "runs", given->runs > 1, DRAWS | REPLAYS, draws },
        { "pct_depth", given->pct_depth != 0, PCT | REPLAYS, "mode pct" },
        { "preemptions", given->preemptions != 0, EXPLORES | REPLAYS, "mode explore" },
        { "interrupts", given->interrupts != 0, EXPLORES | REPLAYS, "mode explore" },
        { "faults", given->faults != 0 && given->faults != DIRQL_NONE, EXPLORES | REPLAYS,
          "mode explore" },
        { "delays", given->delays != 0 && given->delays != DIRQL_NONE, EXPLORES | DRAWS | REPLAYS,
          "modes explore, random and pct" },
        { "schedule_limit", given->schedule_limit != 0 && given->schedule_limit != DIRQL_NEVER,
          EXPLORES | REPLAYS, "mode explore" },
        { "unreduced", given->unreduced != 0, EXPLORES | REPLAYS, "mode explore" },
        { "resume", given->resume != NULL, EXPLORES | REPLAYS, "mode explore" },
        { "shards", given->shards > 1, EXPLORES | DRAWS | REPLAYS, searches },
        { "must_complete", given->must_complete != 0, EXPLORES | DRAWS | REPLAYS, searches },
    };
    const bool is_open = given->mode == DIRQL_MODE_DEFAULT && !given->fixed;
    const unsigned mode = given->mode == DIRQL_MODE_DEFAULT ? DIRQL_MODE_FIRST : given->mode;

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        const bool may_come = is_open && options[i].modes != REPLAYS;

        if (options[i].is_given && !may_come && (options[i].modes >> mode & 1) == 0) {
            snprintf(error, bytes,
                     "option %s belongs to %s; in the mode of this test it would have no effect",
                     options[i].name, options[i].belongs_to);
            return false;
        }
    }
    return true;
}

/* A negative number would be a huge one. */
static bool is_bound(const char *name, unsigned value, char *error, size_t bytes)
{
    if (value <= BOUND_MAX || value == DIRQL_NONE || value == DIRQL_UNBOUNDED) {
        return true;
    }
    snprintf(error, bytes,
             "option %s is %u (%d); a bound is 1 to %d, DIRQL_NONE or DIRQL_UNBOUNDED", name, value,
             (int)value, BOUND_MAX);
    return false;
}

/* Where any number may be meant but a negative one. */
static bool check_signs(const dirql_options *options, char *error, size_t bytes)
{
    const struct {
        const char *name;
        unsigned value;
    } limits[] = {
        { "schedule_limit", options->schedule_limit }, { "time_limit_s", options->time_limit_s },
        { "watchdog_ms", options->watchdog_ms },       { "busy_limit_s", options->busy_limit_s },
        { "storm_limit", options->storm_limit },       { "access_cost_ns", options->access_cost_ns },
        { "clock_percent", options->clock_percent },
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        const bool may_be_none = strcmp(limits[i].name, "access_cost_ns") != 0 &&
                                 strcmp(limits[i].name, "clock_percent") != 0;

        if (limits[i].value > INT32_MAX && (limits[i].value != DIRQL_NEVER || !may_be_none)) {
            snprintf(error, bytes, "option %s is %u (%d); a limit is not negative", limits[i].name,
                     limits[i].value, (int)limits[i].value);
            return false;
        }
    }
    return true;
}

static bool check_fail(const char *fail, char *error, size_t bytes)
{
    dq_fail_plan plan;
    char reason[256];

    if (fail == NULL) {
        return true;
    }
    if (!dq_fail_read(fail, &plan, reason, sizeof(reason))) {
        snprintf(error, bytes, "option fail, or DIRQL_FAIL: %s", reason);
        return false;
    }
    if (!dq_fail_is_plan(&plan)) {
        snprintf(error, bytes, "option fail, or DIRQL_FAIL, is \"%s\", which does not say how many "
                 "or which: \"%s%s1\" is the first", fail, fail, fail[0] != '\0' ? ":" : "");
    }
    return dq_fail_is_plan(&plan);
}

static bool check_trace(const char *path, char *error, size_t bytes)
{
    char reason[160];

    if (path == NULL || host_file_is_writable(path, reason, sizeof(reason))) {
        return true;
    }
    snprintf(error, bytes, "option trace, or DIRQL_TRACE: %.160s cannot be written: %s", path,
             reason);
    return false;
}

static bool check_ranges(const dirql_options *options, char *error, size_t bytes)
{
    if (options->processors > DQ_PROCESSORS_MAX) {
        snprintf(error, bytes, "option processors is %u; a machine has 1 to %d processors",
                 options->processors, DQ_PROCESSORS_MAX);
        return false;
    }
    if (options->mode < DIRQL_MODE_FIRST || options->mode > DIRQL_MODE_PCT) {
        snprintf(error, bytes, "option mode is %d, which is no mode; see dirql_mode",
                 (int)options->mode);
        return false;
    }
    if (options->mode == DIRQL_MODE_REPLAY && options->replay == NULL) {
        snprintf(error, bytes,
                 "mode replay needs a text to follow: set option replay, or DIRQL_REPLAY");
        return false;
    }
    if (options->checks < DIRQL_CHECKS_ALL || options->checks > DIRQL_CHECKS_NONE) {
        snprintf(error, bytes, "option checks is %d, which is no set of checks; see dirql_checks",
                 (int)options->checks);
        return false;
    }
    if (options->pct_depth > DQ_PCT_DEPTH_MAX) {
        snprintf(error, bytes, "option pct_depth is %u (%d); a depth is 1 to %d",
                 options->pct_depth, (int)options->pct_depth, DQ_PCT_DEPTH_MAX);
        return false;
    }
    if (options->stack_bytes < stack_bytes_min || options->stack_bytes > stack_bytes_max) {
        snprintf(error, bytes, "option stack_bytes is %zu; a stack has 16 KiB to 1 GiB",
                 options->stack_bytes);
        return false;
    }
    if (options->leaks < DIRQL_LEAKS_ERRORS || options->leaks > DIRQL_LEAKS_IGNORED) {
        snprintf(error, bytes, "option leaks is %d, which is none; see dirql_leaks",
                 (int)options->leaks);
        return false;
    }
    if (options->special_pool < DIRQL_SPECIAL_POOL_OFF ||
        options->special_pool > DIRQL_SPECIAL_POOL_UNDERRUNS) {
        snprintf(error, bytes, "option special_pool is %d, which is none; see dirql_special_pool",
                 (int)options->special_pool);
        return false;
    }
    return is_bound("preemptions", options->preemptions, error, bytes) &&
           is_bound("runs", options->runs, error, bytes) &&
           is_bound("shorten_limit", options->shorten_limit, error, bytes) &&
           is_bound("interrupts", options->interrupts, error, bytes) &&
           is_bound("faults", options->faults, error, bytes) &&
           is_bound("delays", options->delays, error, bytes) &&
           check_signs(options, error, bytes) && check_fail(options->fail, error, bytes) &&
           check_trace(options->trace, error, bytes) &&
           dirql_report_check(options->report_file, error, bytes);
}

bool dirql_options_resolve(const dirql_options *options, dirql_options *resolved, char *error,
                           size_t error_bytes)
{
    *resolved = options != NULL ? *options : (dirql_options){ 0 };
    if (!read_environment(resolved, error, error_bytes)) {
        return false;
    }
    fill_in(resolved);
    return check_ranges(resolved, error, error_bytes) &&
           (options == NULL || check_modes(options, error, error_bytes));
}
