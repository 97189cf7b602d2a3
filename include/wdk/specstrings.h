/*
 * specstrings.h: the annotations of sal.h and their first-edition spellings (__in and so on).
 *
 * The bare words (__in, __out, ...) are also ordinary identifiers inside some C++ standard
 * libraries. So the first header of such a library that comes after this one ends them
 * (bits/c++config.h and __config beside this file see to that): a C++ source that uses them
 * includes the library, if at all, after its driver's headers.
 */
#ifndef SPECSTRINGS_H
#define SPECSTRINGS_H

#include <sal.h>

#define __in
#define __out
#define __inout
#define __deref
#define __pre
#define __post
#define __valid
#define __refparam
#define __reserved
#define __callback
#define __notnull

#define __in_opt
#define __out_opt
#define __inout_opt
#define __deref_out
#define __deref_out_opt
#define __deref_opt_out
#define __deref_opt_out_opt
#define __deref_inout
#define __deref_inout_opt
#define __in_z
#define __in_opt_z
#define __inout_z
#define __nullterminated
#define __nullnullterminated
#define __checkReturn
#define __maybenull
#define __readonly
#define __notreadonly
#define __maybereadonly
#define __notvalid
#define __format_string
#define __fallthrough
#define __field_nullterminated
#define __in_ecount(x)
#define __in_bcount(x)
#define __in_ecount_opt(x)
#define __in_bcount_opt(x)
#define __in_xcount(x)
#define __out_ecount(x)
#define __out_bcount(x)
#define __out_ecount_opt(x)
#define __out_bcount_opt(x)
#define __out_ecount_full(x)
#define __out_bcount_full(x)
#define __inout_ecount(x)
#define __inout_bcount(x)
#define __inout_ecount_opt(x)
#define __inout_bcount_opt(x)
#define __inout_ecount_full(x)
#define __inout_bcount_full(x)
#define __deref_out_ecount(x)
#define __deref_out_bcount(x)
#define __deref_out_ecount_opt(x)
#define __deref_out_bcount_opt(x)
#define __ecount(x)
#define __bcount(x)
#define __field_ecount(x)
#define __field_bcount(x)
#define __field_ecount_opt(x)
#define __field_bcount_opt(x)
#define __struct_bcount(x)
#define __success(x)
#define __readableTo(x)
#define __writableTo(x)
#define __byte_readableTo(x)
#define __byte_writableTo(x)
#define __elem_readableTo(x)
#define __analysis_assume(x)
#define __control_entrypoint(x)
#define __blocksOn(x)
#define __in_range(l, h)
#define __out_range(l, h)
#define __deref_in_range(l, h)
#define __deref_out_range(l, h)
#define __range(l, h)
#define __field_range(l, h)
#define __out_ecount_part(s, c)
#define __out_bcount_part(s, c)
#define __out_ecount_part_opt(s, c)
#define __out_bcount_part_opt(s, c)
#define __inout_ecount_part(s, c)
#define __inout_bcount_part(s, c)

#endif
