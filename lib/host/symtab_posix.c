/*
 * symtab_posix.c - names functions and variables from the tables of an ELF file.
 *
 * The loader knows exported functions only, and an executable exports none. The file has the
 * others, unless it was stripped. It is mapped for one look-up: names are wanted for reports,
 * rarely.
 */
#include "host/symtab.h"

#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/elf_posix.h"

typedef ElfW(Ehdr) file_header;
typedef ElfW(Shdr) section_header;
typedef ElfW(Sym) symbol_entry;

typedef struct image {
    const char *bytes;
    size_t size;
} image;

static bool map_file(const char *path, image *file)
{
    struct stat status;
    void *bytes = MAP_FAILED;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0) {
        return false;
    }
    if (fstat(descriptor, &status) == 0 && status.st_size >= (off_t)sizeof(file_header)) {
        file->size = (size_t)status.st_size;
        bytes = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    }
    close(descriptor);
    file->bytes = bytes;
    return bytes != MAP_FAILED;
}

/* NULL if the file is shorter than it says. */
static const void *part(const image *file, uint64_t offset, uint64_t bytes)
{
    return offset <= file->size && bytes <= file->size - offset ? file->bytes + offset : NULL;
}

static const section_header *sections(const image *file, size_t *count)
{
    const file_header *header = part(file, 0, sizeof *header);

    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_shentsize != sizeof(section_header)) {
        return NULL;
    }
    *count = header->e_shnum;
    return part(file, header->e_shoff, *count * sizeof(section_header));
}

static const section_header *find_section(const section_header *first, size_t count, unsigned type)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (first[i].sh_type == type) {
            return &first[i];
        }
    }
    return NULL;
}

static bool is_at(const symbol_entry *entry, unsigned type, uintptr_t value)
{
    return (entry->st_info & 0xf) == type && entry->st_shndx != SHN_UNDEF &&
           value >= entry->st_value &&
           value - entry->st_value < (entry->st_size != 0 ? entry->st_size : 1);
}

/* The symbol that covers the value; of several, the innermost. */
static const symbol_entry *search(const symbol_entry *entries, size_t count, unsigned type,
                                  uintptr_t value)
{
    const symbol_entry *found = NULL;
    size_t i;

    for (i = 0; i < count; i++) {
        if (is_at(&entries[i], type, value) &&
            (found == NULL || entries[i].st_value > found->st_value)) {
            found = &entries[i];
        }
    }
    return found;
}

/* `table_type` is that of the section, `type` that of the symbol. */
static bool find_in_table(const image *file, unsigned table_type, unsigned type, uintptr_t value,
                          char *name, size_t name_bytes, size_t *offset)
{
    size_t count = 0;
    const section_header *first = sections(file, &count);
    const section_header *table = first != NULL ? find_section(first, count, table_type) : NULL;
    const section_header *strings;
    const symbol_entry *entries, *found;
    const char *text;

    if (table == NULL || table->sh_link >= count) {
        return false;
    }
    strings = &first[table->sh_link];
    entries = part(file, table->sh_offset, table->sh_size);
    text = part(file, strings->sh_offset, strings->sh_size);
    if (entries == NULL || text == NULL) {
        return false;
    }
    found = search(entries, table->sh_size / sizeof *entries, type, value);
    if (found == NULL || found->st_name >= strings->sh_size) {
        return false;
    }
    snprintf(name, name_bytes, "%.*s", (int)(strings->sh_size - found->st_name),
             text + found->st_name);
    *offset = value - found->st_value;
    return true;
}

static bool find_symbol(const char *path, unsigned type, uintptr_t value, char *name,
                        size_t name_bytes, size_t *offset)
{
    image file;
    bool found;

    if (!map_file(path, &file)) {
        return false;
    }
    found = find_in_table(&file, SHT_SYMTAB, type, value, name, name_bytes, offset) ||
            find_in_table(&file, SHT_DYNSYM, type, value, name, name_bytes, offset);
    munmap((void *)file.bytes, file.size);
    return found;
}

bool host_symtab_find(const char *path, uintptr_t value, char *name, size_t name_bytes,
                      size_t *offset)
{
    return find_symbol(path, STT_FUNC, value, name, name_bytes, offset);
}

bool host_symtab_find_data(const char *path, uintptr_t value, char *name, size_t name_bytes,
                           size_t *offset)
{
    return find_symbol(path, STT_OBJECT, value, name, name_bytes, offset);
}

/* ---- Walking --------------------------------------------------------------------------------- */

/* The text at `offset` of a table of names; empty if it is not there. */
static const char *name_in(const image *file, const section_header *names, uint64_t offset)
{
    const char *text = part(file, names->sh_offset, names->sh_size);

    return text != NULL && offset < names->sh_size && text[names->sh_size - 1] == '\0'
               ? text + offset
               : "";
}

static void visit_sections(const image *file, host_elf_visitor *visitor, void *owner)
{
    const file_header *header = part(file, 0, sizeof *header);
    size_t count = 0;
    const section_header *first = sections(file, &count);

    if (first == NULL || header->e_shstrndx >= count) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if ((first[i].sh_flags & SHF_ALLOC) != 0) {
            visitor(owner, name_in(file, &first[header->e_shstrndx], first[i].sh_name),
                    first[i].sh_addr, first[i].sh_size);
        }
    }
}

static void visit_variables(const image *file, host_elf_visitor *visitor, void *owner)
{
    size_t count = 0;
    const section_header *first = sections(file, &count);
    const section_header *table = first != NULL ? find_section(first, count, SHT_SYMTAB) : NULL;
    const symbol_entry *entries;

    if (table == NULL || table->sh_link >= count) {
        return;
    }
    entries = part(file, table->sh_offset, table->sh_size);
    for (size_t i = 0; entries != NULL && i < table->sh_size / sizeof *entries; i++) {
        if ((entries[i].st_info & 0xf) == STT_OBJECT && entries[i].st_shndx != SHN_UNDEF) {
            visitor(owner, name_in(file, &first[table->sh_link], entries[i].st_name),
                    entries[i].st_value, entries[i].st_size);
        }
    }
}

void host_elf_visit_sections(const char *path, host_elf_visitor *visitor, void *owner)
{
    image file;

    if (map_file(path, &file)) {
        visit_sections(&file, visitor, owner);
        munmap((void *)file.bytes, file.size);
    }
}

void host_elf_visit_variables(const char *path, host_elf_visitor *visitor, void *owner)
{
    image file;

    if (map_file(path, &file)) {
        visit_variables(&file, visitor, owner);
        munmap((void *)file.bytes, file.size);
    }
}
