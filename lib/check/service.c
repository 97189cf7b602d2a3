/*
 * service.c - what is documented about each service, in words.
 */
#include "check/service.h"

#include <stdio.h>

#include "sim/processor.h"

enum { DQ_SERVICE_NOBODY = DQ_SERVICE_NONE };

const dq_service_contract dq_service_contracts[DQ_SERVICE_COUNT] = {
#define DQ_CONTRACT_ROW(service, waits, needs, undone_by) \
    [DQ_SERVICE_##service] = { DQ_WAIT_##waits, DQ_NEED_##needs, DQ_SERVICE_##undone_by },
#include "check/contract.def"
#undef DQ_CONTRACT_ROW
};

const char *dq_service_range(dq_service service, char *text, size_t bytes)
{
    const dq_service_rule *rule = &dq_service_rules[service];

    if (rule->lowest == DQ_LEVEL_PASSIVE && rule->highest == DQ_LEVEL_HIGH) {
        snprintf(text, bytes, "any IRQL");
    } else if (rule->lowest > DQ_LEVEL_DISPATCH) {
        snprintf(text, bytes, "IRQL DIRQL");
    } else if (rule->lowest == rule->highest) {
        snprintf(text, bytes, "IRQL %s", dq_irql_name(rule->lowest));
    } else if (rule->lowest == DQ_LEVEL_PASSIVE) {
        snprintf(text, bytes, "IRQL <= %s", dq_irql_name(rule->highest));
    } else {
        snprintf(text, bytes, "IRQL >= %s", dq_irql_name(rule->lowest));
    }
    return text;
}

const char *dq_service_contract_text(dq_service service, char *text, size_t bytes)
{
    static const char *const waits[] = { [DQ_WAIT_NEVER] = "",
                                         [DQ_WAIT_WAITS] = "may wait",
                                         [DQ_WAIT_TIMEOUT] = "may wait, unless told not to" };
    static const char *const needs[] = {
        [DQ_NEED_NOTHING] = "",
        [DQ_NEED_NONPAGED] = "its object lies in nonpaged memory",
        [DQ_NEED_WORK_ITEM] = "its work item lies in nonpaged memory",
        [DQ_NEED_HELD] = "the caller has what it gives back",
        [DQ_NEED_ENTERED] = "the caller has entered what it leaves",
        [DQ_NEED_APCS_OFF] = "normal kernel APCs are disabled",
        [DQ_NEED_IDLE] = "nobody uses the object any longer",
    };
    const dq_service_contract *contract = &dq_service_contracts[service];
    const char *parts[2] = { waits[contract->waits], needs[contract->needs] };
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < 2; i++) {
        if (parts[i][0] != '\0' && used < bytes) {
            used +=
                (size_t)snprintf(text + used, bytes - used, "%s%s", used > 0 ? "; " : "", parts[i]);
        }
    }
    if (contract->undone_by != DQ_SERVICE_NONE && used < bytes) {
        snprintf(text + used, bytes - used, "%sundone by %s", used > 0 ? "; " : "",
                 dq_service_name((dq_service)contract->undone_by));
    }
    return text;
}
