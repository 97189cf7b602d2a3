/*
 * version.c - which Windows the machine is, and comparisons with it.
 */
#include "rtl/rtl.h"

enum {
    BUILD = 19045,
    CONDITION_BITS = VER_NUM_BITS_PER_CONDITION_MASK,
    KNOWN_TYPES = 0xFF,
    OS_MASK = (int)0xFFFF0000
};

/* Of the same release, as sdkddkver.h would spell it. */
static const ULONG ddi_version = 0x0A000008;

static const RTL_OSVERSIONINFOEXW current = {
    .dwMajorVersion = 10,
    .dwMinorVersion = 0,
    .dwBuildNumber = BUILD,
    .dwPlatformId = VER_PLATFORM_WIN32_NT,
    .wSuiteMask = VER_SUITE_SINGLEUSERTS,
    .wProductType = VER_NT_WORKSTATION,
};

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation)
{
    DQ_RTL_ENTER(RtlGetVersion, lpVersionInformation);
    const ULONG size = lpVersionInformation->dwOSVersionInfoSize;

    memcpy(lpVersionInformation, &current,
           size == sizeof(RTL_OSVERSIONINFOEXW) ? sizeof(RTL_OSVERSIONINFOEXW)
                                                : sizeof(RTL_OSVERSIONINFOW));
    lpVersionInformation->dwOSVersionInfoSize = size;
    return STATUS_SUCCESS;
}

/* ---- Conditions ------------------------------------------------------------------------------ */

/* Three bits for each kind of value, the kind's own bit number times three from the right. */
ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition)
{
    for (ULONG left = TypeMask & KNOWN_TYPES; left != 0; left &= left - 1) {
        const unsigned shift = (unsigned)__builtin_ctz(left) * CONDITION_BITS;

        ConditionMask &= ~((ULONGLONG)VER_CONDITION_MASK << shift);
        ConditionMask |= (ULONGLONG)(Condition & VER_CONDITION_MASK) << shift;
    }
    return ConditionMask;
}

static unsigned condition_of(ULONG type, ULONGLONG mask)
{
    return mask >> __builtin_ctz(type) * CONDITION_BITS & VER_CONDITION_MASK;
}

static bool are_valid(ULONG types, ULONGLONG mask)
{
    if (types == 0 || (types & ~(ULONG)KNOWN_TYPES) != 0) {
        return false;
    }
    for (ULONG left = types; left != 0; left &= left - 1) {
        const ULONG type = left & (0 - left);
        const unsigned condition = condition_of(type, mask);
        const bool combines = condition == VER_AND || condition == VER_OR;

        if (condition == 0 || combines != (type == VER_SUITENAME)) {
            return false;
        }
    }
    return true;
}

static bool holds(unsigned condition, ULONG is, ULONG wanted)
{
    switch (condition) {
    case VER_EQUAL:
        return is == wanted;
    case VER_GREATER:
        return is > wanted;
    case VER_GREATER_EQUAL:
        return is >= wanted;
    case VER_LESS:
        return is < wanted;
    case VER_LESS_EQUAL:
        return is <= wanted;
    case VER_AND:
        return (is & wanted) == wanted;
    default: /* VER_OR */
        return (is & wanted) != 0;
    }
}

typedef struct value {
    ULONG type, is, wanted;
} value;

/* The version proper, most important first: the first difference decides. */
static bool version_holds(const value *values, size_t count, ULONG types, ULONGLONG mask)
{
    const value *last = NULL;

    for (size_t i = 0; i < count; i++) {
        if ((types & values[i].type) != 0) {
            last = &values[i];
            if (last->is != last->wanted) {
                break;
            }
        }
    }
    return last == NULL || holds(condition_of(last->type, mask), last->is, last->wanted);
}

NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                                    ULONGLONG ConditionMask)
{
    DQ_RTL_ENTER(RtlVerifyVersionInfo, VersionInfo);
    const RTL_OSVERSIONINFOEXW *v = VersionInfo;
    const value version[] = {
        { VER_MAJORVERSION, current.dwMajorVersion, v->dwMajorVersion },
        { VER_MINORVERSION, current.dwMinorVersion, v->dwMinorVersion },
        { VER_SERVICEPACKMAJOR, current.wServicePackMajor, v->wServicePackMajor },
        { VER_SERVICEPACKMINOR, current.wServicePackMinor, v->wServicePackMinor },
    };
    const value others[] = {
        { VER_BUILDNUMBER, current.dwBuildNumber, v->dwBuildNumber },
        { VER_PLATFORMID, current.dwPlatformId, v->dwPlatformId },
        { VER_SUITENAME, current.wSuiteMask, v->wSuiteMask },
        { VER_PRODUCT_TYPE, current.wProductType, v->wProductType },
    };

    if (!are_valid(TypeMask, ConditionMask)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!version_holds(version, RTL_NUMBER_OF(version), TypeMask, ConditionMask)) {
        return STATUS_REVISION_MISMATCH;
    }
    for (size_t i = 0; i < RTL_NUMBER_OF(others); i++) {
        if (!version_holds(&others[i], 1, TypeMask, ConditionMask)) {
            return STATUS_REVISION_MISMATCH;
        }
    }
    return STATUS_SUCCESS;
}

/* ---- NTDDI versions -------------------------------------------------------------------------- */

BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version)
{
    DQ_RTL_ENTER(RtlIsNtDdiVersionAvailable, NULL);
    return Version <= ddi_version;
}

/* There is none: only the release itself is installed. */
BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG Version)
{
    DQ_RTL_ENTER(RtlIsServicePackVersionInstalled, NULL);
    return (Version & (ULONG)OS_MASK) == (ddi_version & (ULONG)OS_MASK) && Version <= ddi_version;
}

/* Obsolete: RtlGetVersion tells more. TRUE was for checked builds of Windows, which are no more. */
BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                           PUNICODE_STRING CSDVersion)
{
    DQ_ENTER(PsGetVersion, NULL, 0, 0, 0, FALSE);
    if (MajorVersion != NULL) {
        *MajorVersion = current.dwMajorVersion;
    }
    if (MinorVersion != NULL) {
        *MinorVersion = current.dwMinorVersion;
    }
    if (BuildNumber != NULL) {
        *BuildNumber = current.dwBuildNumber;
    }
    if (CSDVersion != NULL) {
        CSDVersion->Length = 0;
    }
    return FALSE;
}

BOOLEAN NTAPI IoIsWdmVersionAvailable(UCHAR MajorVersion, UCHAR MinorVersion)
{
    DQ_RTL_ENTER(IoIsWdmVersionAvailable, NULL);
    return MajorVersion < WDM_MAJORVERSION ||
           (MajorVersion == WDM_MAJORVERSION && MinorVersion <= WDM_MINORVERSION);
}
