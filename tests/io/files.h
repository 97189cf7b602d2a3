/*
 * files.h - how tests of files open one, and what they look at.
 */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/disk.h>
#include <dirql/thread.h>

#include <ntifs.h>

#include "../settle.h"

#define WAVE        "C:\\wave.wav"
#define WAVE_NAME   L"\\DosDevices\\C:\\wave.wav"

#define SYNCHRONOUS FILE_SYNCHRONOUS_IO_NONALERT
#define ALL_SHARE   (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static HANDLE file;
static IO_STATUS_BLOCK block;

/* What a test opens, with what ZwCreateFile has beyond the name. */
typedef struct opening {
    PCWSTR name;
    HANDLE root;
    ACCESS_MASK access;
    ULONG attributes, share, disposition, options;
    LONGLONG allocation;
} opening;

static inline NTSTATUS open_as(const opening *o, HANDLE *handle)
{
    LARGE_INTEGER allocation;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;

    allocation.QuadPart = o->allocation;
    RtlInitUnicodeString(&name, o->name);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               o->root, NULL);
    memset(&block, 0x55, sizeof(block));
    return ZwCreateFile(handle, o->access, &attributes, &block,
                        o->allocation != 0 ? &allocation : NULL, o->attributes, o->share,
                        o->disposition, o->options, NULL, 0);
}

#define OPEN(handle, ...) open_as(&(const opening){ __VA_ARGS__ }, handle)

/* As drivers do it most: made or replaced, and written to from the beginning on. */
static inline void make_wave(void)
{
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = GENERIC_WRITE | SYNCHRONIZE,
                          .attributes = FILE_ATTRIBUTE_NORMAL, .disposition = FILE_OVERWRITE_IF,
                          .options = SYNCHRONOUS | FILE_NON_DIRECTORY_FILE),
                     STATUS_SUCCESS);
}

static inline void open_wave(ULONG options)
{
    assert_int_equal(OPEN(&file, .name = WAVE_NAME,
                          .access = GENERIC_READ | GENERIC_WRITE | DELETE | SYNCHRONIZE,
                          .share = ALL_SHARE, .disposition = FILE_OPEN, .options = options),
                     STATUS_SUCCESS);
    assert_int_equal(block.Information, FILE_OPENED);
}

static inline LARGE_INTEGER at(LONGLONG offset)
{
    LARGE_INTEGER value;

    value.QuadPart = offset;
    return value;
}

static inline NTSTATUS write_at(const char *text, const LARGE_INTEGER *offset)
{
    LARGE_INTEGER copy = offset != NULL ? *offset : at(0);

    return ZwWriteFile(file, NULL, NULL, NULL, &block, (PVOID)(ULONG_PTR)text, (ULONG)strlen(text),
                       offset != NULL ? &copy : NULL, NULL);
}

static inline NTSTATUS read_at(char *buffer, ULONG bytes, const LARGE_INTEGER *offset)
{
    LARGE_INTEGER copy = offset != NULL ? *offset : at(0);

    return ZwReadFile(file, NULL, NULL, NULL, &block, buffer, bytes, offset != NULL ? &copy : NULL,
                      NULL);
}

static inline void close_file(void)
{
    assert_int_equal(ZwClose(file), STATUS_SUCCESS);
}

#define assert_holds(path, text)                                                       \
    do {                                                                               \
        char held[64] = { 0 };                                                         \
        assert_int_equal(dirql_disk_read(path, held, sizeof(held)), sizeof(text) - 1); \
        assert_memory_equal(held, text, sizeof(text) - 1);                             \
    } while (0)

#endif
