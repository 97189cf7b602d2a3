/*
 * ksdebug.h: _DbgPrintF, the debug output of audio drivers.
 *
 * _DbgPrintF(DEBUGLVL_TERSE, ("text %d", number)) prints STR_MODULENAME, the text and a line end in
 * a checked build (DBG), if the level is not above DEBUG_LEVEL; in a free build it does nothing.
 * A source that prints defines STR_MODULENAME, and DEBUG_LEVEL if the default is not its own.
 */
#ifndef KSDEBUG_H
#define KSDEBUG_H

#include <wdm.h>

#define DEBUGLVL_BLAB 4
#define DEBUGLVL_VERBOSE 3
#define DEBUGLVL_TERSE 2
#define DEBUGLVL_ERROR 1

#if DBG
#ifndef DEBUG_LEVEL
#define DEBUG_LEVEL DEBUGLVL_TERSE
#endif
#define _DbgPrintF(lvl, strings) \
    do { \
        if ((lvl) <= DEBUG_LEVEL) { \
            DbgPrint(STR_MODULENAME); \
            DbgPrint strings; \
            DbgPrint("\n"); \
        } \
    } while (0)
#else
#define _DbgPrintF(lvl, strings)
#endif

#endif
