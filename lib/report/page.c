/*
 * page.c - where the documentation of a page is to be read.
 *
 * The addresses follow from the names; those that do not are in the tables.
 */
#include "report/page.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/finding.h"

#define SITE "https://learn.microsoft.com/windows-hardware/drivers/"

enum { NAME_BYTES = 128 };

/* Pages whose kind or place is not the usual one of their folder; NULL: no page of its own. */
static const char *const exceptions[][2] = {
    { "devtest: PcIrqlDDIs", SITE "devtest/audio-pcirqlddis" },
    { "devtest: PcIrqlIport", SITE "devtest/audio-pcirqliport" },
    { "portcls: IInterruptSync", SITE "ddi/portcls/nn-portcls-iinterruptsync" },
    { "portcls: PINTERRUPTSYNCROUTINE", NULL },
    { "wdm: DMA_OPERATIONS", NULL },
    { "wdm: KSERVICE_ROUTINE", SITE "ddi/wdm/nc-wdm-kservice_routine" },
};

/* Bug checks whose pages are spelled in a way of their own; all others are code--name. */
static const struct {
    uint32_t code;
    const char *name;
} odd_bugchecks[] = {
    { 0xD4, "bug-check-0xd4--system-scan-at-raised-irql-caught-improper-driver-unlo" },
    { 0xFC, "bug-check-0xfc---attempted-execute-of-noexecute-memory" },
    { 0x101, "bug-check-0x101---clock-watchdog-timeout" },
    { 0x109, "bug-check-0x109---critical-structure-corruption" },
    { 0x119, "bug-check-0x119---video-scheduler-internal-error" },
    { 0x124, "bug-check-0x124---whea-uncorrectable-error" },
    { 0x133, "bug-check-0x133-dpc-watchdog-violation" },
};

/* "DPC_WATCHDOG_VIOLATION" -> "dpc-watchdog-violation". `keep` stays beside letters and digits. */
static void spell(const char *name, const char *keep, char *text, size_t bytes)
{
    size_t used = 0;

    for (; *name != '\0' && used + 1 < bytes; name++) {
        const bool kept = isalnum((unsigned char)*name) || strchr(keep, *name) != NULL;

        text[used++] = kept ? (char)tolower((unsigned char)*name) : '-';
    }
    text[used] = '\0';
}

static bool bugcheck_address(const char *code_text, char *address, size_t bytes)
{
    const uint32_t code = (uint32_t)strtoul(code_text, NULL, 16);
    const char *name = dq_bugcheck_name(code);
    char spelled[NAME_BYTES];

    for (size_t i = 0; i < sizeof(odd_bugchecks) / sizeof(odd_bugchecks[0]); i++) {
        if (odd_bugchecks[i].code == code) {
            snprintf(address, bytes, SITE "debugger/%s", odd_bugchecks[i].name);
            return true;
        }
    }
    if (name == NULL) {
        return false;
    }
    spell(name, "", spelled, sizeof(spelled));
    snprintf(address, bytes, SITE "debugger/bug-check-0x%x--%s", (unsigned)code, spelled);
    return true;
}

/* A routine, declared in the header that the folder is named after. */
static bool is_header(const char *folder)
{
    static const char *const headers[] = { "wdm", "ntddk", "ntifs", "portcls" };

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (strcmp(folder, headers[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool dq_page_address(const char *page, char *address, size_t bytes)
{
    const char *colon = strstr(page, ": ");
    char folder[16], name[NAME_BYTES];

    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
        if (strcmp(exceptions[i][0], page) == 0) {
            snprintf(address, bytes, "%s", exceptions[i][1] != NULL ? exceptions[i][1] : "");
            return exceptions[i][1] != NULL;
        }
    }
    if (colon == NULL || (size_t)(colon - page) >= sizeof(folder)) {
        return false;
    }
    snprintf(folder, sizeof(folder), "%.*s", (int)(colon - page), page);
    if (strncmp(colon, ": bug check 0x", 14) == 0) {
        return bugcheck_address(colon + 14, address, bytes);
    }
    spell(colon + 2, "_", name, sizeof(name));
    if (is_header(folder)) {
        snprintf(address, bytes, SITE "ddi/%s/nf-%s-%s", folder, folder, name);
    } else if (strcmp(folder, "devtest") == 0) {
        snprintf(address, bytes, SITE "devtest/wdm-%s", name);
    } else if (strcmp(folder, "kernel") == 0) {
        snprintf(address, bytes, SITE "kernel/%s", name);
    } else {
        return false;
    }
    return true;
}
