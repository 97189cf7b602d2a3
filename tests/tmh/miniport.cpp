/* miniport.cpp - messages of a source in C++, with a block of its own. */
#include <wdm.h>

#include "driver.h"
#include "trace.h"
#include "miniport.tmh"

// begin_wpp config
// FUNC Play{FLAGS=DBG_IO}(LEVEL, MSG, ...);
// end_wpp

VOID sample_play(ULONG rate)
{
    Play(TRACE_LEVEL_WARNING, "rate %!d!, %!UNKNOWN!", rate, 7);
}
