/*
 * specstrings_undef.h: ends the bare words of specstrings.h (__in, __out, ...).
 */
#undef __in
#undef __out
#undef __inout
#undef __deref
#undef __pre
#undef __post
#undef __valid
#undef __refparam
#undef __reserved
#undef __callback
#undef __notnull
