/*
 * tableuse.c - two operations at once in one generic table are an error of their callers.
 */
#include "rtl/tableuse.h"

#include "ke/ki.h"
#include "sim/access.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

void dq_tableuse_begin(dq_processor *cpu, dq_table_use *use, const void *table, size_t bytes,
                       bool changes, dq_service service, const void *place)
{
    dq_kernel *kernel = dq_kernel_of(cpu);
    char other[PLACE_TEXT];

    dq_access_by_service(cpu, table, bytes,
                         changes ? DQ_ACCESS_READ | DQ_ACCESS_WRITE : DQ_ACCESS_READ);
    for (const dq_table_use *at = kernel->table_uses; at != NULL; at = at->next) {
        if (at->table == table && (at->changes || changes)) {
            dq_find(cpu,
                    &(dq_finding){ .severity = DQ_ERROR,
                                   .rule = "GenericTable",
                                   .page = dq_service_name(service),
                                   .place = place },
                    "%s is called while %s is under way in the same table, at %s",
                    dq_service_name(service), dq_service_name(at->service),
                    dq_place_describe(at->place, other, sizeof(other)));
            break;
        }
    }
    *use = (dq_table_use){ .table = table,
                           .service = service,
                           .changes = changes,
                           .place = place,
                           .next = kernel->table_uses };
    kernel->table_uses = use;
}

void dq_tableuse_end(dq_table_use *use)
{
    dq_table_use **link = &dq_kernel_of(dq_self)->table_uses;

    while (*link != use) {
        link = &(*link)->next;
    }
    *link = use->next;
}
