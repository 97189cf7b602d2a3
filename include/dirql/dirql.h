/*
 * dirql.h - run driver code on a simulated machine.
 *
 * dirql_run() makes a machine, calls your body as its first thread (on processor 0, at
 * PASSIVE_LEVEL), and returns when the body returned or something ended the run: a bug check, a
 * broken rule, a deadlock, a fault. Everything that was found is in the result. With CMocka, use
 * <dirql/cmocka.h>, which does this for each test.
 *
 * Environment variables override options, so that any test can be rerun another way without a
 * rebuild:
 *
 *     DIRQL_TEST=name          With CMocka: run only this test. Where several are of one function:
 *                              name:unit, name:explore, name:fail-each.
 *     DIRQL_MODE=mode          first, random, pct, replay, live or explore.
 *     DIRQL_SEED=n             For random and pct.
 *     DIRQL_RUNS=n             For these: so many seeds, from that one, until one fails.
 *     DIRQL_PCT_DEPTH=n        For pct: how many steps a bug needs in a certain order.
 *     DIRQL_SHORTEN=n          Runs that may be spent on shortening what failed; 0: none.
 *     DIRQL_REPLAY=text        The schedule to follow; implies replay.
 *     DIRQL_PROCESSORS=n       At least n.
 *     DIRQL_DELAYS=n           The same, of option delays.
 *     DIRQL_RESUME=file        Of an exploration: goes on where the last one was cut.
 *     DIRQL_TRACE=file         What happens, as text.
 *     DIRQL_FAIL=plan          Which calls fail for want of resources, see <dirql/fail.h>.
 *     DIRQL_LEAKS=how          errors, warnings or ignored, where option leaks does not say.
 *     DIRQL_SPECIAL_POOL=how   overruns, underruns or off, where option special_pool does not say.
 *     DIRQL_REPORT=path        What is found, for other programs: see below.
 *     TEST_TOTAL_SHARDS=n      Of an exploration, or of DIRQL_RUNS: how many processes share it,
 *     TEST_SHARD_INDEX=i       and which of them this is, from 0.
 *
 * DIRQL_REPORT=path[,path] writes what is found as SARIF 2.1.0 (.sarif, .json) or JUnit XML (.xml).
 * A process begins the file anew with its first run, and rewrites it whole after each (of many
 * short ones that pass, now and then). A run that is under way stands in it as an error, "the run
 * has not ended", for the case that the process is stopped (a time limit of CI) or dies. In a path
 * %p is the process, %e the program, %n the test, %% a percent sign; DIRQL_REPORT=reports/ means
 * reports/%e-%p.sarif,reports/%e-%p.xml. So `DIRQL_REPORT=$PWD/reports/ ctest` collects everything,
 * and on GitHub a driver's source lines are annotated by
 *
 *     - run: mkdir reports && ctest --test-dir build
 *       env: { DIRQL_REPORT: "${{ github.workspace }}/reports/%e.sarif" }
 *     - uses: github/codeql-action/upload-sarif@v3
 *       if: always()
 *       with: { sarif_file: reports }
 *
 * Sources are named from the root of their tree: DIRQL_REPORT_ROOT, GITHUB_WORKSPACE,
 * CI_PROJECT_DIR, or the folder with .git above them.
 */
#ifndef DIRQL_DIRQL_H
#define DIRQL_DIRQL_H

#include <stddef.h>
#include <stdint.h>

#include <wdm.h>

#if defined(__GNUC__) && !defined(__MINGW32__)
#define DIRQL_API __attribute__((visibility("default")))
#else
#define DIRQL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dirql_mode {
    DIRQL_MODE_DEFAULT, /* First, or what DIRQL_MODE says. */
    DIRQL_MODE_FIRST, /* As an undisturbed machine would do it; the same result on every host, every
                         time. */
    DIRQL_MODE_RANDOM, /* Draws from options.seed: interrupts arrive late, processors interleave. */
    DIRQL_MODE_REPLAY, /* Follows options.replay. */
    DIRQL_MODE_LIVE,   /* Each simulated thread is a host thread; processors run in parallel, and an
                          interrupt can land at any instruction of driver code. */
    DIRQL_MODE_EXPLORE, /* Runs the body once for every schedule within bounds, and stops at the
                           first that fails. */
    DIRQL_MODE_PCT /* Draws priorities from options.seed: what has the highest goes on, except that
                      it falls behind at options.pct_depth - 1 steps. With n threads, interrupts and
                      DPCs and k steps, a run finds a bug that needs `pct_depth` steps in a certain
                      order with a probability of at least 1 / (n k^(pct_depth-1)), and says so
                      (result.coverage). Runs the body once more, at first, to count the steps. */
} dirql_mode;

/* Which rules are watched, beyond what Windows itself bug-checks. */
typedef enum dirql_checks {
    DIRQL_CHECKS_DEFAULT, /* All. */
    DIRQL_CHECKS_ALL,
    DIRQL_CHECKS_NONE /* A retail machine: only its own bug checks. */
} dirql_checks;

/* What a driver leaves behind (see options.leaks). */
typedef enum dirql_leaks {
    DIRQL_LEAKS_DEFAULT, /* Errors. */
    DIRQL_LEAKS_ERRORS,
    DIRQL_LEAKS_WARNINGS,
    DIRQL_LEAKS_IGNORED
} dirql_leaks;

/* Whether pool blocks have guard pages, as with the Driver Verifier's special pool. Then an access
 * beyond a block's end, or of one that was freed, stops the run at the very instruction, also in
 * code that is not instrumented: as bug check 0xD6 or 0xD5, or 0xCD or 0xCC where a service touches
 * what it was given. A page between two blocks and the page of a freed one are inaccessible. What
 * is left of a block's own pages is looked at when it is freed, as without (0xC1).
 *
 * Contiguous memory, common buffers and the pages of MDLs are such blocks, too.
 *
 * Each block takes a page of memory at least, and 10 to 30 microseconds. 16384 blocks in use, 256
 * MiB with the inaccessible pages, find room; others come from the ordinary pool, as with Windows.
 * The latest 4096 freed blocks stay inaccessible. */
typedef enum dirql_special_pool {
    DIRQL_SPECIAL_POOL_DEFAULT, /* Off. */
    DIRQL_SPECIAL_POOL_OFF,
    DIRQL_SPECIAL_POOL_OVERRUNS, /* A block ends at the end of a page, as its alignment (16 bytes; a
                                    page, for a block of a page or more) allows: "verify end". */
    DIRQL_SPECIAL_POOL_UNDERRUNS /* It begins at the start of a page: "verify start". An allocation
                                    with a priority of XxxSpecialPoolOverrun or
                                    XxxSpecialPoolUnderrun chooses for itself. */
} dirql_special_pool;

/* Zero in any member means its default.
 *
 * What is for certain modes (seed, runs, pct_depth, replay, clock_percent, the bounds, unreduced,
 * schedule_limit, shards, resume, must_complete) is refused where `mode` names another, or `fixed`
 * leaves it at first; but mode replay takes what the run that it repeats was given. It is judged by
 * what the test itself says. DIRQL_MODE may run a test that explores otherwise: that leaves its
 * bounds aside. So are members left aside that DIRQL_MODE may bring into their own, where `mode` is
 * 0, and environment variables that are for another mode. */
typedef struct dirql_options {
    const char *name;    /* Of the test, for reports; default "run". */
    unsigned processors; /* 1 to 64; default 1. */
    dirql_mode mode;
    uint64_t seed;      /* For modes random and pct, and for what `fail` draws; default 1. */
    unsigned runs;      /* The same: runs with seed, seed + 1 and so on until one fails, or
                           time_limit_s is over; default 1. */
    unsigned pct_depth; /* Mode pct: 1 to 64; default 3. */
    const char *replay; /* Schedule text, for replay mode. */
    dirql_checks checks;
    const char *trace;  /* Write what happens to this file, as text. */
    size_t stack_bytes; /* Of each simulated thread; default 256 KiB (1 MiB with a sanitizer). */
    unsigned access_cost_ns; /* Virtual time of a register access or time query; default 1000. */
    unsigned watchdog_ms;    /* Host time without progress; default 10000; DIRQL_NEVER: none. Four
                                times as long for a loop that calls services for ever while no
                                virtual time passes (but by YieldProcessor), no thread begins or
                                is woken, and no interrupt, DPC or stimulus is taken. */
    unsigned busy_limit_s; /* Virtual seconds that a run may spend in stalls and polls; default 300;
                              DIRQL_NEVER: any. */
    unsigned clock_percent; /* Mode live: virtual time follows the host's clock at this rate; 100:
                               as fast. Default 0: it goes on when all processors are idle. */
    unsigned storm_limit;  /* Times in a row that a level line may interrupt without being silenced;
                              default 1000. */
    /* Mode explore: how much a schedule may have of each. DIRQL_NONE: nothing; DIRQL_UNBOUNDED. */
    unsigned preemptions; /* Another processor or thread goes on although the caller could;
                             default 2. */
    unsigned interrupts;  /* One starts elsewhere than at its earliest place; default 2. */
    unsigned faults;      /* A call fails for want of something; default none. */
    unsigned delays;      /* Code is held up at a schedule point until the next timer, timeout or
                             stimulus is due (at DISPATCH_LEVEL and above: if that is within 10
                             virtual milliseconds); default none: then only what moves the clock
                             (clock.h) lets it come due. Also for modes random and pct. */
    unsigned schedule_limit; /* Stop after so many schedules (with `resume`: more than before);
                                default DIRQL_NEVER. */
    unsigned time_limit_s;   /* Of host time, also for `runs`; default 60; DIRQL_NEVER: none. Ends
                                the run that is under way, too; if none has ended before, that is a
                                failure. */
    unsigned shorten_limit;  /* Runs that may be spent on making a failing schedule shorter; default
                                300 in mode explore, where a mode draws several runs, and for tests
                                of <dirql/cmocka.h>; else, and with DIRQL_NONE, none. They run
                                the body again. */
    unsigned shards; /* Split the schedules over so many processes, of which this is the one ... */
    unsigned shard;  /* ... with this number, from 0; default 1 and 0, or TEST_TOTAL_SHARDS and
                        TEST_SHARD_INDEX. */
    const char *resume; /* A file: an exploration that a limit has cut goes on from it in the next
                           run. A reduced one (code of the test is instrumented) does so at the
                           beginning of the pass that was cut (what a bound larger by one adds); a
                           schedule_limit that none fits in fails. Each test and each shard has its
                           own; while one is at work, another is refused (by a file of
                           that name and .lock). */
    int unreduced;     /* True: branch also where it can make no difference: to check that it makes
                          none. */
    const void *routine; /* Mode explore: the function that is the test, if the body only calls it;
                            default the body. */
    int must_complete; /* True: a search that a limit has cut short fails. */
    int iso_volatile; /* True: a volatile access orders nothing, as in ISO C. By default an aligned
                         one of up to 8 bytes acquires (a load) or releases (a store), as with
                         Microsoft's compiler on x64. Either way it is atomic. For the race
                         detector. */
    int fixed; /* True: the run is about what an undisturbed machine does, in which order and when;
                  DIRQL_MODE, DIRQL_SEED and DIRQL_PROCESSORS leave it as it is. */
    const char *fail;  /* Which calls fail for want of resources, see <dirql/fail.h>; default
                          none. */
    dirql_leaks leaks; /* When the body (with CMocka: the teardown) has returned and nothing was
                          found: whatever pool, interrupts, timers, threads, references and the
                          like are left then. Not with DIRQL_CHECKS_NONE. */
    dirql_special_pool special_pool;
    const char *report_file; /* Write what is found there, for other programs: as SARIF if the path
                                ends in .sarif or .json, as JUnit XML if in .xml, both if in a
                                slash; see DIRQL_REPORT above. */
} dirql_options;

#define DIRQL_NEVER     0xFFFFFFFFu
#define DIRQL_UNBOUNDED 0xFFFFFFFFu
#define DIRQL_NONE      0xFFFFFFFEu

typedef enum dirql_outcome {
    DIRQL_PASSED,
    DIRQL_FAILED, /* Something was found. */
    DIRQL_REFUSED /* The options were wrong; nothing ran. */
} dirql_outcome;

typedef struct dirql_result {
    dirql_outcome outcome;
    unsigned errors; /* Findings that failed the run. */
    unsigned warnings; /* Mode explore, and where a mode draws several runs: of the one with the
                          most; it is in the report, and in `schedule`. */
    uint32_t code; /* Bug check code of the first error, 0 if it has none. */
    uint64_t parameters[4];
    uint64_t virtual_ns;       /* How long the run took, in the machine's time. */
    uint64_t interrupts;       /* Taken from lines. */
    uint64_t dpcs;             /* Run. */
    uint64_t worst_latency_ns; /* From a line's assertion until its ISR ran, the longest. */
    uint64_t events;           /* In the trace so far; 0 without a listener. */
    uint64_t schedules; /* Mode explore: different ones that were run; else 0. */
    int complete;       /* Mode explore: all within the bounds were run. */
    char *coverage; /* Mode explore: what was run, in a sentence, for a log or a gate; else NULL. */
    char *report;   /* What was found, as text; empty when nothing was. Never NULL after a run. */
    char *schedule; /* The text that replays the run; it has no meaning in mode live. */
    char *repeat;   /* How to see the run again: the line that a report ends in. NULL after a
                       refusal. */
    uint64_t runs;   /* How many there were: more than one only with dirql_fail_each(). */
    uint64_t failed; /* Calls that were made to fail. */
    char *failure;   /* The first of them, in words; NULL when there was none. */
} dirql_result;

/* Runs body(context) on a fresh machine; in mode explore on one after the other, so it must do the
 * same each time. IRQL: not a simulated call; from the host thread that owns the test, outside any
 * run. `options` may be NULL for the defaults; `result` may be NULL. Returns the outcome. The
 * strings in the result are freed by dirql_result_free(). */
DIRQL_API dirql_outcome dirql_run(const dirql_options *options, void (*body)(void *context),
                                  void *context, dirql_result *result);

DIRQL_API void dirql_result_free(dirql_result *result);

/* Stops a run that was left by a longjmp out of dirql_at_home(), and fills in the result as
 * dirql_run() would have (an exploration repeats the schedule for that; not if `result` is NULL).
 * Returns DIRQL_PASSED with an empty result when there is no such run. For glue to test
 * frameworks. */
DIRQL_API dirql_outcome dirql_abandon(dirql_result *result);

/* Runs errand(argument) on the stack of the host thread that called dirql_run(), at any IRQL and
 * from any simulated thread, and returns when it is done. If the errand leaves by longjmp, the run
 * is over (dirql_abandon). Outside a run it is a plain call. For glue to test frameworks. */
DIRQL_API void dirql_at_home(void (*errand)(void *argument), void *argument);

/* How an errand will end, as far as its caller can tell. */
typedef enum dirql_ending {
    DIRQL_ENDING_UNKNOWN,
    DIRQL_ENDING_RETURNS,
    DIRQL_ENDING_FAILS, /* It leaves by longjmp, since the test has failed. */
    DIRQL_ENDING_PRINTS, /* It returns, and does nothing but to say something. */
    DIRQL_ENDING_PASSES  /* It is an assertion that holds: a run saves itself the errand. */
} dirql_ending;

/* The same, foretold: so a failing schedule can be tried in many ways to shorten it, without
 * leaving any of these runs by longjmp. `place` is where the test made the call, as a return
 * address, or NULL. */
DIRQL_API void dirql_at_home_foretold(void (*errand)(void *argument), void *argument,
                                      dirql_ending ending, const void *place);

/* Before dirql_abandon(): where the test framework saw the failure. Before dirql_run(): where to
 * look for what has no place of its own; by default the body. A return address, for report files;
 * forgotten when the host thread's run is over. For glue to test frameworks. */
DIRQL_API void dirql_blame(const void *place);

/* True if the environment variable DIRQL_TEST wants a test of this name or of the other (or NULL),
 * or is not set. If it wants none of all that are asked for, the process ends with a failure
 * status, and says which names come near. For glue to test frameworks. */
DIRQL_API int dirql_is_wanted(const char *name, const char *other);

/* Fails the run as a failed assertion does, with this text, from any IRQL. Does not return to
 * simulated code. */
DIRQL_API void dirql_fail(const char *file, int line, const char *text);

/* True inside a run, on the host thread that it belongs to. */
DIRQL_API int dirql_running(void);

/* Static variables of test and driver are as new before each schedule of an exploration, but for
 * those that are declared with this: `static DIRQL_KEEP unsigned runs;` counts over all of them.
 * Behind the last schedule they are so, too: what comes next finds what the exploration found, not
 * what one of its schedules left. (After a single run, as in mode first, they are as it left them.)
 * What they point to in memory of malloc() or new is not put back: what one schedule has freed
 * is freed in the next. So allocate it in the setup and free it in the teardown, which are parts
 * of each run. The same where a mode draws several runs, or a failing one is shortened. */
#if defined(__ELF__)
#define DIRQL_KEEP __attribute__((section("dirql_keep")))
#else
#define DIRQL_KEEP
#endif

/* An answer from 0 to count-1 (count 1 to 64): 0 in mode first, drawn in mode random, read back in
 * replay. For tests and device models that have more than one way to go on. Any IRQL. */
DIRQL_API unsigned dirql_choose(unsigned count);

/* In mode explore, what happens between the two is not branched on: it goes as an undisturbed
 * machine would do it. They nest. For preparations that are not what the test is
 * about; with CMocka, setup and teardown are so by themselves. Without effect in other
 * modes. Any IRQL. */
DIRQL_API void dirql_explore_pause(void);
DIRQL_API void dirql_explore_resume(void);

DIRQL_API const char *dirql_version(void);

#ifdef __cplusplus
}
#endif

#endif
