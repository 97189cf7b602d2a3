/*
 * reference.c - writes the reference of services and rules, from the tables that the checker uses.
 *
 * Markdown, to the file that is named, or to the output. Nothing in it is written by hand, so that
 * it says what is checked.
 */
#include <inttypes.h>
#include <stdio.h>

#include "check/rules.h"
#include "check/service.h"
#include "sim/finding.h"

static void write_service(FILE *out, dq_service service)
{
    const dq_service_rule *rule = &dq_service_rules[service];
    const dq_rule *broken = dq_rule_find(rule->rule);
    const bool any = rule->lowest == DQ_LEVEL_PASSIVE && rule->highest == DQ_LEVEL_HIGH;
    char range[64], contract[256];

    dq_service_contract_text(service, contract, sizeof(contract));
    fprintf(out, "### %s\n\n", dq_service_name(service));
    fprintf(out, "- IRQL: %s\n",
            dq_service_range(service, range, sizeof(range)) + (any ? 0 : sizeof("IRQL ") - 1));
    if (!any) {
        fprintf(out, "- rule: %s: %s\n", rule->rule, broken != NULL ? broken->demand : "");
        fprintf(out, "- what to do: %s\n", broken != NULL ? broken->advice : "");
        const unsigned code = rule->subcode >> 8 == 0xC9 ? 0xC9 : 0xC4;
        const unsigned subcode = code == 0xC9 ? rule->subcode & 0xFFu : rule->subcode;

        fprintf(out, "- bug check: 0x%08X %s (subcode 0x%X)\n", code, dq_bugcheck_name(code),
                subcode);
    }
    if (contract[0] != '\0') {
        fprintf(out, "- besides: %s\n", contract);
    }
    fprintf(out, "- page: %s\n\n", rule->page);
}

static void write_rule(FILE *out, const dq_rule *rule)
{
    fprintf(out, "### %s\n\n- demands: %s\n- what to do: %s\n- page: %s\n- broken: %s\n\n",
            rule->name, rule->demand, rule->advice, rule->page,
            rule->warns ? "a warning, or an error after dirql_escalate()" : "an error");
}

/* ---- Bug checks, codes of the Driver Verifier, what is to be detected ------------------------ */

typedef enum section {
    SECTION_BUGCHECK,
    SECTION_VERIFIER,
    SECTION_RULE,
    SECTION_DETECT,
    SECTION_COUNT
} section;

static const struct row {
    section section;
    const char *key, *about, *how, *remark;
} coverage[] = {
#define DQ_COVERAGE_ROW(section, key, about, how, remark) \
    { SECTION_##section, #key, about, how, remark },
#include "check/coverage.def"
#undef DQ_COVERAGE_ROW
};

static void write_coverage(FILE *out, section wanted, const char *title)
{
    fprintf(out, "## %s\n\n| | what it is | found as | |\n|---|---|---|---|\n", title);
    for (size_t i = 0; i < sizeof(coverage) / sizeof(coverage[0]); i++) {
        const struct row *row = &coverage[i];

        if (row->section == wanted) {
            fprintf(out, "| %s | %s | %s | %s |\n", row->key, row->about, row->how, row->remark);
        }
    }
    fprintf(out, "\n");
}

static void write_all(FILE *out)
{
    size_t count;
    const dq_rule *rules = dq_rules(&count);

    fprintf(out, "# Reference: services and rules\n\n"
                 "Made from service.def, contract.def, rules.def and coverage.def; do not edit.\n\n"
                 "## Services\n\n");
    for (int i = 1; i < DQ_SERVICE_COUNT; i++) {
        if (!dq_service_is_tests((dq_service)i)) {
            write_service(out, (dq_service)i);
        }
    }
    fprintf(out, "## Rules\n\n");
    for (size_t i = 0; i < count; i++) {
        write_rule(out, &rules[i]);
    }
    write_coverage(out, SECTION_BUGCHECK, "Bug checks");
    write_coverage(out, SECTION_VERIFIER, "Subcodes of DRIVER_VERIFIER_DETECTED_VIOLATION (0xC4)");
    write_coverage(out, SECTION_RULE, "Rules of the Driver Verifier and of DDI compliance");
    write_coverage(out, SECTION_DETECT, "What is to be detected");
}

int main(int argc, char **argv)
{
    FILE *out = argc > 1 ? fopen(argv[1], "w") : stdout;

    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }
    write_all(out);
    return fclose(out) == 0 ? 0 : 1;
}
