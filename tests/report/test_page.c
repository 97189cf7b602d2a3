/*
 * test_page.c - addresses of pages.
 */
#include <dirql/cmocka.h>

#include "check/rules.h"
#include "report/page.h"

#define DRIVERS "https://learn.microsoft.com/windows-hardware/drivers/"

static void assert_address(const char *page, const char *expected)
{
    char address[256] = "";

    assert_true(dq_page_address(page, address, sizeof(address)));
    assert_string_equal(address, expected);
}

static void pages_have_addresses(void **state)
{
    (void)state;
    assert_address("wdm: KeSetEvent", DRIVERS "ddi/wdm/nf-wdm-kesetevent");
    assert_address("ntddk: KeFlushQueuedDpcs", DRIVERS "ddi/ntddk/nf-ntddk-keflushqueueddpcs");
    assert_address("devtest: IrqlKeSetEvent", DRIVERS "devtest/wdm-irqlkesetevent");
    assert_address("devtest: PcIrqlIport", DRIVERS "devtest/audio-pcirqliport");
    assert_address("kernel: Introduction to Spin Locks", DRIVERS "kernel/introduction-to-spin-locks");
    assert_address("debugger: bug check 0xF",
                   DRIVERS "debugger/bug-check-0xf--spin-lock-already-owned");
    assert_address("debugger: bug check 0xC4, subcode 0x7B",
                   DRIVERS "debugger/bug-check-0xc4--driver-verifier-detected-violation");
    assert_address("debugger: bug check 0x133",
                   DRIVERS "debugger/bug-check-0x133-dpc-watchdog-violation");
}

static void what_has_no_page_has_no_address(void **state)
{
    char address[256];

    (void)state;
    assert_false(dq_page_address("somewhere: else", address, sizeof(address)));
    assert_false(dq_page_address("no folder", address, sizeof(address)));
    assert_false(dq_page_address("debugger: bug check 0x12345", address, sizeof(address)));
    assert_false(dq_page_address("wdm: DMA_OPERATIONS", address, sizeof(address)));
}

static void nearly_every_rule_has_an_address(void **state)
{
    char address[256];
    size_t count, without = 0;
    const dq_rule *rules = dq_rules(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        without += !dq_page_address(rules[i].page, address, sizeof(address));
    }
    assert_true(without * 10 < count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_have_addresses),
        cmocka_unit_test(what_has_no_page_has_no_address),
        cmocka_unit_test(nearly_every_rule_has_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
