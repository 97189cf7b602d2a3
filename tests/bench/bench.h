/*
 * bench.h - timing and printing, for the files of the benchmark.
 */
#ifndef BENCH_H
#define BENCH_H

enum { BENCH_ROUNDS = 9 };

double bench_now_ns(void);

/* Sorts the figures. */
double bench_median(double *figures, int count);

/* Nanoseconds of one `step`, done `times` times a round. */
double bench_time_of(void (*step)(int times), int times);

/* `base`: the primitive's figure, 0 for none. The goal is for the value, or for the ratio; "-": no
 * goal. */
void bench_print_row(const char *name, double value, const char *unit, const char *base_name,
                     double base, const char *goal_of, double goal);

/* Instrumented: one store, `times` times (touch.c). */
void bench_touch(int times);

/* Mode explore's rows (explore_rows.c). */
void bench_explore_rows(void);

/* Live mode's rows (live_rows.c). */
void bench_live_rows(void);

#endif
