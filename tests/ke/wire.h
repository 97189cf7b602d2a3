/*
 * wire.h - a line, an ISR connected to it, and what the ISR saw: what the interrupt tests begin
 * with. An interrupt may come late, and on another processor: wire_settle() and wire_await() wait
 * for it.
 */
#ifndef TEST_WIRE_H
#define TEST_WIRE_H

#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

struct wire {
    dirql_line *line;
    PKINTERRUPT interrupt;
    KIRQL synchronize_irql; /* 0: the line's. */
    PKSPIN_LOCK lock;
    BOOLEAN share;
    KAFFINITY processors; /* 0: the line's. */
    /* How the ISR behaves: */
    LONG claims; /* Calls that it will claim; the others it refuses. */
    bool noisy;  /* It leaves the line asserted. */
    void (*act)(struct wire *wire);
    /* What it saw: */
    volatile LONG calls;
    KIRQL irql;
    ULONG processor;
    PKINTERRUPT given;
    const char *letter; /* Written into `order` at each call, if set. */
};

enum { WIRE_ALWAYS = 1000000 };

static char wire_order[64];

static inline BOOLEAN wire_isr(PKINTERRUPT interrupt, PVOID context)
{
    struct wire *wire = context;
    const BOOLEAN claim = wire->calls < wire->claims;

    InterlockedIncrement(&wire->calls);
    wire->irql = KeGetCurrentIrql();
    wire->processor = KeGetCurrentProcessorNumberEx(NULL);
    wire->given = interrupt;
    if (wire->letter != NULL && strlen(wire_order) + 1 < sizeof(wire_order)) {
        strcat(wire_order, wire->letter);
    }
    if (wire->act != NULL) {
        wire->act(wire);
    }
    if (claim && !wire->noisy) {
        dirql_line_deassert(wire->line);
    }
    return claim;
}

/* What was connected, for wire_stop(). */
static PKINTERRUPT wire_connected[32];
static unsigned wire_connected_count;

static inline void wire_remember(PKINTERRUPT interrupt)
{
    wire_connected[wire_connected_count++ % 32] = interrupt;
}

/* A teardown: disconnects whatever the test has not disconnected itself. PASSIVE_LEVEL. */
__attribute__((unused)) static int wire_stop(void **state)
{
    (void)state;
    dirql_suppress("InterruptPointer", NULL, "the test has disconnected it already");
    dirql_suppress("InterruptVersion", NULL, "however it was connected");
    dirql_suppress("DisconnectAsserting", NULL, "the test is over");
    for (unsigned i = 0; i < 32; i++) {
        if (wire_connected[i] != NULL) {
            IoDisconnectInterrupt(wire_connected[i]);
            wire_connected[i] = NULL;
        }
    }
    return 0;
}

static inline NTSTATUS wire_try_connect(struct wire *wire)
{
    const KIRQL irql = dirql_line_irql(wire->line);
    const NTSTATUS status = IoConnectInterrupt(
        &wire->interrupt, wire_isr, wire, wire->lock, dirql_line_vector(wire->line), irql,
        wire->synchronize_irql != 0 ? wire->synchronize_irql : irql, dirql_line_mode(wire->line),
        wire->share, wire->processors != 0 ? wire->processors : dirql_line_processors(wire->line),
        FALSE);

    if (NT_SUCCESS(status)) {
        wire_remember(wire->interrupt);
    }
    return status;
}

static inline void wire_connect(struct wire *wire)
{
    assert_int_equal(wire_try_connect(wire), STATUS_SUCCESS);
    assert_non_null(wire->interrupt);
}

/* Whatever is on its way has arrived and is done when this returns. PASSIVE_LEVEL. */
static inline void wire_settle(void)
{
    dirql_time_advance_us(1);
}

/* Waits with the processor until the ISR has been called so often. Any IRQL below its own. */
static inline void wire_await(struct wire *wire, LONG calls)
{
    while (InterlockedCompareExchange(&wire->calls, 0, 0) < calls) {
        YieldProcessor();
    }
}

/* A line with these options and an ISR on it that claims and silences it. */
static inline void wire_make(struct wire *wire, const dirql_line_options *options)
{
    wire_order[0] = '\0';
    wire->line = dirql_line_create(options);
    wire->claims = wire->claims != 0 ? wire->claims : WIRE_ALWAYS;
    wire_connect(wire);
}

/* One more ISR on the line of another. */
static inline void wire_join(struct wire *wire, const struct wire *other)
{
    wire->line = other->line;
    wire->share = TRUE;
    wire_connect(wire);
}

#endif
