/*
 * ntcompiler.h: the keywords of Microsoft's compilers that driver sources use directly.
 *
 * A compiler for Windows knows them itself. There is one calling convention on x64, so the
 * keywords that choose one mean nothing.
 */
#ifndef NTCOMPILER_H
#define NTCOMPILER_H

#ifdef __ELF__

#define __cdecl
#define __stdcall
#define __fastcall
#define __vectorcall
#define _cdecl
#define _stdcall
#define __ptr32
#define __ptr64
#define __unaligned

#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long

#define __forceinline FORCEINLINE

#define __declspec(x) NTCOMPILER_DECLSPEC_##x
#define NTCOMPILER_DECLSPEC_align(x) __attribute__((aligned(x)))
#define NTCOMPILER_DECLSPEC_deprecated
#define NTCOMPILER_DECLSPEC_dllexport __attribute__((visibility("default")))
#define NTCOMPILER_DECLSPEC_dllimport __attribute__((visibility("default")))
#define NTCOMPILER_DECLSPEC_noinline __attribute__((noinline))
#define NTCOMPILER_DECLSPEC_noreturn __attribute__((noreturn))
#define NTCOMPILER_DECLSPEC_nothrow __attribute__((nothrow))
#define NTCOMPILER_DECLSPEC_novtable
#define NTCOMPILER_DECLSPEC_selectany DECLSPEC_SELECTANY
#define NTCOMPILER_DECLSPEC_uuid(x)

#endif

#endif
