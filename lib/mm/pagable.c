/*
 * pagable.c - locking a driver's pageable sections, and making all of it pageable.
 *
 * Nothing is ever paged out here, and the host's compilers do not put PAGE sections apart: a driver
 * is one section. What is held is how often it is locked.
 */
#include "mm/pagable.h"

#include <string.h>

#include "ke/keep.h"
#include "ke/ki.h"

static dq_section **sections_of(const dq_processor *cpu)
{
    return &dq_kernel_of(cpu)->sections;
}

static dq_section *find(const dq_processor *cpu, const char *module)
{
    dq_section *section = *sections_of(cpu);

    while (section != NULL && strcmp(section->module, module) != 0) {
        section = section->next;
    }
    return section;
}

static dq_section *section_at(dq_processor *cpu, const void *address)
{
    host_symbol symbol;
    dq_section *section;

    host_symbol_find(address, &symbol);
    section = find(cpu, symbol.module);
    if (section == NULL) {
        section = dq_keep(cpu->machine, sizeof(*section));
        if (section == NULL) {
            dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                    "no memory for a section that is locked");
            dq_go_home(cpu);
        }
        memcpy(section->module, symbol.module, sizeof(section->module));
        section->next = *sections_of(cpu);
        *sections_of(cpu) = section;
    }
    return section;
}

/* NULL after a finding. */
static dq_section *expect_handle(dq_processor *cpu, const void *handle, dq_service service)
{
    dq_section *section = *sections_of(cpu);

    while (section != NULL && section != handle) {
        section = section->next;
    }
    if (section == NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "PagableSection",
                               .page = dq_service_name(service) },
                "%s was given a handle that MmLockPagableCodeSection or "
                "MmLockPagableDataSection has not returned",
                dq_service_name(service));
    }
    return section;
}

static void lock(dq_section *section, const void *place)
{
    section->locks++;
    section->place = place;
}

/* ---- Sections -------------------------------------------------------------------------------- */

PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection)
{
    dq_section *section;

    DQ_ENTER(MmLockPagableDataSection, NULL, AddressWithinSection, 0, 0, NULL);
    section = section_at(cpu, AddressWithinSection);
    lock(section, __builtin_return_address(0));
    return section;
}

VOID NTAPI MmLockPagableSectionByHandle(PVOID ImageSectionHandle)
{
    dq_section *section;

    DQ_ENTER(MmLockPagableSectionByHandle, NULL, ImageSectionHandle, 0, 0, DQ_VOID);
    section = expect_handle(cpu, ImageSectionHandle, DQ_SERVICE_MmLockPagableSectionByHandle);
    if (section != NULL) {
        lock(section, __builtin_return_address(0));
    }
}

VOID NTAPI MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    dq_section *section;

    DQ_ENTER(MmUnlockPagableImageSection, NULL, ImageSectionHandle, 0, 0, DQ_VOID);
    section = expect_handle(cpu, ImageSectionHandle, DQ_SERVICE_MmUnlockPagableImageSection);
    if (section == NULL) {
        return;
    }
    if (section->locks == 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "PagableSection",
                               .page = "MmUnlockPagableImageSection" },
                "MmUnlockPagableImageSection of a section that is not locked");
        return;
    }
    section->locks--;
}

/* ---- Whole drivers --------------------------------------------------------------------------- */

static const char *connected_line(dq_machine *machine)
{
    const dq_kernel *kernel = machine->kernel;

    for (PKINTERRUPT i = kernel->interrupts.all; i != NULL; i = i->next) {
        if (i->is_handle && i->state == DQ_INTERRUPT_CONNECTED) {
            return dq_interrupt_name(machine, i);
        }
    }
    return NULL;
}

/* The page's pointer to the image is the address itself: nobody can do anything with either. */
PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection)
{
    const char *line;

    DQ_ENTER(MmPageEntireDriver, NULL, AddressWithinSection, 0, 0, NULL);
    line = connected_line(cpu->machine);
    if (line != NULL) {
        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_ERROR, .rule = "PagedIsr", .page = "wdm: MmPageEntireDriver" },
                "MmPageEntireDriver while an ISR is connected to line \"%s\": an interrupt would "
                "find it paged out",
                line);
    }
    return AddressWithinSection;
}

VOID NTAPI MmResetDriverPaging(PVOID AddressWithinSection)
{
    DQ_ENTER(MmResetDriverPaging, NULL, AddressWithinSection, 0, 0, DQ_VOID);
}
