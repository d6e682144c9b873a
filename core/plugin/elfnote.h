/*
 * elfnote: read a plugin's ABI version out of the bytes of its file, without loading it.
 *
 * Loading a shared object runs its constructors, so the version has to be known before. The bytes
 * are a stranger's: every offset and size is checked against what is there, and nothing is read
 * through an unaligned pointer.
 */
#ifndef HK_PLUGIN_ELFNOTE_H
#define HK_PLUGIN_ELFNOTE_H

#include "base/status.h"

#include <stdint.h>

/* Find the note. HK_INVALID when this is no 64-bit shared object for this processor, is damaged,
 * or has no note (or two that differ). */
HK_MUST_CHECK enum hk_status hk_elfnote_read(const void *bytes, size_t size, uint32_t *ret_major,
    uint32_t *ret_minor, struct hk_error *error);

/* Read the note and compare it with this engine's version. HK_UNSUPPORTED names both. */
HK_MUST_CHECK enum hk_status hk_elfnote_check(
    const void *bytes, size_t size, struct hk_error *error);

#endif
