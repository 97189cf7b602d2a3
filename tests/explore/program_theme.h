/*
 * program_theme.h - kernel objects, a device and lists that generated programs work with.
 */
#ifndef TEST_PROGRAM_THEME_H
#define TEST_PROGRAM_THEME_H

#include "program.h"

#include <dirql/device.h>

enum { PROGRAM_ENTRIES = 3, PROGRAM_REGISTERS = 2 };

typedef struct program_entry {
    SLIST_ENTRY single; /* First: its alignment. */
    LIST_ENTRY both;
    LONG is_pushed, is_inserted;
} program_entry;

typedef struct program_theme_objects {
    SLIST_HEADER pushed;
    program_entry entries[PROGRAM_ENTRIES];
    LIST_ENTRY inserted;
    KSPIN_LOCK list_lock, queued_lock;
    KSEMAPHORE semaphore;
    KMUTEX mutex;
    FAST_MUTEX fast;
    KGUARDED_MUTEX guarded;
    ERESOURCE resource;
    EX_PUSH_LOCK push;
    EX_SPIN_LOCK spin;
    IO_REMOVE_LOCK remove;
    EX_RUNDOWN_REF rundown;
    LONG is_removed, is_run_down;
    PVOID given;         /* Memory that somebody has allocated. */
    volatile ULONG *registers;
    ULONG values[PROGRAM_REGISTERS]; /* The device's. */
    dirql_stimulus stimulus;
} program_theme_objects;

extern program_theme_objects program_theme_things;

#endif
