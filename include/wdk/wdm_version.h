/*
 * wdm_version.h: which Windows the machine is: Windows 10, version 22H2, a workstation.
 */
#ifndef WDM_VERSION_H
#define WDM_VERSION_H

#include <wdm_base.h>

EXTERN_C_START

typedef struct _OSVERSIONINFOW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

typedef struct _OSVERSIONINFOEXW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW, *PRTL_OSVERSIONINFOEXW;

#define VER_MINORVERSION     0x0000001
#define VER_MAJORVERSION     0x0000002
#define VER_BUILDNUMBER      0x0000004
#define VER_PLATFORMID       0x0000008
#define VER_SERVICEPACKMINOR 0x0000010
#define VER_SERVICEPACKMAJOR 0x0000020
#define VER_SUITENAME        0x0000040
#define VER_PRODUCT_TYPE     0x0000080

#define VER_EQUAL         1
#define VER_GREATER       2
#define VER_GREATER_EQUAL 3
#define VER_LESS          4
#define VER_LESS_EQUAL    5
#define VER_AND           6
#define VER_OR            7

#define VER_CONDITION_MASK 7
#define VER_NUM_BITS_PER_CONDITION_MASK 3

#define VER_NT_WORKSTATION       0x0000001
#define VER_NT_DOMAIN_CONTROLLER 0x0000002
#define VER_NT_SERVER            0x0000003
#define VER_PLATFORM_WIN32_NT    2

#define VER_SUITE_SMALLBUSINESS    0x00000001
#define VER_SUITE_ENTERPRISE       0x00000002
#define VER_SUITE_TERMINAL         0x00000010
#define VER_SUITE_EMBEDDEDNT       0x00000040
#define VER_SUITE_DATACENTER       0x00000080
#define VER_SUITE_SINGLEUSERTS     0x00000100
#define VER_SUITE_PERSONAL         0x00000200

/* Any IRQL. One comparison more. "wdm: RtlVerifyVersionInfo", "winnt: VerSetConditionMask". */
NTSYSAPI ULONGLONG NTAPI VerSetConditionMask(_In_ ULONGLONG ConditionMask, _In_ ULONG TypeMask,
                                             _In_ UCHAR Condition);
#define VER_SET_CONDITION(_m_, _t_, _c_) ((_m_) = VerSetConditionMask((_m_), (_t_), (_c_)))

/* PASSIVE_LEVEL. dwOSVersionInfoSize says which structure it is. "wdm: RtlGetVersion". */
NTSYSAPI NTSTATUS NTAPI RtlGetVersion(_Out_ PRTL_OSVERSIONINFOW lpVersionInformation);

/* PASSIVE_LEVEL. Obsolete. "wdm: PsGetVersion". */
NTKERNELAPI BOOLEAN NTAPI PsGetVersion(_Out_opt_ PULONG MajorVersion, _Out_opt_ PULONG MinorVersion,
                                       _Out_opt_ PULONG BuildNumber,
                                       _Out_opt_ PUNICODE_STRING CSDVersion);

/* PASSIVE_LEVEL. STATUS_REVISION_MISMATCH when a condition is not met.
 * "wdm: RtlVerifyVersionInfo". */
NTSYSAPI NTSTATUS NTAPI RtlVerifyVersionInfo(_In_ PRTL_OSVERSIONINFOEXW VersionInfo,
                                             _In_ ULONG TypeMask, _In_ ULONGLONG ConditionMask);

#define WDM_MAJORVERSION 0x06
#define WDM_MINORVERSION 0x00

/* TRUE for 6.0, and any version of WDM before it. PASSIVE_LEVEL. "wdm:
 * IoIsWdmVersionAvailable". */
NTKERNELAPI BOOLEAN NTAPI IoIsWdmVersionAvailable(_In_ UCHAR MajorVersion, _In_ UCHAR MinorVersion);

/* PASSIVE_LEVEL. "wdm: RtlIsNtDdiVersionAvailable", "wdm: RtlIsServicePackVersionInstalled". */
NTSYSAPI BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(_In_ ULONG Version);
NTSYSAPI BOOLEAN NTAPI RtlIsServicePackVersionInstalled(_In_ ULONG Version);

EXTERN_C_END

#endif
