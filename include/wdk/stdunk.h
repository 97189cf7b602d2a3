/*
 * stdunk.h: CUnknown, the base class of reference-counted objects, and how they are created.
 *
 * An object of a CUnknown class is counted by its NonDelegating methods. Its interfaces
 * delegate to the outer object, which is the object itself unless it is aggregated. The
 * class implements NonDelegatingQueryInterface; the rest is here, and inline.
 *
 * Objects are created with new(PoolType) or new(PoolType, Tag) in zeroed pool memory, and
 * deleted by plain delete: a program that uses these operators gets, from the PortCls library,
 * a global operator delete that gives pool memory back to the pool and other memory to the
 * C++ library. A source that brings its own operators, global delete included, defines
 * _NEW_DELETE_OPERATORS_ before this header; then its own are linked.
 */
#ifndef STDUNK_H
#define STDUNK_H

#include <wdm.h>
#include <punknown.h>

#if defined(__cplusplus) && !defined(CINTERFACE)

#undef INTERFACE
#define INTERFACE INonDelegatingUnknown

DECLARE_INTERFACE(INonDelegatingUnknown)
{
    STDMETHOD_(NTSTATUS, NonDelegatingQueryInterface)(THIS_ _In_ REFIID rIID,
                                                      _Out_ PVOID *ppVoid) PURE;
    STDMETHOD_(ULONG, NonDelegatingAddRef)(THIS) PURE;
    STDMETHOD_(ULONG, NonDelegatingRelease)(THIS) PURE;
};

#undef INTERFACE

typedef INonDelegatingUnknown *PNONDELEGATINGUNKNOWN;

/* -- Memory ----------------------------------------------------------------------------------- */

#define STDUNK_POOL_TAG 0x6b6e5573 /* 'sUnk' as it stands in memory. */

#ifndef _NEW_DELETE_OPERATORS_
#define _NEW_DELETE_OPERATORS_

/* Stands beside the global operators delete: to name it is to link them. */
extern "C" const UCHAR StdUnkOperators;

inline void *StdUnkAllocated(void *Memory) noexcept
{
    (void)*const_cast<const volatile UCHAR *>(&StdUnkOperators);
    return Memory;
}

/*
 * IRQL <= DISPATCH_LEVEL. NULL on failure, and then no constructor runs. The pool does the
 * zeroing: a compiler may drop stores that a constructor follows as dead.
 */
inline void *operator new(size_t Size, POOL_TYPE PoolType) noexcept
{
    return StdUnkAllocated(ExAllocatePoolZero(PoolType, Size, STDUNK_POOL_TAG));
}

inline void *operator new(size_t Size, POOL_TYPE PoolType, ULONG Tag) noexcept
{
    return StdUnkAllocated(ExAllocatePoolZero(PoolType, Size, Tag));
}

inline void *operator new[](size_t Size, POOL_TYPE PoolType) noexcept
{
    return StdUnkAllocated(ExAllocatePoolZero(PoolType, Size, STDUNK_POOL_TAG));
}

inline void *operator new[](size_t Size, POOL_TYPE PoolType, ULONG Tag) noexcept
{
    return StdUnkAllocated(ExAllocatePoolZero(PoolType, Size, Tag));
}

/* The counterparts that a compiler calls when a constructor throws. */
inline void operator delete(void *Memory, POOL_TYPE) noexcept
{
    ExFreePool(Memory);
}

inline void operator delete(void *Memory, POOL_TYPE, ULONG Tag) noexcept
{
    ExFreePoolWithTag(Memory, Tag);
}

inline void operator delete[](void *Memory, POOL_TYPE) noexcept
{
    ExFreePool(Memory);
}

inline void operator delete[](void *Memory, POOL_TYPE, ULONG Tag) noexcept
{
    ExFreePoolWithTag(Memory, Tag);
}

#endif

/* -- CUnknown --------------------------------------------------------------------------------- */

class CUnknown : public INonDelegatingUnknown {
public:
    CUnknown(PUNKNOWN pUnknownOuter)
        : m_Inner(this), m_lRefCount(0),
          m_pUnknownOuter(pUnknownOuter != NULL ? pUnknownOuter : &m_Inner)
    {
    }

    virtual ~CUnknown()
    {
    }

    /* Any IRQL at which the pool memory may be touched; the count after. */
    STDMETHODIMP_(ULONG) NonDelegatingAddRef(void)
    {
        return (ULONG)InterlockedIncrement(&m_lRefCount);
    }

    STDMETHODIMP_(ULONG) NonDelegatingRelease(void)
    {
        LONG Count = InterlockedDecrement(&m_lRefCount);

        if (Count == 0) {
            /* The destructor may count up and down again without being entered twice. */
            InterlockedIncrement(&m_lRefCount);
            delete this;
        }
        return (ULONG)Count;
    }

    /* A class without interfaces of its own is still an IUnknown. */
    STDMETHODIMP_(NTSTATUS) NonDelegatingQueryInterface(REFIID rIID, PVOID *ppVoid)
    {
        if (IsEqualGUID(rIID, IID_IUnknown)) {
            *ppVoid = static_cast<PUNKNOWN>(&m_Inner);
            NonDelegatingAddRef();
            return STATUS_SUCCESS;
        }
        *ppVoid = NULL;
        return STATUS_INVALID_PARAMETER;
    }

    PUNKNOWN GetOuterUnknown(void)
    {
        return m_pUnknownOuter;
    }

    /* The object's own IUnknown, which does not delegate: what an aggregating object keeps. */
    PUNKNOWN GetInnerUnknown(void)
    {
        return &m_Inner;
    }

    static void operator delete(void *Memory) noexcept
    {
        if (Memory != NULL) {
            ExFreePool(Memory);
        }
    }

private:
    class CInner : public IUnknown {
    public:
        explicit CInner(CUnknown *Owner) : m_Owner(Owner)
        {
        }

        STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID InterfaceId, PVOID *Interface)
        {
            INonDelegatingUnknown *Owner = m_Owner;
            return Owner->NonDelegatingQueryInterface(InterfaceId, Interface);
        }

        STDMETHODIMP_(ULONG) AddRef(void)
        {
            return m_Owner->NonDelegatingAddRef();
        }

        STDMETHODIMP_(ULONG) Release(void)
        {
            return m_Owner->NonDelegatingRelease();
        }

    private:
        CUnknown *m_Owner;
    };

    CUnknown(const CUnknown &) = delete;
    CUnknown &operator=(const CUnknown &) = delete;

    CInner m_Inner;
    LONG m_lRefCount;
    PUNKNOWN m_pUnknownOuter;
};

/* -- For the classes that derive from it ------------------------------------------------------ */

#define IMP_IUnknown \
    STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID riid, PVOID *ppv); \
    STDMETHODIMP_(ULONG) AddRef(void); \
    STDMETHODIMP_(ULONG) Release(void)

/* The class has to define NonDelegatingQueryInterface. */
#define DECLARE_STD_UNKNOWN() \
    STDMETHODIMP_(NTSTATUS) NonDelegatingQueryInterface(REFIID rIID, PVOID *ppVoid); \
    DEFINE_STD_UNKNOWN()

#define DEFINE_STD_UNKNOWN() \
    STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID riid, PVOID *ppv) \
    { \
        return GetOuterUnknown()->QueryInterface(riid, ppv); \
    } \
    STDMETHODIMP_(ULONG) AddRef(void) \
    { \
        return GetOuterUnknown()->AddRef(); \
    } \
    STDMETHODIMP_(ULONG) Release(void) \
    { \
        return GetOuterUnknown()->Release(); \
    }

#define DEFINE_STD_CONSTRUCTOR(Class) \
    Class(PUNKNOWN pUnknownOuter) : CUnknown(pUnknownOuter) \
    { \
    }

#define QICAST(Type) PVOID((Type)(this))
#define QICASTUNKNOWN(Type) PVOID(PUNKNOWN((Type)(this)))

/* The body of a function that creates an object of Class and returns an NTSTATUS. */
#define STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, tag, base) \
    Class *p = new (poolType, tag) Class(pUnknownOuter); \
    if (p == NULL) { \
        return STATUS_INSUFFICIENT_RESOURCES; \
    } \
    *(ppUnknown) = PUNKNOWN((base)(p)); \
    (*(ppUnknown))->AddRef(); \
    return STATUS_SUCCESS

#define STD_CREATE_BODY_WITH_TAG(Class, ppUnknown, pUnknownOuter, poolType, tag) \
    STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, tag, PUNKNOWN)

#define STD_CREATE_BODY_(Class, ppUnknown, pUnknownOuter, poolType, base) \
    STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, STDUNK_POOL_TAG, base)

#define STD_CREATE_BODY(Class, ppUnknown, pUnknownOuter, poolType) \
    STD_CREATE_BODY_(Class, ppUnknown, pUnknownOuter, poolType, PUNKNOWN)

#endif

#endif
