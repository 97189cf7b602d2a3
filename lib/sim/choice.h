/*
 * choice.h - the one way to choose.
 *
 * Whatever is not determined goes through dq_choose(). Option 0 is always what an undisturbed
 * machine would do. The log of answers is the run: as text, it replays it.
 *
 * Schedule text: `<dialect>-<fingerprint>-<choices>`; the dialect is 1 where choices are asked at
 * every schedule point, 2 where only those are that an exploration branches on, and 3 where it
 * branches before locks are released, too; choices are
 * separated by `.`, each `<letter><answer>`, with `/<options>` when there were other than two, and
 * `*<n>` when it repeats n times. Zeros at the end are left out: past the end of the text, option 0
 * is taken. Example: `1-9f3a-i1.p0*4.p2/3`.
 */
#ifndef DQ_CHOICE_H
#define DQ_CHOICE_H

#include "sim/pct.h"
#include "sim/processor.h"

/* X(name, letter, what a reader calls it) */
#define DQ_CHOICES(X)                                   \
    X(PROCESSOR, 'p', "which processor goes on")        \
    X(ARRIVAL, 'i', "whether an interrupt arrives now") \
    X(ROUTE, 'r', "which processor takes an interrupt") \
    X(THREAD, 't', "which thread goes on")              \
    X(WAKE, 'w', "which waiter gets the object")        \
    X(DPC, 'd', "when a DPC starts")                    \
    X(DEVICE, 'v', "what a device does")                \
    X(TEST, 'c', "what the test chooses")               \
    X(FAULT, 'f', "whether a call fails")               \
    X(DELAY, 'z', "whether code is held up")

typedef enum dq_choice_kind {
#define X(name, letter, text) DQ_CHOICE_##name,
    DQ_CHOICES(X)
#undef X
        DQ_CHOICE_COUNT
} dq_choice_kind;

/* Of a run, so many are written down and can be branched on. */
#define DQ_CHOICES_KEPT ((size_t)1 << 22)

typedef enum dq_mode {
    DQ_MODE_FIRST,
    DQ_MODE_RANDOM,
    DQ_MODE_REPLAY,
    DQ_MODE_LIVE,
    DQ_MODE_EXPLORE,
    DQ_MODE_PCT
} dq_mode;

/* What an answer uses up of an exploration's bounds. */
typedef enum dq_bound {
    DQ_BOUND_FREE,
    DQ_BOUND_PREEMPTION, /* Another goes on although the caller could. */
    DQ_BOUND_INTERRUPT,  /* An activation starts elsewhere than at its earliest place. */
    DQ_BOUND_FAULT,      /* A call fails. */
    DQ_BOUND_DELAY,      /* Code is held up until something is due. */
    DQ_BOUND_COUNT
} dq_bound;

#define DQ_UNBOUNDED UINT32_MAX /* Any number of it. */

typedef struct dq_choice {
    uint8_t kind;
    uint8_t options;
    uint8_t answer;
    uint8_t bound;
    uint32_t ordinal; /* Of the execution that asked. */
    uint64_t costly; /* Bit n: answer n uses up one of `bound`. */
} dq_choice;

/* An answer other than 0, and where to give it: at the nth choice, from 0, that an execution
 * asks. What others ask meanwhile makes no difference to that. */
typedef struct dq_deviation {
    uint32_t ordinal, nth;
    uint8_t kind, answer;
} dq_deviation;

/* Mode replay by these instead of a text. Where one does not fit, option 0 is taken. */
typedef struct dq_guide {
    dq_deviation *of; /* In order of ordinal and nth. */
    size_t count;
    bool sparse, releases;
} dq_guide;

/* Who answers in mode explore. `choice->answer` is to be filled in. */
/* What an exploration has to know of a test, to tell what makes a difference. */
typedef enum dq_notice {
    DQ_NOTICE_UNSEEN = 1, /* Guest code that does not say what it touches. */
    DQ_NOTICE_MASKED = 2, /* Something is asked of a processor, which its IRQL may put off. */
    DQ_NOTICE_STRANGE = 4, /* A service that may touch locks and events which it is not given. */
    DQ_NOTICE_SLICED = 8, /* A turn was over: how long one has lasted makes a difference. */
    DQ_NOTICE_TIMED = 16, /* Something was due at a time: so it makes a difference how much passes. */
    DQ_NOTICE_TRIED = 32 /* A lock was tried or looked at: so it makes a difference for how long one
                            is held. */
} dq_notice;

/* How an access stands to what others do. */
enum {
    DQ_TOUCH_BRANCHES = 1, /* It may make a difference who goes on before it ... */
    DQ_TOUCH_MEETS = 2     /* ... because others are known to touch the same. */
};

typedef struct dq_searcher {
    unsigned noticed; /* In any run. */
    const void *unseen_at; /* A place in code that was noticed as unseen first. */
    size_t at;   /* Choices that the present run has asked it for. */
    size_t same; /* So many of them have the answers that they had in the run before. */
    bool anew;   /* Others are branched on than in the run before. */
    bool releases; /* Releases of locks are asked about, too: in all of a run, or nowhere. */
    bool hears;  /* Instrumented code has been met: what services touch is of interest, too. */
    bool unreduced; /* Branches also where it makes no difference. */
    bool exhaustive; /* The same, and also where a run before has been. */
    struct dq_order *order; /* What has happened so far, or NULL: that is of no interest. */
    size_t frontier; /* From that choice on, no run has been here before. */
    void (*answer)(struct dq_searcher *searcher, dq_processor *cpu, dq_choice *choice);
    /* At a schedule point beyond the frontier: what has happened, and what is about to. */
    void (*arrive)(struct dq_searcher *searcher, uint64_t state);
    /* Guest code is about to touch memory. 0: nobody else ever touches it, so that it makes no
     * difference what happens before this and what after it. */
    unsigned (*touch)(struct dq_searcher *searcher, dq_processor *cpu, const void *address, size_t bytes,
                  unsigned flags);
    /* Something new of what there is in the test: see dq_notice. */
    void (*notice)(struct dq_searcher *searcher, dq_notice what);
} dq_searcher;

typedef struct dq_choice_log {
    dq_choice *entries;
    size_t count, capacity;
    dq_choice *script; /* What replay follows. */
    size_t script_count;
    const dq_guide *guide; /* Or this. */
    dq_pct *pct;           /* Mode pct only. */
    uint64_t random_state;
    unsigned keep_64ths; /* Random: the share of answers that are option 0, in 64ths; drawn once per
                            run. */
    uint16_t latest_service; /* That asked. */
    size_t asked;        /* Choices with more than one option so far. */
    unsigned paused;     /* An exploration branches on nothing now. */
    bool sparse;         /* As in mode explore: no choice where it could make no difference. */
    bool releases;       /* But before releases of locks; with a searcher, that says so. */
    dq_searcher *searcher;
} dq_choice_log;

/* With a searcher: nothing has been branched on yet, nor is; what happens now comes before all. */
static inline bool dq_choice_prepares(const dq_choice_log *log)
{
    return log->paused > 0 && log->searcher->at == 0;
}

/* With a searcher: it matters what is touched. Once there is unseen code, only to the order. */
static inline bool dq_choice_watches(const dq_choice_log *log)
{
    return log->searcher != NULL && ((log->searcher->noticed & DQ_NOTICE_UNSEEN) == 0 ||
                                     log->searcher->order != NULL);
}

/* In sparse logs: are releases of locks asked about? */
static inline bool dq_choice_at_releases(const dq_choice_log *log)
{
    return log->searcher != NULL ? log->searcher->releases : log->releases;
}

/* Somebody asks for a lock without waiting until it is free, or looks whether it is. */
void dq_notice_tried(dq_machine *machine);

/* Says it to the searcher, if there is one that does not know it. */
void dq_notice_of(dq_machine *machine, dq_notice what);

/* An answer in 0 .. options-1 (1 <= options <= 64). One option is no choice: 0, and nothing is
 * logged. */
unsigned dq_choose(dq_processor *cpu, dq_choice_kind kind, unsigned options);

/* As dq_choose(), where the answers in `costly` (bit n: answer n) use up one of `bound`. Answer 0
 * is always free. */
unsigned dq_choose_within(dq_processor *cpu, dq_choice_kind kind, unsigned options, dq_bound bound,
                          uint64_t costly);

/* The same where processes (pct.h) contend: answer n lets the nth go on. */
unsigned dq_choose_among(dq_processor *cpu, dq_choice_kind kind, const uint64_t *processes,
                         unsigned options, dq_bound bound, uint64_t costly);

/* What runs on a processor, or would if it went on, as one of them. */
uint64_t dq_process_on(const dq_processor *cpu);

/* Whether something happens that is rare, which uses up one of `bound`: 0 or 1. Where answers are
 * drawn it is `drawn`, from a generator of the caller's own. */
unsigned dq_choose_rarely(dq_processor *cpu, dq_choice_kind kind, dq_bound bound, unsigned drawn);

/* The next number of a generator whose state is any number at first. */
uint64_t dq_choice_draw(uint64_t *state);

/* Prepares the log for the machine's mode. On bad text returns false and says in `error` what is
 * wrong and at which place. */
bool dq_choice_start(dq_machine *machine, char *error, size_t error_bytes);
void dq_choice_stop(dq_machine *machine);

/* The schedule text of the run so far, NUL terminated. Returns the length it needs. */
size_t dq_choice_text(const dq_machine *machine, char *text, size_t bytes);

/* After a replay: false, with the reason, if the text has choices that the run never asked for. */
bool dq_choice_settle(const dq_machine *machine, char *error, size_t error_bytes);

/* ---- The text (schedule.c) ------------------------------------------------------------------- */

typedef enum dq_dialect {
    DQ_DIALECT_FULL = 1,
    DQ_DIALECT_SPARSE,
    DQ_DIALECT_RELEASES /* Sparse, with releases. */
} dq_dialect;

/* Appends `count` choices as text behind the fingerprint. Returns the length it
 * needs, without NUL. */
size_t dq_schedule_write(const dq_choice *choices, size_t count, dq_dialect dialect,
                         uint64_t fingerprint, char *text, size_t bytes);

/* What a text says. The script is freed with free(). */
typedef struct dq_schedule {
    dq_choice *script;
    size_t count;
    dq_dialect dialect;
} dq_schedule;

bool dq_schedule_read(const char *text, uint64_t fingerprint, dq_schedule *schedule, char *error,
                      size_t error_bytes);

char dq_choice_letter(unsigned kind);
const char *dq_choice_meaning(unsigned kind);

/* True if more than option 0 may be answered: then a point has something to decide. */
static inline bool dq_mode_chooses(dq_mode mode)
{
    return mode != DQ_MODE_FIRST && mode != DQ_MODE_LIVE;
}

#endif
