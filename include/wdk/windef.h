/*
 * windef.h: the few types of user mode that multimedia headers speak in.
 */
#ifndef WINDEF_H
#define WINDEF_H

#include <ntdef.h>

typedef unsigned int DWORD, *PDWORD, *LPDWORD;
typedef unsigned long long DWORDLONG, *PDWORDLONG;
typedef unsigned short WORD, *PWORD, *LPWORD;
typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef int BOOL, *PBOOL, *LPBOOL;
typedef float FLOAT, *PFLOAT;
typedef int *LPINT;
typedef int *LPLONG;
typedef const void *LPCVOID;

#define MAKEWORD(a, b) \
    ((WORD)(((BYTE)((DWORD_PTR)(a) & 0xff)) | ((WORD)((BYTE)((DWORD_PTR)(b) & 0xff))) << 8))
#define MAKELONG(a, b) \
    ((LONG)(((WORD)((DWORD_PTR)(a) & 0xffff)) | ((DWORD)((WORD)((DWORD_PTR)(b) & 0xffff))) << 16))

#define SUCCEEDED(hr) (((HRESULT)(hr)) >= 0)
#define FAILED(hr) (((HRESULT)(hr)) < 0)
#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)

#endif
