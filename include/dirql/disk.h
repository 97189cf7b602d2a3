/*
 * disk.h - the files of the simulated machine in a test's hands: what the driver finds, what it
 * leaves, and a disk that is full, slow or broken.
 *
 * Files lie in the machine's memory, never on the host's disk, and are gone with the run. There is
 * one volume: drive C:, \Device\HarddiskVolume1. It begins with \Windows (\SystemRoot),
 * \Windows\System32, \Windows\System32\drivers and \Windows\Temp, which are empty. Paths are those
 * that a driver uses ("\\DosDevices\\C:\\x.wav"), or "C:\\x.wav", and of ASCII. These functions are
 * the test's own: they wait for nobody, heed no sharing and no attributes, and find room on a full
 * disk. Who has a file open sees at once what they change.
 *
 * All of them: any IRQL, on any thread while a run is under way. A path that is none of drive C:,
 * or has a part that no file can be named, fails the run (rule "disk"). What drivers see of it is
 * documented with their services: "wdm: ZwCreateFile", "wdm: ZwReadFile" and so on.
 */
#ifndef DIRQL_DISK_H
#define DIRQL_DISK_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -- Files ------------------------------------------------------------------------------------ */

/* Makes the file with these bytes, or gives them to the one that is there, and all directories
 * above it. The path of a directory fails the run. */
DIRQL_API void dirql_disk_write(const char *path, const void *data, size_t bytes);
/* Makes the directory, and all above it; nothing if it is there. The path of a file fails the
 * run. */
DIRQL_API void dirql_disk_add_directory(const char *path);

/* Copies at most `bytes` bytes of the file, from its beginning, and says how many it has; -1: there
 * is no such file. `data` may be NULL: nothing is copied. */
DIRQL_API int64_t dirql_disk_read(const char *path, void *data, size_t bytes);

/* True if there is such a file or directory. */
DIRQL_API int dirql_disk_has(const char *path);

/* Takes it away, with all that is in it: whoever has it open can go on. Nothing if it is not
 * there. */
DIRQL_API void dirql_disk_remove(const char *path);

/* The name of the entry with this number, from 0, of a directory, into `name` of `bytes` bytes, as
 * text: what does not fit is left out, and '?' stands for what is not ASCII. In order of making.
 * Zero: there are not that many, or no such directory. */
DIRQL_API int dirql_disk_entry(const char *path, unsigned number, char *name, size_t bytes);

/* FILE_ATTRIBUTE_READONLY and so on, instead of those that it has. What is not there fails the run.
 * "wdm: ZwSetInformationFile" says what attributes do. */
DIRQL_API void dirql_disk_set_attributes(const char *path, ULONG attributes);

/* -- The disk --------------------------------------------------------------------------------- */

/* From now on this many bytes are free, for files to grow by, in clusters of 4096 bytes: 0 makes
 * the disk full, and drivers get STATUS_DISK_FULL. At the beginning there are 1 GiB. */
DIRQL_API void dirql_disk_set_free(uint64_t bytes);

/* From now on whatever is asked of the file (NULL: of any, also to be opened) is answered by this
 * status: STATUS_DEVICE_DATA_ERROR, STATUS_MEDIA_WRITE_PROTECTED ...; STATUS_SUCCESS: no more. A
 * file can always be closed. One that is not there fails the run. */
DIRQL_API void dirql_disk_fail(const char *path, NTSTATUS status);

/* From now on reading, writing and flushing takes so long, in microseconds of virtual time: who has
 * opened a file for asynchronous requests gets STATUS_PENDING, others wait. 0 at the beginning. */
DIRQL_API void dirql_disk_set_latency_us(uint64_t microseconds);

#ifdef __cplusplus
}
#endif

#endif
