/*
 * TraceLoggingProvider.h: events that describe themselves. After wdm.h.
 *
 * Registering: IRQL = PASSIVE_LEVEL. Writing: any IRQL, above APC_LEVEL without pageable data. The
 * arguments of TraceLoggingWrite are evaluated only if the provider is enabled, at whatever level.
 * Pages: Win32, "TraceLogging Wrapper Macros"; devtest, "TraceLogging for kernel-mode drivers and
 * components".
 */
#ifndef TRACELOGGINGPROVIDER_H
#define TRACELOGGINGPROVIDER_H

#include <evntrace.h>
#include <wdm_etw.h>

EXTERN_C_START

/* -- Providers -------------------------------------------------------------------------------- */

struct _tlgProvider_t {
    REGHANDLE RegHandle;
    PCSTR Name;
    GUID Id;
};

typedef struct _tlgProvider_t *TraceLoggingHProvider;

#define WDK_TLG_ID(a, b, c, d, e, f, g, h, i, j, k) {a, b, c, {d, e, f, g, h, i, j, k}}
#define WDK_TLG_PROVIDER(handle, storage, name, id, ...)             \
    static struct _tlgProvider_t storage = {0, name, WDK_TLG_ID id}; \
    TRACELOGGING_DECLARE_PROVIDER(handle);                           \
    TraceLoggingHProvider const handle = &storage

/* (handle, "name", (the GUID's eleven numbers), options). Options make no difference. */
#define TRACELOGGING_DECLARE_PROVIDER(handle) EXTERN_C TraceLoggingHProvider const handle
#define TRACELOGGING_DEFINE_PROVIDER(handle, name, ...) \
    WDK_TLG_PROVIDER(handle, handle##_storage, name, __VA_ARGS__, 0)

#define TraceLoggingOptionGroup(...) 0

/* What the next two stand for. */
NTSYSAPI NTSTATUS NTAPI WdkTraceLoggingRegister(_In_ TraceLoggingHProvider Provider,
                                                _In_opt_ PETWENABLECALLBACK EnableCallback,
                                                _In_opt_ PVOID CallbackContext);

/* As EtwRegister; but the provider must not be registered already. Not to be called by two threads
 * at a time. IRQL = PASSIVE_LEVEL. "TraceLoggingRegisterEx", "TraceLoggingRegister". */
#define TraceLoggingRegisterEx(hProvider, pEnableCallback, pCallbackContext) \
    WdkTraceLoggingRegister((hProvider), (pEnableCallback), (pCallbackContext))
#define TraceLoggingRegister(hProvider) WdkTraceLoggingRegister((hProvider), NULL, NULL)

/* As EtwUnregister; without effect if it is not registered. IRQL = PASSIVE_LEVEL.
 * "TraceLoggingUnregister". */
WDK_INLINE VOID TraceLoggingUnregister(_In_ TraceLoggingHProvider hProvider)
{
    const REGHANDLE handle = hProvider->RegHandle;

    hProvider->RegHandle = 0;
    if (handle != 0) {
        (VOID)EtwUnregister(handle);
    }
}

WDK_INLINE BOOLEAN TraceLoggingProviderEnabled(_In_ TraceLoggingHProvider hProvider,
                                               _In_ UCHAR eventLevel, _In_ ULONGLONG eventKeyword)
{
    return (BOOLEAN)(hProvider->RegHandle != 0 &&
                     EtwProviderEnabled(hProvider->RegHandle, eventLevel, eventKeyword));
}

WDK_INLINE GUID TraceLoggingProviderId(_In_ TraceLoggingHProvider hProvider)
{
    return hProvider->Id;
}

WDK_INLINE NTSTATUS TraceLoggingSetInformation(_In_ TraceLoggingHProvider hProvider,
                                               _In_ EVENT_INFO_CLASS informationClass,
                                               _In_opt_ PVOID pbInformation,
                                               _In_ ULONG cbInformation)
{
    return EtwSetInformation(hProvider->RegHandle, informationClass, pbInformation, cbInformation);
}

/* -- What an event consists of ---------------------------------------------------------------- */

/* Those from WdkTlgLevel on are no data, but say something of the event. */
typedef enum WDK_TLG_KIND {
    WdkTlgBytes,
    WdkTlgSigned,
    WdkTlgUnsigned,
    WdkTlgHex,
    WdkTlgFloat,
    WdkTlgBoolean,
    WdkTlgText,
    WdkTlgWideText,
    WdkTlgGuid,
    WdkTlgStruct,
    WdkTlgLevel,
    WdkTlgKeyword,
    WdkTlgOpcode,
    WdkTlgChannel,
    WdkTlgNothing
} WDK_TLG_KIND;

typedef struct WDK_TLG_FIELD {
    WDK_TLG_KIND Kind;
    ULONG Count;
    ULONG Bytes; /* Of each. */
    const VOID *Data; /* NULL: Value. */
    union {
        ULONGLONG Number;
        float Float32;
        double Float64;
        GUID Guid;
    } Value;
    PCSTR Name;
} WDK_TLG_FIELD;

/* What the macros below call. Any IRQL. */
NTSYSAPI NTSTATUS NTAPI WdkTraceLoggingWrite(_In_ TraceLoggingHProvider Provider, _In_ PCSTR Name,
                                             _In_opt_ LPCGUID ActivityId,
                                             _In_opt_ LPCGUID RelatedActivityId,
                                             _In_ const WDK_TLG_FIELD *Fields, _In_ ULONG Count);

WDK_INLINE WDK_TLG_FIELD WdkTlgNumberField(WDK_TLG_KIND kind, ULONG bytes, ULONGLONG number,
                                           PCSTR name)
{
    WDK_TLG_FIELD field;

    field.Kind = kind;
    field.Count = 1;
    field.Bytes = bytes;
    field.Data = NULL;
    field.Value.Number = number;
    field.Name = name;
    return field;
}

WDK_INLINE WDK_TLG_FIELD WdkTlgFloat32Field(float number, PCSTR name)
{
    WDK_TLG_FIELD field = WdkTlgNumberField(WdkTlgFloat, sizeof(number), 0, name);

    field.Value.Float32 = number;
    return field;
}

WDK_INLINE WDK_TLG_FIELD WdkTlgFloat64Field(double number, PCSTR name)
{
    WDK_TLG_FIELD field = WdkTlgNumberField(WdkTlgFloat, sizeof(number), 0, name);

    field.Value.Float64 = number;
    return field;
}

WDK_INLINE WDK_TLG_FIELD WdkTlgGuidField(GUID guid, PCSTR name)
{
    WDK_TLG_FIELD field = WdkTlgNumberField(WdkTlgGuid, sizeof(guid), 0, name);

    field.Value.Guid = guid;
    return field;
}

WDK_INLINE WDK_TLG_FIELD WdkTlgDataField(WDK_TLG_KIND kind, const VOID *data, ULONG count,
                                         ULONG bytes, PCSTR name)
{
    WDK_TLG_FIELD field = WdkTlgNumberField(kind, bytes, 0, name);

    field.Data = data;
    field.Count = data != NULL ? count : 0;
    return field;
}

WDK_INLINE WDK_TLG_FIELD WdkTlgStringField(PCSTR text, PCSTR name)
{
    ULONG count = 0;

    while (text != NULL && text[count] != 0) {
        count++;
    }
    return WdkTlgDataField(WdkTlgText, text, count, sizeof(CHAR), name);
}

WDK_INLINE WDK_TLG_FIELD WdkTlgWideStringField(PCWSTR text, PCSTR name)
{
    ULONG count = 0;

    while (text != NULL && text[count] != 0) {
        count++;
    }
    return WdkTlgDataField(WdkTlgWideText, text, count, sizeof(WCHAR), name);
}

WDK_INLINE WDK_TLG_FIELD WdkTlgUnicodeStringField(PCUNICODE_STRING text, PCSTR name)
{
    return WdkTlgDataField(WdkTlgWideText, text != NULL ? text->Buffer : NULL,
                           text != NULL ? text->Length / (ULONG)sizeof(WCHAR) : 0, sizeof(WCHAR),
                           name);
}

WDK_INLINE WDK_TLG_FIELD WdkTlgAnsiStringField(const STRING *text, PCSTR name)
{
    return WdkTlgDataField(WdkTlgText, text != NULL ? text->Buffer : NULL,
                           text != NULL ? text->Length : 0, sizeof(CHAR), name);
}

EXTERN_C_END

/* The first argument; the others, with one more at the end; the second, or else the text of the
 * first; the third, or else the text of the first. */
#define WDK_TLG_FIRST_(first, ...) first
#define WDK_TLG_FIRST(...) WDK_TLG_FIRST_(__VA_ARGS__, ~)
#define WDK_TLG_REST(first, ...) __VA_ARGS__
#define WDK_TLG_TEXT_(first, ...) #first
#define WDK_TLG_TEXT(...) WDK_TLG_TEXT_(__VA_ARGS__, ~)
#define WDK_TLG_SECOND(first, second, ...) second
#define WDK_TLG_THIRD(first, second, third, ...) third
#define WDK_TLG_NAME(...) WDK_TLG_SECOND(__VA_ARGS__, WDK_TLG_TEXT(__VA_ARGS__), ~)
#define WDK_TLG_NAME_OF_TWO(...) WDK_TLG_THIRD(__VA_ARGS__, WDK_TLG_TEXT(__VA_ARGS__), ~)

#define WDK_TLG_NUMBER(kind, type, ...)                                               \
    WdkTlgNumberField(kind, sizeof(type), (ULONGLONG)(type)(WDK_TLG_FIRST(__VA_ARGS__)), \
                      WDK_TLG_NAME(__VA_ARGS__))
#define WDK_TLG_ADDRESS(...)                                                       \
    WdkTlgNumberField(WdkTlgHex, sizeof(PVOID),                                    \
                      (ULONGLONG)(ULONG_PTR)(WDK_TLG_FIRST(__VA_ARGS__)),           \
                      WDK_TLG_NAME(__VA_ARGS__))
#define WDK_TLG_ITEMS(kind, bytes, items, ...)                                             \
    WdkTlgDataField(kind, items, (ULONG)(WDK_TLG_FIRST(__VA_ARGS__)), bytes,               \
                    WDK_TLG_NAME_OF_TWO(items, __VA_ARGS__))

/* -- What says something of the event ---------------------------------------------------------- */

#define TraceLoggingLevel(level) WdkTlgNumberField(WdkTlgLevel, 0, (level), NULL)
#define TraceLoggingKeyword(keyword) WdkTlgNumberField(WdkTlgKeyword, 0, (keyword), NULL)
#define TraceLoggingOpcode(opcode) WdkTlgNumberField(WdkTlgOpcode, 0, (opcode), NULL)
#define TraceLoggingChannel(channel) WdkTlgNumberField(WdkTlgChannel, 0, (channel), NULL)
#define TraceLoggingEventTag(tag) WdkTlgNumberField(WdkTlgNothing, 0, (tag), NULL)
#define TraceLoggingDescription(text) WdkTlgNumberField(WdkTlgNothing, 0, 0, NULL)
#define TraceLoggingCustomAttribute(key, value) WdkTlgNumberField(WdkTlgNothing, 0, 0, NULL)

/* -- Data: (value [, "name" [, "description" [, tags]]]) --------------------------------------- */

#define TraceLoggingInt8(...) WDK_TLG_NUMBER(WdkTlgSigned, INT8, __VA_ARGS__)
#define TraceLoggingUInt8(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT8, __VA_ARGS__)
#define TraceLoggingInt16(...) WDK_TLG_NUMBER(WdkTlgSigned, INT16, __VA_ARGS__)
#define TraceLoggingUInt16(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT16, __VA_ARGS__)
#define TraceLoggingInt32(...) WDK_TLG_NUMBER(WdkTlgSigned, INT32, __VA_ARGS__)
#define TraceLoggingUInt32(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT32, __VA_ARGS__)
#define TraceLoggingInt64(...) WDK_TLG_NUMBER(WdkTlgSigned, INT64, __VA_ARGS__)
#define TraceLoggingUInt64(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT64, __VA_ARGS__)
#define TraceLoggingIntPtr(...) WDK_TLG_NUMBER(WdkTlgSigned, INT_PTR, __VA_ARGS__)
#define TraceLoggingUIntPtr(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT_PTR, __VA_ARGS__)
#define TraceLoggingLong(...) WDK_TLG_NUMBER(WdkTlgSigned, LONG, __VA_ARGS__)
#define TraceLoggingULong(...) WDK_TLG_NUMBER(WdkTlgUnsigned, ULONG, __VA_ARGS__)
#define TraceLoggingHexInt8(...) WDK_TLG_NUMBER(WdkTlgHex, UINT8, __VA_ARGS__)
#define TraceLoggingHexUInt8(...) WDK_TLG_NUMBER(WdkTlgHex, UINT8, __VA_ARGS__)
#define TraceLoggingHexInt16(...) WDK_TLG_NUMBER(WdkTlgHex, UINT16, __VA_ARGS__)
#define TraceLoggingHexUInt16(...) WDK_TLG_NUMBER(WdkTlgHex, UINT16, __VA_ARGS__)
#define TraceLoggingHexInt32(...) WDK_TLG_NUMBER(WdkTlgHex, UINT32, __VA_ARGS__)
#define TraceLoggingHexUInt32(...) WDK_TLG_NUMBER(WdkTlgHex, UINT32, __VA_ARGS__)
#define TraceLoggingHexInt64(...) WDK_TLG_NUMBER(WdkTlgHex, UINT64, __VA_ARGS__)
#define TraceLoggingHexUInt64(...) WDK_TLG_NUMBER(WdkTlgHex, UINT64, __VA_ARGS__)
#define TraceLoggingHexIntPtr(...) WDK_TLG_NUMBER(WdkTlgHex, UINT_PTR, __VA_ARGS__)
#define TraceLoggingHexUIntPtr(...) WDK_TLG_NUMBER(WdkTlgHex, UINT_PTR, __VA_ARGS__)
#define TraceLoggingHexLong(...) WDK_TLG_NUMBER(WdkTlgHex, ULONG, __VA_ARGS__)
#define TraceLoggingHexULong(...) WDK_TLG_NUMBER(WdkTlgHex, ULONG, __VA_ARGS__)
#define TraceLoggingBool(...) WDK_TLG_NUMBER(WdkTlgBoolean, INT32, __VA_ARGS__)
#define TraceLoggingBoolean(...) WDK_TLG_NUMBER(WdkTlgBoolean, UINT8, __VA_ARGS__)
#define TraceLoggingChar(...) WDK_TLG_NUMBER(WdkTlgText, CHAR, __VA_ARGS__)
#define TraceLoggingWChar(...) WDK_TLG_NUMBER(WdkTlgWideText, WCHAR, __VA_ARGS__)
#define TraceLoggingFloat32(...) \
    WdkTlgFloat32Field(WDK_TLG_FIRST(__VA_ARGS__), WDK_TLG_NAME(__VA_ARGS__))
#define TraceLoggingFloat64(...) \
    WdkTlgFloat64Field(WDK_TLG_FIRST(__VA_ARGS__), WDK_TLG_NAME(__VA_ARGS__))
#define TraceLoggingPointer(...) WDK_TLG_ADDRESS(__VA_ARGS__)
#define TraceLoggingCodePointer(...) WDK_TLG_ADDRESS(__VA_ARGS__)
#define TraceLoggingPid(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT32, __VA_ARGS__)
#define TraceLoggingTid(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT32, __VA_ARGS__)
#define TraceLoggingPort(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT16, __VA_ARGS__)
#define TraceLoggingWinError(...) WDK_TLG_NUMBER(WdkTlgUnsigned, UINT32, __VA_ARGS__)
#define TraceLoggingNTStatus(...) WDK_TLG_NUMBER(WdkTlgHex, UINT32, __VA_ARGS__)
#define TraceLoggingHResult(...) WDK_TLG_NUMBER(WdkTlgHex, UINT32, __VA_ARGS__)
#define TraceLoggingFileTime(...) \
    WdkTlgDataField(WdkTlgUnsigned, &(WDK_TLG_FIRST(__VA_ARGS__)), 1, 8, WDK_TLG_NAME(__VA_ARGS__))
#define TraceLoggingGuid(...) \
    WdkTlgGuidField(WDK_TLG_FIRST(__VA_ARGS__), WDK_TLG_NAME(__VA_ARGS__))

#define TraceLoggingString(...) \
    WdkTlgStringField(WDK_TLG_FIRST(__VA_ARGS__), WDK_TLG_NAME(__VA_ARGS__))
#define TraceLoggingUtf8String(...) TraceLoggingString(__VA_ARGS__)
#define TraceLoggingWideString(...) \
    WdkTlgWideStringField(WDK_TLG_FIRST(__VA_ARGS__), WDK_TLG_NAME(__VA_ARGS__))
#define TraceLoggingUnicodeString(...) \
    WdkTlgUnicodeStringField(WDK_TLG_FIRST(__VA_ARGS__), WDK_TLG_NAME(__VA_ARGS__))
#define TraceLoggingAnsiString(...) \
    WdkTlgAnsiStringField(WDK_TLG_FIRST(__VA_ARGS__), WDK_TLG_NAME(__VA_ARGS__))

/* -- Many: (pointer, count [, "name" ...]) ---------------------------------------------------- */

#define TraceLoggingCountedString(text, ...) WDK_TLG_ITEMS(WdkTlgText, 1, text, __VA_ARGS__)
#define TraceLoggingCountedUtf8String(text, ...) WDK_TLG_ITEMS(WdkTlgText, 1, text, __VA_ARGS__)
#define TraceLoggingCountedWideString(text, ...) \
    WDK_TLG_ITEMS(WdkTlgWideText, sizeof(WCHAR), text, __VA_ARGS__)
#define TraceLoggingBinary(data, ...) WDK_TLG_ITEMS(WdkTlgBytes, 1, data, __VA_ARGS__)

#define TraceLoggingInt8Array(items, ...) WDK_TLG_ITEMS(WdkTlgSigned, 1, items, __VA_ARGS__)
#define TraceLoggingUInt8Array(items, ...) WDK_TLG_ITEMS(WdkTlgUnsigned, 1, items, __VA_ARGS__)
#define TraceLoggingInt16Array(items, ...) WDK_TLG_ITEMS(WdkTlgSigned, 2, items, __VA_ARGS__)
#define TraceLoggingUInt16Array(items, ...) WDK_TLG_ITEMS(WdkTlgUnsigned, 2, items, __VA_ARGS__)
#define TraceLoggingInt32Array(items, ...) WDK_TLG_ITEMS(WdkTlgSigned, 4, items, __VA_ARGS__)
#define TraceLoggingUInt32Array(items, ...) WDK_TLG_ITEMS(WdkTlgUnsigned, 4, items, __VA_ARGS__)
#define TraceLoggingInt64Array(items, ...) WDK_TLG_ITEMS(WdkTlgSigned, 8, items, __VA_ARGS__)
#define TraceLoggingUInt64Array(items, ...) WDK_TLG_ITEMS(WdkTlgUnsigned, 8, items, __VA_ARGS__)
#define TraceLoggingHexUInt8Array(items, ...) WDK_TLG_ITEMS(WdkTlgHex, 1, items, __VA_ARGS__)
#define TraceLoggingHexUInt16Array(items, ...) WDK_TLG_ITEMS(WdkTlgHex, 2, items, __VA_ARGS__)
#define TraceLoggingHexUInt32Array(items, ...) WDK_TLG_ITEMS(WdkTlgHex, 4, items, __VA_ARGS__)
#define TraceLoggingHexUInt64Array(items, ...) WDK_TLG_ITEMS(WdkTlgHex, 8, items, __VA_ARGS__)
#define TraceLoggingFloat32Array(items, ...) WDK_TLG_ITEMS(WdkTlgFloat, 4, items, __VA_ARGS__)
#define TraceLoggingFloat64Array(items, ...) WDK_TLG_ITEMS(WdkTlgFloat, 8, items, __VA_ARGS__)
#define TraceLoggingInt8FixedArray(items, ...) TraceLoggingInt8Array(items, __VA_ARGS__)
#define TraceLoggingUInt8FixedArray(items, ...) TraceLoggingUInt8Array(items, __VA_ARGS__)
#define TraceLoggingInt16FixedArray(items, ...) TraceLoggingInt16Array(items, __VA_ARGS__)
#define TraceLoggingUInt16FixedArray(items, ...) TraceLoggingUInt16Array(items, __VA_ARGS__)
#define TraceLoggingInt32FixedArray(items, ...) TraceLoggingInt32Array(items, __VA_ARGS__)
#define TraceLoggingUInt32FixedArray(items, ...) TraceLoggingUInt32Array(items, __VA_ARGS__)
#define TraceLoggingInt64FixedArray(items, ...) TraceLoggingInt64Array(items, __VA_ARGS__)
#define TraceLoggingUInt64FixedArray(items, ...) TraceLoggingUInt64Array(items, __VA_ARGS__)

/* The next `count` pieces of data belong together. */
#define TraceLoggingStruct(count, ...) \
    WdkTlgNumberField(WdkTlgStruct, 0, (count), WDK_TLG_FIRST(__VA_ARGS__))

/* -- Of whatever type, in C++ ------------------------------------------------------------------ */

#ifdef __cplusplus
#define WDK_TLG_VALUE(type, call) \
    inline WDK_TLG_FIELD WdkTlgValue(type value, PCSTR name) { return call; }
WDK_TLG_VALUE(bool, WdkTlgNumberField(WdkTlgBoolean, 1, value, name))
WDK_TLG_VALUE(char, WdkTlgNumberField(WdkTlgText, 1, (UCHAR)value, name))
WDK_TLG_VALUE(wchar_t, WdkTlgNumberField(WdkTlgWideText, sizeof(value), (ULONGLONG)value, name))
WDK_TLG_VALUE(signed char, WdkTlgNumberField(WdkTlgSigned, 1, (ULONGLONG)value, name))
WDK_TLG_VALUE(short, WdkTlgNumberField(WdkTlgSigned, sizeof(value), (ULONGLONG)value, name))
WDK_TLG_VALUE(int, WdkTlgNumberField(WdkTlgSigned, sizeof(value), (ULONGLONG)value, name))
WDK_TLG_VALUE(long, WdkTlgNumberField(WdkTlgSigned, sizeof(value), (ULONGLONG)value, name))
WDK_TLG_VALUE(long long, WdkTlgNumberField(WdkTlgSigned, sizeof(value), (ULONGLONG)value, name))
WDK_TLG_VALUE(unsigned char, WdkTlgNumberField(WdkTlgUnsigned, 1, value, name))
WDK_TLG_VALUE(unsigned short, WdkTlgNumberField(WdkTlgUnsigned, sizeof(value), value, name))
WDK_TLG_VALUE(unsigned, WdkTlgNumberField(WdkTlgUnsigned, sizeof(value), value, name))
WDK_TLG_VALUE(unsigned long, WdkTlgNumberField(WdkTlgUnsigned, sizeof(value), value, name))
WDK_TLG_VALUE(unsigned long long, WdkTlgNumberField(WdkTlgUnsigned, sizeof(value), value, name))
WDK_TLG_VALUE(float, WdkTlgFloat32Field(value, name))
WDK_TLG_VALUE(double, WdkTlgFloat64Field(value, name))
WDK_TLG_VALUE(const char *, WdkTlgStringField(value, name))
WDK_TLG_VALUE(const wchar_t *, WdkTlgWideStringField(value, name))
WDK_TLG_VALUE(const void *,
              WdkTlgNumberField(WdkTlgHex, sizeof(value), (ULONGLONG)(ULONG_PTR)value, name))
WDK_TLG_VALUE(const GUID &, WdkTlgGuidField(value, name))
#undef WDK_TLG_VALUE
#define TraceLoggingValue(...) \
    WdkTlgValue(WDK_TLG_FIRST(__VA_ARGS__), WDK_TLG_NAME(__VA_ARGS__))
#endif

/* -- Writing ---------------------------------------------------------------------------------- */

#define WDK_TLG_END WdkTlgNumberField(WdkTlgNothing, 0, 0, NULL)
#define WDK_TLG_WRITE(provider, name, activity, related, ...)                           \
    do {                                                                                \
        const TraceLoggingHProvider wdk_tlg_provider = (provider);                      \
        if (TraceLoggingProviderEnabled(wdk_tlg_provider, 0, 0)) {                      \
            const WDK_TLG_FIELD wdk_tlg_fields[] = {__VA_ARGS__};                       \
            (VOID)WdkTraceLoggingWrite(wdk_tlg_provider, name, activity, related,       \
                                       wdk_tlg_fields,                                  \
                                       sizeof(wdk_tlg_fields) / sizeof(*wdk_tlg_fields)); \
        }                                                                               \
    } while (0)

/* (provider, "event", the macros above ...); level 5 if none is given. */
#define TraceLoggingWrite(provider, ...)                                  \
    WDK_TLG_WRITE(provider, WDK_TLG_FIRST(__VA_ARGS__), NULL, NULL, \
                  WDK_TLG_REST(__VA_ARGS__, WDK_TLG_END))
#define TraceLoggingWriteActivity(provider, name, activity, ...)             \
    WDK_TLG_WRITE(provider, name, activity, WDK_TLG_FIRST(__VA_ARGS__), \
                  WDK_TLG_REST(__VA_ARGS__, WDK_TLG_END))

#endif
