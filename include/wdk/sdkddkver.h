/*
 * sdkddkver.h: which Windows version the sources are written for.
 *
 * The kernel behind these headers follows the documented behaviour of Windows 10 and later.
 */
#ifndef SDKDDKVER_H
#define SDKDDKVER_H

#define NTDDI_WINXP   0x05010000
#define NTDDI_WS03    0x05020000
#define NTDDI_VISTA   0x06000000
#define NTDDI_WIN7    0x06010000
#define NTDDI_WIN8    0x06020000
#define NTDDI_WINBLUE 0x06030000
#define NTDDI_WIN10   0x0A000000

#define _WIN32_WINNT_WINXP   0x0501
#define _WIN32_WINNT_VISTA   0x0600
#define _WIN32_WINNT_WIN7    0x0601
#define _WIN32_WINNT_WIN8    0x0602
#define _WIN32_WINNT_WINBLUE 0x0603
#define _WIN32_WINNT_WIN10   0x0A00

#ifndef _WIN32_WINNT
#define _WIN32_WINNT _WIN32_WINNT_WIN10
#endif

#ifndef WINVER
#define WINVER _WIN32_WINNT
#endif

#ifndef NTDDI_VERSION
#define NTDDI_VERSION NTDDI_WIN10
#endif

#endif
