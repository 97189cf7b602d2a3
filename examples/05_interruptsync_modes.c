/*
 * 05 - IInterruptSync and its three modes.
 *
 * Audio adapters have several sources behind one interrupt: a MIDI port, a DMA engine, a mixer.
 * PortCls gives them one interrupt sync object with a list of ISRs, and a mode that says how the
 * list is walked:
 *
 *   Normal   from the head, until one says STATUS_SUCCESS: as the kernel itself does it
 *   All      everybody, once
 *   Repeat   everybody, again and again, until a whole pass finds nothing to do
 *
 * Repeat is for edges. An edge comes once; if a source speaks up while another is served, nobody
 * interrupts again. It needs ISRs that tell the truth: one that always claims success never lets
 * the pass end.
 *
 * An object's ISRs and the routines given to CallSynchronizedRoutine never run at the same time, on
 * any processor.
 */
#include <string.h>

#include <portcls.h>

#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>

#define SOURCES 3u

static struct adapter {
    dirql_line *line;
    PRESOURCELIST resources;
    PINTERRUPTSYNC sync;
    unsigned work[SOURCES]; /* What each source wants to have done. */
    char order[32];         /* Which ISR ran: '0', '1', '2'. */
} adapter;

/* The ISR of one source: it does one piece of work, if there is one. */
static NTSTATUS isr(PINTERRUPTSYNC sync, PVOID context)
{
    unsigned *work = context, left = 0, i;
    const char digit[2] = {(char)('0' + (work - adapter.work)), '\0'};

    (void)sync;
    strcat(adapter.order, digit);
    if (*work == 0) {
        return STATUS_UNSUCCESSFUL;
    }
    --*work;
    for (i = 0; i < SOURCES; i++) {
        left += adapter.work[i];
    }
    if (left == 0) {
        dirql_line_deassert(adapter.line); /* The sources share the line: the last one lets go. */
    }
    return STATUS_SUCCESS;
}

static int connect(INTERRUPTSYNCMODE mode)
{
    dirql_resources *resources = dirql_resources_create();
    NTSTATUS status;
    unsigned i;

    memset(&adapter, 0, sizeof(adapter));
    adapter.line = dirql_line_create(NULL);
    dirql_resources_add_line(resources, adapter.line);
    status = PcNewResourceList(&adapter.resources, NULL, NonPagedPool,
                               dirql_resources_translated(resources),
                               dirql_resources_raw(resources));
    if (NT_SUCCESS(status)) {
        status = PcNewInterruptSync(&adapter.sync, NULL, adapter.resources, 0, mode);
    }
    for (i = 0; i < SOURCES && NT_SUCCESS(status); i++) {
        status = adapter.sync->lpVtbl->RegisterServiceRoutine(adapter.sync, isr, &adapter.work[i],
                                                              FALSE);
    }
    return NT_SUCCESS(status) ? adapter.sync->lpVtbl->Connect(adapter.sync) : status;
}

static const char *order_of(INTERRUPTSYNCMODE mode)
{
    assert_int_equal(connect(mode), STATUS_SUCCESS);
    adapter.work[1] = 1;
    adapter.work[2] = 1;
    dirql_line_assert(adapter.line);
    dirql_time_advance_us(1); /* In case it comes late. */
    assert_false(dirql_line_is_asserted(adapter.line));
    adapter.sync->lpVtbl->Disconnect(adapter.sync);
    adapter.sync->lpVtbl->Release(adapter.sync);
    adapter.resources->lpVtbl->Release(adapter.resources);
    return adapter.order;
}

static void normal_serves_one_source_for_each_interrupt(void **state)
{
    (void)state;
    assert_string_equal(order_of(InterruptSyncModeNormal), "01" "012");
}

static void all_asks_everybody_once(void **state)
{
    (void)state;
    assert_string_equal(order_of(InterruptSyncModeAll), "012");
}

static void repeat_goes_on_until_a_pass_finds_nothing(void **state)
{
    (void)state;
    assert_string_equal(order_of(InterruptSyncModeRepeat), "012" "012");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(normal_serves_one_source_for_each_interrupt),
        dirql_unit_test(all_asks_everybody_once),
        dirql_unit_test(repeat_goes_on_until_a_pass_finds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
