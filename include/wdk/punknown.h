/*
 * punknown.h: IUnknown in the kernel. QueryInterface returns an NTSTATUS here.
 */
#ifndef PUNKNOWN_H
#define PUNKNOWN_H

#include <basetyps.h>

DEFINE_GUID(IID_IUnknown,
            0x00000000, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46);

/* The three methods that begin every interface. */
#define DEFINE_ABSTRACT_UNKNOWN() \
    STDMETHOD_(NTSTATUS, QueryInterface)(THIS_ _In_ REFIID InterfaceId, \
                                         _Out_ PVOID *Interface) PURE; \
    STDMETHOD_(ULONG, AddRef)(THIS) PURE; \
    STDMETHOD_(ULONG, Release)(THIS) PURE;

#undef INTERFACE
#define INTERFACE IUnknown

DECLARE_INTERFACE(IUnknown)
{
    DEFINE_ABSTRACT_UNKNOWN()
};

#undef INTERFACE

typedef IUnknown *PUNKNOWN, *LPUNKNOWN;

#if !defined(__cplusplus) || defined(CINTERFACE)
#define IUnknown_QueryInterface(This, InterfaceId, Interface) \
    ((This)->lpVtbl->QueryInterface((This), (InterfaceId), (Interface)))
#define IUnknown_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IUnknown_Release(This) ((This)->lpVtbl->Release(This))
#endif

#endif
