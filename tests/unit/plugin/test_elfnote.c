/*
 * elfnote: the version is read from a stranger's bytes without loading them, and nothing outside of
 * these bytes is ever read.
 */
#include "plugin/elfnote.h"

#include "hikeshi/plugin.h"
#include "support/suite.h"

#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME ".note.hikeshi"

/* A small object: header, one program header, one note, names, two sections. */
struct object {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    struct hk_abi_note note;
    struct hk_abi_note other;
    char names[32];
    Elf64_Shdr sections[2];
};

static struct object make_object(void)
{
    struct object o = {.note = {8, 8, 1, "Hikeshi", HK_ABI_MAJOR, HK_ABI_MINOR}};

    memcpy(o.header.e_ident, ELFMAG, SELFMAG);
    o.header.e_ident[EI_CLASS] = ELFCLASS64;
    o.header.e_ident[EI_DATA] = ELFDATA2LSB;
    o.header.e_type = ET_DYN;
#if defined(__x86_64__)
    o.header.e_machine = EM_X86_64;
#else
    o.header.e_machine = EM_AARCH64;
#endif
    o.header.e_phoff = offsetof(struct object, segment);
    o.header.e_phentsize = sizeof(Elf64_Phdr);
    o.header.e_phnum = 1;
    o.segment.p_type = PT_NOTE;
    o.segment.p_offset = offsetof(struct object, note);
    o.segment.p_filesz = sizeof(o.note);
    memcpy(o.names + 1, NAME, sizeof(NAME));
    return o;
}

/* The same, found by its section's name only. */
static struct object make_sections(void)
{
    struct object o = make_object();

    o.header.e_phnum = 0;
    o.header.e_shoff = offsetof(struct object, sections);
    o.header.e_shentsize = sizeof(Elf64_Shdr);
    o.header.e_shnum = 2;
    o.header.e_shstrndx = 0;
    o.sections[0].sh_type = SHT_STRTAB;
    o.sections[0].sh_offset = offsetof(struct object, names);
    o.sections[0].sh_size = sizeof(o.names);
    o.sections[1].sh_type = SHT_PROGBITS;
    o.sections[1].sh_name = 1;
    o.sections[1].sh_offset = offsetof(struct object, note);
    o.sections[1].sh_size = sizeof(o.note);
    return o;
}

/* Read from a block of exactly this size, so that a sanitizer sees one byte too many. */
static enum hk_status check(const struct object *object, size_t size, struct hk_error *error)
{
    uint8_t *bytes = malloc(size + 1);

    if (bytes == NULL)
        abort();
    memcpy(bytes, object, size);
    uint8_t *exact = realloc(bytes, size > 0 ? size : 1);
    enum hk_status status = hk_elfnote_check(exact, size, error);
    free(exact);
    return status;
}

static void good_notes_are_found(void)
{
    struct object segment = make_object();
    struct object section = make_sections();
    struct hk_error error = {0};

    CU_ASSERT_EQUAL(check(&segment, sizeof(segment), &error), HK_OK);
    CU_ASSERT_EQUAL(check(&section, sizeof(section), &error), HK_OK);
}

static void other_versions_are_refused_by_name(void)
{
    struct object object = make_object();
    struct hk_error error = {0};
    char ours[16];

    object.note.major = 42;
    object.note.minor = 17;
    CU_ASSERT_EQUAL(check(&object, sizeof(object), &error), HK_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "42.17"));
    snprintf(ours, sizeof(ours), "%d.%d", HK_ABI_MAJOR, HK_ABI_MINOR);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, ours));
    object.note.major = HK_ABI_MAJOR;
    object.note.minor = HK_ABI_MINOR + 1;
    CU_ASSERT_EQUAL(check(&object, sizeof(object), &error), HK_UNSUPPORTED);
}

static void what_is_no_plugin_says_so(void)
{
    struct object object = make_object();
    struct hk_error error = {0};

    object.note.name[0] = 'X';
    CU_ASSERT_EQUAL(check(&object, sizeof(object), &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "HK_PLUGIN"));
    object = make_object();
    object.header.e_ident[0] = '#';
    CU_ASSERT_EQUAL(check(&object, sizeof(object), &error), HK_INVALID);
    object = make_object();
    object.header.e_type = ET_EXEC;
    CU_ASSERT_EQUAL(check(&object, sizeof(object), &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "-shared"));
    object = make_object();
    object.header.e_ident[EI_CLASS] = ELFCLASS32;
    CU_ASSERT_EQUAL(check(&object, sizeof(object), &error), HK_INVALID);
    object = make_object();
    object.header.e_machine = EM_S390;
    CU_ASSERT_EQUAL(check(&object, sizeof(object), &error), HK_INVALID);
    object = make_object();
    object.other = (struct hk_abi_note){8, 8, 1, "Hikeshi", 9, 9};
    object.segment.p_filesz = 2 * sizeof(object.note);
    CU_ASSERT_EQUAL(check(&object, sizeof(object), &error), HK_INVALID);
}

static void every_cut_is_an_error(void)
{
    struct object objects[2] = {make_object(), make_sections()};
    struct hk_error error = {0};

    for (size_t o = 0; o < 2; o++) {
        size_t whole = o == 0 ? offsetof(struct object, other) : sizeof(struct object);
        for (size_t size = 0; size < whole; size++)
            CU_ASSERT_EQUAL(check(&objects[o], size, &error), HK_INVALID);
    }
}

static void every_byte_can_be_wrong(void)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct hk_error error = {0};

    for (size_t at = 0; at < sizeof(struct object); at++)
        for (size_t v = 0; v < COUNT_OF(values); v++) {
            struct object object = at % 2 == 0 ? make_object() : make_sections();
            ((uint8_t *)&object)[at] = values[v];
            enum hk_status status = check(&object, sizeof(object), &error);
            CU_ASSERT_TRUE(status == HK_OK || status == HK_INVALID || status == HK_UNSUPPORTED);
        }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"good notes are found", good_notes_are_found},
        {"other versions are refused by name", other_versions_are_refused_by_name},
        {"what is no plugin says so", what_is_no_plugin_says_so},
        {"every cut is an error", every_cut_is_an_error},
        {"every byte can be wrong", every_byte_can_be_wrong},
    };

    return suite_run("elfnote", tests, COUNT_OF(tests));
}
