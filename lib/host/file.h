/*
 * file.h - what report files ask of the operating system: to be replaced at once, and names for
 * what they speak of.
 */
#ifndef HOST_FILE_H
#define HOST_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes `text` to `path` by way of another file beside it: whoever reads sees all of the old text
 * or all of the new, also after a crash. False: the old one is as it was, and `reason` says why, in
 * the words of the system. */
bool host_file_replace(const char *path, const char *text, size_t bytes, char *reason,
                       size_t reason_bytes);

/* True if there is a file or folder of this name. */
bool host_file_exists(const char *path);

/* True if it is there and no file that keeps what is written to it: a device, a pipe. */
bool host_file_is_stream(const char *path);

/* True if the file can be written, which is tried, and leaves none that was not there. Else
 * `reason` says why, in the words of the system. */
bool host_file_is_writable(const char *path, char *reason, size_t reason_bytes);

/* A file that one user of all processes has at a time. */
typedef struct host_claim host_claim;

/* Makes the file if need be, and takes it until it is given back, or the process ends. NULL:
 * somebody else has it. Where files cannot be locked, everybody gets it. */
host_claim *host_file_claim(const char *path);

/* Gives it back, and removes the file. NULL: nothing. */
void host_file_disclaim(host_claim *claim);

/* Base name of the program that runs; "program" if unknown. Returns name. */
const char *host_program_name(char *name, size_t bytes);

/* What the program was called with behind its name, each with a null behind it, to be freed. NULL,
 * and no bytes, if that is nothing or unknown. */
char *host_program_arguments(size_t *bytes);

unsigned host_process_number(void);

/* The source file of the code at `address` with its folders, as the compiler was told. For a return
 * address, pass the address minus one. False if it is unknown or does not fit. */
bool host_source_path_find(const void *address, char *path, size_t bytes);

#endif
