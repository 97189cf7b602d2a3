/*
 * test_headers.cpp: the headers in C++: layouts, interfaces on both sides, and CUnknown.
 */
#include <initguid.h>
#include <ntifs.h>
#include <portcls.h>
#include <stdunk.h>

#include <dirql/cmocka.h>

#include "interface_c.h"
#include "layout.h"

namespace {

int sinks_alive;

class CSink : public IServiceSink, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CSink)
    IMP_IServiceSink;

    ~CSink()
    {
        sinks_alive--;
        /* Counting up and down in the destructor must not destroy the object again. */
        AddRef();
        Release();
    }

    int Requests; /* Zero from the start: the memory is. */
};

STDMETHODIMP_(NTSTATUS) CSink::NonDelegatingQueryInterface(REFIID rIID, PVOID *ppVoid)
{
    if (IsEqualGUIDAligned(rIID, IID_IUnknown)) {
        *ppVoid = QICASTUNKNOWN(PSERVICESINK);
    } else if (IsEqualGUIDAligned(rIID, IID_IServiceSink)) {
        *ppVoid = QICAST(PSERVICESINK);
    } else {
        *ppVoid = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*ppVoid)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CSink::RequestService(void)
{
    Requests++;
}

NTSTATUS CreateSink(PUNKNOWN *Unknown, PUNKNOWN UnknownOuter)
{
    sinks_alive++;
    STD_CREATE_BODY_WITH_TAG_(CSink, Unknown, UnknownOuter, NonPagedPoolNx, 'kniS', PSERVICESINK);
}

/* An object that holds a sink inside and shows its interface as its own. */
class COuter : public CUnknown {
public:
    DEFINE_STD_CONSTRUCTOR(COuter)

    STDMETHODIMP_(NTSTATUS) NonDelegatingQueryInterface(REFIID rIID, PVOID *ppVoid)
    {
        if (IsEqualGUID(rIID, IID_IServiceSink)) {
            return Inner->NonDelegatingQueryInterface(rIID, ppVoid);
        }
        return CUnknown::NonDelegatingQueryInterface(rIID, ppVoid);
    }

    PNONDELEGATINGUNKNOWN Inner;
};

NTSTATUS routine(IInterruptSync *, PVOID DynamicContext)
{
    return *static_cast<NTSTATUS *>(DynamicContext);
}

void a_table_of_c_functions_is_a_class_of_cxx(void **)
{
    PINTERRUPTSYNC sync = interface_c_sync();
    NTSTATUS three = 3;
    PVOID found = NULL;

    assert_int_equal(sync->QueryInterface(IID_IInterruptSync, &found), STATUS_SUCCESS);
    assert_ptr_equal(found, sync);
    assert_int_equal(sync->QueryInterface(IID_IServiceSink, &found), STATUS_INVALID_PARAMETER);
    assert_int_equal(sync->AddRef(), 1);
    assert_int_equal(sync->Release(), 2);
    assert_int_equal(sync->CallSynchronizedRoutine(routine, &three), 3);
    assert_true(ULONG_PTR(sync->GetKInterrupt()) == 4);
    assert_int_equal(sync->Connect(), 5);
    sync->Disconnect();
    assert_int_equal(interface_c_last_slot, 6);
    assert_int_equal(sync->RegisterServiceRoutine(routine, NULL, TRUE), 7);
}

void c_calls_a_class_of_cxx_through_its_table(void **)
{
    PUNKNOWN unknown = NULL;

    assert_int_equal(CreateSink(&unknown, NULL), STATUS_SUCCESS);
    PSERVICESINK sink = static_cast<PSERVICESINK>(unknown);
    interface_c_call_sink(sink);
    interface_c_call_sink(sink);
    assert_int_equal(static_cast<CSink *>(sink)->Requests, 2);
    assert_int_equal(unknown->Release(), 0);
}

void an_object_lives_until_its_last_reference_is_gone(void **)
{
    PUNKNOWN unknown = NULL;
    PVOID sink = NULL;

    sinks_alive = 0;
    assert_int_equal(CreateSink(&unknown, NULL), STATUS_SUCCESS);
    assert_int_equal(interface_c_query(unknown, &IID_IServiceSink, &sink), STATUS_SUCCESS);
    assert_int_equal(unknown->Release(), 1);
    assert_int_equal(sinks_alive, 1);
    assert_int_equal(PSERVICESINK(sink)->Release(), 0);
    assert_int_equal(sinks_alive, 0);
}

void an_unknown_interface_is_refused(void **)
{
    PUNKNOWN unknown = NULL;
    PVOID found = &unknown;

    assert_int_equal(CreateSink(&unknown, NULL), STATUS_SUCCESS);
    assert_int_equal(unknown->QueryInterface(IID_IResourceList, &found),
                     STATUS_INVALID_PARAMETER);
    assert_null(found);
    unknown->Release();
}

void the_interfaces_of_an_aggregated_object_count_its_outer_object(void **)
{
    COuter *outer = new (NonPagedPoolNx) COuter(NULL);
    PUNKNOWN unknown = outer->GetOuterUnknown();
    PVOID sink = NULL;

    sinks_alive = 1;
    unknown->AddRef();
    CSink *inner = new (NonPagedPoolNx, 'kniS') CSink(unknown);
    inner->NonDelegatingAddRef();
    outer->Inner = inner;

    assert_int_equal(unknown->QueryInterface(IID_IServiceSink, &sink), STATUS_SUCCESS);
    assert_ptr_equal(PSERVICESINK(sink), static_cast<PSERVICESINK>(inner));
    assert_int_equal(unknown->AddRef(), 3);
    assert_int_equal(PSERVICESINK(sink)->Release(), 2);
    assert_int_equal(PSERVICESINK(sink)->Release(), 1);
    assert_int_equal(sinks_alive, 1);

    assert_int_equal(inner->NonDelegatingRelease(), 0);
    assert_int_equal(sinks_alive, 0);
    assert_int_equal(unknown->Release(), 0);
}

void a_class_without_interfaces_is_an_iunknown(void **)
{
    COuter *outer = new (PagedPool) COuter(NULL);
    PUNKNOWN unknown = NULL;
    PVOID found = NULL;

    outer->Inner = NULL;
    outer->NonDelegatingAddRef();
    assert_int_equal(outer->NonDelegatingQueryInterface(IID_IUnknown, &found), STATUS_SUCCESS);
    unknown = PUNKNOWN(found);
    assert_ptr_equal(unknown, outer->GetInnerUnknown());
    assert_int_equal(unknown->Release(), 1);
    assert_int_equal(unknown->Release(), 0);
}

void guids_are_compared_by_value(void **)
{
    GUID copy = IID_IServiceGroup;

    assert_true(copy == IID_IServiceGroup);
    assert_true(copy != IID_IServiceSink);
    assert_int_equal(IID_IResourceList.Data1, 0x22C6AC60);
    assert_int_equal(IID_IInterruptSync.Data1, 0x22C6AC63);
    assert_int_equal(IID_IServiceSink.Data1, 0x22C6AC64);
    assert_int_equal(IID_IServiceGroup.Data1, 0x22C6AC65);
    assert_int_equal(IID_IServiceGroup.Data4[7], 0xFE);
}

void constant_strings_initialise_in_cxx(void **)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"isr");
    DECLARE_CONST_UNICODE_STRING(declared, L"dpc");

    assert_int_equal(wide.Length, 6);
    assert_int_equal(declared.MaximumLength, 8);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_table_of_c_functions_is_a_class_of_cxx),
        dirql_unit_test(c_calls_a_class_of_cxx_through_its_table),
        dirql_unit_test(an_object_lives_until_its_last_reference_is_gone),
        dirql_unit_test(an_unknown_interface_is_refused),
        dirql_unit_test(the_interfaces_of_an_aggregated_object_count_its_outer_object),
        dirql_unit_test(a_class_without_interfaces_is_an_iunknown),
        dirql_unit_test(guids_are_compared_by_value),
        dirql_unit_test(constant_strings_initialise_in_cxx),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
