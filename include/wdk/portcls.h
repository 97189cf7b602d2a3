/*
 * portcls.h: PortCls, as an adapter driver and its miniports see it.
 *
 * Here are the objects that carry interrupts, resource lists, interrupt synchronization objects and
 * service groups, and the keys of the registry. Every interface serves C and C++ alike (see
 * basetyps.h); C calls its methods through macros such as IInterruptSync_Connect(This).
 */
#ifndef PORTCLS_H
#define PORTCLS_H

#include <wdm.h>
#include <windef.h>
#include <ks.h>
#include <ksmedia.h>
#include <punknown.h>

#define PORTCLASSAPI DECLSPEC_IMPORT

/* -- Resource lists: "portcls: IResourceList" ------------------------------------------------- */

DEFINE_GUID(IID_IResourceList,
            0x22c6ac60, 0x851b, 0x11d0, 0x9a, 0x7f, 0x00, 0xaa, 0x00, 0x38, 0xac, 0xfe);

#undef INTERFACE
#define INTERFACE IResourceList

/*
 * IRQL = PASSIVE_LEVEL. Type is a CmResourceTypeXxx, Index counts the entries of that type
 * from 0. What the Find and List methods return is valid until the list is deleted.
 */
DECLARE_INTERFACE_(IResourceList, IUnknown)
{
    DEFINE_ABSTRACT_UNKNOWN()

    STDMETHOD_(ULONG, NumberOfEntries)(THIS) PURE;
    STDMETHOD_(ULONG, NumberOfEntriesOfType)(THIS_ _In_ CM_RESOURCE_TYPE Type) PURE;
    STDMETHOD_(PCM_PARTIAL_RESOURCE_DESCRIPTOR, FindTranslatedEntry)(
        THIS_ _In_ CM_RESOURCE_TYPE Type, _In_ ULONG Index) PURE;
    STDMETHOD_(PCM_PARTIAL_RESOURCE_DESCRIPTOR, FindUntranslatedEntry)(
        THIS_ _In_ CM_RESOURCE_TYPE Type, _In_ ULONG Index) PURE;
    STDMETHOD_(NTSTATUS, AddEntry)(THIS_ _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Translated,
                                   _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Untranslated) PURE;
    STDMETHOD_(NTSTATUS, AddEntryFromParent)(THIS_ _In_ struct IResourceList *Parent,
                                             _In_ CM_RESOURCE_TYPE Type,
                                             _In_ ULONG Index) PURE;
    STDMETHOD_(PCM_RESOURCE_LIST, TranslatedList)(THIS) PURE;
    STDMETHOD_(PCM_RESOURCE_LIST, UntranslatedList)(THIS) PURE;
};

typedef IResourceList *PRESOURCELIST;

#define IMP_IResourceList \
    STDMETHODIMP_(ULONG) NumberOfEntries(void); \
    STDMETHODIMP_(ULONG) NumberOfEntriesOfType(CM_RESOURCE_TYPE Type); \
    STDMETHODIMP_(PCM_PARTIAL_RESOURCE_DESCRIPTOR) FindTranslatedEntry(CM_RESOURCE_TYPE Type, \
                                                                       ULONG Index); \
    STDMETHODIMP_(PCM_PARTIAL_RESOURCE_DESCRIPTOR) FindUntranslatedEntry(CM_RESOURCE_TYPE Type, \
                                                                         ULONG Index); \
    STDMETHODIMP_(NTSTATUS) AddEntry(PCM_PARTIAL_RESOURCE_DESCRIPTOR Translated, \
                                     PCM_PARTIAL_RESOURCE_DESCRIPTOR Untranslated); \
    STDMETHODIMP_(NTSTATUS) AddEntryFromParent(IResourceList *Parent, CM_RESOURCE_TYPE Type, \
                                               ULONG Index); \
    STDMETHODIMP_(PCM_RESOURCE_LIST) TranslatedList(void); \
    STDMETHODIMP_(PCM_RESOURCE_LIST) UntranslatedList(void)

/* Method calls for one type each: List->NumberOfInterrupts() and so on. */
#define NumberOfPorts() NumberOfEntriesOfType(CmResourceTypePort)
#define FindTranslatedPort(n) FindTranslatedEntry(CmResourceTypePort, (n))
#define FindUntranslatedPort(n) FindUntranslatedEntry(CmResourceTypePort, (n))
#define AddPortFromParent(p, n) AddEntryFromParent((p), CmResourceTypePort, (n))

#define NumberOfInterrupts() NumberOfEntriesOfType(CmResourceTypeInterrupt)
#define FindTranslatedInterrupt(n) FindTranslatedEntry(CmResourceTypeInterrupt, (n))
#define FindUntranslatedInterrupt(n) FindUntranslatedEntry(CmResourceTypeInterrupt, (n))
#define AddInterruptFromParent(p, n) AddEntryFromParent((p), CmResourceTypeInterrupt, (n))

#define NumberOfMemories() NumberOfEntriesOfType(CmResourceTypeMemory)
#define FindTranslatedMemory(n) FindTranslatedEntry(CmResourceTypeMemory, (n))
#define FindUntranslatedMemory(n) FindUntranslatedEntry(CmResourceTypeMemory, (n))
#define AddMemoryFromParent(p, n) AddEntryFromParent((p), CmResourceTypeMemory, (n))

#define NumberOfDmas() NumberOfEntriesOfType(CmResourceTypeDma)
#define FindTranslatedDma(n) FindTranslatedEntry(CmResourceTypeDma, (n))
#define FindUntranslatedDma(n) FindUntranslatedEntry(CmResourceTypeDma, (n))
#define AddDmaFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDma, (n))

#define NumberOfDeviceSpecifics() NumberOfEntriesOfType(CmResourceTypeDeviceSpecific)
#define FindTranslatedDeviceSpecific(n) FindTranslatedEntry(CmResourceTypeDeviceSpecific, (n))
#define FindUntranslatedDeviceSpecific(n) FindUntranslatedEntry(CmResourceTypeDeviceSpecific, (n))
#define AddDeviceSpecificFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDeviceSpecific, (n))

#define NumberOfBusNumbers() NumberOfEntriesOfType(CmResourceTypeBusNumber)
#define FindTranslatedBusNumber(n) FindTranslatedEntry(CmResourceTypeBusNumber, (n))
#define FindUntranslatedBusNumber(n) FindUntranslatedEntry(CmResourceTypeBusNumber, (n))
#define AddBusNumberFromParent(p, n) AddEntryFromParent((p), CmResourceTypeBusNumber, (n))

#define NumberOfDevicePrivates() NumberOfEntriesOfType(CmResourceTypeDevicePrivate)
#define FindTranslatedDevicePrivate(n) FindTranslatedEntry(CmResourceTypeDevicePrivate, (n))
#define FindUntranslatedDevicePrivate(n) FindUntranslatedEntry(CmResourceTypeDevicePrivate, (n))
#define AddDevicePrivateFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDevicePrivate, (n))

/* As documented, though the type constants of these two are no longer declared anywhere. */
#define NumberOfAssignedResources() NumberOfEntriesOfType(CmResourceTypeAssignedResource)
#define FindTranslatedAssignedResource(n) FindTranslatedEntry(CmResourceTypeAssignedResource, (n))
#define FindUntranslatedAssignedResource(n) \
    FindUntranslatedEntry(CmResourceTypeAssignedResource, (n))
#define AddAssignedResourceFromParent(p, n) \
    AddEntryFromParent((p), CmResourceTypeAssignedResource, (n))

#define NumberOfSubAllocateFroms() NumberOfEntriesOfType(CmResourceTypeSubAllocateFrom)
#define FindTranslatedSubAllocateFrom(n) FindTranslatedEntry(CmResourceTypeSubAllocateFrom, (n))
#define FindUntranslatedSubAllocateFrom(n) FindUntranslatedEntry(CmResourceTypeSubAllocateFrom, (n))
#define AddSubAllocateFromFromParent(p, n) \
    AddEntryFromParent((p), CmResourceTypeSubAllocateFrom, (n))

/* -- Interrupt synchronization: "portcls: IInterruptSync" ------------------------------------- */

DEFINE_GUID(IID_IInterruptSync,
            0x22c6ac63, 0x851b, 0x11d0, 0x9a, 0x7f, 0x00, 0xaa, 0x00, 0x38, 0xac, 0xfe);

/* How the list of routines is walked when the interrupt comes. */
typedef enum {
    InterruptSyncModeNormal = 1, /* From the head to the first that succeeds. */
    InterruptSyncModeAll,        /* Each once. */
    InterruptSyncModeRepeat      /* All, again and again, until a whole pass has no success. */
} INTERRUPTSYNCMODE;

struct IInterruptSync;

/* Runs at the interrupt's own IRQL, with its spin lock held. STATUS_SUCCESS: it was mine. */
typedef NTSTATUS (NTAPI *PINTERRUPTSYNCROUTINE)(_In_ struct IInterruptSync *InterruptSync,
                                                _In_ PVOID DynamicContext);

#undef INTERFACE
#define INTERFACE IInterruptSync

/*
 * IRQL = PASSIVE_LEVEL, but for CallSynchronizedRoutine (not above the interrupt's IRQL)
 * and GetKInterrupt (any).
 */
DECLARE_INTERFACE_(IInterruptSync, IUnknown)
{
    DEFINE_ABSTRACT_UNKNOWN()

    STDMETHOD_(NTSTATUS, CallSynchronizedRoutine)(THIS_ _In_ PINTERRUPTSYNCROUTINE Routine,
                                                  _In_ PVOID DynamicContext) PURE;
    STDMETHOD_(PKINTERRUPT, GetKInterrupt)(THIS) PURE;
    STDMETHOD_(NTSTATUS, Connect)(THIS) PURE;
    STDMETHOD_(void, Disconnect)(THIS) PURE;
    STDMETHOD_(NTSTATUS, RegisterServiceRoutine)(THIS_ _In_ PINTERRUPTSYNCROUTINE Routine,
                                                 _In_ PVOID DynamicContext,
                                                 _In_ BOOLEAN First) PURE;
};

typedef IInterruptSync *PINTERRUPTSYNC;

#define IMP_IInterruptSync \
    STDMETHODIMP_(NTSTATUS) CallSynchronizedRoutine(PINTERRUPTSYNCROUTINE Routine, \
                                                    PVOID DynamicContext); \
    STDMETHODIMP_(PKINTERRUPT) GetKInterrupt(void); \
    STDMETHODIMP_(NTSTATUS) Connect(void); \
    STDMETHODIMP_(void) Disconnect(void); \
    STDMETHODIMP_(NTSTATUS) RegisterServiceRoutine(PINTERRUPTSYNCROUTINE Routine, \
                                                   PVOID DynamicContext, BOOLEAN First)

/* -- Service groups: "portcls: IServiceSink", "portcls: IServiceGroup" ------------------------ */

DEFINE_GUID(IID_IServiceSink,
            0x22c6ac64, 0x851b, 0x11d0, 0x9a, 0x7f, 0x00, 0xaa, 0x00, 0x38, 0xac, 0xfe);
DEFINE_GUID(IID_IServiceGroup,
            0x22c6ac65, 0x851b, 0x11d0, 0x9a, 0x7f, 0x00, 0xaa, 0x00, 0x38, 0xac, 0xfe);

#undef INTERFACE
#define INTERFACE IServiceSink

/* IRQL = DISPATCH_LEVEL: a group calls its members from its DPC. */
DECLARE_INTERFACE_(IServiceSink, IUnknown)
{
    DEFINE_ABSTRACT_UNKNOWN()

    STDMETHOD_(void, RequestService)(THIS) PURE;
};

typedef IServiceSink *PSERVICESINK;

#define IMP_IServiceSink STDMETHODIMP_(void) RequestService(void)

/* In C the methods of the base interface are written out. */
#if defined(__cplusplus) && !defined(CINTERFACE)
#define DEFINE_ABSTRACT_SERVICESINK()
#else
#define DEFINE_ABSTRACT_SERVICESINK() \
    DEFINE_ABSTRACT_UNKNOWN() \
    STDMETHOD_(void, RequestService)(THIS) PURE;
#endif

#undef INTERFACE
#define INTERFACE IServiceGroup

/*
 * RequestService: any IRQL up to that of the interrupt. AddMember, RemoveMember: PASSIVE_LEVEL.
 * The delayed services: <= DISPATCH_LEVEL; ullDelay is a due time as KeSetTimer takes it.
 */
DECLARE_INTERFACE_(IServiceGroup, IServiceSink)
{
    DEFINE_ABSTRACT_SERVICESINK()

    STDMETHOD_(NTSTATUS, AddMember)(THIS_ _In_ PSERVICESINK pServiceSink) PURE;
    STDMETHOD_(void, RemoveMember)(THIS_ _In_ PSERVICESINK pServiceSink) PURE;
    STDMETHOD_(void, SupportDelayedService)(THIS) PURE;
    STDMETHOD_(void, RequestDelayedService)(THIS_ _In_ ULONGLONG ullDelay) PURE;
    STDMETHOD_(void, CancelDelayedService)(THIS) PURE;
};

#undef INTERFACE

typedef IServiceGroup *PSERVICEGROUP;

#define IMP_IServiceGroup \
    IMP_IServiceSink; \
    STDMETHODIMP_(NTSTATUS) AddMember(PSERVICESINK pServiceSink); \
    STDMETHODIMP_(void) RemoveMember(PSERVICESINK pServiceSink); \
    STDMETHODIMP_(void) SupportDelayedService(void); \
    STDMETHODIMP_(void) RequestDelayedService(ULONGLONG ullDelay); \
    STDMETHODIMP_(void) CancelDelayedService(void)

/* -- Keys of the registry: "portcls: IRegistryKey" -------------------------------------------- */

DEFINE_GUID(IID_IRegistryKey,
            0xe8da4302, 0xf304, 0x11d0, 0x95, 0x8b, 0x00, 0xc0, 0x4f, 0xb9, 0x25, 0xd3);

/* Which key PcNewRegistryKey opens. */
enum {
    GeneralRegistryKey,         /* The one that the attributes name; made if it is missing. */
    DeviceRegistryKey,
    DriverRegistryKey,
    HwProfileRegistryKey,
    DeviceInterfaceRegistryKey  /* Not with PcNewRegistryKey. */
};

#undef INTERFACE
#define INTERFACE IRegistryKey

/* IRQL = PASSIVE_LEVEL. Statuses as of the Zw... and Rtl... routines of similar names. */
DECLARE_INTERFACE_(IRegistryKey, IUnknown)
{
    DEFINE_ABSTRACT_UNKNOWN()

    STDMETHOD_(NTSTATUS, QueryKey)(THIS_ _In_ KEY_INFORMATION_CLASS KeyInformationClass,
                                   _Out_ PVOID KeyInformation, _In_ ULONG Length,
                                   _Out_ PULONG ResultLength) PURE;
    STDMETHOD_(NTSTATUS, EnumerateKey)(THIS_ _In_ ULONG Index,
                                       _In_ KEY_INFORMATION_CLASS KeyInformationClass,
                                       _Out_ PVOID KeyInformation, _In_ ULONG Length,
                                       _Out_ PULONG ResultLength) PURE;
    STDMETHOD_(NTSTATUS, QueryValueKey)(
        THIS_ _In_ PUNICODE_STRING ValueName,
        _In_ KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
        _Out_ PVOID KeyValueInformation, _In_ ULONG Length, _Out_ PULONG ResultLength) PURE;
    STDMETHOD_(NTSTATUS, EnumerateValueKey)(
        THIS_ _In_ ULONG Index, _In_ KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
        _Out_ PVOID KeyValueInformation, _In_ ULONG Length, _Out_ PULONG ResultLength) PURE;
    STDMETHOD_(NTSTATUS, SetValueKey)(THIS_ _In_opt_ PUNICODE_STRING ValueName, _In_ ULONG Type,
                                      _In_ PVOID Data, _In_ ULONG DataSize) PURE;
    STDMETHOD_(NTSTATUS, QueryRegistryValues)(THIS_ _In_ PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                              _In_opt_ PVOID Context) PURE;
    STDMETHOD_(NTSTATUS, NewSubKey)(THIS_ _Out_ struct IRegistryKey **RegistrySubKey,
                                    _In_opt_ PUNKNOWN OuterUnknown,
                                    _In_ ACCESS_MASK DesiredAccess,
                                    _In_ PUNICODE_STRING SubKeyName, _In_ ULONG CreateOptions,
                                    _Out_opt_ PULONG Disposition) PURE;
    STDMETHOD_(NTSTATUS, DeleteKey)(THIS) PURE;
};

#undef INTERFACE

typedef IRegistryKey *PREGISTRYKEY;

#define IMP_IRegistryKey \
    STDMETHODIMP_(NTSTATUS) QueryKey(KEY_INFORMATION_CLASS KeyInformationClass, \
                                     PVOID KeyInformation, ULONG Length, PULONG ResultLength); \
    STDMETHODIMP_(NTSTATUS) EnumerateKey(ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass, \
                                         PVOID KeyInformation, ULONG Length, \
                                         PULONG ResultLength); \
    STDMETHODIMP_(NTSTATUS) QueryValueKey(PUNICODE_STRING ValueName, \
                                          KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, \
                                          PVOID KeyValueInformation, ULONG Length, \
                                          PULONG ResultLength); \
    STDMETHODIMP_(NTSTATUS) EnumerateValueKey( \
        ULONG Index, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, \
        PVOID KeyValueInformation, ULONG Length, PULONG ResultLength); \
    STDMETHODIMP_(NTSTATUS) SetValueKey(PUNICODE_STRING ValueName, ULONG Type, PVOID Data, \
                                        ULONG DataSize); \
    STDMETHODIMP_(NTSTATUS) QueryRegistryValues(PRTL_QUERY_REGISTRY_TABLE QueryTable, \
                                                PVOID Context); \
    STDMETHODIMP_(NTSTATUS) NewSubKey(IRegistryKey **RegistrySubKey, PUNKNOWN OuterUnknown, \
                                      ACCESS_MASK DesiredAccess, PUNICODE_STRING SubKeyName, \
                                      ULONG CreateOptions, PULONG Disposition); \
    STDMETHODIMP_(NTSTATUS) DeleteKey(void)

/* -- Functions -------------------------------------------------------------------------------- */

EXTERN_C_START

/* IRQL = PASSIVE_LEVEL. "portcls: PcNewInterruptSync". */
_Must_inspect_result_ PORTCLASSAPI NTSTATUS NTAPI PcNewInterruptSync(
    _Out_ PINTERRUPTSYNC *OutInterruptSync, _In_opt_ PUNKNOWN OuterUnknown,
    _In_ PRESOURCELIST ResourceList, _In_ ULONG ResourceIndex, _In_ INTERRUPTSYNCMODE Mode);

/* IRQL = PASSIVE_LEVEL. "portcls: PcNewResourceList". */
_Must_inspect_result_ PORTCLASSAPI NTSTATUS NTAPI PcNewResourceList(
    _Out_ PRESOURCELIST *OutResourceList, _In_opt_ PUNKNOWN OuterUnknown,
    _In_ POOL_TYPE PoolType, _In_ PCM_RESOURCE_LIST TranslatedResources,
    _In_ PCM_RESOURCE_LIST UntranslatedResources);

/* IRQL = PASSIVE_LEVEL. "portcls: PcNewResourceSublist". */
_Must_inspect_result_ PORTCLASSAPI NTSTATUS NTAPI PcNewResourceSublist(
    _Out_ PRESOURCELIST *OutResourceList, _In_opt_ PUNKNOWN OuterUnknown,
    _In_ POOL_TYPE PoolType, _In_ PRESOURCELIST ParentList, _In_ ULONG MaximumEntries);

/* IRQL = PASSIVE_LEVEL. "portcls: PcNewServiceGroup". */
_Must_inspect_result_ PORTCLASSAPI NTSTATUS NTAPI PcNewServiceGroup(
    _Out_ PSERVICEGROUP *OutServiceGroup, _In_opt_ PUNKNOWN OuterUnknown);

/* IRQL = PASSIVE_LEVEL. DeviceObject is that of the adapter; SubDevice is NULL.
 * "portcls: PcNewRegistryKey". */
_Must_inspect_result_ PORTCLASSAPI NTSTATUS NTAPI PcNewRegistryKey(
    _Out_ PREGISTRYKEY *OutRegistryKey, _In_opt_ PUNKNOWN OuterUnknown,
    _In_ ULONG RegistryKeyType, _In_ ACCESS_MASK DesiredAccess, _In_opt_ PVOID DeviceObject,
    _In_opt_ PVOID SubDevice, _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
    _In_opt_ ULONG CreateOptions, _Out_opt_ PULONG Disposition);

/* IRQL = PASSIVE_LEVEL. "portcls: PcGetDeviceProperty". */
PORTCLASSAPI NTSTATUS NTAPI PcGetDeviceProperty(_In_ PVOID DeviceObject,
                                                _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                                _In_ ULONG BufferLength,
                                                _Out_ PVOID PropertyBuffer,
                                                _Out_ PULONG ResultLength);

/* Any IRQL; in 100 ns, since 1601 when Since is 0. "portcls: PcGetTimeInterval". */
PORTCLASSAPI ULONGLONG NTAPI PcGetTimeInterval(_In_ ULONGLONG Since);

EXTERN_C_END

#define GTI_SECONDS(t) ((ULONGLONG)(t) * 10000000)
#define GTI_MILLISECONDS(t) ((ULONGLONG)(t) * 10000)
#define GTI_MICROSECONDS(t) ((ULONGLONG)(t) * 10)

/* -- Calls from C ----------------------------------------------------------------------------- */

#if !defined(__cplusplus) || defined(CINTERFACE)

#define IResourceList_QueryInterface(This, InterfaceId, Interface) \
    ((This)->lpVtbl->QueryInterface((This), (InterfaceId), (Interface)))
#define IResourceList_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IResourceList_Release(This) ((This)->lpVtbl->Release(This))
#define IResourceList_NumberOfEntries(This) ((This)->lpVtbl->NumberOfEntries(This))
#define IResourceList_NumberOfEntriesOfType(This, Type) \
    ((This)->lpVtbl->NumberOfEntriesOfType((This), (Type)))
#define IResourceList_FindTranslatedEntry(This, Type, Index) \
    ((This)->lpVtbl->FindTranslatedEntry((This), (Type), (Index)))
#define IResourceList_FindUntranslatedEntry(This, Type, Index) \
    ((This)->lpVtbl->FindUntranslatedEntry((This), (Type), (Index)))
#define IResourceList_AddEntry(This, Translated, Untranslated) \
    ((This)->lpVtbl->AddEntry((This), (Translated), (Untranslated)))
#define IResourceList_AddEntryFromParent(This, Parent, Type, Index) \
    ((This)->lpVtbl->AddEntryFromParent((This), (Parent), (Type), (Index)))
#define IResourceList_TranslatedList(This) ((This)->lpVtbl->TranslatedList(This))
#define IResourceList_UntranslatedList(This) ((This)->lpVtbl->UntranslatedList(This))

#define IInterruptSync_QueryInterface(This, InterfaceId, Interface) \
    ((This)->lpVtbl->QueryInterface((This), (InterfaceId), (Interface)))
#define IInterruptSync_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IInterruptSync_Release(This) ((This)->lpVtbl->Release(This))
#define IInterruptSync_CallSynchronizedRoutine(This, Routine, DynamicContext) \
    ((This)->lpVtbl->CallSynchronizedRoutine((This), (Routine), (DynamicContext)))
#define IInterruptSync_GetKInterrupt(This) ((This)->lpVtbl->GetKInterrupt(This))
#define IInterruptSync_Connect(This) ((This)->lpVtbl->Connect(This))
#define IInterruptSync_Disconnect(This) ((This)->lpVtbl->Disconnect(This))
#define IInterruptSync_RegisterServiceRoutine(This, Routine, DynamicContext, First) \
    ((This)->lpVtbl->RegisterServiceRoutine((This), (Routine), (DynamicContext), (First)))

#define IServiceSink_QueryInterface(This, InterfaceId, Interface) \
    ((This)->lpVtbl->QueryInterface((This), (InterfaceId), (Interface)))
#define IServiceSink_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IServiceSink_Release(This) ((This)->lpVtbl->Release(This))
#define IServiceSink_RequestService(This) ((This)->lpVtbl->RequestService(This))

#define IServiceGroup_QueryInterface(This, InterfaceId, Interface) \
    ((This)->lpVtbl->QueryInterface((This), (InterfaceId), (Interface)))
#define IServiceGroup_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IServiceGroup_Release(This) ((This)->lpVtbl->Release(This))
#define IServiceGroup_RequestService(This) ((This)->lpVtbl->RequestService(This))
#define IServiceGroup_AddMember(This, pServiceSink) \
    ((This)->lpVtbl->AddMember((This), (pServiceSink)))
#define IServiceGroup_RemoveMember(This, pServiceSink) \
    ((This)->lpVtbl->RemoveMember((This), (pServiceSink)))
#define IServiceGroup_SupportDelayedService(This) ((This)->lpVtbl->SupportDelayedService(This))
#define IServiceGroup_RequestDelayedService(This, ullDelay) \
    ((This)->lpVtbl->RequestDelayedService((This), (ullDelay)))
#define IServiceGroup_CancelDelayedService(This) ((This)->lpVtbl->CancelDelayedService(This))

#define IRegistryKey_QueryInterface(This, InterfaceId, Interface) \
    ((This)->lpVtbl->QueryInterface((This), (InterfaceId), (Interface)))
#define IRegistryKey_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IRegistryKey_Release(This) ((This)->lpVtbl->Release(This))
#define IRegistryKey_QueryKey(This, InformationClass, Information, Length, ResultLength) \
    ((This)->lpVtbl->QueryKey((This), (InformationClass), (Information), (Length), (ResultLength)))
#define IRegistryKey_EnumerateKey(This, Index, InformationClass, Information, Length, \
                                  ResultLength) \
    ((This)->lpVtbl->EnumerateKey((This), (Index), (InformationClass), (Information), (Length), \
                                  (ResultLength)))
#define IRegistryKey_QueryValueKey(This, ValueName, InformationClass, Information, Length, \
                                   ResultLength) \
    ((This)->lpVtbl->QueryValueKey((This), (ValueName), (InformationClass), (Information), \
                                   (Length), (ResultLength)))
#define IRegistryKey_EnumerateValueKey(This, Index, InformationClass, Information, Length, \
                                       ResultLength) \
    ((This)->lpVtbl->EnumerateValueKey((This), (Index), (InformationClass), (Information), \
                                       (Length), (ResultLength)))
#define IRegistryKey_SetValueKey(This, ValueName, Type, Data, DataSize) \
    ((This)->lpVtbl->SetValueKey((This), (ValueName), (Type), (Data), (DataSize)))
#define IRegistryKey_QueryRegistryValues(This, QueryTable, Context) \
    ((This)->lpVtbl->QueryRegistryValues((This), (QueryTable), (Context)))
#define IRegistryKey_NewSubKey(This, RegistrySubKey, OuterUnknown, DesiredAccess, SubKeyName, \
                               CreateOptions, Disposition) \
    ((This)->lpVtbl->NewSubKey((This), (RegistrySubKey), (OuterUnknown), (DesiredAccess), \
                               (SubKeyName), (CreateOptions), (Disposition)))
#define IRegistryKey_DeleteKey(This) ((This)->lpVtbl->DeleteKey(This))

/* The quartets are method names in C++; C has the one that interrupts need most. */
#define IResourceList_NumberOfInterrupts(This) \
    IResourceList_NumberOfEntriesOfType(This, CmResourceTypeInterrupt)
#define IResourceList_FindTranslatedInterrupt(This, n) \
    IResourceList_FindTranslatedEntry(This, CmResourceTypeInterrupt, n)

#endif

#endif
