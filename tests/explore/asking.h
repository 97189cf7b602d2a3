/*
 * asking.h - a search over choices, asked by a machine that a few lines make up.
 */
#ifndef ASKING_H
#define ASKING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "explore/search.h"

enum { RUNS_MAX = 256, CHOICES_MAX = 16 };

extern dq_execution execution;
extern dq_processor cpu;
extern dq_search search;
extern char runs[RUNS_MAX][CHOICES_MAX + 1]; /* The answers of each, as digits. */
extern unsigned run_count, asked;

/* Set-up and teardown. */
int start(void **state);
int stop(void **state);

/* A pass at the root. */
void begin(uint32_t preemptions, uint32_t interrupts);

/* Makes all runs of the pass. */
void search_all(void (*run)(void));

/* What runs do. */
unsigned ask_free(unsigned options);
unsigned ask_within(dq_bound bound, unsigned options);
void arrive_at(uint64_t state);
void two_by_three(void);
void three_switches(void);

#endif
