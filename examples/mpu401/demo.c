/*
 * demo.c - plays a MIDI file into the miniport and says what that took.
 *
 *   mpu401_demo [file.mid]
 *
 * The file's bytes go over a simulated cable at 31,250 baud, back to back; the miniport takes an
 * interrupt for them, and a reader on the second processor gets them back. All of it is
 * deterministic: every run prints the same numbers. DIRQL_MODE=random and DIRQL_SEED=n in the
 * environment play it with late interrupts, and DIRQL_MODE=live with processors that do run at the
 * same time; the bytes are the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <dirql/clock.h>
#include <dirql/trace.h>

#include "stage.h"

#define TIMELINE_NS UINT64_C(3000000)
#define TIMELINE_COLUMNS 96u
#define PROGRESS_STEPS 10u

struct show {
    char *timeline;
    unsigned steps;
};

static void show_progress(void *context, const performance *p)
{
    struct show *show = context;

    if (show->timeline == NULL && dirql_time_ns() >= TIMELINE_NS) {
        show->timeline = dirql_trace_timeline(0, TIMELINE_NS, TIMELINE_COLUMNS);
        dirql_trace_stop();
    }
    while (p->received_count * PROGRESS_STEPS >= (show->steps + 1) * p->song->byte_count) {
        show->steps++;
        printf("  %3u %%  %6u bytes  %9.3f ms\n", 100 * show->steps / PROGRESS_STEPS,
               (unsigned)p->received_count, (double)dirql_time_ns() / 1e6);
    }
}

static void perform(void *context)
{
    performance *p = context;

    dirql_trace_start();
    performance_run(p);
}

static void print_summary(const performance *p, const dirql_result *result)
{
    printf("\n  bytes        %" PRIu64 " sent, %u received, %s\n", p->counters.arrived,
           (unsigned)p->received_count,
           performance_is_faithful(p) ? "bit for bit the same" : "NOT the same");
    printf("  lost         %u by the device, %u by the ring\n", (unsigned)p->counters.overruns,
           (unsigned)p->statistics.Dropped);
    printf("  interrupts   %" PRIu64 "\n", result->interrupts);
    printf("  DPCs         %" PRIu64 "\n", result->dpcs);
    printf("  time         %.3f ms of the machine's\n", (double)result->virtual_ns / 1e6);
    printf("  latency      %.3f us at worst, from the line to the ISR\n",
           (double)result->worst_latency_ns / 1e3);
}

static int play(const smf *song)
{
    struct show show = {NULL, 0};
    dirql_options options;
    dirql_result result;
    performance p;
    int failed;

    memset(&p, 0, sizeof(p));
    p.song = song;
    p.reader_processor = 1;
    p.mpu.overrun_port = true;
    p.progress = show_progress;
    p.context = &show;
    if (performance_prepare(&p) != 0) {
        performance_free(&p);
        fputs("out of memory\n", stderr);
        return 1;
    }
    memset(&options, 0, sizeof(options));
    options.name = "mpu401_demo";
    options.processors = 2;
    failed = dirql_run(&options, perform, &p, &result) != DIRQL_PASSED;
    fputs(result.report, failed ? stderr : stdout);
    if (!failed) {
        print_summary(&p, &result);
        failed = !performance_is_faithful(&p);
    }
    if (show.timeline != NULL) {
        printf("\nThe first %u ms:\n\n%s", (unsigned)(TIMELINE_NS / 1000000), show.timeline);
        dirql_trace_free(show.timeline);
    }
    dirql_result_free(&result);
    performance_free(&p);
    return failed;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : MPU401_SONG;
    char error[SMF_ERROR_LENGTH];
    smf song;
    int status;

    if (argc > 2) {
        fprintf(stderr, "usage: %s [file.mid]\n", argv[0]);
        return 2;
    }
    if (smf_load(&song, path, error) != 0) {
        fprintf(stderr, "%s: %s\n", path, error);
        smf_free(&song);
        return 2;
    }
    printf("%s: format %u, %u tracks, %u events, %u bytes\n\n", path, song.format, song.tracks,
           (unsigned)song.event_count, (unsigned)song.byte_count);
    status = play(&song);
    smf_free(&song);
    return status;
}
