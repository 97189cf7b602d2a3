/*
 * guiddef.h: GUIDs, and DEFINE_GUID in its two meanings.
 *
 * Without INITGUID, DEFINE_GUID declares. After <initguid.h> it defines, and any number of
 * translation units may do so: the definitions are merged by the linker.
 */
#ifndef GUIDDEF_H
#define GUIDDEF_H

#include <string.h>

#ifndef EXTERN_C
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#endif

#ifndef DECLSPEC_SELECTANY
#ifdef __ELF__
#define DECLSPEC_SELECTANY __attribute__((weak, visibility("default")))
#else
#define DECLSPEC_SELECTANY __attribute__((selectany))
#endif
#endif

typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2;
    unsigned short Data3;
    unsigned char Data4[8];
} GUID;

typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID, *LPIID;
typedef GUID CLSID, *LPCLSID;

#ifdef __cplusplus
#define REFGUID const GUID &
#define REFIID const IID &
#define REFCLSID const CLSID &
#else
#define REFGUID const GUID *
#define REFIID const IID *
#define REFCLSID const CLSID *
#endif

/* GUID_DEFINITION begins a definition that other translation units may repeat. */
#ifdef __ELF__
#define DECLARE_GUID(name) EXTERN_C __attribute__((visibility("default"))) const GUID name
#else
#define DECLARE_GUID(name) EXTERN_C const GUID name
#endif

#if defined(__cplusplus)
#define GUID_DEFINITION(name) DECLARE_GUID(name); extern "C" const GUID DECLSPEC_SELECTANY name
#elif defined(__ELF__)
#define GUID_DEFINITION(name) DECLARE_GUID(name); const GUID DECLSPEC_SELECTANY name
#else
/* gcc forgets that a definition is selectany when a declaration precedes it. */
#define GUID_DEFINITION(name) const GUID DECLSPEC_SELECTANY name
#endif

#endif

/* This part is read again by <initguid.h>, so it stands outside the guard. */
#undef DEFINE_GUID

#ifdef INITGUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    GUID_DEFINITION(name) = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) DECLARE_GUID(name)
#endif

#ifndef GUIDDEF_EQUALITY
#define GUIDDEF_EQUALITY

#ifdef __cplusplus

extern "C++" { /* Drivers include headers inside extern "C" { }. */

inline int IsEqualGUID(const GUID &rguid1, const GUID &rguid2)
{
    return memcmp(&rguid1, &rguid2, sizeof(GUID)) == 0;
}

#ifndef _SYS_GUID_OPERATOR_EQ_
#define _SYS_GUID_OPERATOR_EQ_

inline bool operator==(const GUID &guidOne, const GUID &guidOther)
{
    return IsEqualGUID(guidOne, guidOther) != 0;
}

inline bool operator!=(const GUID &guidOne, const GUID &guidOther)
{
    return !(guidOne == guidOther);
}

#endif

}

#else
#define IsEqualGUID(rguid1, rguid2) (memcmp((rguid1), (rguid2), sizeof(GUID)) == 0)
#endif

#define InlineIsEqualGUID(rguid1, rguid2) IsEqualGUID(rguid1, rguid2)
#define IsEqualIID(riid1, riid2) IsEqualGUID(riid1, riid2)
#define IsEqualCLSID(rclsid1, rclsid2) IsEqualGUID(rclsid1, rclsid2)
#define IsEqualGUIDAligned(guid1, guid2) IsEqualGUID(guid1, guid2)

#endif
