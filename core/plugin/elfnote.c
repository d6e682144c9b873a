#include "plugin/elfnote.h"

#include "hikeshi/plugin.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE /* not checked */
#endif

#define SECTION_NAME ".note.hikeshi"
#define HEADERS_MAX 4096 /* sections or segments; a linker makes some dozens */

struct image {
    const uint8_t *bytes;
    size_t size;
    bool found;
    uint32_t major;
    uint32_t minor;
};

/* Copy size bytes at offset; false when they are not all there. */
static bool copy_at(const struct image *image, uint64_t offset, void *ret_data, size_t size)
{
    if (offset > image->size || size > image->size - offset)
        return false;
    memcpy(ret_data, image->bytes + offset, size);
    return true;
}

static uint64_t align4(uint64_t value)
{
    return (value + 3) & ~(uint64_t)3;
}

/* Look at all notes between offset and offset + size. */
static enum hk_status scan_notes(
    struct image *image, uint64_t offset, uint64_t size, struct hk_error *error)
{
    Elf64_Nhdr head;
    uint8_t body[16];
    uint32_t version[2];

    if (offset > image->size || size > image->size - offset)
        return hk_fail(error, HK_INVALID, "damaged file: its notes lie outside of it");
    uint64_t end = offset + size;
    while (end - offset >= sizeof(head)) {
        if (!copy_at(image, offset, &head, sizeof(head)))
            break;
        offset += sizeof(head);
        uint64_t body_size = align4(head.n_namesz) + align4(head.n_descsz);
        if (body_size > end - offset)
            break; /* padding or another producer's layout: not ours */
        if (head.n_type == 1 && head.n_namesz == 8 && head.n_descsz == 8 &&
            copy_at(image, offset, body, sizeof(body)) && memcmp(body, "Hikeshi", 8) == 0) {
            memcpy(version, body + 8, sizeof(version));
            if (image->found && (image->major != version[0] || image->minor != version[1]))
                return hk_fail(error, HK_INVALID, "two ABI notes that differ");
            image->found = true;
            image->major = version[0];
            image->minor = version[1];
        }
        offset += body_size;
    }
    return HK_OK;
}

static enum hk_status scan_segments(
    struct image *image, const Elf64_Ehdr *header, struct hk_error *error)
{
    Elf64_Phdr segment;

    if (header->e_phnum == 0)
        return HK_OK;
    if (header->e_phentsize != sizeof(segment) || header->e_phnum > HEADERS_MAX)
        return hk_fail(error, HK_INVALID, "damaged file: odd program headers");
    for (unsigned i = 0; i < header->e_phnum; i++) {
        uint64_t at = header->e_phoff + (uint64_t)i * sizeof(segment);
        if (at < header->e_phoff || !copy_at(image, at, &segment, sizeof(segment)))
            return hk_fail(error, HK_INVALID, "damaged file: cut off in its program headers");
        if (segment.p_type != PT_NOTE)
            continue;
        enum hk_status status = scan_notes(image, segment.p_offset, segment.p_filesz, error);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

/* The note's section by name: some compilers do not mark it as a note. */
static enum hk_status scan_sections(
    struct image *image, const Elf64_Ehdr *header, struct hk_error *error)
{
    Elf64_Shdr names;
    Elf64_Shdr section;
    char name[sizeof(SECTION_NAME)];

    if (header->e_shnum == 0)
        return HK_OK;
    if (header->e_shentsize != sizeof(section) || header->e_shnum > HEADERS_MAX ||
        header->e_shstrndx >= header->e_shnum)
        return hk_fail(error, HK_INVALID, "damaged file: odd section headers");
    uint64_t names_at = header->e_shoff + (uint64_t)header->e_shstrndx * sizeof(section);
    if (names_at < header->e_shoff || !copy_at(image, names_at, &names, sizeof(names)))
        return hk_fail(error, HK_INVALID, "damaged file: cut off in its section headers");
    for (unsigned i = 0; i < header->e_shnum; i++) {
        uint64_t at = header->e_shoff + (uint64_t)i * sizeof(section);
        if (!copy_at(image, at, &section, sizeof(section)))
            return hk_fail(error, HK_INVALID, "damaged file: cut off in its section headers");
        uint64_t name_at = names.sh_offset + section.sh_name;
        if (section.sh_type == SHT_NOBITS || name_at < names.sh_offset ||
            !copy_at(image, name_at, name, sizeof(name)) ||
            memcmp(name, SECTION_NAME, sizeof(name)) != 0)
            continue;
        enum hk_status status = scan_notes(image, section.sh_offset, section.sh_size, error);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

static enum hk_status check_header(const Elf64_Ehdr *header, struct hk_error *error)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return hk_fail(error, HK_INVALID, "not a shared object (no ELF header)");
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
        return hk_fail(error, HK_INVALID, "not a 64-bit little-endian shared object");
    if (header->e_type != ET_DYN)
        return hk_fail(error, HK_INVALID, "not a shared object (build it with -shared -fPIC)");
    if (MACHINE != EM_NONE && header->e_machine != MACHINE)
        return hk_fail(error, HK_INVALID, "built for another processor (ELF machine %u)",
            (unsigned)header->e_machine);
    return HK_OK;
}

enum hk_status hk_elfnote_read(const void *bytes, size_t size, uint32_t *ret_major,
    uint32_t *ret_minor, struct hk_error *error)
{
    struct image image = {.bytes = bytes, .size = size};
    Elf64_Ehdr header;

    if (!copy_at(&image, 0, &header, sizeof(header)))
        return hk_fail(error, HK_INVALID, "not a shared object (too short)");
    enum hk_status status = check_header(&header, error);
    if (status == HK_OK)
        status = scan_segments(&image, &header, error);
    if (status == HK_OK && !image.found)
        status = scan_sections(&image, &header, error);
    if (status != HK_OK)
        return status;
    if (!image.found)
        return hk_fail(error, HK_INVALID,
            "no Hikeshi ABI note: not a plugin (end its source with HK_PLUGIN(name, ...))");
    *ret_major = image.major;
    *ret_minor = image.minor;
    return HK_OK;
}

enum hk_status hk_elfnote_check(const void *bytes, size_t size, struct hk_error *error)
{
    uint32_t major = 0;
    uint32_t minor = 0;

    enum hk_status status = hk_elfnote_read(bytes, size, &major, &minor, error);
    if (status != HK_OK)
        return status;
    /* While the major version is 0 the minor one must match exactly. */
    bool fits =
        major == HK_ABI_MAJOR && (major == 0 ? minor == HK_ABI_MINOR : minor <= HK_ABI_MINOR);
    if (!fits)
        return hk_fail(error, HK_UNSUPPORTED,
            "built for plugin ABI %u.%u, this engine has %u.%u: compile it again with this "
            "engine's hikeshi/plugin.h",
            (unsigned)major, (unsigned)minor, (unsigned)HK_ABI_MAJOR, (unsigned)HK_ABI_MINOR);
    return HK_OK;
}
