/*
 * Any bytes as a checkpoint, as a file of them and as a verifier key: nothing is accepted as signed
 * by a key that did not sign it, what is found in a file is a note and lies in it, and what is read
 * as a key is written back byte for byte.
 */
#include "ledger/newest.h"
#include "ledger/note.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hk_verifier verifier = {.name = "hikeshi/fuzz/main", .public_key = {1}};
    struct hk_note note;
    const char *found;
    size_t found_size;
    char again[HK_VERIFIER_KEY_SIZE];
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (hk_note_parse(text, size, &note, NULL) == HK_OK) {
        if (note.body_size > size || note.signature_count == 0 ||
            note.signature_count > HK_NOTE_SIGNATURES_MAX)
            abort();
        if (hk_note_verify(text, &note, &verifier, NULL) == HK_OK)
            abort();
    }
    if (hk_newest_find(text, size, NULL, NULL, NULL, &found, &found_size) &&
        (found < text || found_size > size || found > text + (size - found_size) ||
            hk_note_parse(found, found_size, &note, NULL) != HK_OK))
        abort();
    if (hk_verifier_parse(text, &verifier, NULL) == HK_OK) {
        hk_verifier_format(&verifier, again);
        if (strcmp(again, text) != 0)
            abort();
    }
    free(text);
    return 0;
}
